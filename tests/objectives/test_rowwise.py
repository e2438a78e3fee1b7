"""Scores of stored predictions, against those of a network's outputs and scikit-learn's."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn import metrics

from truetune.objectives.development import Array
from truetune.objectives.metrics import METRICS, OBJECTIVES
from truetune.objectives.rowwise import Part, score
from truetune.objectives.scoring import (
    predictions,
    standard_targets,
    validation_metrics,
)
from truetune.spaces import Task

FOLDS = (70, 50, 80)
N = sum(FOLDS)
RNG = np.random.default_rng(0)


class Unit:
    """The targets' unit in one fold."""

    def __init__(self, mean: Array, scale: Array):
        self.target_mean, self.target_scale = mean, scale


def units(n_outputs: int) -> list[Unit]:
    if n_outputs == 1:
        return [
            Unit(np.full(1, 5 + i, np.float32), np.full(1, 2.0 + i, np.float32)) for i in FOLDS
        ]
    means = np.array([100, -5, 0.3], np.float32)
    scales = np.array([50, 2, 0.01], np.float32)
    return [Unit(means * (1 + i / 10), scales * (1 + i / 5)) for i in range(len(FOLDS))]


def targets_of(task: Task, n_outputs: int) -> Array:
    if task == "classification":
        return RNG.integers(0, n_outputs, size=N)
    if task == "binary":
        return RNG.integers(0, 2, size=(N, 1)).astype(np.float32)
    return (units(n_outputs)[0].target_mean + RNG.normal(0, 3, (N, n_outputs))).astype(np.float32)


def part_of(targets: Array, folds: tuple[int, ...] = FOLDS, scale: Array | None = None) -> Part:
    if scale is None:
        scale = np.ones((len(folds), 1))
    return Part(targets, folds, scale, np.arange(len(targets)))


CASES: list[tuple[Task, int]] = [
    ("binary", 1),
    ("classification", 4),
    ("classification", 2),
    ("regression", 1),
    ("regression", 3),
]


@pytest.mark.parametrize(("task", "n_outputs"), CASES)
def test_scores_are_those_of_the_networks_outputs(task: Task, n_outputs: int) -> None:
    targets, of_folds = targets_of(task, n_outputs), units(n_outputs)
    part = part_of(targets, scale=np.stack([unit.target_scale for unit in of_folds]))
    stored, expected = [], []
    for rows, unit in zip(part.slices, of_folds, strict=True):
        outputs = torch.from_numpy(
            RNG.normal(0, 2, size=(rows.stop - rows.start, n_outputs)).astype(np.float32)
        )
        standard = torch.from_numpy(np.asarray(standard_targets(targets[rows], unit, task)))
        scale = torch.from_numpy(unit.target_scale)
        names = tuple(OBJECTIVES[task])
        expected.append(validation_metrics(outputs, standard, scale, task, names))
        stored.append(predictions(outputs, unit, task))
    together = np.concatenate(stored)
    for name in expected[0]:
        found = score(name.removeprefix("validation_"), task, part, together)
        assert found == pytest.approx(np.mean([of[name] for of in expected]), rel=1e-4), name


@pytest.mark.parametrize(("task", "n_outputs"), CASES)
def test_every_metric_that_a_task_can_be_searched_by_has_a_score(
    task: Task, n_outputs: int
) -> None:
    targets = targets_of(task, n_outputs)
    predicted = np.full((N, n_outputs), 1 / max(n_outputs, 2))
    part = part_of(targets, (N,), np.ones((1, n_outputs)))
    for name in METRICS[task]:
        if name.startswith("validation_"):
            metric = name.removeprefix("validation_")
            assert math.isfinite(score(metric, task, part, predicted))


def test_scores_are_those_of_scikit_learn() -> None:
    y = RNG.normal(1e4, 3, size=(N, 2))
    predicted = y + RNG.normal(0, 1, size=y.shape)
    part = part_of(y, (N,), np.ones((1, 2)))
    expected = {
        "r2": metrics.r2_score(y, predicted),
        "mae": metrics.mean_absolute_error(y, predicted),
        "rmse": metrics.root_mean_squared_error(y, predicted),
        "loss": metrics.mean_squared_error(y, predicted),
    }
    for metric, value in expected.items():
        assert score(metric, "regression", part, predicted) == pytest.approx(value, rel=1e-9)
    classes = RNG.integers(0, 3, size=N)
    shares = RNG.dirichlet(np.ones(3), size=N)
    of_classes = part_of(classes, (N,))
    assert score("loss", "classification", of_classes, shares) == pytest.approx(
        metrics.log_loss(classes, shares)
    )
    assert score("accuracy", "classification", of_classes, shares) == pytest.approx(
        metrics.accuracy_score(classes, shares.argmax(axis=1))
    )


@pytest.mark.parametrize("constant", [0.5, 1e6 + 0.5, 0.0])
@pytest.mark.parametrize("error", [0.0, 0.5])
def test_r2_of_a_target_that_does_not_vary_is_scikit_learns(constant: float, error: float) -> None:
    y = np.full((101, 1), constant)
    part = part_of(y, (101,))
    expected = metrics.r2_score(y, y + error)
    assert score("r2", "regression", part, y + error) == pytest.approx(expected)


def test_rounding_makes_no_variance() -> None:
    y = np.full((101, 1), 0.1)  # whose mean is another number by one in its last place
    part = part_of(y, (101,))
    assert score("r2", "regression", part, y + 0.5) == 0


