"""Numbers and dates that are text, and levels that are spelt in two ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truetune.objectives.quality import spelling
from truetune.objectives.quality.view import View

MakeView = Callable[..., View]


def cycled(levels: list[str], n: int = 200) -> list[str]:
    return [levels[i % len(levels)] for i in range(n)]


MANY = [f"{i},5" for i in range(30)]


@pytest.mark.parametrize("as_column", [pd.Categorical, list])
@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (["1,5", "2,25", "3,0"], True),
        (["1.234,5", "2.000,0"], True),
        (["$12", "$ 13.50"], True),
        (["12 %", "7 %"], True),
        (["12", "13", "?"], True),
        ([*MANY, "ten"], True),  # 1 of 31
        ([*MANY[:15], "ten"], False),  # 1 of 16
        (["1", "2", "3"], False),  # made categories on purpose
        (["1-2", "3-4"], False),
        (["00501", "01002", "10001 "], False),  # codes
        (["?", "-"], False),
        (["a", "b"], False),
    ],
)
def test_levels_are_numbers(
    view: MakeView, as_column: Any, levels: list[str], expected: bool
) -> None:
    findings = spelling.numbers_as_text(view({"price": as_column(cycled(levels))}))
    assert bool(findings) is expected
    if expected:
        assert findings[0].fix.endswith("Write `columns: {price: number}` under `data:`.")


def test_level_that_is_none_is_named(view: MakeView) -> None:
    (finding,) = spelling.numbers_as_text(view({"x": pd.Categorical(cycled([*MANY, "ten"]))}))
    assert finding.found.startswith("30 of 31 levels are: 0,5")
    assert finding.fix.startswith("Correct 'ten' first.")


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (["2020-12-31", "2021-01-05"], True),
        (["31.12.2020", "05.01.2021"], True),
        (["12/31/2020", "01/05/2021", "?"], True),
        (["2020-12-31 10:00:00", "2021-01-05 11:30:00"], True),
        (["5 Jan 2021", "31 Dec 2020"], True),
        (["2020-12-31", "later"], False),
        (["Jan", "Feb"], False),
        (["2020", "2021"], False),
        (["1.2.3", "1.10.0"], False),  # versions
    ],
)
def test_levels_are_dates(view: MakeView, levels: list[str], expected: bool) -> None:
    findings = spelling.dates_as_text(view({"day": pd.Categorical(cycled(levels))}))
    assert bool(findings) is expected
    if expected:
        assert findings[0].fix == "Write `columns: {day: date}` under `data:`."


def test_level_is_spelt_in_two_ways(view: MakeView) -> None:
    levels = cycled(["Oslo", "Oslo", "Bergen", "oslo "])
    (finding,) = spelling.variants(view({"city": pd.Categorical(levels)}))
    assert finding.found == "'Oslo' = 'oslo '; 40 rows (25.0%) have the rarer form"


@pytest.mark.parametrize("levels", [["Oslo", "Bergen"], ["a", "á"], ["a b", "ab"]])
def test_other_levels_are_not_the_same(view: MakeView, levels: list[str]) -> None:
    assert not spelling.variants(view({"city": pd.Categorical(cycled(levels))}))


def test_form_that_only_test_rows_have_is_not_told(view: MakeView) -> None:
    levels = np.array(cycled(["Oslo", "Bergen"]))
    levels[180:] = "oslo"
    assert not spelling.variants(view({"city": pd.Categorical(levels)}))
