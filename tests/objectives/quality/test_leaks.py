"""Columns that give the target away, and strong ones that do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truetune.objectives.development import Array
from truetune.objectives.quality import leaks
from truetune.objectives.quality.view import View

MakeView = Callable[..., View]

N = 2_000


def draw() -> np.random.Generator:
    return np.random.default_rng(0)


CLASSES = draw().integers(0, 3, N)
NOISE = np.random.default_rng(1).normal(size=N)
IS_ODD = np.random.default_rng(2).random(N)


def but(share: float) -> Array:
    """Return the classes, of which a share is another."""
    return np.where(share > IS_ODD, (CLASSES + 1) % 3, CLASSES).astype(float)


OF_CLASSES = {
    "copy": (CLASSES.astype(float), "error"),
    "other order": (np.array([5.0, -1.0, 2.0])[CLASSES], "error"),
    "with noise": (CLASSES + 0.01 * NOISE, "error"),
    "renamed": (pd.Categorical(np.array(["b", "c", "a"])[CLASSES]), "error"),
    "many levels a class": (
        pd.Categorical((CLASSES * 50 + np.arange(N) % 50).astype(str)),
        "error",
    ),
    "as text": ([f"was {k}" for k in CLASSES], "error"),
    "98 % the same": (but(0.02), "warning"),
    "92 % the same": (but(0.08), None),
    "noise": (NOISE, None),
    "constant": (np.zeros(N), None),
    "all missing": (np.full(N, np.nan), None),
    "names": (pd.Categorical([f"name {i}" for i in range(N)]), None),
}


@pytest.mark.parametrize("name", OF_CLASSES)
def test_column_gives_a_class_away(view: MakeView, name: str) -> None:
    values, level = OF_CLASSES[name]
    findings = leaks.leaks(view({"x": values, "noise": NOISE}, CLASSES, "classification"))
    assert [(finding.level, finding.where) for finding in findings] == (
        [(level, "column 'x'")] if level else []
    )


def test_class_is_given_away_by_what_is_missing(view: MakeView) -> None:
    targets = (CLASSES > 0).astype(int)
    (finding,) = leaks.leaks(view({"x": np.where(targets, np.nan, NOISE)}, targets))
    assert finding.level == "error"
    assert finding.found.startswith("whether it is missing alone predicts 'target'")


def test_rare_class_is_given_away(view: MakeView) -> None:
    targets = (draw().random(N) < 0.02).astype(int)
    assert leaks.leaks(view({"x": targets + 0.1 * NOISE}, targets))
    assert not leaks.leaks(view({"x": np.zeros(N)}, targets))  # 98 % accurate all the same


TARGET = draw().lognormal(0, 1, N)
ORDER = np.argsort(np.argsort(TARGET))

OF_NUMBERS = {
    "copy": (TARGET, "error"),
    "with noise": (TARGET + TARGET.std() / 100 * NOISE, "error"),
    "logarithm": (-np.log(TARGET), "error"),
    "parabola": ((ORDER - N / 2) ** 2 * np.where(ORDER < N / 2, -1.0, 1.0), "error"),
    "close": (np.log(TARGET) + 0.15 * NOISE, "warning"),
    "strong": (np.log(TARGET) + 0.4 * NOISE, None),
    "noise": (NOISE, None),
}


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_column_gives_a_number_away(view: MakeView, name: str) -> None:
    values, level = OF_NUMBERS[name]
    findings = leaks.leaks(view({"x": values, "noise": NOISE}, TARGET, "regression"))
    assert [finding.level for finding in findings] == ([level] if level else [])


def test_second_output_is_given_away(view: MakeView) -> None:
    targets = np.stack([NOISE, TARGET], axis=1)
    assert len(leaks.leaks(view({"x": TARGET}, targets, "regression"))) == 1


def test_allowed_column_is_let_be(view: MakeView) -> None:
    columns = {"x": CLASSES.astype(float), "z": CLASSES.astype(float)}
    looked_at = view(columns, CLASSES, "classification", allowed=frozenset({"x"}))
    (finding,) = leaks.leaks(looked_at)
    assert finding.where == "column 'z'"
    assert finding.fix == (
        "Write `columns: {z: drop}` under `data:`. If it is known before the outcome, write "
        "`allow: [z]` under `data:`."
    )


def by_order(noise: float) -> Array:
    """Return a target that grows along the rows: their number has an R2 of 0.94, or of 0.6."""
    return np.arange(N) + noise * np.random.default_rng(3).normal(size=N)


CLOSE, LOOSE = 120.0, 450.0


@pytest.mark.parametrize(
    ("columns", "words", "fix"),
    [
        ({"row_id": np.arange(N) + 1.0}, "the order of the rows", "columns: {row_id: drop}"),
        (
            {"day": pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(N), "D")},
            "follows time",
            "Write `split: {time: day}`",
        ),
    ],
)
def test_order_and_time_are_no_inputs(
    view: MakeView, columns: dict[str, Any], words: str, fix: str
) -> None:
    (finding,) = leaks.leaks(view(columns, by_order(CLOSE), "regression"))
    assert finding.level == "error"
    assert words in finding.found
    assert fix in finding.fix
    assert not leaks.leaks(view(columns, by_order(LOOSE), "regression"))


def test_measurement_of_the_same_power_is_let_be(view: MakeView) -> None:
    columns = {"x": np.arange(N) / 7}
    assert not leaks.leaks(view(columns, by_order(CLOSE), "regression"))


def test_date_may_tell_where_validation_is_later(view: MakeView) -> None:
    columns = {"day": pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(N), "D")}
    targets = by_order(CLOSE)
    assert not leaks.leaks(view(columns, targets, "regression", times=np.arange(float(N))))


def test_set_as_it_ships_has_none(built_in: View) -> None:
    assert not leaks.leaks(built_in)


def test_input_of_an_array_is_numbered(view: MakeView) -> None:
    inputs = np.stack([NOISE, CLASSES], axis=1)
    (finding,) = leaks.leaks(view(inputs, CLASSES, "classification"))
    assert (finding.level, finding.where) == ("error", "input 1")


def test_leak_among_thousands_of_columns_is_found(view: MakeView) -> None:
    inputs = np.random.default_rng(0).normal(size=(200, 5_000))
    targets = (np.random.default_rng(1).random(200) < 0.5).astype(int)
    assert not leaks.leaks(view(inputs, targets))
    inputs[:, 4321] = targets
    assert [finding.where for finding in leaks.leaks(view(inputs, targets))] == ["input 4321"]


def test_few_rows_are_told_apart_by_anything(view: MakeView) -> None:
    assert not leaks.leaks(view({"x": CLASSES[:30].astype(float)}, CLASSES[:30], "classification"))
