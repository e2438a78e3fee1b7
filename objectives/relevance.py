"""Which columns say most about the target, each looked at alone."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from ..spaces.experiment import Task
from .development import Array

_CELLS_AT_ONCE = 16_000_000  # of a matrix in double precision


def ranking(x: Array, y: Array, places: Sequence[Sequence[int]], task: Task) -> tuple[int, ...]:
    """Return the columns' numbers, the one that says most first; equals in their own order.

    A number's score is the F statistic of scikit-learn's `f_classif`, between the means of the
    classes, or of its `f_regression`, of a straight line (of several targets the best explained
    one); a column's is the greatest of its numbers'. A constant column says nothing.

    Args:
        x: training rows (rows, inputs), as a network takes them.
        y: their targets, (rows,) or (rows, outputs).
        places: of each column, its numbers in a row.
        task: whether targets are classes.
    """
    scores = _scores(x, y.reshape(len(y), -1), task)
    of_columns = np.array([scores[list(own)].max(initial=0.0) for own in places])
    return tuple(np.argsort(-of_columns, kind="stable").tolist())


def _scores(x: Array, y: Array, task: Task) -> Array:
    """Return the F statistic of each number (inputs,), some of them at a time."""
    from sklearn.feature_selection import f_classif, f_regression

    score = f_regression if task == "regression" else f_classif
    at_once = max(1, _CELLS_AT_ONCE // max(1, len(x)))
    found = np.zeros(x.shape[1])
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of constant numbers, which come out as NaN
        for start in range(0, x.shape[1], at_once):
            part = x[:, start : start + at_once].astype(np.float64)
            part -= part.mean(axis=0)  # which F does not depend on, and large means round it
            worth = np.array([score(part, target)[0] for target in y.T])
            # Rounding takes what explains a target wholly below zero, beyond infinity.
            worth = np.nan_to_num(np.where(worth < 0, np.inf, worth)).max(axis=0)
            found[start : start + at_once] = np.where(np.ptp(part, axis=0) > 0, worth, 0.0)
    return found
