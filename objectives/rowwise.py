"""Metrics of stored predictions, as functions of sums over rows.

Each metric is a function of means over rows of what each row is worth, so that what it is on
rows drawn again is a product of two matrices: how often each row is drawn, and that.

| metric            | a row's worth                        | the metric, of the means            |
|-------------------|--------------------------------------|-------------------------------------|
| loss              | its cost                             | the mean                            |
| accuracy          | 1 if right, else 0                   | the mean                            |
| balanced_accuracy | by class: is it right; is it one     | right / ones, mean over classes     |
| f1                | by class: is it right; answered; one | 2 right / (answered + ones), mean   |
| mae               | absolute error, mean over outputs    | the mean                            |
| rmse              | squared error of each output         | square root, mean over outputs      |
| r2                | squared error, y and y^2 of each     | 1 - error / variance of y, the mean |

As in scikit-learn, balanced accuracy is a mean over the classes that have rows, and F1 over those
that have rows or are answered; of a binary task F1 is the second class's alone, and 0 where that
is neither. A class that no network knows is a class, and always missed. AUROC is no function of
means: see `ranking`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..spaces.experiment import Task
from . import ranking
from .development import Array

# Single precision holds no smaller probability: what has underflowed to 0 was at most this.
_LEAST = float(np.finfo(np.float32).smallest_subnormal)
_LEAST_DOUBLE = float(np.finfo(np.float64).smallest_subnormal)
_NEARLY_ONE = 1 - 2.0**-53  # the largest double below 1: beyond it a sigmoid is 1
_BY_CLASS = ("balanced_accuracy", "f1")
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

    @classmethod
    def of(cls, targets: Sequence[Array], scales: Sequence[Array] = ()) -> Part:
        """Put the targets of folds together, each row drawn alone.

        Without scales, (outputs,) of each fold, a regression's loss is in its own unit.
        """
        n_rows = tuple(map(len, targets))
        scale = np.stack(scales) if scales else np.ones((len(targets), 1))
        return cls(np.concatenate(targets), n_rows, scale, np.arange(sum(n_rows)))

    @property
    def slices(self) -> tuple[slice, ...]:
        """The rows of each fold."""
        ends = np.cumsum((0, *self.folds)).tolist()
        return tuple(map(slice, ends[:-1], ends[1:]))


def worth(metric: str, task: Task, part: Part, fold: int, predictions: Array) -> Array:
    """Return what each row of a fold is worth: float64 (rows, 1) or (rows, outputs), or by class
    bool (rows, columns).

    Args:
        metric: any but AUROC, which is none of means.
        task: the kind of target.
        part: the rows.
        fold: which of its folds.
        predictions: of all rows: class probabilities (rows, classes), the second class's
            probability (rows, 1), or targets in their own unit (rows, outputs).
    """
    rows = part.slices[fold]
    targets, predictions = part.targets[rows], predictions[rows]
    if metric in _BY_CLASS:
        classes = _classes(metric, task, part, predictions.shape[1])
        return _by_class(metric, classes, targets, predictions)
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


def _classes(metric: str, task: Task, part: Part, n_outputs: int) -> Array:
    """Return the numbers of the classes that a metric by class is of."""
    if task == "binary" and metric == "f1":
        return np.array([1])
    return np.arange(max(n_outputs, 2, int(part.targets.max()) + 1))


def _by_class(metric: str, classes: Array, targets: Array, predictions: Array) -> Array:
    """Say of each class whether a row is rightly taken for it; for F1 also if it is at all."""
    is_binary = predictions.shape[1] == 1
    answers = predictions > 0.5 if is_binary else predictions.argmax(axis=1)[:, None]
    answered = answers == classes
    right: Array = answered & (targets.reshape(-1, 1) == classes)
    return np.concatenate([right, answered], axis=1) if metric == "f1" else right


def spread(metric: str, task: Task, part: Part, fold: int, n_outputs: int) -> Array:
    """Return what a metric needs to know of a fold's targets alone: (rows, columns).

    Of R2 it is y less its mean, and the square of that (float64); of a metric by class, of which
    class a row is (bool); of others nothing.
    """
    targets = part.targets[part.slices[fold]]
    if metric in _BY_CLASS:
        ones: Array = targets.reshape(-1, 1) == _classes(metric, task, part, n_outputs)
        return ones
    if metric != "r2":
        return np.empty((len(targets), 0))
    centred = targets - targets.mean(axis=0, dtype=np.float64)
    return np.concatenate([centred, np.square(centred)], axis=1)


def value(metric: str, worths: Array, spreads: Array) -> Array:
    """Return a metric (...) from means of `worth` (..., outputs) and `spread` (..., columns)."""
    if metric == "rmse":
        return np.asarray(np.sqrt(worths).mean(axis=-1))
    if metric == "r2":
        return _r2(worths, spreads)
    if metric == "balanced_accuracy":
        return _mean_ratio(worths, spreads)
    if metric == "f1":
        right, answered = np.split(worths, 2, axis=-1)
        return _mean_ratio(2 * right, answered + spreads)
    return np.asarray(worths[..., 0])


def _r2(errors: Array, spreads: Array) -> Array:
    means, squares = np.split(spreads, 2, axis=-1)
    variances = squares - np.square(means)
    varies = variances > _ROUNDING * squares
    # As sklearn.metrics.r2_score: a target that does not vary is worth 1 if met, else 0.
    explained = 1 - errors / np.where(varies, variances, 1)
    return np.asarray(np.where(varies, explained, errors == 0).mean(axis=-1))


def _mean_ratio(parts: Array, wholes: Array) -> Array:
    """Return the mean over the classes whose whole is more than nothing; of none 0."""
    counts = wholes > 0
    ratios = parts / np.where(counts, wholes, 1)
    return np.asarray(ratios.sum(axis=-1) / np.maximum(counts.sum(axis=-1), 1))


def score(metric: str, task: Task, part: Part, predictions: Array) -> float:
    """Return a metric of predictions, as `scoring.validation_metrics` has it of outputs.

    See `worth` for the arguments. Where a probability was too small to be held, the true loss
    is higher than what is returned.
    """
    of_fold = _ranking if metric == ranking.METRIC else _of_means
    folds = range(len(part.folds))
    return float(np.mean([of_fold(metric, task, part, fold, predictions) for fold in folds]))


def _of_means(metric: str, task: Task, part: Part, fold: int, predictions: Array) -> Array:
    worths = worth(metric, task, part, fold, predictions).mean(axis=0)
    spreads = spread(metric, task, part, fold, predictions.shape[1]).mean(axis=0)
    return value(metric, worths, spreads)


def _ranking(_: str, task: Task, part: Part, fold: int, predictions: Array) -> float:
    rows = part.slices[fold]
    return ranking.score(part.targets[rows], predictions[rows])
