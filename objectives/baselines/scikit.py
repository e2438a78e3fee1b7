"""Training an estimator of scikit-learn on a fold, and what it predicts in the form of a trial's.

Predictions are made for some rows at a time: scikit-learn copies them in double precision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...spaces.experiment import Task
from ..development import Array, Fold
from . import dummy

ROWS_AT_ONCE = 20_000


def classified(classifier: Any, fold: Fold, task: Task, n_outputs: int, seed: int) -> Array:
    """Return class probabilities (rows, classes), or the second class's (rows, 1).

    Where training rows are of one class only there is nothing to learn but that.
    """
    classes = fold.y_train.reshape(-1).astype(np.int64)
    if len(np.unique(classes)) < 2:
        return dummy.predict(fold, task, n_outputs, seed)
    classifier.fit(fold.x_train, classes)
    found = _by_parts(classifier.predict_proba, fold.x_validation)
    if task == "binary":
        return found[:, 1:]
    probabilities = np.zeros((len(found), n_outputs))
    probabilities[:, classifier.classes_] = found  # of single precision, where rows are
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return probabilities


def regressed(regressor: Any, fold: Fold) -> Array:
    """Return targets in their own unit (rows, outputs). Trained on targets of deviation 1."""
    standard = (fold.y_train - fold.target_mean) / fold.target_scale
    regressor.fit(fold.x_train, standard if standard.shape[1] > 1 else standard[:, 0])
    found = _by_parts(regressor.predict, fold.x_validation).reshape(len(fold.x_validation), -1)
    own_unit: Array = found * fold.target_scale + fold.target_mean
    return own_unit


def _by_parts(predict: Callable[[Array], Array], rows: Array) -> Array:
    starts = range(0, len(rows), ROWS_AT_ONCE)
    return np.concatenate([predict(rows[start : start + ROWS_AT_ONCE]) for start in starts])
