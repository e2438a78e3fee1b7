"""The baseline of trees is scikit-learn's HistGradientBoosting."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from truetune.objectives.baselines.boosting import predict
from truetune.objectives.development import Fold


def test_classes_are_those_of_the_library(three_classes: Fold) -> None:
    reference = HistGradientBoostingClassifier(random_state=3)
    reference.fit(three_classes.x_train, three_classes.y_train)
    found = predict(three_classes, "classification", 3, seed=3)
    np.testing.assert_allclose(found, reference.predict_proba(three_classes.x_validation))


def test_of_two_classes_the_seconds_probability_is_returned(two_classes: Fold) -> None:
    reference = HistGradientBoostingClassifier(random_state=0)
    reference.fit(two_classes.x_train, two_classes.y_train[:, 0])
    expected = reference.predict_proba(two_classes.x_validation)[:, 1:]
    np.testing.assert_allclose(predict(two_classes, "binary", 1, seed=0), expected)


def test_each_of_several_targets_has_trees_of_its_own(numbers: Fold) -> None:
    found = predict(numbers, "regression", 2, seed=0)
    assert found.shape == (60, 2)
    for i in (0, 1):
        reference = HistGradientBoostingRegressor(random_state=0)
        reference.fit(numbers.x_train, numbers.y_train[:, i])
        expected = reference.predict(numbers.x_validation)
        spread = numbers.y_train[:, i].std()
        np.testing.assert_allclose(found[:, i], expected, atol=0.02 * spread)
