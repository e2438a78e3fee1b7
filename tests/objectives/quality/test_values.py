"""Numbers far outside and codes for missing; heavy tails are neither."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from truetune.objectives.quality import values
from truetune.objectives.quality.view import View

MakeView = Callable[..., View]

N = 2_000


def draw() -> np.random.Generator:
    return np.random.default_rng(0)


def changed(numbers: Any, **to: float) -> Any:
    for row, value in to.items():
        numbers[int(row[1:])] = value
    return numbers


TAILS = {
    "normal": draw().normal(size=N),
    "uniform": draw().random(N),
    "exponential": draw().exponential(size=N),
    "lognormal": draw().lognormal(0, 1, N),
    "wide lognormal": draw().lognormal(0, 3, N),
    "t of 3": draw().standard_t(3, N),
    "Cauchy": draw().standard_cauchy(N),
    "Pareto": draw().pareto(1.5, N),
    "Poisson": draw().poisson(0.1, N).astype(float),
    "rare amounts": np.where(draw().random(N) < 0.9, 0, draw().lognormal(0, 1.5, N)),
    "two clusters": draw().normal(size=N) + 10 * (draw().random(N) < 0.02),
    "rare flag": (np.arange(N) == 5).astype(float),
}


@pytest.mark.parametrize("name", TAILS)
def test_heavy_tail_is_let_be(view: MakeView, name: str) -> None:
    assert not values.outliers(view({"x": TAILS[name]}))


def test_number_far_outside_is_named_with_its_row(view: MakeView) -> None:
    x = changed(draw().normal(1.75, 0.1, N), r3=175.0, r17=-168.0)
    (finding,) = values.outliers(view({"x": x}))
    assert finding.where == "column 'x'"
    assert finding.found.startswith("175, -168 in rows 3, 17, while all others lie between 1.")


def test_number_within_the_tail_is_not_far(view: MakeView) -> None:
    assert not values.outliers(view({"x": changed(draw().normal(size=N), r3=12.0)}))


def test_number_far_beyond_rare_amounts_is_told(view: MakeView) -> None:
    x = changed(np.where(draw().random(N) < 0.7, 0, draw().normal(10, 1, N)), r3=1e6)
    (finding,) = values.outliers(view({"x": x}))
    assert finding.found.startswith("1e+06 in row 3,")


def test_test_rows_are_not_looked_at(view: MakeView) -> None:
    assert not values.outliers(view({"x": changed(draw().normal(size=N), r1999=1e9)}))


def coded(code: float, n: int, low: int, high: int) -> Any:
    x = draw().integers(low, high, N).astype(float)
    x[:n] = code
    return x


@pytest.mark.parametrize(
    ("x", "found"),
    [
        (coded(-999, 40, 0, 100), "-999 stands in 40 rows (2.5%), such as rows 0, 1, 2, 3, 4 and"),
        (coded(9999, 3, -50, 100), "9999 stands in 3 rows (0.2%), such as rows 0, 1, 2, while"),
        (coded(99, 3, 0, 6), "99 stands in 3 rows"),
        (coded(-1, 3, 0, 100), "-1 stands in 3 rows"),
        (coded(9999, 2, -50, 100), None),  # twice is no code
        (coded(99, 3, 0, 80), None),  # an age
        (coded(-1, 3, -5, 100), None),  # one of several negative ones
        (coded(-1, 3, 0, 2), None),  # -1, 0, 1
        (coded(700, 40, 0, 100), None),  # not spelt like a code
        (coded(9999, 40, 0, 60_000), None),  # amid the others
    ],
)
def test_number_is_a_code_for_missing(view: MakeView, x: Any, found: str | None) -> None:
    findings = values.sentinels(view({"x": x}))
    assert bool(findings) == (found is not None)
    if found is not None:
        assert findings[0].found.startswith(found)


def test_two_codes_are_told_together_and_as_no_outliers(view: MakeView) -> None:
    x = coded(-999, 5, 0, 100)
    x[5:10] = 99999
    (finding,) = values.sentinels(view({"x": x}))
    assert finding.found.startswith("-999, 99999 stands in 10 rows")
    assert not values.outliers(view({"x": x}))
