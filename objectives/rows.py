"""Which row goes where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .development import Array


class FoldRows(NamedTuple):
    """Row numbers of one fold, each sorted."""

    train: Array
    validation: Array


@dataclass(frozen=True)
class Rows:
    """Row numbers of every part. No row is in two; of folds, none is validated twice.

    Left out is what an embargo or a copy of a test row keeps from being trained on.
    """

    folds: tuple[FoldRows, ...]  # one for a holdout
    test: Array
    left_out: Array

    @property
    def development(self) -> Array:
        """Rows that a search may see, sorted."""
        rows = np.concatenate([part for fold in self.folds for part in fold])
        is_used = np.zeros(rows.max(initial=-1) + 1, bool)
        is_used[rows] = True
        return np.flatnonzero(is_used)
