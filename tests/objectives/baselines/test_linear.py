"""The linear baseline is scikit-learn's, and its answers have the form of a trial's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from truetune.objectives.baselines import scikit
from truetune.objectives.baselines.linear import predict
from truetune.objectives.development import Array, Fold


def scaled(fold: Fold) -> tuple[Array, Array]:
    scaler = StandardScaler().fit(fold.x_train)
    return scaler.transform(fold.x_train), scaler.transform(fold.x_validation)


def test_classes_are_those_of_logistic_regression(three_classes: Fold) -> None:
    train, validation = scaled(three_classes)
    reference = LogisticRegression(max_iter=1000).fit(train, three_classes.y_train)
    found = predict(three_classes, "classification", 3, seed=0)
    np.testing.assert_allclose(found, reference.predict_proba(validation), atol=1e-5)


def test_of_two_classes_the_seconds_probability_is_returned(two_classes: Fold) -> None:
    train, validation = scaled(two_classes)
    reference = LogisticRegression(max_iter=1000).fit(train, two_classes.y_train[:, 0])
    found = predict(two_classes, "binary", 1, seed=0)
    np.testing.assert_allclose(found, reference.predict_proba(validation)[:, 1:], atol=1e-5)


def test_numbers_are_those_of_ridge_in_their_own_unit(numbers: Fold) -> None:
    train, validation = scaled(numbers)
    # The penalty of 1 is of coefficients of standard targets, for each of them alone.
    scale = numbers.y_train.std(axis=0)
    reference = Ridge(alpha=1.0).fit(train, (numbers.y_train - numbers.y_train.mean(0)) / scale)
    expected = reference.predict(validation) * scale + numbers.y_train.mean(0)
    np.testing.assert_allclose(predict(numbers, "regression", 2, seed=0), expected, rtol=1e-4)


def test_one_target_is_a_column(numbers: Fold, make_fold: Callable[..., Fold]) -> None:
    targets = numbers.y_train[:, :1], numbers.y_validation[:, :1]
    fold = make_fold(numbers.x_train, targets[0], numbers.x_validation, targets[1])
    found = predict(fold, "regression", 1, seed=0)
    assert found.shape == (60, 1)
    assert np.corrcoef(found[:, 0], targets[1][:, 0])[0, 1] > 0.98


@pytest.mark.parametrize("n_classes", [3, 5])
def test_a_class_that_no_training_row_has_gets_no_probability(
    three_classes: Fold, n_classes: int, make_fold: Callable[..., Fold]
) -> None:
    moved = make_fold(
        three_classes.x_train,
        np.where(three_classes.y_train == 2, n_classes - 1, three_classes.y_train),
        three_classes.x_validation,
        three_classes.y_validation,
    )
    found = predict(moved, "classification", n_classes, seed=0)
    assert found.shape == (60, n_classes)
    assert (found[:, 2 : n_classes - 1] == 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize(("answer", "probabilities"), [(0, [1, 0, 0]), (2, [0, 0, 1])])
def test_of_a_single_class_there_is_nothing_to_learn(
    answer: int, probabilities: list[int], make_fold: Callable[..., Fold]
) -> None:
    x = np.random.default_rng(0).normal(size=(6, 2))
    fold = make_fold(x, np.full(6, answer), x, np.arange(6) % 3)
    found = predict(fold, "classification", 3, seed=0)
    assert found.tolist() == [probabilities] * 6


def test_predicting_by_parts_is_predicting(
    three_classes: Fold, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = predict(three_classes, "classification", 3, seed=0)
    monkeypatch.setattr(scikit, "ROWS_AT_ONCE", 7)
    np.testing.assert_array_equal(predict(three_classes, "classification", 3, seed=0), whole)
