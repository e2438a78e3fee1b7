"""Which column of a profile comes first, and what is said of each in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..columns import MAX_LEVELS
from ..development import Array
from ..findings import Finding
from ..quality.kinds import Kind, kinds, levels, sample
from .page import number, share, when
from .rows import Drawn, as_numbers, bins, n_words

if TYPE_CHECKING:
    import pandas as pd

N_RANKED = 5_000  # rows that columns are ranked by


@dataclass(frozen=True)
class Column:
    """What is said of a column: of all development rows, but for texts' words."""

    name: str
    kind: Kind
    is_named: bool  # in a finding
    tells: float  # of the target's entropy, 0 to 1
    n_missing: int
    n_distinct: int
    range: tuple[str, str, str] | None  # smallest, median and largest, in words
    n_rows: int

    def words(self) -> list[str]:
        """Return missing share, distinct count, smallest, median, largest, and what it tells."""
        of_range = self.range or ("", "", "")
        missing = share(self.n_missing / max(self.n_rows, 1))
        return [missing, f"{self.n_distinct:,}", *of_range, share(self.tells)]


def ranked(columns: pd.DataFrame, drawn: Drawn, findings: Sequence[Finding]) -> list[Column]:
    """Return the columns of all rows, those that findings name first, then by what they tell."""
    where = [finding.where for finding in findings]
    told = tells(drawn.columns, drawn.outcome.labels)
    kind = kinds(columns)
    places = {}
    for i, name in enumerate(columns.columns):
        named = (at for at, text in enumerate(where) if f"'{name}'" in text)
        places[i] = (next(named, len(where)), -told[i])
    order = sorted(places, key=places.__getitem__)
    return [
        _described(columns.iloc[:, i], kind[i], places[i][0] < len(where), told[i]) for i in order
    ]


def tells(columns: pd.DataFrame, labels: Array) -> list[float]:
    """Return which share of the target's entropy each column takes away, alone.

    The mutual information of bins, less what as many bins would have by chance
    (Miller and Madow), over the entropy. Of texts it is that of their numbers of words.
    """
    at = sample(len(labels), N_RANKED)
    targets = np.unique(labels[at], return_inverse=True)[1]
    n_classes = int(targets.max(initial=0)) + 1
    entropy = _entropy(np.bincount(targets))
    told = []
    for i, kind in enumerate(kinds(columns)):
        codes = _codes(columns.iloc[at, i], kind)
        codes = np.unique(codes, return_inverse=True)[1]
        k = int(codes.max(initial=0)) + 1
        joint = _entropy(np.bincount(codes * n_classes + targets))
        by_chance = (k - 1) * (n_classes - 1) / (2 * len(targets))
        information = entropy + _entropy(np.bincount(codes)) - joint - by_chance
        # Rounded, lest the order of two that are equal hang on the last bit.
        told.append(round(min(max(information / entropy, 0.0), 1.0), 6) if entropy else 0.0)
    return told


def _entropy(counts: Array) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def _codes(column: pd.Series[Any], kind: Kind) -> Array:
    if kind == "category":
        return _common(levels(column)[0])
    return bins(n_words(column) if kind == "text" else as_numbers(column))


def _common(codes: Array) -> Array:
    """Return codes from 1 of the commonest levels, 0 for all others: as many tell by chance."""
    counts = np.bincount(codes[codes >= 0])
    places = np.zeros(len(counts) + 1, np.int64)
    order = np.argsort(-counts, kind="stable")[: MAX_LEVELS - 1]
    places[order] = np.arange(1, len(order) + 1)
    places[-1] = len(order) + 1  # missing: code -1
    common: Array = places[codes]
    return common


def _described(column: pd.Series[Any], kind: Kind, is_named: bool, told: float) -> Column:
    n_missing, of_range = int(column.isna().sum()), None
    if kind == "category":
        codes = levels(column)[0]
        n_distinct = int(np.count_nonzero(np.bincount(codes[codes >= 0])))
    else:
        n_distinct = int(column.nunique())
    if kind == "number" and n_missing < len(column):
        low, middle, high = column.min(), column.median(), column.max()
        of_range = (number(low), number(middle), number(high))
    elif kind == "date" and n_missing < len(column):
        dates = np.sort(column.dropna().to_numpy())
        low, middle, high = dates[0], dates[len(dates) // 2], dates[-1]
        of_range = (when(low), when(middle), when(high))
    return Column(
        str(column.name), kind, is_named, told, n_missing, n_distinct, of_range, len(column)
    )
