"""What `tune check` says of a space, against counting by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import TypeAdapter

from truetune.spaces import Space
from truetune.spaces.explanation import explain, shown, size
from truetune.spaces.parameters import Parameter

READ = TypeAdapter(dict[str, Parameter])


def space(parameters: dict[str, Any], *constraints: str) -> Space:
    return Space(READ.validate_python(parameters), constraints)


def whole(low: int, high: int, **more: Any) -> dict[str, Any]:
    return {"type": "int", "low": low, "high": high, **more}


def choice(*choices: Any, **more: Any) -> dict[str, Any]:
    return {"type": "categorical", "choices": list(choices), **more}


FLAGS = {"use": choice(False, True), "rate": whole(1, 5, when="use")}
LAYERS = {"layers": whole(1, 3), "units": whole(1, 4, repeat="layers")}
MODELS = {
    "model": choice("a", "b", "c"),
    "a.x": whole(1, 2),
    "a.y": whole(1, 3),
    "b.x": whole(1, 7),
}


@pytest.mark.parametrize(
    ("parameters", "n"),
    [
        ({"x": whole(0, 9)}, 10),
        ({"x": whole(0, 8, step=2), "y": choice("a", "b")}, 5 * 2),
        ({"x": {"type": "float", "low": 0.0, "high": 1.0, "step": 0.25}}, 5),
        ({"x": {"type": "float", "low": 0.0, "high": 1.0}}, math.inf),
        ({"x": {"type": "float", "low": 1.0, "high": 1.0}, "y": 3}, 1),
        (FLAGS, 1 + 5),
        (LAYERS, 4 + 4**2 + 4**3),
        (MODELS, 2 * 3 + 7 + 1),
        ({**FLAGS, "deep": choice(1, 2, when="rate > 3")}, 1 + 3 + 2 * 2),
        (
            {"n": whole(1, 3), "twice": {"expression": "2 * n"}, "u": whole(0, 1, repeat="twice")},
            84,
        ),
    ],
)
def test_a_space_is_counted_as_by_hand(parameters: dict[str, Any], n: float) -> None:
    assert size(space(parameters)) == n


def test_too_many_cases_are_not_counted() -> None:
    many = {f"x{i}": whole(1, 100) for i in range(3)}
    child = {"y": whole(1, 2, when="x0 + x1 + x2 > 5")}
    assert size(space({**many, **child})) is None


def test_the_tree_puts_each_parameter_under_what_it_depends_on() -> None:
    nested = {"model": choice("a", "b"), "a.layers": whole(1, 3)}
    nested |= {"a.units": whole(1, 4, repeat="layers"), "a.half": {"expression": "layers / 2"}}
    assert explain(space(nested), seed=0).tree == [
        "model            one of [a, b]",
        "└─ a.layers      whole 1 to 3   if model == a",
        "   ├─ a.units.*  whole 1 to 4   if model == a   for each of layers",
        "   └─ a.half     = layers / 2   if model == a",
    ]


def test_samples_meet_the_constraints_and_shares_are_of_all_draws() -> None:
    pairs = space({"x": whole(1, 4), "y": whole(1, 4)}, "x <= y")
    explanation = explain(pairs, seed=0)
    assert len(explanation.samples) == 5
    assert all(sample["x"] <= sample["y"] for sample in explanation.samples)
    assert explanation.feasible == pytest.approx(10 / 16, abs=0.05)


def test_the_number_of_parameters_is_of_what_varies() -> None:
    explanation = explain(space({**FLAGS, "fixed": 3}), seed=0)
    assert (explanation.fewest, explanation.most) == (1, 2)
    assert explanation.mean == pytest.approx(1.5, abs=0.06)


def test_what_optuna_sees_has_every_elements_name() -> None:
    assert list(explain(space(LAYERS), seed=0).seen) == ["layers", "units.0", "units.1", "units.2"]


def test_a_parameter_that_no_draw_has_is_named() -> None:
    never = {"x": whole(1, 3), "y": whole(1, 2, when="x > 5")}
    assert explain(space(never), seed=0).never == ["y"]


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        ({"type": "float", "low": 1e-4, "high": 0.1, "log": True}, "0.0001 to 0.1, log"),
        (whole(16, 64, step=16), "whole 16 to 64, step 16"),
        (choice("a", None, ordered=True), "one of [a, null], ordered"),
        ({"expression": "2 * x"}, "= 2 * x"),
        ([64, 32], "= [64, 32]"),
    ],
)
def test_a_parameter_is_shown_in_a_few_words(parameter: Any, words: str) -> None:
    (read,) = READ.validate_python({"y": parameter}).values()
    assert shown(read) == words
