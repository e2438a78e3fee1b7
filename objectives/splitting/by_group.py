"""Whole groups of rows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np

from ...errors import InputError
from ..development import Array
from ..rows import FoldRows
from .at_random import AtRandom, mask


class ByGroup(AtRandom):
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
        rest = rows[~mask(len(self.table), taken)[rows]]
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
