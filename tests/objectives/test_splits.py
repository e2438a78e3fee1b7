"""Splits: every row in one part, by the documented calls to scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from truetune.errors import InputError
from truetune.objectives.development import Array
from truetune.objectives.splits import Rows, split_rows
from truetune.spaces.experiment import Split, Task


@pytest.fixture(scope="module")
def digits() -> Array:
    targets: Array = load_digits().target
    return targets


def parts(rows: Rows) -> tuple[Array, Array, Array]:
    return rows.train, rows.validation, rows.test


def assert_equal_rows(rows: Rows, expected: Rows) -> None:
    for part, expected_part in zip(parts(rows), parts(expected), strict=True):
        np.testing.assert_array_equal(part, expected_part)


def by_scikit_learn(
    targets: Array, n_validation: int, n_test: int, seed: int, stratify: bool
) -> Rows:
    """The test part first, then validation from what is left, both with the split's seed."""
    labels = targets if stratify else None
    rest, test = train_test_split(
        np.arange(len(targets)), test_size=n_test, random_state=seed, stratify=labels
    )
    labels = targets[rest] if stratify else None
    train, validation = train_test_split(
        rest, test_size=n_validation, random_state=seed, stratify=labels
    )
    return Rows(np.sort(train), np.sort(validation), np.sort(test))


@pytest.mark.parametrize("stratify", [True, False])
@pytest.mark.parametrize("seed", [0, 5])
def test_split_is_two_calls_to_scikit_learn(digits: Array, seed: int, stratify: bool) -> None:
    rows = split_rows(digits, Split(stratify=stratify, seed=seed), "classification")
    assert_equal_rows(rows, by_scikit_learn(digits, 359, 360, seed, stratify))


@pytest.mark.parametrize(
    ("n", "validation", "test"),
    [(1797, 0.2, 0.2), (3, 0.3, 0.3), (442, 0.15, 0.35), (100, 0.01, 0.98), (57, 0.45, 0.05)],
)
def test_every_row_is_in_exactly_one_part(n: int, validation: float, test: float) -> None:
    rows = split_rows(np.zeros(n), Split(validation=validation, test=test), "regression")
    np.testing.assert_array_equal(np.sort(np.concatenate(parts(rows))), np.arange(n))


def test_parts_have_the_documented_sizes(digits: Array) -> None:
    rows = split_rows(digits, Split(), "classification")
    assert [len(part) for part in parts(rows)] == [1078, 359, 360]


def test_test_part_is_rounded_up_and_validation_to_the_nearest() -> None:
    rows = split_rows(np.zeros(104), Split(validation=0.1, test=0.1), "regression")
    assert [len(part) for part in parts(rows)] == [83, 10, 11]


def test_rows_of_a_part_are_sorted(digits: Array) -> None:
    for part in parts(split_rows(digits, Split(), "classification")):
        assert (np.diff(part) > 0).all()


def test_every_part_keeps_the_shares_of_the_classes(digits: Array) -> None:
    shares = np.bincount(digits) / len(digits)
    for part in parts(split_rows(digits, Split(), "classification")):
        assert np.abs(np.bincount(digits[part]) - shares * len(part)).max() < 1.5


@pytest.mark.parametrize("task", ["binary", "classification"])
def test_classes_are_stratified_unless_the_file_says_otherwise(task: Task) -> None:
    targets = np.repeat([0, 1], [50, 50])
    rows = split_rows(targets, Split(), task)
    assert_equal_rows(rows, by_scikit_learn(targets, 20, 20, seed=0, stratify=True))


def test_numbers_are_not_stratified() -> None:
    targets = np.arange(100.0)
    rows = split_rows(targets, Split(), "regression")
    assert_equal_rows(rows, by_scikit_learn(targets, 20, 20, seed=0, stratify=False))


def test_same_seed_gives_the_same_split(digits: Array) -> None:
    first, again = (split_rows(digits, Split(seed=3), "classification") for _ in range(2))
    assert_equal_rows(first, again)


def test_another_seed_gives_another_split(digits: Array) -> None:
    first, other = (split_rows(digits, Split(seed=seed), "classification") for seed in (3, 4))
    assert not np.array_equal(first.test, other.test)
    assert not np.array_equal(first.validation, other.validation)


def test_test_rows_do_not_depend_on_the_validation_share(digits: Array) -> None:
    splits = (Split(validation=share) for share in (0.1, 0.4))
    first, other = (split_rows(digits, split, "classification") for split in splits)
    np.testing.assert_array_equal(first.test, other.test)


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_rows_are_refused(n: int) -> None:
    with pytest.raises(InputError, match=f"{n} rows are too few") as caught:
        split_rows(np.zeros(n), Split(), "regression")
    assert "data: split:" in caught.value.fix


def test_class_too_rare_for_every_part_is_named() -> None:
    targets = np.repeat([4, 5, 6], [50, 2, 50])
    with pytest.raises(InputError, match="class 5 has 2") as caught:
        split_rows(targets, Split(), "classification")
    assert "stratify: false" in caught.value.fix


def test_part_too_small_for_all_classes_is_refused() -> None:
    targets = np.repeat(np.arange(10), 5)
    with pytest.raises(InputError, match="5 rows cannot hold each of 10 classes") as caught:
        split_rows(targets, Split(test=0.1), "classification")
    assert "stratify: false" in caught.value.fix


def test_rare_class_is_taken_where_nothing_is_stratified() -> None:
    targets = np.repeat([0, 1], [99, 1])
    rows = split_rows(targets, Split(stratify=False), "classification")
    assert sum(len(part) for part in parts(rows)) == 100


@pytest.mark.parametrize(("validation", "test"), [(0.2, 0.6), (0.49, 0.5)])
def test_shares_that_leave_a_class_out_of_a_part_are_refused(
    validation: float, test: float
) -> None:
    targets = np.repeat([0, 1, 2], [50, 3, 50])
    split = Split(validation=validation, test=test)
    with pytest.raises(InputError, match="split"):
        split_rows(targets, split, "classification")
