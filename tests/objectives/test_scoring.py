"""Scoring: costs, metrics and predictions against scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn import metrics
from torch import Tensor

from truetune.objectives.development import Array, Fold
from truetune.objectives.scoring import (
    COSTS,
    as_tensor,
    predictions,
    standard_targets,
    validation_metrics,
)
from truetune.spaces import Task

RNG = np.random.default_rng(0)
CLASSES = RNG.integers(0, 4, size=200)
LOGITS = torch.from_numpy(RNG.normal(0, 2, size=(200, 4)).astype(np.float32))
SIGNS = RNG.integers(0, 2, size=(200, 1)).astype(np.float32)
SIGN_LOGITS = torch.from_numpy(RNG.normal(0, 2, size=(200, 1)).astype(np.float32))


def fold(y: Array, mean: Array, scale: Array) -> Fold:
    nothing = np.empty(0)
    return Fold(nothing, y, nothing, y, nothing, nothing, mean, scale)


def regression(n_outputs: int) -> tuple[Fold, Tensor, Tensor]:
    """Return targets in units far apart, standard targets, and outputs of a fair network."""
    rng = np.random.default_rng(1)
    mean = np.array([100, -5, 0.3], np.float32)[:n_outputs]
    scale = np.array([50, 2, 0.01], np.float32)[:n_outputs]
    y = (mean + scale * rng.normal(size=(200, n_outputs))).astype(np.float32)
    of_targets = fold(y, mean, scale)
    standard = torch.from_numpy(standard_targets(y, of_targets, "regression"))
    noise = torch.from_numpy(rng.normal(0, 0.4, size=y.shape).astype(np.float32))
    return of_targets, standard, standard + noise


CLASS_FOLD = fold(CLASSES, np.zeros(1, np.float32), np.ones(1, np.float32))


def scored(n_outputs: int) -> tuple[dict[str, float], Array, Array]:
    """Return a regression's metrics, and the truth and predictions in their own unit."""
    of_targets, standard, outputs = regression(n_outputs)
    scale = torch.from_numpy(of_targets.target_scale)
    measured = validation_metrics(outputs, standard, scale, "regression")
    return measured, of_targets.y_validation, predictions(outputs, of_targets, "regression")


@pytest.fixture
def always_warns() -> Iterator[None]:
    """Torch says once per process that an array is read-only; here it says so every time."""
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(before)


@pytest.fixture
def read_only() -> Array:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    array.flags.writeable = False
    return array


def test_classification_is_scored_as_scikit_learn_scores_it() -> None:
    measured = validation_metrics(
        LOGITS, torch.from_numpy(CLASSES), torch.ones(1), "classification"
    )
    probabilities = torch.softmax(LOGITS.double(), dim=1).numpy()
    accuracy = metrics.accuracy_score(CLASSES, probabilities.argmax(axis=1))
    assert measured["validation_accuracy"] == pytest.approx(accuracy)
    assert measured["validation_loss"] == pytest.approx(metrics.log_loss(CLASSES, probabilities))


def test_binary_task_is_scored_as_scikit_learn_scores_it() -> None:
    measured = validation_metrics(SIGN_LOGITS, torch.from_numpy(SIGNS), torch.ones(1), "binary")
    probability = torch.sigmoid(SIGN_LOGITS.double()).numpy()[:, 0]
    accuracy = metrics.accuracy_score(SIGNS[:, 0], probability > 0.5)
    assert measured["validation_accuracy"] == pytest.approx(accuracy)
    assert measured["validation_loss"] == pytest.approx(metrics.log_loss(SIGNS, probability))


def test_regression_of_one_target_is_scored_as_scikit_learn_scores_it() -> None:
    measured, truth, predicted = scored(1)
    rmse = metrics.root_mean_squared_error(truth, predicted)
    assert measured["validation_rmse"] == pytest.approx(rmse, rel=1e-5)
    mae = metrics.mean_absolute_error(truth, predicted)
    assert measured["validation_mae"] == pytest.approx(mae, rel=1e-5)
    assert measured["validation_r2"] == pytest.approx(metrics.r2_score(truth, predicted), rel=1e-5)


