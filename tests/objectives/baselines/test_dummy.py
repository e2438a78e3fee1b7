"""What knows no input: scikit-learn's DummyClassifier and DummyRegressor say the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from truetune.objectives.baselines.dummy import predict
from truetune.objectives.development import Fold


def test_classes_get_their_shares(three_classes: Fold) -> None:
    reference = DummyClassifier(strategy="prior")
    reference.fit(three_classes.x_train, three_classes.y_train)
    found = predict(three_classes, "classification", 3, seed=0)
    np.testing.assert_allclose(found, reference.predict_proba(three_classes.x_validation))


def test_two_classes_get_the_share_of_the_second(two_classes: Fold) -> None:
    found = predict(two_classes, "binary", 1, seed=0)
    assert found.shape == (60, 1)
    np.testing.assert_allclose(found, two_classes.y_train.mean())


def test_numbers_get_their_mean(numbers: Fold) -> None:
    reference = DummyRegressor().fit(numbers.x_train, numbers.y_train)
    found = predict(numbers, "regression", 2, seed=0)
    np.testing.assert_allclose(found, reference.predict(numbers.x_validation), rtol=1e-6)


def test_a_class_without_training_rows_has_no_chance(make_fold: Callable[..., Fold]) -> None:
    x = np.zeros((4, 1))
    fold = make_fold(x, np.array([0, 0, 2, 2]), x, np.array([0, 1, 2, 3]))
    assert predict(fold, "classification", 4, seed=0)[0].tolist() == [0.5, 0, 0.5, 0]
