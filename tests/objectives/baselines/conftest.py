"""Folds that baselines are trained on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from truetune.objectives.development import Array, Fold


def fold_of(x_train: Array, y_train: Array, x_validation: Array, y_validation: Array) -> Fold:
    """A fold of these rows, its targets in their own unit where they are numbers."""
    is_numbers = y_train.ndim == 2 and not set(np.unique(y_train)) <= {0, 1}
    ones = np.ones(1 if y_train.ndim == 1 else y_train.shape[1], np.float32)
    return Fold(
        x_train=x_train.astype(np.float32),
        y_train=y_train,
        x_validation=x_validation.astype(np.float32),
        y_validation=y_validation,
        train_rows=np.arange(len(x_train)),
        validation_rows=np.arange(len(x_validation)) + len(x_train),
        target_mean=y_train.mean(axis=0) if is_numbers else 0 * ones,
        target_scale=y_train.std(axis=0) if is_numbers else ones,
    )


@pytest.fixture(scope="session")
def make_fold() -> Callable[..., Fold]:
    return fold_of


@pytest.fixture(scope="session")
def three_classes() -> Fold:
    """150 training and 60 validation rows of three clouds of points."""
    rng = np.random.default_rng(0)
    classes = rng.integers(3, size=210)
    inputs = rng.normal(size=(210, 4)) + 1.5 * np.eye(3, 4)[classes]
    return fold_of(inputs[:150], classes[:150], inputs[150:], classes[150:])


@pytest.fixture(scope="session")
def two_classes(three_classes: Fold) -> Fold:
    """The same, where the third cloud is the second class."""
    train, validation = (
        (y == 2).astype(np.float32)[:, None]
        for y in (three_classes.y_train, three_classes.y_validation)
    )
    return fold_of(three_classes.x_train, train, three_classes.x_validation, validation)


@pytest.fixture(scope="session")
def numbers() -> Fold:
    """150 training and 60 validation rows with two targets, far from 0 and in odd units."""
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(210, 3))
    first = 1000 + 50 * inputs[:, 0] + 5 * rng.normal(size=210)
    second = np.sin(inputs[:, 1]) + 0.1 * rng.normal(size=210)
    targets = np.stack([first, second], axis=1).astype(np.float32)
    return fold_of(inputs[:150], targets[:150], inputs[150:], targets[150:])
