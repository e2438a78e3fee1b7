"""Rows that a bootstrap takes together, because they are not independent of each other."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..development import Array
from ..table import Table

Kind = Literal["", "group", "time"]


def kind_of(table: Table) -> Kind:
    """Return what makes rows dependent: their group, their time, or nothing."""
    if table.groups is not None:
        return "group"
    return "" if table.times is None else "time"


def blocks_of(table: Table, rows: Array) -> Array:
    """Return a number (rows,) for each row; those of one number are resampled together.

    A group is a block. Of rows ordered by time, a block is about the cube root of their number
    in a row, the order that is best for the variance of a mean (Hall, Horowitz and Jing,
    Biometrika 82:561, 1995); rows of one moment stay together. Other rows stand alone.
    """
    if table.groups is not None:
        blocks: Array = np.unique(table.groups[rows], return_inverse=True)[1]
        return blocks.astype(np.int64)
    if table.times is None:
        return np.arange(len(rows), dtype=np.int64)
    times = table.times[rows]
    order = np.argsort(times, kind="stable")
    first = np.searchsorted(times[order], times)  # rows of one moment have one place
    length = max(1, round(len(rows) ** (1 / 3)))
    by_time: Array = (first // length).astype(np.int64)
    return by_time
