"""Rows in the order of time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from ...errors import InputError
from ...spaces.experiment import Split, Task, seconds
from ..development import Array
from ..rows import FoldRows
from ..table import Table
from .at_random import AtRandom


class ByTime(AtRandom):
    """The latest rows test, those before them validate; rows of one time stand together."""

    def __init__(self, table: Table, split: Split, task: Task) -> None:
        super().__init__(table, split, task)
        assert table.times is not None
        self.embargo = embargo_of(split, table.times)
        unit, self.times = _unit(table.times), table.times
        if unit is not None:
            self.times = table.times.astype(f"datetime64[{unit}]").astype(np.int64)

    def apart_from_test(self) -> tuple[Array, Array]:
        rows, n = np.arange(len(self.table)), self.table.n_development
        if n is None:
            return self.apart(rows, self.n_test)
        earlier = self._before(rows[:n], rows[n:])
        if not len(earlier):
            rule = "rows to train on are earlier than all test rows, and no copies of them, but"
            rule = f"{rule} by `{self.split.time}` none is."
            raise InputError(rule, "Bring later test rows, or shorten the embargo.")
        return earlier, rows[n:]

    def folds(self, development: Array, n: int) -> Iterator[FoldRows]:
        """Each fold trains on all that is earlier than what it validates on."""
        ordered = np.sort(self.times[development])
        cuts = [ordered[len(ordered) * i // (n + 1)] for i in range(1, n + 1)]
        if len(np.unique(cuts)) < n or cuts[0] == ordered[0]:
            rule = f"{n} folds need {n + 1} stretches of time, but many rows have the same"
            raise InputError(f"{rule} `{self.split.time}`.", "Ask for fewer folds.")
        for start, end in zip(cuts, [*cuts[1:], None], strict=True):
            times = self.times[development]
            is_validated = (times >= start) & (True if end is None else times < end)
            validation = development[is_validated]
            yield FoldRows(self._before(development[times < start], validation), validation)

    def apart(self, rows: Array, size: int, n_parts: int = 2) -> tuple[Array, Array]:
        """Return the rows before, and about the `size` latest: all from a point in time on."""
        ordered = np.sort(self.times[rows])
        cut = ordered[max(0, len(ordered) - size)]
        latest = rows[self.times[rows] >= cut]
        earlier = self._before(rows[self.times[rows] < cut], latest)
        if not len(earlier):
            rule = "rows of one time stand on one side, but too many have the same"
            rule = f"{rule} `{self.split.time}`: {self._shown(cut)} (or lie within the embargo)."
            fix = "Change the shares or the embargo in `data: split:`, or split by another column."
            raise InputError(rule, fix)
        return earlier, latest

    def _before(self, earlier: Array, later: Array) -> Array:
        """Return what is left of earlier rows: before the embargo, and no copy of a later row."""
        start = self.times[later].min().item()
        is_clear = self.times[earlier] < start
        if self.embargo is not None:
            is_clear &= self.times[earlier] <= start - self.embargo
        return self._clear(earlier[is_clear], later)

    def _shown(self, time: Any) -> str:
        assert self.table.times is not None
        unit = _unit(self.table.times)
        if unit is None:
            return f"{time:g}"
        return str(np.datetime_as_string(np.datetime64(int(time), unit), unit="auto"))


def _unit(times: Array) -> Literal["ns", "us"] | None:
    """Return the unit to count dates in, None for numbers. Nanoseconds end in the year 2262."""
    if times.dtype.kind != "M":
        return None
    return "ns" if np.datetime_data(times.dtype)[0] == "ns" else "us"


def embargo_of(split: Split, times: Array) -> float | int | None:
    """Return an embargo in the unit that times are counted in: see `_unit`.

    Raises InputError where one is a duration and the other a number.
    """
    if split.embargo is None:
        return None
    unit = _unit(times)
    if (unit is None) == isinstance(split.embargo, str):
        kind, written = ("numbers", "7") if unit is None else ("dates", '"7d"')
        rule = f"`{split.time}` holds {kind}, but got embargo: {split.embargo}"
        raise InputError(f"{rule}.", f"Write it like {written}.")
    if isinstance(split.embargo, str):
        return round(seconds(split.embargo) * (1e9 if unit == "ns" else 1e6))
    return split.embargo
