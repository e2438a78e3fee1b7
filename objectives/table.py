"""All rows of a source, as they are once it is read: every source comes to this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .development import Array

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Table:
    """Inputs, targets, and what the split needs to know of each row.

    Inputs are numbers (rows, inputs) or, of pictures and the like, (rows, channels, ...); or
    typed columns, in which a column's dtype says what it is: float64 a number (NaN where
    missing), categorical a category, datetime64 a date (NaT), `str` free text.
    """

    inputs: Array | pd.DataFrame
    targets: Array  # (rows,) or (rows, outputs): numbers, or text as objects
    groups: Array | None = None  # (rows,) of int64: rows of one number stay together
    times: Array | None = None  # (rows,) of datetime64, or float64 in the column's own unit
    n_development: int | None = None  # rows from here on come from the file of test rows
    dropped: pd.DataFrame | None = None  # columns that are no inputs, where they were asked for

    def __len__(self) -> int:
        return len(self.targets)
