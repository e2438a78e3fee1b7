"""Kept data: what was written is read, and targets have the numbers they were trained with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import LabelEncoder

from truetune.errors import InputError
from truetune.objectives.development import Description, Development
from truetune.objectives.files import save_data
from truetune.objectives.guard.kept import KeptData, class_numbers
from truetune.spaces import Experiment


def facts(*classes: Any, n_outputs: int = 1) -> Description:
    return Description("made up", 4, n_outputs, 30, 10, 10, "", "", classes=classes)


@pytest.mark.parametrize(
    "targets",
    [
        np.array([3, 1, 2, 1, 3]),
        np.array([0.5, 2.0, 0.5]),
        np.array(["no", "yes", "maybe", "no"], object),
    ],
)
def test_classes_have_their_place_in_sorted_order(targets: Any) -> None:
    expected = LabelEncoder().fit_transform(targets)
    known = facts(*np.unique(targets).tolist())
    numbers, n_unknown = class_numbers(targets, known, "classification")
    np.testing.assert_array_equal(numbers, expected)
    assert (numbers.dtype, n_unknown) == (np.int64, 0)


def test_unknown_class_has_the_number_after_the_last() -> None:
    targets = np.array(["b", "z", "a", "z"], object)
    numbers, n_unknown = class_numbers(targets, facts("a", "b", "c"), "classification")
    assert (numbers.tolist(), n_unknown) == ([1, 3, 0, 3], 2)


def test_two_classes_are_zero_and_one_and_a_third_is_two() -> None:
    numbers, n_unknown = class_numbers(np.array([5, 7, 6]), facts(5, 7), "binary")
    assert (numbers.tolist(), n_unknown) == ([[0], [1], [2]], 1)
    assert numbers.dtype == np.float32


def test_whole_numbers_and_fractions_of_one_value_are_one_class() -> None:
    numbers, _ = class_numbers(np.array([1.0, 0.0]), facts(0, 1), "classification")
    assert numbers.tolist() == [1, 0]


def test_numbers_stay_numbers() -> None:
    numbers, n_unknown = class_numbers(np.array([1, 2]), facts(), "regression")
    assert (numbers.tolist(), numbers.dtype, n_unknown) == ([[1], [2]], np.float32, 0)


@pytest.mark.parametrize(
    ("targets", "task", "words"),
    [
        (np.array(["CANARY"], object), "regression", "takes numbers"),
        (np.ones((3, 2)), "regression", "a row has 1 targets, but these have 2"),
        (np.array(["CANARY"], object), "classification", "not one is"),
    ],
)
def test_targets_of_another_kind_are_refused(targets: Any, task: Any, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        class_numbers(targets, facts("a", "b"), task)
    assert "CANARY" not in caught.value.cause + caught.value.fix


def test_what_a_study_keeps_is_read_again(
    quick: Experiment, development: Development, tmp_path: Path
) -> None:
    save_data(development, tmp_path)
    kept = KeptData.load(quick.model_dump(mode="json"), tmp_path)
    assert kept.experiment == quick
    assert kept.description == development.description
    assert [of_fold.to_json() for of_fold in kept.features] == list(development.preprocessing)
    (fold,) = development.folds
    np.testing.assert_array_equal(kept.mean, [fold.target_mean])
    np.testing.assert_array_equal(kept.scale, [fold.target_scale])
