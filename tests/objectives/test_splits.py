"""Splits: every row in one part, no copy or group on two sides, and the later rows judge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from truetune.errors import InputError
from truetune.objectives.development import Array
from truetune.objectives.duplicates import ties
from truetune.objectives.rows import FoldRows, Rows
from truetune.objectives.splits import split_rows
from truetune.objectives.splitting.by_time import embargo_of
from truetune.objectives.table import Table
from truetune.spaces.experiment import Split, Task

DAY = np.timedelta64(1, "D")


@pytest.fixture(scope="module")
def digits() -> Table:
    inputs, targets = load_digits(return_X_y=True)
    return Table(inputs, targets)


def unlike(n: int, seed: int = 0) -> Array:
    """Return inputs of which no row is a copy of another."""
    return np.random.default_rng(seed).normal(size=(n, 4))


def table(targets: Any, inputs: Any = None, **columns: Any) -> Table:
    targets = np.asarray(targets)
    return Table(unlike(len(targets)) if inputs is None else inputs, targets, **columns)


def parts(rows: Rows) -> tuple[Array, Array, Array]:
    (fold,) = rows.folds
    return fold.train, fold.validation, rows.test


def sizes(rows: Rows) -> list[int]:
    return [len(part) for part in parts(rows)]


def sides(rows: Rows) -> Iterator[tuple[Array, Array]]:
    """Yield the rows that something is made of, and those that judge it."""
    yield rows.development, rows.test
    yield from rows.folds


def assert_equal_rows(rows: Rows, expected: Rows) -> None:
    assert len(rows.folds) == len(expected.folds)
    for part, expected_part in zip(
        (*sum(rows.folds, ()), rows.test), (*sum(expected.folds, ()), expected.test), strict=True
    ):
        np.testing.assert_array_equal(part, expected_part)


def assert_apart(rows: Rows, numbers: Array) -> None:
    """No number, of a group or of copies, is on two sides."""
    for made_of, judging in sides(rows):
        assert np.intersect1d(numbers[made_of], numbers[judging]).tolist() == []


def assert_complete(rows: Rows, n: int) -> None:
    """Every row is in one part or left out, sorted, and none is in two."""
    for part in (*sum(rows.folds, ()), rows.test, rows.left_out):
        assert (np.diff(part) > 0).all()
    for made_of, judging in sides(rows):
        assert np.intersect1d(made_of, judging).tolist() == []
    together = np.concatenate([rows.development, rows.test, rows.left_out])
    np.testing.assert_array_equal(np.sort(together), np.arange(n))
    validated = np.concatenate([fold.validation for fold in rows.folds])
    assert len(np.unique(validated)) == len(validated)


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
    fold = FoldRows(np.sort(train), np.sort(validation))
    return Rows((fold,), np.sort(test), np.array([], np.int64))


# At random.


@pytest.mark.parametrize("stratify", [True, False])
@pytest.mark.parametrize("seed", [0, 5])
def test_split_is_two_calls_to_scikit_learn(digits: Table, seed: int, stratify: bool) -> None:
    rows = split_rows(digits, Split(stratify=stratify, seed=seed), "classification")
    assert_equal_rows(rows, by_scikit_learn(digits.targets, 359, 360, seed, stratify))


@pytest.mark.parametrize(
    ("n", "validation", "test"),
    [(1797, 0.2, 0.2), (3, 0.3, 0.3), (442, 0.15, 0.35), (100, 0.01, 0.98), (57, 0.45, 0.05)],
)
def test_every_row_is_in_exactly_one_part(n: int, validation: float, test: float) -> None:
    rows = split_rows(table(np.zeros(n)), Split(validation=validation, test=test), "regression")
    np.testing.assert_array_equal(np.sort(np.concatenate(parts(rows))), np.arange(n))
    assert_complete(rows, n)


def test_parts_have_the_documented_sizes(digits: Table) -> None:
    assert sizes(split_rows(digits, Split(), "classification")) == [1078, 359, 360]


def test_test_part_is_rounded_up_and_validation_to_the_nearest() -> None:
    rows = split_rows(table(np.zeros(104)), Split(validation=0.1, test=0.1), "regression")
    assert sizes(rows) == [83, 10, 11]


def test_every_part_keeps_the_shares_of_the_classes(digits: Table) -> None:
    shares = np.bincount(digits.targets) / len(digits)
    for part in parts(split_rows(digits, Split(), "classification")):
        counts = np.bincount(digits.targets[part])
        assert np.abs(counts - shares * len(part)).max() < 1.5


@pytest.mark.parametrize("labels", [[0, 1], ["no", "yes"], [0.5, 1.5]])
@pytest.mark.parametrize("task", ["binary", "classification"])
def test_classes_are_stratified_unless_the_file_says_otherwise(
    task: Task, labels: list[Any]
) -> None:
    targets = np.repeat(np.array(labels, object if "no" in labels else None), [50, 50])
    rows = split_rows(table(targets), Split(), task)
    assert_equal_rows(rows, by_scikit_learn(targets, 20, 20, seed=0, stratify=True))


def test_numbers_are_not_stratified() -> None:
    targets = np.arange(100.0)
    rows = split_rows(table(targets), Split(), "regression")
    assert_equal_rows(rows, by_scikit_learn(targets, 20, 20, seed=0, stratify=False))


def test_class_of_three_rows_has_one_in_every_part() -> None:
    targets = np.repeat([0, 1, 2], [50, 3, 50])
    rows = split_rows(table(targets), Split(validation=0.3, test=0.3), "classification")
    assert_equal_rows(rows, by_scikit_learn(targets, 31, 31, seed=0, stratify=True))
    assert all(np.count_nonzero(targets[part] == 1) == 1 for part in parts(rows))


KINDS: dict[str, dict[str, Any]] = {
    "random": {},
    "folds": {"folds": 4},
    "groups": {"groups": "g"},
    "folds of groups": {"groups": "g", "folds": 4},
}


def grouped(n: int = 400, **columns: Any) -> Table:
    groups = np.random.default_rng(3).integers(0, n // 5, size=n)
    return table(np.arange(n) % 3, groups=groups, **columns)


@pytest.mark.parametrize("stratify", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_gives_the_same_split_and_another_seed_another(
    kind: str, stratify: bool
) -> None:
    first, again, other = (
        split_rows(grouped(), Split(seed=seed, stratify=stratify, **KINDS[kind]), "classification")
        for seed in (3, 3, 4)
    )
    assert_equal_rows(first, again)
    assert not np.array_equal(first.test, other.test)
    assert not np.array_equal(first.folds[0].validation, other.folds[0].validation)


def test_test_rows_do_not_depend_on_the_validation_share(digits: Table) -> None:
    splits = (Split(validation=share) for share in (0.1, 0.4))
    first, other = (split_rows(digits, split, "classification") for split in splits)
    np.testing.assert_array_equal(first.test, other.test)


def test_test_rows_do_not_depend_on_the_folds(digits: Table) -> None:
    holdout, folded = (
        split_rows(digits, Split(folds=folds), "classification") for folds in (None, 5)
    )
    np.testing.assert_array_equal(holdout.test, folded.test)


# Folds.


@pytest.mark.parametrize("kind", ["folds", "folds of groups"])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_folds_partition_the_development_rows(kind: str, task: Task) -> None:
    rows = split_rows(grouped(), Split(**KINDS[kind]), task)
    assert len(rows.folds) == 4
    assert_complete(rows, 400)
    for train, validation in rows.folds:
        np.testing.assert_array_equal(np.union1d(train, validation), rows.development)
    validated = np.sort(np.concatenate([fold.validation for fold in rows.folds]))
    np.testing.assert_array_equal(validated, rows.development)


@pytest.mark.parametrize("n", [2, 5, 10, 20])
def test_every_class_is_in_every_part_of_every_fold(digits: Table, n: int) -> None:
    rows = split_rows(digits, Split(folds=n), "classification")
    assert len(rows.folds) == n
    shares = np.bincount(digits.targets) / len(digits)
    for part in sum(rows.folds, ()):
        counts = np.bincount(digits.targets[part], minlength=10)
        assert np.abs(counts - shares * len(part)).max() < 2.5
        assert counts.min() > 0


def test_folds_are_of_one_size() -> None:
    rows = split_rows(table(np.zeros(100)), Split(folds=3), "regression")
    assert [len(fold.validation) for fold in rows.folds] == [27, 27, 26]
    assert [len(fold.train) for fold in rows.folds] == [53, 53, 54]


def test_classes_that_are_fractions_are_folded() -> None:
    targets = np.arange(90) % 3 + 0.5
    rows = split_rows(table(targets), Split(folds=3), "classification")
    assert all(len(np.unique(targets[fold.train])) == 3 for fold in rows.folds)


# Copies.


def with_copies(n: int = 1000, n_copies: int = 300, **columns: Any) -> Table:
    """Rows of which the last are copies of the first, all but exactly."""
    jitter = np.random.default_rng(1).uniform(-1e-9, 1e-9, size=(n_copies, 4))
    first = unlike(n - n_copies)
    return table(np.arange(n) % 2, np.concatenate([first, first[:n_copies] + jitter]), **columns)


@pytest.mark.parametrize("stratify", [True, False])
@pytest.mark.parametrize("kind", ["random", "folds"])
def test_copies_are_on_one_side(kind: str, stratify: bool) -> None:
    of_copies = with_copies()
    split = Split(stratify=stratify, **KINDS[kind])
    rows = split_rows(of_copies, split, "classification")
    assert_complete(rows, 1000)
    assert_apart(rows, ties(of_copies.inputs))
    assert rows.left_out.tolist() == []
    for part in (rows.test, *(fold.validation for fold in rows.folds)):
        assert abs(len(part) - 200) <= 20


def test_copies_among_many_do_not_change_the_shares() -> None:
    inputs = np.repeat(unlike(200), np.arange(200) % 10 + 1, axis=0)
    rows = split_rows(table(np.zeros(len(inputs)), inputs), Split(), "regression")
    assert_apart(rows, ties(inputs))
    shares = np.array(sizes(rows)) / len(inputs)
    np.testing.assert_allclose(shares, [0.6, 0.2, 0.2], atol=0.04)


def test_copies_with_two_targets_are_on_one_side() -> None:
    inputs = np.repeat(unlike(100), 2, axis=0)
    rows = split_rows(table(np.arange(200) % 2, inputs), Split(), "binary")
    assert_apart(rows, np.arange(200) // 2)


def test_rows_alike_by_chance_go_where_they_would_go() -> None:
    codes = np.random.default_rng(0).integers(0, 3, size=(500, 2))
    frame = pd.DataFrame({"a": pd.Categorical(codes[:, 0]), "b": pd.Categorical(codes[:, 1])})
    rows = split_rows(table(np.zeros(500), frame), Split(), "regression")
    assert_equal_rows(rows, by_scikit_learn(np.zeros(500), 100, 100, seed=0, stratify=False))


@pytest.mark.parametrize("split", [Split(groups="g"), Split(groups="g", folds=3)])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_copies_in_another_group_are_left_out_of_training_only(split: Split, task: Task) -> None:
    groups = np.random.default_rng(5).integers(0, 50, size=1000)
    of_copies = with_copies(n_copies=60, groups=groups)
    first = ties(of_copies.inputs)
    rows = split_rows(of_copies, split, task)
    assert_complete(rows, 1000)
    assert_apart(rows, first)
    assert_apart(rows, groups)
    assert 0 < len(rows.left_out) < 60
    used = np.concatenate([rows.test, *(fold.validation for fold in rows.folds)])
    assert np.isin(first[rows.left_out], first[used]).all()


# Groups.


def uneven() -> tuple[Array, Array]:
    """Return 150 groups of 1 to some hundred rows, and classes that depend on the group."""
    drawn = np.random.default_rng(7)
    counts = 1 + drawn.lognormal(2, 1.2, size=150).astype(int)
    groups = drawn.permutation(np.repeat(np.arange(150), counts))
    return groups, (groups + drawn.integers(0, 2, size=len(groups))) % 3


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize(
    ("validation", "test"), [(0.2, 0.2), (0.15, 0.35), (0.1, 0.4), (0.05, 0.1), (0.3, 0.5)]
)
def test_uneven_groups_are_whole_and_parts_near_their_shares(
    validation: float, test: float, task: Task
) -> None:
    groups, targets = uneven()
    for seed in range(3):
        split = Split(groups="g", validation=validation, test=test, seed=seed)
        rows = split_rows(table(targets, groups=groups), split, task)
        assert_complete(rows, len(groups))
        assert_apart(rows, groups)
        assert rows.left_out.tolist() == []
        shares = np.array(sizes(rows)) / len(groups)
        np.testing.assert_allclose(shares[1:], [validation, test], atol=0.04)


def test_classes_of_groups_are_stratified() -> None:
    groups = np.repeat(np.arange(100), 10)
    targets = (groups % 10 == 0).astype(int)  # a class of ten groups of a hundred
    for seed in range(5):
        rows = split_rows(table(targets, groups=groups), Split(groups="g", seed=seed), "binary")
        assert [np.count_nonzero(targets[part]) for part in parts(rows)] == [60, 20, 20]


def test_groups_of_one_row_split_as_rows() -> None:
    rows = split_rows(table(np.zeros(100), groups=np.arange(100)), Split(groups="g"), "regression")
    assert sizes(rows) == [60, 20, 20]


def test_more_classes_than_rows_of_each_are_split_by_group() -> None:
    groups = np.repeat(np.arange(50), 2)
    split = Split(groups="g", validation=0.1, test=0.1)
    rows = split_rows(table(np.arange(100) % 20, groups=groups), split, "classification")
    assert_apart(rows, groups)


def test_group_that_tells_the_target_is_no_help_on_other_groups() -> None:
    drawn = np.random.default_rng(0)
    groups = np.repeat(np.arange(200), 10)
    inputs = drawn.normal(size=(200, 8))[groups] + drawn.normal(0, 0.01, size=(2000, 8))
    of_groups = table(drawn.integers(0, 2, size=200)[groups], inputs, groups=groups)

    def accuracy(split: Split) -> float:
        train, validation, _ = parts(split_rows(of_groups, split, "binary"))
        nearest = KNeighborsClassifier(1).fit(inputs[train], of_groups.targets[train])
        return float(nearest.score(inputs[validation], of_groups.targets[validation]))

    assert accuracy(Split()) > 0.99
    assert 0.3 < accuracy(Split(groups="g")) < 0.7


# Time.


def dates(n: int, unit: str = "ns") -> Array:
    """Return days in no order."""
    days = np.datetime64("2020-01-01") + np.random.default_rng(2).permutation(n) * DAY
    return days.astype(f"datetime64[{unit}]")


def assert_in_order(rows: Rows, times: Array) -> None:
    for made_of, judging in sides(rows):
        assert times[made_of].max() < times[judging].min()


@pytest.mark.parametrize("unit", ["ns", "us", "s"])
def test_later_rows_judge_and_the_latest_test(unit: str) -> None:
    times = dates(100, unit)
    rows = split_rows(table(np.zeros(100), times=times), Split(time="t"), "regression")
    order = np.argsort(times)
    expected = FoldRows(np.sort(order[:60]), np.sort(order[60:80]))
    assert_equal_rows(rows, Rows((expected,), np.sort(order[80:]), rows.left_out))
    assert rows.left_out.tolist() == []


def test_time_may_be_a_number() -> None:
    times = np.random.default_rng(0).permutation(50) - 20.5
    rows = split_rows(table(np.zeros(50), times=times), Split(time="t"), "regression")
    assert sizes(rows) == [30, 10, 10]
    assert_in_order(rows, times)


def test_rows_of_one_time_stand_together_on_the_later_side() -> None:
    times = np.arange(100) // 7 * 1.0
    rows = split_rows(table(np.zeros(100), times=times), Split(time="t"), "regression")
    assert_complete(rows, 100)
    assert_apart(rows, times)
    assert_in_order(rows, times)
    assert sizes(rows) == [56, 21, 23]  # the cuts, at 80 and 57, fall within a week each


@pytest.mark.parametrize(("date", "order"), [("9999-12-31", -1), ("0001-01-01", 0)])
def test_dates_beyond_what_nanoseconds_hold_keep_their_order(date: str, order: int) -> None:
    times = dates(50, "s")
    times[7] = np.datetime64(date)
    rows = split_rows(table(np.zeros(50), times=times), Split(time="t"), "regression")
    assert_in_order(rows, times)
    assert 7 in (rows.test if order else rows.folds[0].train)


@pytest.mark.parametrize("unit", ["ns", "s"])
def test_rows_within_an_embargo_are_in_no_part(unit: str) -> None:
    times = dates(100, unit)
    split = Split(time="t", embargo="5d")
    rows = split_rows(table(np.zeros(100), times=times), split, "regression")
    assert_complete(rows, 100)
    for made_of, judging in sides(rows):
        assert times[judging].min() - times[made_of].max() == 5 * DAY
    day = (times - times.min()) // DAY
    assert np.sort(day[rows.left_out]).tolist() == [52, 53, 54, 55, 76, 77, 78, 79]


def test_embargo_of_numbers_is_in_their_unit() -> None:
    times = np.arange(100) * 0.5
    split = Split(time="t", embargo=2)
    rows = split_rows(table(np.zeros(100), times=times), split, "regression")
    assert sizes(rows) == [54, 20, 20]
    assert rows.left_out.tolist() == [54, 55, 56, 77, 78, 79]


@pytest.mark.parametrize(
    ("embargo", "times", "expected"),
    [
        (None, dates(3), None),
        ("90s", dates(3), 90 * 10**9),
        ("90s", dates(3, "s"), 90 * 10**6),
        ("1d", dates(3, "ms"), 86_400 * 10**6),
        (2.5, np.arange(3.0), 2.5),
    ],
)
def test_embargo_is_in_the_unit_that_times_are_counted_in(
    embargo: Any, times: Array, expected: float | None
) -> None:
    split = Split(time="t", embargo=embargo)
    assert embargo_of(split, times) == expected


@pytest.mark.parametrize(
    ("embargo", "times", "cause", "fix"),
    [
        (7, dates(100), "`t` holds dates, but got embargo: 7.0.", 'like "7d"'),
        ("7d", np.arange(100.0), "`t` holds numbers, but got embargo: 7d.", "like 7."),
    ],
)
def test_embargo_of_the_wrong_kind_is_refused(
    embargo: Any, times: Array, cause: str, fix: str
) -> None:
    split = Split(time="t", embargo=embargo)
    with pytest.raises(InputError) as caught:
        split_rows(table(np.zeros(100), times=times), split, "regression")
    assert caught.value.cause == cause
    assert fix in caught.value.fix


@pytest.mark.parametrize("embargo", [None, 3])
def test_folds_of_time_train_on_the_past_only(embargo: int | None) -> None:
    times = np.random.default_rng(4).permutation(100).astype(float)
    split = Split(time="t", folds=4, embargo=embargo)
    rows = split_rows(table(np.zeros(100), times=times), split, "regression")
    assert_complete(rows, 100)
    assert_in_order(rows, times)
    gap = embargo or 1
    assert len(rows.folds) == 4
    for train, validation in rows.folds:
        assert times[validation].min() - times[train].max() == gap
        assert times[train].min() == 0


def test_copy_of_a_later_row_is_left_out_of_what_is_earlier() -> None:
    inputs = unlike(100)
    inputs[[5, 10, 65]] = inputs[[70, 90, 95]]
    times = np.arange(100.0)
    rows = split_rows(table(np.zeros(100), inputs, times=times), Split(time="t"), "regression")
    assert rows.left_out.tolist() == [5, 10, 65]
    assert sizes(rows) == [57, 20, 20]
    assert_apart(rows, ties(inputs))


# Test rows of their own.


def of_test_rows(n_test: int = 30, **columns: Any) -> Table:
    return table(np.arange(100) % 2, n_development=100 - n_test, **columns)


@pytest.mark.parametrize("kind", KINDS)
def test_test_rows_that_are_given_are_the_test_part(kind: str) -> None:
    groups = np.concatenate([np.arange(70) // 3, 100 + np.arange(30) // 3])
    rows = split_rows(of_test_rows(groups=groups), Split(**KINDS[kind]), "binary")
    np.testing.assert_array_equal(rows.test, np.arange(70, 100))
    np.testing.assert_array_equal(rows.development, np.arange(70))
    assert_complete(rows, 100)


def test_shares_are_of_the_rows_that_are_not_given_to_test() -> None:
    assert sizes(split_rows(of_test_rows(), Split(), "regression")) == [56, 14, 30]


@pytest.mark.parametrize("kind", KINDS)
def test_copies_of_given_test_rows_are_left_out(kind: str) -> None:
    inputs = unlike(100)
    inputs[[3, 4, 69]] = inputs[[70, 70, 99]] + 1e-10
    groups = np.concatenate([np.arange(70) // 3, 100 + np.arange(30) // 3])
    rows = split_rows(
        of_test_rows(inputs=inputs, groups=groups), Split(**KINDS[kind]), "regression"
    )
    np.testing.assert_array_equal(rows.test, np.arange(70, 100))
    assert rows.left_out.tolist() == [3, 4, 69]


def test_groups_of_given_test_rows_are_left_out() -> None:
    groups = np.arange(100) // 4
    groups[70:] = 0
    rows = split_rows(of_test_rows(groups=groups), Split(groups="g"), "regression")
    assert rows.left_out.tolist() == [0, 1, 2, 3]


def test_rows_no_earlier_than_given_test_rows_are_left_out() -> None:
    times = np.concatenate([np.arange(70.0), np.arange(30.0) + 60])
    split = Split(time="t", embargo=5)
    rows = split_rows(of_test_rows(times=times), split, "regression")
    assert rows.left_out.tolist() == [*range(38, 42), *range(56, 70)]
    np.testing.assert_array_equal(rows.test, np.arange(70, 100))


# What is refused.

ALIKE = np.repeat(unlike(8), 10, axis=0)
TWO = np.repeat(np.random.default_rng(0).normal(size=(2, 20)), 40, axis=0)


@pytest.mark.parametrize(
    ("targets", "columns", "split", "cause", "fix"),
    [
        ([0, 1], {}, {}, "2 rows are too few for 0.2 of them to", "data: split:"),
        ([0], {}, {}, "1 rows are too few for 0.2 of them to", "data: split:"),
        (range(3), {}, {"folds": 5}, "3 rows are too few for 5 folds.", "more rows"),
        (range(6), {}, {"folds": 5}, "4 different rows are too few for 5 folds.", "more rows"),
        (
            range(80),
            {"inputs": ALIKE},
            {"folds": 8, "stratify": False},
            "6 different rows are too few for 8 folds.",
            "Bring more rows",
        ),
        (
            range(80),
            {"inputs": TWO},
            {},
            "1 different rows are too few for 1 of them to be set aside.",
            "change the shares",
        ),
        (
            range(20),
            {"groups": np.zeros(20, int)},
            {"groups": "g"},
            "2 parts need a group each, but `g` has 1 to give.",
            "another column",
        ),
        (
            range(20),
            {"groups": np.arange(20) % 2},
            {"groups": "g"},
            "2 parts need a group each, but `g` has 1 to give.",
            "another column",
        ),
        (
            range(20),
            {"groups": np.arange(20) % 4},
            {"groups": "g", "folds": 4},
            "4 parts need a group each, but `g` has 3 to give.",
            "fewer parts",
        ),
        (
            range(20),
            {"times": np.full(20, np.datetime64("2021-03-04T05:00", "ns"))},
            {"time": "t"},
            "too many have the same `t`: 2021-03-04T05:00 (or lie within the embargo).",
            "another column",
        ),
        (
            range(20),
            {"times": np.arange(20) // 15 * 2.5},
            {"time": "t"},
            "too many have the same `t`: 0 (or lie within the embargo).",
            "another column",
        ),
        (
            range(20),
            {"times": np.arange(20.0)},
            {"time": "t", "embargo": 15},
            "too many have the same `t`: 0 (or lie within the embargo).",
            "the embargo",
        ),
        (
            range(20),
            {"times": dates(20)},
            {"time": "t", "embargo": "999999999d"},
            "(or lie within the embargo)",
            "the embargo",
        ),
        (
            range(40),
            {"times": np.arange(40) // 12 * 1.0},
            {"time": "t", "folds": 4},
            "4 folds need 5 stretches of time, but many rows have the same `t`.",
            "fewer folds",
        ),
        (
            range(40),
            {"times": np.arange(40.0)},
            {"time": "t", "folds": 4, "embargo": 7},
            "no row is left to train on in fold 1 of 4.",
            "shorten the embargo",
        ),
        (
            range(40),
            {"inputs": np.tile(unlike(20), (2, 1)), "n_development": 20},
            {},
            "no row is left to train on: each has a copy, or its group, among the test rows.",
            "other test rows",
        ),
        (
            range(40),
            {"times": -np.arange(40.0), "n_development": 20},
            {"time": "t"},
            "earlier than all test rows, and no copies of them, but by `t` none is.",
            "later test rows",
        ),
    ],
)
def test_rows_that_cannot_be_split_are_refused(
    targets: Any, columns: dict[str, Any], split: dict[str, Any], cause: str, fix: str
) -> None:
    with pytest.raises(InputError) as caught:
        split_rows(table(targets, **columns), Split(**split), "regression")
    assert cause in caught.value.cause
    assert fix in caught.value.fix
    assert "\n" not in caught.value.cause + caught.value.fix


@pytest.mark.parametrize(
    ("counts", "split", "cause", "fix"),
    [
        ([50, 2, 50], {}, "needs 3 rows of every class, but class 5 has 2.", "stratify: false"),
        ([50, 1, 50], {}, "needs 3 rows of every class, but class 5 has 1.", "stratify: false"),
        (
            [50, 5, 50],
            {"folds": 5},
            "needs 6 rows of every class, but class 5 has 5.",
            "stratify: false",
        ),
        ([5] * 10, {"test": 0.1}, "5 rows cannot hold each of 10 classes.", "larger shares"),
        ([50, 3, 50], {"validation": 0.2, "test": 0.6}, "split", "stratify: false"),
        ([50, 3, 50], {"validation": 0.49, "test": 0.5}, "split", "stratify: false"),
    ],
)
def test_class_too_rare_for_every_part_is_named(
    counts: list[int], split: dict[str, Any], cause: str, fix: str
) -> None:
    targets = np.repeat(np.arange(len(counts)) + 4, counts)
    with pytest.raises(InputError) as caught:
        split_rows(table(targets), Split(**split), "classification")
    assert cause in caught.value.cause
    assert fix in caught.value.fix


def test_rare_class_of_text_is_named_as_it_is_written() -> None:
    targets = np.repeat(np.array(["cat", "dog"], object), [50, 2])
    with pytest.raises(InputError, match="class dog has 2"):
        split_rows(table(targets), Split(), "binary")


def test_rare_class_is_taken_where_nothing_is_stratified() -> None:
    rows = split_rows(table(np.repeat([0, 1], [99, 1])), Split(stratify=False), "classification")
    assert sum(sizes(rows)) == 100


@pytest.mark.parametrize(
    ("targets", "columns", "split"),
    [
        (np.arange(60) // 40, {"times": np.arange(60.0)}, {"time": "t"}),
        (
            np.arange(60) // 20,
            {"times": np.arange(60.0)},
            {"time": "t", "folds": 3, "stratify": False},
        ),
        (np.arange(60) // 30, {"groups": np.arange(60) // 30 + 2 * (np.arange(60) < 2)}, {}),
    ],
)
def test_class_that_is_asked_for_and_never_trained_on_is_refused(
    targets: Array, columns: dict[str, Any], split: dict[str, Any]
) -> None:
    names = np.array(["one", "two", "three"], object)[targets]
    split = split or {"groups": "g", "validation": 0.4, "test": 0.1}
    with pytest.raises(InputError, match=r"class (one|two|three) are to be predicted") as caught:
        split_rows(table(names, **columns), Split(**split), "classification")
    assert "in another way" in caught.value.fix


# Any table at all.

TABLES = st.fixed_dictionaries(
    {
        "n": st.integers(2, 120),
        "n_unlike": st.integers(1, 120),
        "n_groups": st.integers(1, 30),
        "n_times": st.integers(1, 60),
        "n_test": st.none() | st.integers(1, 30),
        "seed": st.integers(0, 5),
    }
)
SPLITS = st.one_of(
    st.fixed_dictionaries(
        {"stratify": st.booleans(), "groups": st.sampled_from([None, "g"])},
        optional={"folds": st.integers(2, 6), "test": st.floats(0.05, 0.6)},
    ),
    st.fixed_dictionaries(
        {"time": st.just("t"), "embargo": st.none() | st.integers(1, 9)},
        optional={"folds": st.integers(2, 6), "test": st.floats(0.05, 0.6)},
    ),
)


def drawn_table(n: int, n_unlike: int, n_groups: int, n_times: int, n_test: Any, seed: int) -> Any:
    drawn = np.random.default_rng(seed)
    of_columns: dict[str, Any] = {
        "inputs": unlike(n_unlike)[drawn.integers(0, n_unlike, size=n)],
        "groups": drawn.integers(0, n_groups, size=n),
        "times": drawn.integers(0, n_times, size=n).astype(float),
        "n_development": None if n_test is None or n_test >= n else n - n_test,
    }
    return table(drawn.integers(0, 3, size=n), **of_columns)


def attempt(of_table: Table, split: Split, task: Task) -> Rows:
    try:
        return split_rows(of_table, split, task)
    except InputError:
        reject()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(columns=TABLES, of_split=SPLITS, task=st.sampled_from(["classification", "regression"]))
def test_any_table_is_split_as_promised_or_refused(
    columns: dict[str, Any], of_split: dict[str, Any], task: Task
) -> None:
    of_table, split = drawn_table(**columns), Split(**of_split)
    rows = attempt(of_table, split, task)
    assert_complete(rows, len(of_table))
    assert_apart(rows, ties(of_table.inputs))
    assert all(len(part) for part in (*sum(rows.folds, ()), rows.test))
    if split.groups:
        assert_apart(rows, of_table.groups)
    if split.time:
        for made_of, judging in sides(rows):
            gap = of_table.times[judging].min() - of_table.times[made_of].max()
            assert gap >= (split.embargo or 1)
    if of_table.n_development is not None:
        expected = np.arange(of_table.n_development, len(of_table))
        np.testing.assert_array_equal(rows.test, expected)
    if split.folds and not split.time:
        validated = np.sort(np.concatenate([fold.validation for fold in rows.folds]))
        np.testing.assert_array_equal(validated, rows.development)
