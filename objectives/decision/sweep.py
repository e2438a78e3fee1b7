"""What every threshold is worth: a class answered eagerly finds more of its rows, and is wrong
more often."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from ..development import Array
from .rules import Costs, likeliest_other, score_of


@dataclass(frozen=True)
class Figures:
    """What thresholds are worth, (thresholds,) each. Not a number where there is nothing to
    divide by: precision where no row is answered so, recall where no row is of the class."""

    recall: Array  # the share of the class's rows that are answered so: sensitivity
    precision: Array  # the share of rows answered so that are of the class
    f1: Array  # the harmonic mean of both; 0 where one of them is 0 or none
    specificity: Array  # the share of all other rows that are not answered so
    answered: Array  # the share of all rows that are
    cost: Array  # of a row's answer, the mean; the share of wrong answers where none is named

    def at(self, i: int) -> dict[str, float | None]:
        """Return one threshold's, None for what is not a number."""
        values = {field.name: float(getattr(self, field.name)[i]) for field in fields(self)}
        return {name: None if np.isnan(value) else value for name, value in values.items()}


@dataclass(frozen=True)
class Sweep:
    """Rows by how much speaks for a class, and all thresholds that tell them apart.

    A threshold lies midway between two scores, so that no rounding decides what is above it.
    """

    scores: Array  # float64 (rows,)
    is_own: Array  # bool (rows,), whether a row is of the class
    cost_above: Array  # (rows,), of the answer where the score is above the threshold
    cost_below: Array  # (rows,), of the answer where it is not

    @classmethod
    def of(cls, probabilities: Array, targets: Array, number: int, costs: Costs) -> Sweep:
        """Take in what was predicted for rows.

        Args:
            probabilities: as `Rule` has them.
            targets: class numbers (rows,), or 0/1 (rows, 1).
            number: of the class whose threshold is looked for.
            costs: of each class's mistakes.
        """
        true = targets.reshape(-1).astype(np.int64)
        matrix = np.array(costs.costs)
        other = likeliest_other(probabilities, number)
        scores = score_of(probabilities, number)
        return cls(scores, true == number, matrix[true, number], matrix[true, other])

    @cached_property
    def _different(self) -> tuple[Array, Array]:
        """The different scores, the lowest first, and which of them each row has."""
        values, places = np.unique(self.scores, return_inverse=True)
        return values, places.reshape(-1)

    @cached_property
    def thresholds(self) -> Array:
        """All that differ, the most sensitive first: from 0, where every score above 0 is
        answered so, to 1, where none is."""
        values, _ = self._different
        below, above = values[:-1], values[1:]
        middle = (below + above) / 2
        # Between neighbouring numbers there is none: the lower leaves itself below.
        inner = np.where(middle < above, middle, below)
        every: Array = np.concatenate([[0.0], inner, [1.0]])
        return every[self._n_zeros :]

    @property
    def _n_zeros(self) -> int:
        """1 where a score is exactly 0, which no threshold leaves above itself; else 0."""
        return int(self._different[0][0] <= 0)

    def index(self, threshold: float) -> int:
        """Return the place among `thresholds` of what a threshold amounts to."""
        n_below = int(np.searchsorted(self._different[0], threshold, side="right"))
        return n_below - self._n_zeros

    def figures(self, counts: Array | None = None) -> Figures:
        """Return what each of `thresholds` is worth, rows counting `counts` times each."""
        (own, n_own), (all_, n) = self._above(self.is_own, counts), self._above(None, counts)
        above, _ = self._above(self.cost_above, counts)
        below, below_all = self._above(self.cost_below, counts)
        n_others, alarms = n - n_own, all_ - own
        return Figures(
            recall=_share(own, n_own),
            precision=_share(own, all_),
            f1=_share(2 * own, n_own + all_),
            specificity=_share(n_others - alarms, n_others),
            answered=_share(all_, n),
            cost=_share(above + below_all - below, n),
        )

    def _above(self, weights: Array | None, counts: Array | None) -> tuple[Array, float]:
        """Return for each threshold what the rows above it add up to, float64 (thresholds,), and
        what all rows do."""
        values, places = self._different
        if weights is None or counts is None:
            of_rows = counts if weights is None else weights
        else:
            of_rows = weights * counts
        added = np.bincount(places, of_rows, minlength=len(values)).astype(np.float64)
        above = np.concatenate([np.cumsum(added[::-1])[::-1], [0.0]])
        return above[self._n_zeros :], float(above[0])


def _share(part: Array, whole: Array | float) -> Array:
    wholes = np.broadcast_to(np.asarray(whole, np.float64), part.shape)
    shares = np.full(part.shape, np.nan)
    np.divide(part, wholes, out=shares, where=wholes > 0)
    return shares
