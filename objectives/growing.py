"""Growing shares of the training rows: each contains those before it, classes in their shares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..spaces import Experiment, Task
from . import subset
from .development import Array, Development, Fold

_N_STRATA = 10  # of a regression's targets


def order(targets: Array, task: Task, seed: int) -> Array:
    """Return row numbers in an order whose every beginning is a stratified sample of the rows.

    A class's rows are shuffled and spread evenly over the whole: its k-th of n stands somewhere
    between k/n and (k+1)/n. The first of each class stand before all others, so that no share
    is without one. Of a regression, tenths of the rows by their (first) target are its classes.

    Args:
        targets: of the training rows, as a fold has them.
        task: the kind of target.
        seed: of the shuffle.
    """
    rng = np.random.default_rng(seed)
    labels = _strata(targets, task)
    places = np.empty(len(labels))
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        places[rows] = (np.arange(len(rows)) + rng.random(len(rows))) / len(rows)
        places[rows[0]] -= 1
    return np.argsort(places, kind="stable")


def _strata(targets: Array, task: Task) -> Array:
    first = targets.reshape(len(targets), -1)[:, 0]
    if task != "regression":
        return first.astype(np.int64)
    ranks = np.argsort(np.argsort(first, kind="stable"))
    return ranks * min(_N_STRATA, len(first)) // len(first)


def smaller(
    development: Development, experiment: Experiment, share: float, seed: int
) -> Development:
    """Return the development with a share of each fold's training rows; of all rows, itself.

    Validation rows, what the inputs are scaled by and the unit of a regression's loss stay as
    they are, so that values of different shares compare.

    Args:
        development: all rows.
        experiment: what is trained on them.
        share: of the training rows, more than 0, at most 1.
        seed: which rows; those of a smaller share are among those of a larger.
    """
    if share >= 1:
        return development
    folds = tuple(_fewer(fold, experiment.task, share, seed) for fold in development.folds)
    pairs = zip(development.inputs, folds, strict=True)
    inputs = tuple(subset.ranked(of_fold, fold, experiment) for of_fold, fold in pairs)
    return replace(development, folds=folds, inputs=inputs)


def _fewer(fold: Fold, task: Task, share: float, seed: int) -> Fold:
    n_rows = max(1, round(share * len(fold.y_train)))
    rows = np.sort(order(fold.y_train, task, seed)[:n_rows])
    return replace(
        fold,
        x_train=fold.x_train[rows],
        y_train=fold.y_train[rows],
        train_rows=fold.train_rows[rows],
    )
