"""Columns that are equal to others, or correlate, or map one to one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truetune.objectives.quality import twins
from truetune.objectives.quality.view import View

MakeView = Callable[..., View]

N = 1_000
DRAW = np.random.default_rng(0)
X = DRAW.normal(size=N)
NOISE = DRAW.normal(size=N)
LEVELS = DRAW.integers(0, 5, N)


def beside(r: float) -> Any:
    """Return values that correlate with X by r."""
    return r * X + np.sqrt(1 - r**2) * NOISE


def spoilt(values: Any) -> Any:
    return np.where(np.arange(N) == 3, 1e9, values)


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        (X, X.copy(), "it equals, in every row, column 'a'"),
        (X, 32 - 1.8 * X, "it has a correlation of 0.9999"),
        (X, beside(0.9995), "it has a correlation of 0.999"),
        (X, beside(0.998), None),
        (spoilt(X), spoilt(NOISE), None),  # equal in the row that decides a correlation
        (np.zeros(N), np.zeros(N), None),  # told as constant
        (np.where(X > 0, X, np.nan), np.where(X > 0, X, np.nan), "it equals"),
        (pd.Categorical(LEVELS.astype(str)), pd.Categorical(list("abcde"), None)[LEVELS], "each"),
        (
            pd.Categorical(LEVELS.astype(str)),
            pd.Categorical(np.where(np.arange(N) == 7, 9, LEVELS).astype(str)),
            None,
        ),
    ],
)
def test_column_has_a_twin(view: MakeView, first: Any, second: Any, found: str | None) -> None:
    findings = twins.twins(view({"a": first, "b": second}))
    assert bool(findings) == (found is not None)
    if found is not None:
        assert findings[0].where == "column 'b'"
        assert found in findings[0].found
        assert findings[0].fix == "Keep one of them. Write `columns: {b: drop}` under `data:`."


def test_difference_outside_the_sample_is_found(view: MakeView) -> None:
    n = 100_000
    first = np.random.default_rng(0).integers(0, 5, n)
    second = first.copy()
    at = int(np.setdiff1d(np.arange(n * 4 // 5), twins.kinds.sample(n * 4 // 5))[0])
    second[at] = (first[at] + 1) % 5
    columns = {"a": pd.Categorical(first.astype(str)), "b": pd.Categorical(second.astype(str))}
    assert not twins.twins(view(columns))


def test_few_rows_agree_by_chance(view: MakeView) -> None:
    assert not twins.twins(view({"a": X[:20], "b": X[:20]}))


def test_many_columns_are_compared_by_their_hashes_as_few_are_each_with_each() -> None:
    units = np.random.default_rng(1).normal(size=(3_000, 100))
    units[1::100] = -units[::100] + 0.01 * units[1::100]
    units -= units.mean(axis=1, keepdims=True)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    expected = twins._pairs(units)
    assert len(expected) == 30
    assert twins._neighbours(units) == pytest.approx(expected)
