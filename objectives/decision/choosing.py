"""The threshold that meets a goal, how sure it is, and what it is worth on other rows.

A threshold that was chosen on some rows looks better on them than it is. So it is chosen again on
rows drawn with replacement, and scored on the rows that were not drawn (Efron and Tibshirani,
"Improvements on Cross-Validation: The .632+ Bootstrap Method", JASA 92:548, 1997, equation 17):
the mean of that is what to expect of other rows.

Costs have a threshold that no rows were needed for, that of Bayes' rule. What it costs is what to
expect of it, and it stays where a threshold chosen on the rows is not expected to cost less: of
few rows it mostly is not, of many it is if the probabilities are off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ...errors import InputError
from ..development import Array
from ..guard.intervals import wilson
from ..guard.resampling import MIN_OUTCOMES
from .drawing import draws
from .sweep import Figures, Sweep

Kind = Literal["costs", "recall", "precision"]

_ROUNDING = 1e-12  # relative: sums that differ by less are equal
_LEVEL = 0.05  # of intervals: 95 %
_REPORTED = ("recall", "precision", "f1", "specificity", "cost")


@dataclass(frozen=True)
class Goal:
    """What a threshold is chosen for: the least cost, or the best that keeps a share."""

    kind: Kind
    value: float = 0.0  # the least recall or precision; of costs the threshold without rows

    @property
    def is_share(self) -> bool:
        return self.kind != "costs"


@dataclass(frozen=True)
class Choice:
    """A threshold, and what is known of it."""

    threshold: float
    figures: Mapping[str, float | None]  # on the rows that it was chosen on
    interval: Mapping[str, tuple[float, float]]  # of each, and of `threshold`: 95 %
    expected: Mapping[str, float]  # on rows that it was not chosen on
    reached: float | None  # share of resamples whose other rows met the goal; None without one
    by: Literal["rows", "theory"] = "rows"  # what it was chosen by

    def to_json(self) -> dict[str, Any]:
        return {
            "threshold": self.threshold,
            "figures": dict(self.figures),
            "interval": {name: list(ends) for name, ends in self.interval.items()},
            "expected": dict(self.expected),
            "reached": self.reached,
            "by": self.by,
        }


def choose(sweep: Sweep, goal: Goal, blocks: Array, seed: int = 0) -> Choice:
    """Choose the threshold that meets a goal on all rows, and see how it fares.

    Args:
        sweep: the rows.
        goal: what for.
        blocks: (rows,), rows of one number are drawn together.
        seed: of what is drawn.

    Raises:
        InputError: no threshold meets it.
    """
    figures = sweep.figures()
    chosen = _best(figures, sweep.thresholds, goal)
    if chosen is None:
        raise _unmet(figures, goal)
    again = _Again(sweep, goal, chosen)
    for counts in draws(blocks, seed):
        again.take(counts)
    if goal.kind == "costs" and _is_enough(figures, sweep.index(goal.value), again):
        return _settled(sweep, goal.value, blocks, seed)
    threshold = float(sweep.thresholds[chosen])
    return Choice(
        threshold,
        figures.at(chosen),
        {
            "threshold": _ends([*again.thresholds, threshold]),
            **_intervals(sweep, chosen, again.drawn, blocks),
        },
        again.expected(),
        float(np.mean(again.reached)) if goal.is_share and again.reached else None,
    )


def _is_enough(figures: Figures, reference: int, again: _Again) -> bool:
    """Whether the threshold without rows costs no more than the chosen one is expected to."""
    return bool(figures.cost[reference] <= again.expected()["cost"])


def _settled(sweep: Sweep, threshold: float, blocks: Array, seed: int) -> Choice:
    """Return what is known of a threshold that was not chosen on the rows."""
    place = sweep.index(threshold)
    found = sweep.figures().at(place)
    drawn = [_row(sweep.figures(counts), place) for counts in draws(blocks, seed)]
    expected = {name: value for name in _REPORTED if (value := found[name]) is not None}
    ends = {"threshold": (threshold, threshold), **_intervals(sweep, place, drawn, blocks)}
    return Choice(threshold, found, ends, expected, None, "theory")


class _Again:
    """What a goal leads to on rows drawn again."""

    def __init__(self, sweep: Sweep, goal: Goal, chosen: int) -> None:
        self.sweep, self.goal, self.chosen = sweep, goal, chosen
        self.thresholds: list[float] = []  # chosen on the rows drawn
        self.drawn: list[list[float]] = []  # of the threshold chosen on all rows, on those drawn
        self.left: list[list[float]] = []  # of that chosen on the rows drawn, on the others
        self.reached: list[bool] = []

    def take(self, counts: Array) -> None:
        drawn = self.sweep.figures(counts)
        self.drawn.append(_row(drawn, self.chosen))
        best = _best(drawn, self.sweep.thresholds, self.goal)
        if best is None:
            self.reached.append(False)
            return
        self.thresholds.append(float(self.sweep.thresholds[best]))
        others = _row(self.sweep.figures((counts == 0).astype(np.int64)), best)
        self.left.append(others)
        if self.goal.is_share:
            share = others[_REPORTED.index(self.goal.kind)]
            if not np.isnan(share):
                self.reached.append(share >= self.goal.value)

    def expected(self) -> dict[str, float]:
        return {name: float(column.mean()) for name, column in _known(self.left).items()}


def _row(figures: Figures, i: int) -> list[float]:
    return [float(getattr(figures, name)[i]) for name in _REPORTED]


def _known(rows: list[list[float]]) -> dict[str, Array]:
    """Return the numbers there are of each figure, in the order of `_REPORTED` in a row."""
    columns = np.array(rows).reshape(-1, len(_REPORTED)).T
    known = {n: c[~np.isnan(c)] for n, c in zip(_REPORTED, columns, strict=True)}
    return {name: column for name, column in known.items() if len(column)}


def _intervals(
    sweep: Sweep, place: int, drawn: list[list[float]], blocks: Array
) -> dict[str, tuple[float, float]]:
    """Return the ranges of a threshold's figures on rows drawn again.

    A share of which few rows are right, or few wrong, hardly varies from draw to draw, or not at
    all: its range is Wilson's, of as many rows as there are blocks, as in `guard.resampling`.
    """
    found = {name: _ends(column) for name, column in _known(drawn).items()}
    figures, n, n_own = sweep.figures().at(place), len(blocks), int(sweep.is_own.sum())
    independent = len(np.unique(blocks)) / n
    answered = figures["answered"] or 0.0
    of_rows = {"recall": n_own, "precision": answered * n, "specificity": n - n_own}
    for name, n_rows in of_rows.items():
        share, n_drawn = figures[name], round(n_rows * independent)
        if share is not None and n_drawn * min(share, 1 - share) < MIN_OUTCOMES:
            ends = wilson(share, max(1, n_drawn), _LEVEL)
            found[name] = (ends.low, ends.high)
    return found


def _ends(values: Array | list[float]) -> tuple[float, float]:
    low, high = np.quantile(values, (_LEVEL / 2, 1 - _LEVEL / 2)).tolist()
    return low, high


def _best(figures: Figures, thresholds: Array, goal: Goal) -> int | None:
    """Return the place of the threshold that meets a goal best, None where none does.

    Of equal costs it is the one nearest to Bayes' rule, which is the least that chance decided.
    """
    if goal.kind == "costs":
        least = figures.cost.min()
        is_least = figures.cost <= least + _ROUNDING * max(abs(least), 1)
        away = np.where(is_least, np.abs(thresholds - goal.value), np.inf)
        return int(away.argmin())
    kept, raised = figures.recall, figures.precision
    if goal.kind == "precision":
        kept, raised = raised, kept
    meets = np.nan_to_num(kept, nan=-1) >= goal.value - _ROUNDING
    if not meets.any():
        return None
    worth = np.where(meets, np.nan_to_num(raised, nan=0), -1)
    ties = np.flatnonzero(worth == worth.max())
    return int(ties[np.nan_to_num(kept, nan=0)[ties].argmax()])


def _unmet(figures: Figures, goal: Goal) -> InputError:
    best = float(np.nanmax([0, *getattr(figures, goal.kind)]))
    return InputError(
        f"no threshold has a {goal.kind} of {goal.value:g} on the validation rows: the most is "
        f"{best:.4g}.",
        f"Ask for --{goal.kind} {np.floor(best * 1000) / 1000:g} at most, or search for a better "
        "network.",
    )
