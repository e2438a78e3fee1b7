"""Which row goes where: drawn once from the split's own seed, before anything is computed.

- at random, rows that are copies of each other (`duplicates`) stand on one side
- by group, all rows of a group do
- by time, validation rows are later than training rows, and test rows later still
- a row that would be trained on within an embargo, or while a copy of it validates or tests, is
  left out
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from ..errors import InputError
from ..spaces.experiment import Split, Task, seconds
from .development import Array
from .duplicates import ties
from .rows import FoldRows, Rows
from .table import Table


def split_rows(table: Table, split: Split, task: Task) -> Rows:
    """Split rows into test rows and one fold of training and validation rows, or several.

    Without copies the test part has ceil(share x rows) rows, as in scikit-learn, the validation
    part the nearest whole number. With groups the parts come as near to their shares as whole
    groups allow.

    Raises:
        InputError: too few rows, groups or times, or a class that a part has to have and has not.
    """
    splitter = _ByTime if split.by_time else _ByGroup if split.groups else _AtRandom
    by = splitter(table, split, task)
    development, test = by.apart_from_test()
    if split.folds:
        folds = tuple(by.folds(np.sort(development), split.folds))
    else:
        folds = (FoldRows(*map(np.sort, by.apart(development, by.n_validation))),)
    used = _mask(len(table), test, *(part for fold in folds for part in fold))
    rows = Rows(folds, test, np.flatnonzero(~used))
    _check_rows(rows)
    _check_classes(table, rows, split, task)
    return rows


class _AtRandom:
    """Rows at random, their copies with them; classes in every part alike where there are any."""

    def __init__(self, table: Table, split: Split, task: Task) -> None:
        self.table, self.split = table, split
        self.is_stratified = (
            task != "regression" if split.stratify is None else bool(split.stratify)
        )
        self.labels = _labels(table.targets) if self.is_stratified else np.zeros(len(table))
        self.first_copy = ties(table.inputs)
        self.unit = self._units()  # rows that share its number stay together
        n = len(table) if table.n_development is None else table.n_development
        self.n_test = 0 if table.n_development is not None else math.ceil(split.test * n)
        self.n_validation = n // split.folds if split.folds else round(split.validation * n)
        if min(self.n_validation, n - self.n_test - self.n_validation) < 1:
            raise InputError(
                f"{n} rows are too few for {split.validation:g} of them to validate on and "
                f"{split.test:g} to test on."
                if not split.folds
                else f"{n} rows are too few for {split.folds} folds.",
                "Bring more rows, or change the shares in `data: split:`.",
            )

    def _units(self) -> Array:
        return self.first_copy

    def _clear(self, trained: Array, kept: Array) -> Array:
        """Return rows to train on without those of which a copy, or their group, is kept."""
        n = len(self.table)
        has_copy = _mask(n, self.first_copy[kept])[self.first_copy[trained]]
        has_group = _mask(int(self.unit.max()) + 1, self.unit[kept])[self.unit[trained]]
        clear: Array = trained[~has_copy & ~has_group]
        return clear

    def apart_from_test(self) -> tuple[Array, Array]:
        """Return the rows of the development in any order, and the test rows, sorted."""
        rows, n = np.arange(len(self.table)), self.table.n_development
        if n is None:
            development, test = self.apart(rows, self.n_test, n_parts=1 + (self.split.folds or 2))
            return development, np.sort(test)
        development = self._clear(rows[:n], rows[n:])
        if not len(development):
            rule = (
                "no row is left to train on: each has a copy, or its group, among the test rows."
            )
            raise InputError(rule, "Bring other test rows.")
        return development, rows[n:]

    def folds(self, development: Array, n: int) -> Iterator[FoldRows]:
        from sklearn.model_selection import KFold, StratifiedKFold

        units = self._firsts(development)
        classes = self.labels[units] if self.is_stratified else None
        kind = StratifiedKFold if self.is_stratified else KFold
        if len(units) < n:
            raise InputError(
                f"{len(units)} different rows are too few for {n} folds.", "Bring more rows."
            )
        if self.is_stratified:
            self._check_stratified(units, len(units) // n, n)
        made = kind(n, shuffle=True, random_state=self.split.seed)
        for parts in made.split(units, classes):
            rows = (self._with_copies(development, units[part]) for part in parts)
            yield FoldRows(*map(np.sort, rows))

    def apart(self, rows: Array, size: int, n_parts: int = 2) -> tuple[Array, Array]:
        """Return the rest and about `size` rows, each in any order, of `n_parts` in the end."""
        from sklearn.model_selection import train_test_split

        units = self._firsts(rows)
        n_units = size if len(units) == len(rows) else max(1, round(size * len(units) / len(rows)))
        if len(units) <= n_units:
            rule = (
                f"{len(units)} different rows are too few for {n_units} of them to be set aside."
            )
            raise InputError(rule, "Bring more rows, or change the shares in `data: split:`.")
        classes = None
        if self.is_stratified:
            classes = self.labels[units]
            smallest = min(n_units, len(units) - n_units, self.n_validation)
            self._check_stratified(units, smallest, n_parts)
        try:
            rest, taken = train_test_split(
                units, test_size=n_units, random_state=self.split.seed, stratify=classes
            )
        except ValueError as error:
            raise InputError(
                f"the rows cannot be split so that each part has every class ({error}).",
                "Bring more rows, change the shares, or write `stratify: false`.",
            ) from None
        return self._with_copies(rows, rest), self._with_copies(rows, taken)

    def _firsts(self, rows: Array) -> Array:
        """Return one row of each unit, in the order they have here."""
        firsts: Array = rows[self.unit[rows] == rows]
        return firsts

    def _with_copies(self, rows: Array, units: Array) -> Array:
        others = rows[self.unit[rows] != rows]
        is_taken = _mask(len(self.table), units)
        return np.concatenate([units, others[is_taken[self.unit[others]]]])

    def _check_stratified(self, units: Array, smallest_part: int, n_needed: int) -> None:
        counts = np.bincount(self.labels[units])
        classes, counts = np.flatnonzero(counts), counts[counts > 0]
        if counts.min() < n_needed:
            rare = self.table.targets[units[self.labels[units] == classes[counts.argmin()]][0]]
            raise InputError(
                f"a stratified split needs {n_needed} rows of every class, but class {rare} has "
                f"{counts.min()}.",
                "Bring more rows of it, or write `stratify: false`.",
            )
        if smallest_part < len(classes):
            raise InputError(
                f"a part of {smallest_part} rows cannot hold each of {len(classes)} classes.",
                "Give `data: split:` larger shares, or write `stratify: false`.",
            )


class _ByGroup(_AtRandom):
    """Whole groups at random. A copy in another group is left out where it would be trained on."""

    def _units(self) -> Array:
        assert self.table.groups is not None
        return self.table.groups

    def folds(self, development: Array, n: int) -> Iterator[FoldRows]:
        from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

        units, classes = self.unit[development], None
        self._check_groups(units, n)
        if self.is_stratified:
            classes = self.labels[development]
            self._check_frequent(classes, n)
        kind = StratifiedGroupKFold if self.is_stratified else GroupKFold
        made = kind(n, shuffle=True, random_state=self.split.seed)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The least populated class")
            warnings.filterwarnings("ignore", message="The number of unique classes")
            for rest, taken in made.split(development, classes, units):
                yield FoldRows(
                    self._clear(development[rest], development[taken]), development[taken]
                )

    def apart(self, rows: Array, size: int, n_parts: int = 2) -> tuple[Array, Array]:
        """Return the rest, and whole groups of about `size` rows."""
        self._check_groups(self.unit[rows], 2)
        taken = self._alike(rows, size) if self.is_stratified else self._filled(rows, size)
        rest = rows[~_mask(len(self.table), taken)[rows]]
        return self._clear(rest, taken), taken

    def _filled(self, rows: Array, size: int) -> Array:
        """Return rows of groups at random, as many as fit, and one more if that is nearer."""
        groups, places, counts = np.unique(
            self.unit[rows], return_inverse=True, return_counts=True
        )
        is_taken, total = np.zeros(len(groups), bool), 0
        order = np.random.default_rng(self.split.seed).permutation(len(groups))
        for i in order[:-1]:  # the last is the rest's
            if total + counts[i] <= size:
                is_taken[i] = True
                total += counts[i]
        others = np.flatnonzero(~is_taken)
        smallest = others[counts[others].argmin()]
        if total == 0 or (len(others) > 1 and total + counts[smallest] - size < size - total):
            is_taken[smallest] = True
        taken: Array = rows[is_taken[places]]
        return taken

    def _alike(self, rows: Array, size: int) -> Array:
        """Return rows of groups at random, their classes about as frequent as in all rows."""
        frequent = int(np.bincount(self.labels[rows]).max())
        n_most = max(2, min(frequent, len(np.unique(self.unit[rows]))))
        n_taken, n = _cut(size / len(rows), n_most)
        parts = [part.validation for part in self.folds(rows, n)]
        runs = (np.concatenate((parts * 2)[i : i + n_taken]) for i in range(n))
        return np.sort(min(runs, key=lambda run: abs(len(run) - size)))

    def _check_groups(self, units: Array, n: int) -> None:
        n_groups = len(np.unique(units))
        if n_groups < n:
            rule = (
                f"{n} parts need a group each, but `{self.split.groups}` has {n_groups} to give."
            )
            raise InputError(rule, "Split by another column, or into fewer parts.")

    def _check_frequent(self, labels: Array, n: int) -> None:
        most = int(np.bincount(labels).max())
        if most < n:
            rule = f"{n} parts alike in their classes need {n} rows of one, but no class has more"
            fix = "Bring more rows, or write `stratify: false`."
            raise InputError(f"{rule} than {most}.", fix)


def _cut(share: float, n_most: int) -> tuple[int, int]:
    """Return how many of how many equal parts come near to a share of all."""
    options = [
        (min(max(round(share * n), 1), n - 1), n)
        for n in range(2, 1 + min(n_most, max(10, round(1 / share))))
    ]
    return min(options, key=lambda option: (round(abs(option[0] / option[1] - share), 2), option))


class _ByTime(_AtRandom):
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


def _check_rows(rows: Rows) -> None:
    for i, fold in enumerate(rows.folds, start=1):
        if min(map(len, fold)) == 0:
            purpose = "validate" if len(fold.train) else "train"
            where = f" in fold {i} of {len(rows.folds)}" if len(rows.folds) > 1 else ""
            raise InputError(
                f"no row is left to {purpose} on{where}.",
                "Bring more rows, ask for fewer folds, or shorten the embargo.",
            )


def _check_classes(table: Table, rows: Rows, split: Split, task: Task) -> None:
    """Refuse a fold that validates on a class which it never trains on.

    Where the file says `stratify: false`, whoever wrote it knows.
    """
    if task == "regression" or (split.stratify is False and not (split.by_time or split.groups)):
        return
    labels = _labels(table.targets)
    for train, validation in rows.folds:
        counts = [
            np.bincount(labels[part], minlength=labels.max() + 1) for part in (train, validation)
        ]
        absent = np.flatnonzero((counts[0] == 0) & (counts[1] > 0))
        if len(absent):
            first = table.targets[np.argmax(labels == absent[0])]
            named = f"class {first}" + (f" and {len(absent) - 1} more" * (len(absent) > 1))
            raise InputError(
                f"rows of {named} are to be predicted, but no training row is of it.",
                "Bring more rows of it, leave it out, or split in another way.",
            )


def _labels(targets: Array) -> Array:
    """Return class numbers (rows,) in the order of the sorted classes."""
    import pandas as pd

    labels: Array = pd.factorize(targets, sort=True)[0]
    return labels


def _mask(n: int, *numbers: Array) -> Array:
    """Return (n,) of true and false: whether a number is among these."""
    mask = np.zeros(n, bool)
    for some in numbers:
        mask[some] = True
    return mask
