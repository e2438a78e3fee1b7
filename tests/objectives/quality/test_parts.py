"""Groups, copies, levels and values on both sides of a split."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truetune.objectives.development import Array
from truetune.objectives.quality import parts
from truetune.objectives.quality.view import View

MakeView = Callable[..., View]

N = 1_000  # 600 to train on, 200 to validate on, 200 to test on
NOISE = np.random.default_rng(0).normal(size=(N, 2))


def spread(n_values: int) -> Array:
    """Return values each of which stands in every part."""
    return np.arange(N) % n_values + 0.0


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("customer_id", spread(100), True),
        ("PatientId", spread(100), True),
        ("user", [f"user {i:.0f}" for i in spread(100)], True),
        ("session no", pd.Categorical(spread(100).astype(str)), True),
        ("customer_age", spread(100), False),  # of what else
        ("customer_id", spread(15), False),  # 53 rows each
        ("customer_id", spread(500), False),  # 1.6 rows each of the 800
        ("customer_id", np.arange(N) // 10 + 0.0, False),  # no value in two parts
    ],
)
@pytest.mark.parametrize("is_input", [False, True])
def test_column_names_who_rows_belong_to(
    view: MakeView, name: str, values: Any, expected: bool, is_input: bool
) -> None:
    if is_input:
        made = view({"x": NOISE[:, 0], name: values})
    else:
        values = pd.array(values, dtype="str") if isinstance(values, list) else values
        made = view({"x": NOISE[:, 0]}, dropped=pd.DataFrame({name: values}))
    findings = parts.groups(made)
    assert bool(findings) is expected
    if expected:
        assert findings[0].where == f"column '{name}'"
        assert "100 values, each in 8.0 rows, and 100% of the validation" in findings[0].found
        assert "`split: {groups: " in findings[0].fix


@pytest.mark.parametrize("known", ["groups", "times"])
def test_split_that_is_by_groups_or_time_is_let_be(view: MakeView, known: str) -> None:
    numbers = np.arange(N) if known == "groups" else np.arange(float(N))
    assert not parts.groups(view({"customer_id": spread(100)}, **{known: numbers}))


@pytest.mark.parametrize(
    ("changed", "where", "found"),
    [
        ({}, None, ""),
        ({700: 3}, "row 700", "1 of 200 validation rows are of a group"),
        ({900: 3}, "the test part", "1 of 200 test rows are of a group"),
        ({900: 899}, None, ""),  # both to test on
    ],
)
def test_group_stands_in_two_parts(
    view: MakeView, changed: dict[int, int], where: str | None, found: str
) -> None:
    groups = np.arange(N)
    for row, other in changed.items():
        groups[row] = groups[other]
    findings = parts.overlap(view(NOISE, groups=groups))
    assert [finding.where for finding in findings] == ([where] if where else [])
    assert all(found in finding.found and finding.level == "error" for finding in findings)


def test_copies_in_two_parts_are_counted(view: MakeView) -> None:
    inputs = NOISE.copy()
    inputs[[700, 900, 901]] = inputs[[3, 4, 5]]
    validation, test = parts.overlap(view(inputs))
    assert validation.where == "row 700"
    assert test.where == "the test part"
    assert test.found == "2 of 200 test rows have a copy that is among the development rows"


@pytest.mark.parametrize(("row", "n_findings"), [(None, 0), (850, 1), (650, 1)])
def test_later_rows_are_judged_by_earlier_ones(
    view: MakeView, row: int | None, n_findings: int
) -> None:
    times = np.arange(float(N))
    if row is not None:
        times[row] = 0
    findings = parts.order(view(NOISE, times=times))
    assert len(findings) == n_findings
    assert all(finding.found == "1 of 200 are not" for finding in findings)


@pytest.mark.parametrize(("n", "found"), [(10, None), (11, "5.5% of the validation rows")])
def test_levels_are_unknown_to_the_training_part(
    view: MakeView, n: int, found: str | None
) -> None:
    levels = np.array(["a", "b"] * (N // 2), dtype=object)
    levels[600 : 600 + n] = "new"
    levels[100] = None  # a missing level is none
    findings = parts.unknown_levels(view({"x": pd.Categorical(levels)}))
    assert bool(findings) == (found is not None)
    assert all(found and found in finding.found for finding in findings)


def moved(values: Any, by: float) -> Any:
    return np.where((np.arange(N) >= 600) & (np.arange(N) < 800), values + by, values)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (moved(NOISE[:, 0], 1.0), "standard deviations higher"),
        (moved(NOISE[:, 0], -1.0), "standard deviations lower"),
        (moved(NOISE[:, 1], 0.4), None),
        (np.where(np.arange(N) == 700, 1e9, NOISE[:, 0]), None),
        (pd.Categorical(moved(np.arange(N) % 3, 1).astype(int).astype(str)), "33% of them"),
        (pd.Categorical((np.arange(N) % 3).astype(str)), None),
        (pd.Categorical(np.random.default_rng(0).integers(0, 300, N).astype(str)), None),
    ],
)
def test_values_differ_between_parts(view: MakeView, values: Any, found: str | None) -> None:
    findings = parts.shift(view({"x": values}))
    assert bool(findings) == (found is not None)
    assert all(found and found in finding.found for finding in findings)


def test_thousands_of_columns_do_not_differ_by_chance(view: MakeView) -> None:
    inputs = pd.DataFrame(np.random.default_rng(0).normal(size=(100, 20_000)))
    inputs.columns = [f"x{i}" for i in range(20_000)]
    assert not parts.shift(view(inputs))
