"""All checks together: what is sound is let be, and what is not is ranked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from truetune.objectives.quality.catalogue import CHECKS, inspect
from truetune.objectives.quality.view import View

MakeView = Callable[..., View]


def test_set_as_it_ships_is_let_be(built_in: View) -> None:
    assert inspect(built_in) == []


def sound(n: int = 2_000) -> dict[str, object]:
    draw = np.random.default_rng(0)
    return {
        "age": draw.integers(18, 90, n).astype(float),
        "income": draw.lognormal(10, 1, n),
        "city": pd.Categorical(draw.choice(["Oslo", "Bergen", "Tromsø"], n)),
        "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(draw.integers(0, 900, n), "D"),
        "note": [" ".join(f"w{word}" for word in row) for row in draw.integers(0, 99, (n, 5))],
    }


def test_sound_table_is_let_be(view: MakeView) -> None:
    columns = sound()
    targets = (np.log(np.asarray(columns["income"])) > 10).astype(int)
    columns["income"] = np.asarray(columns["income"]) * np.random.default_rng(1).lognormal(
        0, 1, 2000
    )
    assert inspect(view(columns, targets)) == []


def test_errors_come_first_and_then_the_heaviest(view: MakeView) -> None:
    targets = np.random.default_rng(2).integers(0, 2, 2_000)
    outcome, empty = targets.astype(float), np.full(2_000, np.nan)
    findings = inspect(view({**sound(), "outcome": outcome, "empty": empty}, targets))
    assert [(finding.level, finding.where) for finding in findings] == [
        ("error", "column 'outcome'"),
        ("warning", "column 'empty'"),
    ]


def test_every_finding_says_what_to_do(view: MakeView) -> None:
    n = 2_000
    columns = {
        "id": np.arange(n) + 1.0,
        "price": pd.Categorical([f"{i % 50},5" for i in range(n)]),
        "day": pd.Categorical([f"2020-01-{i % 28 + 1:02}" for i in range(n)]),
        "code": np.where(np.arange(n) % 9, np.arange(n) % 50, -999.0),
        "zero": np.zeros(n),
        "note": [""] * n,
    }
    findings = inspect(view(columns, np.arange(n) // 1500))
    assert len(findings) > 6
    for finding in findings:
        assert finding.fix.endswith(".")
        assert "\n" not in finding.rule + finding.found + finding.fix
        assert 0 <= finding.weight <= 1  # type: ignore[operator]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("n", [3, 40])
def test_check_takes_whatever_is_tiny_or_empty(
    view: MakeView, check: Callable[[View], list[object]], n: int
) -> None:
    text = pd.array(["a"] + [None] * (n - 1), dtype="str")
    columns = {
        "n": np.full(n, np.nan),
        "c": pd.Categorical([None] * n, ["a"]),
        "d": pd.to_datetime([None] * n),
        "t": text,
    }
    for inputs in (columns, np.full((n, 2), np.inf), np.zeros((n, 3, 4, 4), np.uint8)):
        check(view(inputs))
        check(view(inputs, np.arange(float(n)), "regression"))
        check(view(inputs, np.zeros((n, 2)), "regression"))


def test_test_rows_do_not_matter(view: MakeView) -> None:
    columns, other = sound(), sound()
    targets = np.random.default_rng(2).integers(0, 2, 2_000)
    for name, values in other.items():
        if name in ("age", "income"):
            np.asarray(values)[1600:] = np.random.default_rng(3).normal(size=400) * 1e12
    columns["twin"] = other["twin"] = columns["age"] * 2  # type: ignore[operator]
    seen = [inspect(view(each, targets)) for each in (columns, other)]
    assert seen[0] == seen[1]
    assert len(seen[0]) == 1
