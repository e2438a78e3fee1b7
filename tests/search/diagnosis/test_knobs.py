"""Knobs: where the best of a study lie in a range, and ranges that go on from there."""

from __future__ import annotations

from typing import Any

import pytest

from truetune.search.diagnosis import Tried
from truetune.search.diagnosis.knobs import Knob, end_of_best
from truetune.spaces import Categorical, Float, Int

RATE = Float(type="float", low=1e-4, high=1e-1, log=True)
UNITS = Int(type="int", low=16, high=256, log=True, repeat="layers")
DROPOUT = Float(type="float", low=0.0, high=0.5)
BATCH = Categorical(type="categorical", choices=(32, 64, 128))


@pytest.mark.parametrize(
    ("parameter", "value", "place"),
    [
        (RATE, 1e-4, 0.0),
        (RATE, 10**-2.5, 0.5),
        (RATE, 1e-1, 1.0),
        (DROPOUT, 0.125, 0.25),
        (UNITS, 64, 0.5),
        (BATCH, 128, 1.0),
        (BATCH, 64, 0.5),
        (BATCH, 7, None),
        (Categorical(type="categorical", choices=("adam", "sgd")), "sgd", None),
        (Categorical(type="categorical", choices=(False, True)), True, None),
        (Float(type="float", low=1.0, high=1.0), 1.0, None),
    ],
)
def test_a_place_is_a_share_of_the_range(parameter: Any, value: Any, place: float | None) -> None:
    found = Knob("x", parameter).place(value)
    assert found == (None if place is None else pytest.approx(place))


@pytest.mark.parametrize(
    ("parameter", "end", "factor", "least", "most", "expected"),
    [
        (RATE, "high", 10.0, 1e-8, 10.0, {"low": 1e-4, "high": 1.0}),
        (RATE, "low", 10.0, 1e-8, 10.0, {"low": 1e-5, "high": 0.1}),
        (RATE, "high", 10.0, 1e-8, 0.1, None),
        (UNITS, "high", 4.0, 1, 4096, {"low": 16, "high": 1024, "repeat": "layers"}),
        (UNITS, "high", 4.0, 1, 300, {"high": 300}),
        (DROPOUT, "high", 1.6, 0, 0.9, {"high": 0.8}),
        (DROPOUT, "low", 4.0, 0, 1, None),
        (BATCH, "high", 4.0, 1, 4096, {"choices": [32, 64, 128, 256, 512]}),
        (BATCH, "low", 4.0, 10, 4096, {"choices": [16, 32, 64, 128]}),
        (BATCH, "high", 4.0, 1, 128, None),
        (Int(type="int", low=2, high=10, step=4), "high", 2.0, 0, 100, {"high": 18}),
        (Float(type="float", low=0.0, high=0.4, step=0.1), "high", 2.0, 0, 1, {"high": 0.8}),
    ],
)
def test_a_range_goes_on_from_one_end(
    parameter: Any, end: Any, factor: float, least: float, most: float, expected: Any
) -> None:
    found = Knob("x", parameter).widened(end, factor, least, most)
    if expected is None:
        assert found is None
        return
    assert found is not None
    assert {key: found[key] for key in expected} == expected
    type(parameter).model_validate(found | {"choices": tuple(found.get("choices", ()))}) if (
        "choices" in found
    ) else type(parameter).model_validate(found)


def test_a_default_that_is_left_behind_is_left_out() -> None:
    parameter = Float(type="float", low=0.1, high=0.5, default=0.2)
    assert Knob("x", parameter).said(low=0.3).get("default") is None
    assert Knob("x", parameter).said(high=0.9)["default"] == 0.2


def trials(*values: float) -> list[Tried]:
    return [Tried(i, "complete", {"learning_rate": value}) for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "end"),
    [
        ([0.09, 0.08, 0.1, 1e-3, 1e-2, 1e-4], "high"),
        ([1e-4, 1.1e-4, 1e-2, 1e-1, 1e-2, 1e-2], "low"),
        ([1e-3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], None),  # the best one is within
        ([0.1, 1e-3, 0.1, 1e-2, 1e-2, 1e-2], None),
        ([0.1, 0.1, 0.1], None),  # too few
        ([], None),
    ],
)
def test_the_best_third_say_which_end(values: list[float], end: str | None) -> None:
    found = end_of_best(trials(*values), Knob("learning_rate", RATE))
    assert (found and found[0]) == end


def test_of_five_one_may_lie_elsewhere() -> None:
    values = [0.1, 0.1, 1e-3, 0.09, 0.08] + 10 * [1e-3]
    found = end_of_best(trials(*values), Knob("learning_rate", RATE))
    assert found == ("high", 0.09)


def test_elements_of_a_repeated_parameter_are_taken_together() -> None:
    found = [
        Tried(i, "complete", {"layers": 2, "hidden_units.0": 250, "hidden_units.1": 255})
        for i in range(6)
    ]
    assert end_of_best(found, Knob("hidden_units", UNITS)) == ("high", 252.5)