def test_errors_of_several_targets_are_those_of_scikit_learn() -> None:
    measured, truth, predicted = scored(3)
    mae = metrics.mean_absolute_error(truth, predicted)
    assert measured["validation_mae"] == pytest.approx(mae, rel=1e-5)
    assert measured["validation_r2"] == pytest.approx(metrics.r2_score(truth, predicted), rel=1e-5)


def test_rmse_of_several_targets_is_the_mean_of_each_targets() -> None:
    measured, truth, predicted = scored(3)
    expected = metrics.root_mean_squared_error(truth, predicted)
    assert measured["validation_rmse"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("error", [0.0, 0.1])
def test_r2_of_a_target_that_does_not_vary_is_as_in_scikit_learn(error: float) -> None:
    truth = torch.ones(4, 1)
    measured = validation_metrics(truth + error, truth, torch.ones(1), "regression")
    assert measured["validation_r2"] == metrics.r2_score(truth, truth + error)


def test_loss_of_a_regression_is_the_squared_error_in_standard_units() -> None:
    of_targets, standard, outputs = regression(3)
    scale = torch.from_numpy(of_targets.target_scale)
    measured = validation_metrics(outputs, standard, scale, "regression")
    expected = metrics.mean_squared_error(standard.numpy(), outputs.numpy())
    assert measured["validation_loss"] == pytest.approx(expected, rel=1e-5)


def test_predicting_the_mean_of_the_training_rows_costs_one() -> None:
    y = np.random.default_rng(2).normal(300, 70, size=(500, 1)).astype(np.float32)
    of_targets = fold(y, y.mean(axis=0), y.std(axis=0))
    standard = torch.from_numpy(standard_targets(y, of_targets, "regression"))
    loss = COSTS["regression"](torch.zeros(500, 1), standard)
    assert loss.item() == pytest.approx(1, rel=1e-5)


def test_standard_targets_and_predictions_undo_each_other() -> None:
    of_targets, standard, _ = regression(3)
    again = predictions(standard, of_targets, "regression")
    np.testing.assert_allclose(again, of_targets.y_train, rtol=1e-5)


@pytest.mark.parametrize("task", ["binary", "classification"])
def test_classes_have_no_other_unit(task: Task) -> None:
    scaled = replace(CLASS_FOLD, target_scale=np.full(1, 9, np.float32))
    assert standard_targets(CLASSES, scaled, task) is CLASSES


def test_predictions_of_a_classification_are_probabilities() -> None:
    probabilities = predictions(LOGITS, CLASS_FOLD, "classification")
    exponentials = np.exp(LOGITS.numpy().astype(np.float64))
    expected = exponentials / exponentials.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities, expected, rtol=1e-5)


def test_prediction_of_a_binary_task_is_the_second_classes_probability() -> None:
    probability = predictions(SIGN_LOGITS, CLASS_FOLD, "binary")
    expected = 1 / (1 + np.exp(-SIGN_LOGITS.numpy().astype(np.float64)))
    np.testing.assert_allclose(probability, expected, rtol=1e-5)


def test_loss_of_confident_and_wrong_logits_stays_finite() -> None:
    outputs, targets = torch.tensor([[1e4], [-1e4]]), torch.tensor([[0.0], [1.0]])
    measured = validation_metrics(outputs, targets, torch.ones(1), "binary")
    assert measured == {"validation_loss": 1e4, "validation_accuracy": 0}


@pytest.mark.usefixtures("always_warns")
def test_read_only_array_becomes_a_tensor_on_the_same_memory(read_only: Array) -> None:
    with pytest.warns(UserWarning, match="not writable"):
        torch.from_numpy(read_only)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tensor = as_tensor(read_only, "cpu")
    assert tensor.data_ptr() == read_only.ctypes.data
    assert tensor.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_writable_array_becomes_a_tensor_on_the_same_memory() -> None:
    array = np.arange(3)
    tensor = as_tensor(array, "cpu")
    array[0] = 9
    assert tensor.tolist() == [9, 1, 2]
