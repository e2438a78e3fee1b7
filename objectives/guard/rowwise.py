"""Metrics of stored predictions, as functions of sums over rows.

Each metric is a function of means over rows of what each row is worth, so that what it is on
rows drawn again is a product of two matrices: how often each row is drawn, and that.

| metric   | a row's worth                        | the metric, of the means                      |
|----------|--------------------------------------|-----------------------------------------------|
| loss     | its cost                             | the mean                                      |
| accuracy | 1 if right, else 0                   | the mean                                      |
| mae      | absolute error, mean over outputs    | the mean                                      |
| rmse     | squared error of each output         | square root, mean over outputs                |
| r2       | squared error, y and y^2 of each     | 1 - error / variance of y, mean over outputs  |

A metric that is no function of means (an area under a curve) needs its own way from drawn rows
to a value: `resampling.resampled` is the one place that asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...spaces.experiment import Task
from ..development import Array

# Single precision holds no smaller probability: what has underflowed to 0 was at most this.
_LEAST = float(np.finfo(np.float32).smallest_subnormal)
_LEAST_DOUBLE = float(np.finfo(np.float64).smallest_subnormal)
_NEARLY_ONE = 1 - 2.0**-53  # the largest double below 1: beyond it a sigmoid is 1
_ROUNDING = 1e-12  # a variance below this share of the mean square is none


@dataclass(frozen=True)
class Part:
    """Rows that predictions were made for.

    A metric of it is the mean over its folds of the fold's own.
    """

    targets: Array  # class numbers (rows,), 0/1 (rows, 1), or own unit (rows, outputs)
    folds: tuple[int, ...]  # how many rows each fold has, in order
    scale: Array  # (folds, outputs), what a regression's errors are divided by in its loss
    blocks: Array  # (rows,) int64: rows of one number are drawn together

    @property
    def slices(self) -> tuple[slice, ...]:
        """The rows of each fold."""
        ends = np.cumsum((0, *self.folds)).tolist()
        return tuple(map(slice, ends[:-1], ends[1:]))


def worth(metric: str, task: Task, part: Part, fold: int, predictions: Array) -> Array:
    """Return what each row of a fold is worth: float64 (rows, 1), or (rows, outputs).

    Args:
        metric: `loss`, `accuracy`, `rmse`, `mae` or `r2`.
        task: the kind of target.
        part: the rows.
        fold: which of its folds.
        predictions: of all rows: class probabilities (rows, classes), the second class's
            probability (rows, 1), or targets in their own unit (rows, outputs).
    """
    rows = part.slices[fold]
    targets, predictions = part.targets[rows], predictions[rows]
    if task == "classification":
        return _of_classes(metric, targets, predictions)[:, None]
    if task == "binary":
        return _of_two_classes(metric, targets, predictions)
    errors = np.subtract(predictions, targets, dtype=np.float64)
    if metric == "mae":
        absolute: Array = np.abs(errors).mean(axis=1, keepdims=True)
        return absolute
    if metric == "loss":
        standard: Array = np.square(errors / part.scale[fold]).mean(axis=1, keepdims=True)
        return standard
    return np.square(errors)


def _of_classes(metric: str, targets: Array, predictions: Array) -> Array:
    """Score class probabilities; a class that has none is a wrong answer."""
    if metric == "accuracy":
        right: Array = (predictions.argmax(axis=1) == targets).astype(np.float64)
        return right
    is_known = targets < predictions.shape[1]
    given = predictions[np.arange(len(targets)), np.where(is_known, targets, 0)]
    probabilities = np.where(is_known, given, 0).astype(np.float64)
    cost: Array = -np.log(np.maximum(probabilities, _LEAST))
    return cost


def _of_two_classes(metric: str, targets: Array, predictions: Array) -> Array:
    """Score the second class's probabilities; a class beyond the second is a wrong answer."""
    is_second, is_known = targets > 0.5, targets < 1.5
    if metric == "accuracy":
        is_right = ((predictions > 0.5) == is_second) & is_known
        right: Array = is_right.astype(np.float64)
        return right
    second = predictions.astype(np.float64)
    of_first = np.log1p(-np.minimum(second, _NEARLY_ONE))
    cost = np.where(is_second, -np.log(np.maximum(second, _LEAST_DOUBLE)), -of_first)
    return np.where(is_known, cost, -np.log(_LEAST))


def spread(metric: str, part: Part, fold: int) -> Array:
    """Return what a metric needs to know of a fold's targets alone: float64 (rows, columns).

    Of R2 it is y less its mean, and the square of that; of others nothing.
    """
    targets = part.targets[part.slices[fold]]
    if metric != "r2":
        return np.empty((len(targets), 0))
    centred = targets - targets.mean(axis=0, dtype=np.float64)
    return np.concatenate([centred, np.square(centred)], axis=1)


def value(metric: str, worths: Array, spreads: Array) -> Array:
    """Return a metric (...) from means of `worth` (..., outputs) and `spread` (..., columns)."""
    if metric == "rmse":
        return np.asarray(np.sqrt(worths).mean(axis=-1))
    if metric != "r2":
        return np.asarray(worths[..., 0])
    means, squares = np.split(spreads, 2, axis=-1)
    variances = squares - np.square(means)
    varies = variances > _ROUNDING * squares
    # As sklearn.metrics.r2_score: a target that does not vary is worth 1 if met, else 0.
    explained = 1 - worths / np.where(varies, variances, 1)
    return np.asarray(np.where(varies, explained, worths == 0).mean(axis=-1))


def score(metric: str, task: Task, part: Part, predictions: Array) -> float:
    """Return a metric of predictions, as `scoring.validation_metrics` has it of outputs.

    See `worth` for the arguments. Where a probability was too small to be held, the true loss
    is higher than what is returned.
    """
    values = [
        value(
            metric,
            worth(metric, task, part, fold, predictions).mean(axis=0),
            spread(metric, part, fold).mean(axis=0),
        )
        for fold in range(len(part.folds))
    ]
    return float(np.mean(values))
