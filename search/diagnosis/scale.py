"""How far a value is from perfect, so that one rule serves every metric.

Of a share (accuracy, F1, AUROC) and of R2 the error is what is missing to 1; a loss, an RMSE and
an MAE are errors as they are. A guess knows the targets' shares, or their mean, and no input:
its error is the yardstick where a metric has none of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...objectives.development import Array
from ...objectives.metrics import OBJECTIVES, SHARES, plain_name
from ...objectives.rowwise import Part, score
from ...spaces import Experiment
from ...spaces.experiment import Task

_OF_ONE = (*SHARES, "r2")  # metrics that are 1 at best
LEAST = 0.02  # of a guess's error: of a loss, what is less matters to nobody


@dataclass(frozen=True)
class Scale:
    """A metric's errors: 0 is perfect."""

    metric: str  # its name, without prefix
    min_effect: float  # of `verify:`, the smallest difference that matters
    guess: float | None = None  # error of a guess; None where it is not known
    guess_loss: float | None = None  # what a guess costs a row, by the task's own cost

    @classmethod
    def of(cls, experiment: Experiment, part: Part | None) -> Scale | None:
        """Return the scale of a study's metric; None of a metric of the user's own."""
        metric, task = experiment.objective.metric, experiment.task
        if experiment.objective.function is not None or metric not in OBJECTIVES[task]:
            return None
        known = cls(plain_name(metric), experiment.verify.min_effect)
        if part is None or not len(part.targets):
            return known
        guess = guesses(task, part)
        error = known.error(score(known.metric, task, part, guess))
        return cls(known.metric, known.min_effect, error, score("loss", task, part, guess))

    def error(self, value: float) -> float:
        return 1 - value if self.metric in _OF_ONE else value

    def share(self, error: float) -> float | None:
        """Return an error as a share of a guess's; None where there is no yardstick."""
        return error / self.guess if self.guess else None

    def matters(self, value: float) -> float:
        """Return the smallest difference from a value that matters."""
        if self.metric in _OF_ONE:
            return self.min_effect
        return max(self.min_effect * abs(value), LEAST * (self.guess or 0.0))


def guesses(task: Task, part: Part) -> Array:
    """Return what a guess predicts for each row, as `rowwise.worth` has predictions."""
    targets = part.targets
    if task == "classification":
        shares = np.bincount(targets.astype(int)) / len(targets)
        return np.tile(shares, (len(targets), 1))
    mean = targets.astype(np.float64).reshape(len(targets), -1).mean(axis=0)
    if task == "binary":
        mean = np.clip(mean, 0, 1)
    return np.tile(mean, (len(targets), 1))
