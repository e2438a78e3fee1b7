"""The answers that cost least where mistakes between several classes cost different amounts.

There is no threshold to choose: what is answered follows from the probabilities and the costs
(`Costs`). Probabilities may be off, though, so both that and the answers of training are paid for
on validation rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..development import Array
from .drawing import draws
from .rules import Costs, Likeliest, Rule

_LEVEL = 0.05


@dataclass(frozen=True)
class Priced:
    """Answers, and what they cost."""

    cost: float  # of a row, the mean
    accuracy: float
    recall: tuple[float | None, ...]  # of each class, None where no row is of it
    precision: tuple[float | None, ...]  # of each class, None where no row is answered so

    def to_json(self) -> dict[str, Any]:
        return {
            "cost": self.cost,
            "accuracy": self.accuracy,
            "recall": list(self.recall),
            "precision": list(self.precision),
        }


@dataclass(frozen=True)
class Saving:
    """Answers by cost beside the likeliest classes, and the difference of their costs."""

    by_cost: Priced
    likeliest: Priced
    saved: float  # of a row, by the first
    low: float  # 95 % of resamples
    high: float

    @property
    def rule_is_better(self) -> bool:
        return self.saved > 0


def saving(
    probabilities: Array, targets: Array, costs: Costs, blocks: Array, seed: int = 0
) -> Saving:
    """Pay for two ways to answer the same rows.

    Args:
        probabilities: as `Rule` has them.
        targets: class numbers (rows,), or 0/1 (rows, 1).
        costs: of each class's mistakes.
        blocks: (rows,), rows of one number are drawn together.
        seed: of what is drawn.
    """
    true = targets.reshape(-1).astype(np.int64)
    matrix = np.array(costs.costs)
    rules: tuple[Rule, Rule] = (costs, Likeliest())
    answers = [rule.answers(probabilities) for rule in rules]
    of_rows = [matrix[true, answered] for answered in answers]
    saved = of_rows[1] - of_rows[0]
    means = [counts @ saved / counts.sum() for counts in draws(blocks, seed)]
    low, high = np.quantile(means, (_LEVEL / 2, 1 - _LEVEL / 2)).tolist()
    by_cost, likeliest = (priced(true, answered, matrix) for answered in answers)
    return Saving(by_cost, likeliest, float(saved.mean()), low, high)


def priced(true: Array, answers: Array, costs: Array) -> Priced:
    """Return what answers cost. `costs` is (classes, classes), by the true class first."""
    classes = range(len(costs))
    is_right = true == answers
    return Priced(
        float(costs[true, answers].mean()),
        float(is_right.mean()),
        tuple(_mean(is_right[true == i]) for i in classes),
        tuple(_mean(is_right[answers == i]) for i in classes),
    )


def _mean(values: Array) -> float | None:
    return float(values.mean()) if len(values) else None
