"""Categories: an input a level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..columns import MAX_LEVELS
from ..development import Array

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Categories:
    """The levels of one column, in sorted order, and then what is not known.

    A missing level is one too, the last, if there is one in fitting. Of 100 or more, all but the
    99 most frequent share an input with those not seen, which otherwise are zeros in all inputs.
    The same as scikit-learn's
    `OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=100)`.
    """

    levels: list[str]
    has_missing: bool  # the input after the levels
    has_rest: bool  # the last input

    @classmethod
    def fit(cls, column: pd.Series[Any]) -> Categories:
        """Fit to a categorical column of text."""
        codes, n_levels = column.cat.codes.to_numpy(), len(column.cat.categories)
        counts = np.bincount(np.where(codes < 0, n_levels, codes), minlength=n_levels + 1)
        seen = np.flatnonzero(counts)
        has_rest = len(seen) >= MAX_LEVELS
        if has_rest:
            most = np.argsort(counts[seen], kind="stable")[-(MAX_LEVELS - 1) :]
            seen = np.sort(seen[most])
        levels = column.cat.categories.to_numpy(object)[seen[seen < n_levels]].tolist()
        return cls(levels, bool((seen == n_levels).any()), has_rest)

    @property
    def n_inputs(self) -> int:
        return len(self.levels) + self.has_missing + self.has_rest

    def transform(self, column: pd.Series[Any]) -> Array:
        """Return zeros and ones (rows, inputs) of float32."""
        import pandas as pd

        elsewhere = self.n_inputs - 1 if self.has_rest else self.n_inputs
        places = pd.Index(self.levels, dtype=object).get_indexer(
            column.cat.categories.astype(object)
        )
        of_levels = np.where(places < 0, elsewhere, places)
        of_missing = len(self.levels) if self.has_missing else elsewhere
        inputs = np.append(of_levels, of_missing)[column.cat.codes.to_numpy()]  # code -1: last
        ones = np.zeros((len(column), self.n_inputs), np.float32)
        rows = np.flatnonzero(inputs < self.n_inputs)
        ones[rows, inputs[rows]] = 1
        return ones
