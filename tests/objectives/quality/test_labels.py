"""Classes that are rare or absent, and numeric targets of a difficult shape."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from truetune.objectives.development import Array
from truetune.objectives.quality import labels
from truetune.objectives.quality.view import View
from truetune.objectives.rows import FoldRows, Rows

MakeView = Callable[..., View]

N = 2_000


def of_classes(*counts: int) -> Array:
    """Return text targets of so many rows each."""
    each = np.repeat([f"c{k}" for k in range(len(counts))], counts)
    return np.random.default_rng(0).permutation(each).astype(object)


def told(view: MakeView, check: Callable[[View], list[object]], targets: Array) -> list[object]:
    train, validation = np.split(np.arange(len(targets)), [len(targets) * 3 // 4])
    rows = Rows((FoldRows(train, validation),), np.zeros(0, int), np.zeros(0, int))
    return check(view(np.zeros((len(targets), 1)), targets, "classification", rows=rows))


def test_target_of_one_class_is_an_error(view: MakeView) -> None:
    (finding,) = told(view, labels.single, of_classes(80))
    assert finding.level == "error"
    assert finding.found == "it is c0 in all of 80 rows"
    assert not told(view, labels.single, of_classes(79, 1))


def test_number_that_never_varies_is_an_error(view: MakeView) -> None:
    inputs = np.zeros((100, 1))
    assert labels.single(view(inputs, np.full(100, 3.5), "regression"))
    two = np.stack([np.arange(100.0), np.arange(100) % 2], axis=1)
    assert not labels.single(view(inputs, two, "regression"))


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((909, 91), False),  # 9.99 to 1
        ((910, 91), True),
        ((360, 350, 50), False),
        ((340, 330, 320, 40), True),  # 3.9 %, 8.5 to 1
        ((50,) * 40, False),  # of 40 classes each has 2.5 %
        ((100,) * 39 + (12,), True),  # 0.3 %
    ],
)
def test_classes_are_imbalanced(view: MakeView, counts: tuple[int, ...], expected: bool) -> None:
    findings = told(view, labels.imbalance, of_classes(*counts))
    assert [finding.rule.startswith("the smallest class") for finding in findings] == (
        [True] if expected else []
    )


def test_imbalance_says_what_a_constant_guess_reaches(view: MakeView) -> None:
    (finding,) = told(view, labels.imbalance, of_classes(950, 50))
    assert "'c1' has 50 of 1,000 rows (5.0%), 'c0' 950" in finding.found
    assert "is right in 95.0%" in finding.found


@pytest.mark.parametrize(("n", "n_findings"), [(9, 1), (10, 0)])
def test_class_has_few_rows(view: MakeView, n: int, n_findings: int) -> None:
    findings = told(view, labels.imbalance, of_classes(60, n))
    assert len(findings) == n_findings
    if findings:
        assert findings[0].found == "there are 9 of 'c1' among 69 development rows"


@pytest.mark.parametrize(
    ("validation", "level"), [([4, 5], "error"), ([0, 1], "warning"), ([1, 5], None)]
)
def test_class_is_absent_from_a_part(
    view: MakeView, validation: list[int], level: str | None
) -> None:
    targets = np.array(["a", "a", "a", "a", "b", "b"], dtype=object)
    train = np.setdiff1d(np.arange(6), validation)
    rows = Rows((FoldRows(train, np.array(validation)),), np.zeros(0, int), np.zeros(0, int))
    made = view(np.zeros((6, 1)), targets, "binary", rows=rows)
    findings = labels.absent(made)
    assert level in ([finding.level for finding in findings] or [None])
    assert bool(findings) == (level is not None)
    assert all("('b')" in finding.found or level == "error" for finding in findings)


def test_fold_that_lacks_a_class_is_named(view: MakeView) -> None:
    targets = np.array(["a", "b", "a", "b", "a", "a"], dtype=object)
    parts = np.arange(6).reshape(3, 2)
    folds = tuple(FoldRows(np.setdiff1d(np.arange(6), part), part) for part in parts)
    made = view(np.zeros((6, 1)), targets, rows=Rows(folds, np.zeros(0, int), np.zeros(0, int)))
    (finding,) = labels.absent(made)
    assert finding.level == "warning"
    assert finding.found == "1 of 2 classes ('b') have none in validation, fold 2 of 3 (from 0)"


def regression(view: MakeView, targets: Array) -> list[object]:
    return labels.shape(view(np.zeros((len(targets), 1)), targets, "regression"))


def test_target_far_outside_is_told_with_its_row(view: MakeView) -> None:
    targets = np.random.default_rng(0).normal(size=N)
    assert not regression(view, targets)
    targets[3] = 1e4
    (finding,) = regression(view, targets)
    assert finding.found.startswith("10000 in row 3, while all others lie between")


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (np.random.default_rng(0).lognormal(0, 1, N), True),
        (np.random.default_rng(0).lognormal(0, 0.4, N), False),  # skewness 1.3
        (np.random.default_rng(0).lognormal(0, 1, N) - 0.5, False),  # not positive
        (np.random.default_rng(0).gamma(0.5, 1, N), False),  # its logarithm is, the other way
    ],
)
def test_target_is_skewed(view: MakeView, targets: Array, expected: bool) -> None:
    findings = regression(view, targets)
    assert [finding.rule for finding in findings] == (
        ["a numeric target has a skewness below 2"] if expected else []
    )


def test_each_output_is_looked_at(view: MakeView) -> None:
    draw = np.random.default_rng(0)
    targets = np.stack([draw.normal(size=N), draw.lognormal(0, 1, N)], axis=1)
    assert [finding.where for finding in regression(view, targets)] == ["column 'target 1'"]
