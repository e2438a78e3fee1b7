"""Rows at random, copies of a row on one side."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ...errors import InputError
from ...spaces.experiment import Split, Task
from ..development import Array
from ..duplicates import ties
from ..rows import FoldRows
from ..table import Table


class AtRandom:
    """Rows at random, their copies with them; classes in every part alike where there are any."""

    def __init__(self, table: Table, split: Split, task: Task) -> None:
        self.table, self.split = table, split
        self.is_stratified = (
            task != "regression" if split.stratify is None else bool(split.stratify)
        )
        self.labels = labels_of(table.targets) if self.is_stratified else np.zeros(len(table))
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
        has_copy = mask(n, self.first_copy[kept])[self.first_copy[trained]]
        has_group = mask(int(self.unit.max()) + 1, self.unit[kept])[self.unit[trained]]
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
        is_taken = mask(len(self.table), units)
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


def labels_of(targets: Array) -> Array:
    """Return class numbers (rows,) in the order of the sorted classes."""
    import pandas as pd

    labels: Array = pd.factorize(targets, sort=True)[0]
    return labels


def mask(n: int, *numbers: Array) -> Array:
    """Return (n,) of true and false: whether a number is among these."""
    mask = np.zeros(n, bool)
    for some in numbers:
        mask[some] = True
    return mask
