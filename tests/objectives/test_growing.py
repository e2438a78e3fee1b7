"""Shares of the training rows: nested, stratified, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from truetune.objectives.development import Development
from truetune.objectives.growing import order, smaller
from truetune.spaces import Experiment

CLASSES = np.repeat([0, 1, 2], [600, 300, 100])


@pytest.mark.parametrize("n", [30, 100, 333, 500, 999])
def test_every_beginning_has_its_share_of_each_class(n: int) -> None:
    counts = np.bincount(CLASSES[order(CLASSES, "classification", seed=3)[:n]], minlength=3)
    expected = np.array([0.6, 0.3, 0.1]) * n
    assert np.abs(counts - expected).max() <= 2


def test_an_order_is_of_all_rows_and_of_its_seed() -> None:
    first, again, other = (order(CLASSES, "classification", seed) for seed in (1, 1, 2))
    assert sorted(first) == list(range(1000))
    assert (first == again).all()
    assert (first != other).any()


def test_the_rarest_class_is_in_the_smallest_share() -> None:
    targets = np.array([0] * 500 + [1] * 2 + [2] * 500)
    for seed in range(20):
        assert set(targets[order(targets, "classification", seed)[:3]]) == {0, 1, 2}


def test_two_classes_are_told_apart_as_a_column_of_floats() -> None:
    targets = np.repeat([0.0, 1.0], [90, 10]).astype(np.float32).reshape(-1, 1)
    assert targets[order(targets, "binary", 0)[:50]].sum() == pytest.approx(5, abs=1)


def test_a_regressions_targets_are_spread_alike() -> None:
    targets = np.random.default_rng(0).exponential(size=(500, 1))
    rows = order(targets, "regression", seed=0)[:50]
    tenths = np.quantile(targets, np.linspace(0, 1, 11)[1:-1])
    counts = np.bincount(np.digitize(targets[rows, 0], tenths), minlength=10)
    assert counts.min() >= 3
    assert counts.max() <= 7


def test_a_share_is_within_a_larger_one_and_validation_rows_stay(
    development: Development, quick: Experiment
) -> None:
    shares = [smaller(development, quick, share, seed=5) for share in (0.25, 0.5)]
    (small,), (large,), (whole,) = (d.folds for d in (*shares, development))
    assert (len(small.y_train), len(large.y_train)) == (
        round(len(whole.y_train) / 4),
        round(len(whole.y_train) / 2),
    )
    assert set(small.train_rows) < set(large.train_rows) < set(whole.train_rows)
    assert small.x_validation is whole.x_validation
    assert (small.target_scale == whole.target_scale).all()


def test_rows_keep_their_targets(development: Development, quick: Experiment) -> None:
    (small,), (whole,) = smaller(development, quick, 0.3, seed=1).folds, development.folds
    places = {row: i for i, row in enumerate(whole.train_rows)}
    for x, y, row in zip(small.x_train, small.y_train, small.train_rows, strict=True):
        assert (x == whole.x_train[places[row]]).all()
        assert y == whole.y_train[places[row]]


def test_all_rows_are_the_development_itself(development: Development, quick: Experiment) -> None:
    assert smaller(development, quick, 1.0, seed=1) is development