@pytest.mark.parametrize("logit", [-700.0, -100.0, -20.0, -0.1, 0.1, 20.0, 36.0])
@pytest.mark.parametrize("target", [0.0, 1.0])
def test_binary_loss_is_exact_where_a_double_holds_the_probability(
    logit: float, target: float
) -> None:
    outputs, y = torch.tensor([[logit]]), torch.tensor([[target]])
    expected = validation_metrics(outputs, y, torch.ones(1), "binary")
    part = part_of(y.numpy(), (1,))
    stored = predictions(outputs, Unit(np.zeros(1), np.ones(1)), "binary")
    found = score("loss", "binary", part, stored)
    # A probability near 1 is known to 1e-16 of 1, and its complement of e-36 to 5 %.
    assert found == pytest.approx(expected["validation_loss"], abs=0.05 if logit == 36 else 1e-6)


def test_certain_and_wrong_costs_as_much_as_the_stored_precision_can_tell() -> None:
    of_classes = part_of(np.array([1]), (1,))
    surely = np.array([[1.0, 0.0]], np.float32)
    least = float(np.finfo(np.float32).smallest_subnormal)
    assert score("loss", "classification", of_classes, surely) == pytest.approx(-math.log(least))
    of_first = part_of(np.array([[0.0]], np.float32), (1,))
    assert score("loss", "binary", of_first, np.array([[1.0]])) == pytest.approx(53 * math.log(2))
    of_second = part_of(np.array([[1.0]], np.float32), (1,))
    assert score("loss", "binary", of_second, np.array([[0.0]])) == pytest.approx(744.44, abs=0.01)


def test_class_that_no_training_row_has_is_a_wrong_answer() -> None:
    shares = np.array([[0.5, 0.5], [0.2, 0.8]], np.float32)
    part = part_of(np.array([0, 2]), (2,))
    least = float(np.finfo(np.float32).smallest_subnormal)
    expected = (math.log(2) - math.log(least)) / 2
    assert score("loss", "classification", part, shares) == pytest.approx(expected)
    assert score("accuracy", "classification", part, shares) == 0.5


def answers_of(predictions: Array) -> Array:
    if predictions.shape[1] == 1:
        return (predictions[:, 0] > 0.5).astype(int)
    return predictions.argmax(axis=1)


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("task", ["binary", "classification"])
def test_metrics_by_class_are_those_of_scikit_learn(task: Task, seed: int) -> None:
    """In some tables classes have no rows, in some none is answered, in some one is unknown."""
    rng = np.random.default_rng(seed)
    n, n_classes = int(rng.integers(1, 30)), int(rng.integers(2, 7)) if seed % 4 else 2
    if task == "binary":
        n_classes, shares = 2, rng.random((n, 1)).round(1)
    else:
        shares = rng.dirichlet(np.full(n_classes, 0.3), size=n)
    targets = rng.integers(0, n_classes + seed % 2, size=n)
    part = part_of(targets[:, None].astype(np.float32) if task == "binary" else targets, (n,))
    answers = answers_of(shares)
    balanced = metrics.balanced_accuracy_score(targets, answers)
    assert score("balanced_accuracy", task, part, shares) == pytest.approx(balanced)
    which = {"labels": [1], "average": "macro"} if task == "binary" else {"average": "macro"}
    f1 = metrics.f1_score(targets, answers, zero_division=0, **which)
    assert score("f1", task, part, shares) == pytest.approx(f1)


def test_f1_of_two_classes_is_the_seconds() -> None:
    targets, predicted = np.array([1, 1, 0, 0, 1]), np.array([0.9, 0.2, 0.8, 0.1, 0.7])
    part = part_of(targets[:, None].astype(np.float32), (5,))
    expected = metrics.f1_score(targets, predicted > 0.5)
    assert score("f1", "binary", part, predicted[:, None]) == pytest.approx(expected)


@pytest.mark.parametrize("metric", ["balanced_accuracy", "f1", "auroc"])
@pytest.mark.parametrize("task", ["binary", "classification"])
def test_metric_of_classes_is_the_mean_over_folds(task: Task, metric: str) -> None:
    n_outputs = 1 if task == "binary" else 4
    targets = targets_of(task, n_outputs)
    predicted = RNG.random((N, 1)) if n_outputs == 1 else RNG.dirichlet(np.ones(4), size=N)
    part = part_of(targets)
    each = [
        score(metric, task, part_of(targets[rows], (len(targets[rows]),)), predicted[rows])
        for rows in part.slices
    ]
    assert len(set(each)) == len(FOLDS)
    assert score(metric, task, part, predicted) == pytest.approx(np.mean(each))


def test_metric_is_the_mean_over_folds_not_rows() -> None:
    y = np.zeros((4, 1), np.float32)
    predicted = np.array([[0.9], [0.1], [0.1], [0.1]])
    part = part_of(y, (1, 3), np.ones((2, 1)))
    assert score("accuracy", "binary", part, predicted) == 0.5


def test_huge_units_do_not_overflow() -> None:
    y = np.array([[1e30], [3e30], [2e30]], np.float32)
    part = part_of(y, (3,), np.full((1, 1), 1e30))
    assert score("r2", "regression", part, y * np.float32(1.1)) == pytest.approx(0.93, abs=1e-6)
    assert score("loss", "regression", part, y + np.float32(1e30)) == pytest.approx(1, rel=1e-5)
