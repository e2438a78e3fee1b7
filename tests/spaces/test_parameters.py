"""The parameters: which are accepted, what they start from, what they ask of a trial."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from random import Random
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from truetune.spaces import Categorical, Derived, Float, Int, Parameter

PARAMETER: TypeAdapter[Any] = TypeAdapter(Parameter)
quickly = settings(max_examples=100, deadline=None, database=None, derandomize=True)


def real(low: float, high: float, **keys: Any) -> Float:
    return Float(type="float", low=low, high=high, **keys)


def whole(low: int, high: int, **keys: Any) -> Int:
    return Int(type="int", low=low, high=high, **keys)


def one_of(*choices: Any, **keys: Any) -> Categorical:
    return Categorical(type="categorical", choices=choices, **keys)


@pytest.mark.parametrize(
    "keys",
    [
        {"low": 0.0, "high": 1.0},
        {"low": 1.0, "high": 1.0},
        {"low": -2, "high": 3},
        {"low": 1e-300, "high": 1.0, "log": True},
        {"low": 0.0, "high": 0.3, "step": 0.1},
        {"low": 0.0, "high": 1.0, "default": 0.0},
        {"low": 0.0, "high": 1.0, "default": 1.0},
        {"low": 0.1, "high": 0.9, "step": 0.2, "default": 0.7},
        {"low": 1.0, "high": 1.0, "step": 0.5},
    ],
)
def test_a_sound_range_of_reals_is_accepted(keys: dict[str, Any]) -> None:
    parameter = Float(type="float", **keys)
    assert {key: getattr(parameter, key) for key in keys} == keys


@pytest.mark.parametrize(
    ("keys", "rule"),
    [
        ({"low": 2, "high": 1}, "`low <= high` must hold, but got low: 2.0, high: 1.0."),
        ({"low": 0, "high": 1, "log": True}, "`low > 0` must hold where `log: true`, but got low"),
        ({"low": -1, "high": 1, "log": True}, "`low > 0` must hold where `log: true`"),
        ({"low": 0, "high": 1, "step": 0}, "`step > 0` must hold, but got step: 0.0."),
        ({"low": 0, "high": 1, "step": -0.5}, "`step > 0` must hold, but got step: -0.5."),
        (
            {"low": 1, "high": 2, "log": True, "step": 0.5},
            "`log` and `step` exclude each other, but got step: 0.5.",
        ),
        (
            {"low": 0, "high": 1, "step": 0.3},
            "`high` must be a whole number of steps above `low`, but got 1.0; "
            "the last step is at 0.9.",
        ),
        ({"low": 0, "high": 1, "step": 2}, "the last step is at 0."),
        ({"low": 0, "high": 1, "default": 2}, "`default` must lie in [0.0, 1.0], but got 2.0."),
        ({"low": 0, "high": 1, "default": -0.1}, "`default` must lie in [0.0, 1.0]"),
        (
            {"low": 0, "high": 1, "step": 0.5, "default": 0.3},
            "`default` must lie on a step, but got 0.3.",
        ),
        ({"low": math.nan, "high": 1}, "finite number"),
        ({"low": 0, "high": math.nan}, "finite number"),
        ({"low": 0, "high": math.inf}, "finite number"),
        ({"low": -math.inf, "high": 0}, "finite number"),
        ({"low": 0, "high": 1, "step": math.nan}, "finite number"),
        ({"low": 0, "high": 1, "default": math.nan}, "finite number"),
        ({"low": "0", "high": 1}, "valid number"),
        ({"low": True, "high": 2}, "valid number"),
        ({"low": 0, "high": 1, "log": 1}, "valid boolean"),
        ({"low": 0}, "Field required"),
        ({"low": 0, "high": 1, "max": 1}, "Extra inputs are not permitted"),
        ({"low": 0, "high": 1, "ordered": True}, "Extra inputs are not permitted"),
        ({"low": 0, "high": 1, "default": [0.5]}, "`default` is a list only where there is"),
        ({"low": 0, "high": 1, "default": [], "repeat": 2}, "and not empty"),
        ({"low": 0, "high": 1, "default": [0, 2], "repeat": 2}, "in [0.0, 1.0], but got 2.0"),
        ({"low": 0, "high": 1, "when": ""}, "at least 1 character"),
        ({"low": 0, "high": 1, "when": True}, "valid string"),
        ({"low": 0, "high": 1, "when": "x" * 501}, "at most 500 characters"),
        ({"low": 0, "high": 1, "repeat": 0}, "greater than or equal to 1"),
        ({"low": 0, "high": 1, "repeat": 1001}, "less than or equal to 1000"),
        ({"low": 0, "high": 1, "repeat": 2.0}, "valid integer"),
        ({"low": 0, "high": 1, "repeat": True}, "valid integer"),
        ({"low": 0, "high": 1, "repeat": [2]}, "valid integer"),
        ({"low": 1e308, "high": 1.1e308, "step": 1e-10}, "`step` must be large enough"),
        ({"low": -1.7e308, "high": 1.7e308, "step": 1e308}, "`high`"),
    ],
)
def test_an_unsound_range_of_reals_is_refused(keys: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(rule)):
        Float(type="float", **keys)


@pytest.mark.parametrize(
    "keys",
    [
        {"low": 1, "high": 3},
        {"low": -3, "high": -3},
        {"low": 16, "high": 256, "log": True},
        {"low": 16, "high": 256, "log": True, "step": 1},
        {"low": 0, "high": 12, "step": 4, "default": 8},
    ],
)
def test_a_sound_range_of_integers_is_accepted(keys: dict[str, Any]) -> None:
    parameter = Int(type="int", **keys)
    assert {key: getattr(parameter, key) for key in keys} == keys


@pytest.mark.parametrize(
    ("keys", "rule"),
    [
        ({"low": 2, "high": 1}, "`low <= high` must hold, but got low: 2, high: 1."),
        ({"low": 0, "high": 8, "log": True}, "`low > 0` must hold where `log: true`"),
        ({"low": 1, "high": 9, "log": True, "step": 2}, "`log` and `step` exclude each other"),
        ({"low": 1, "high": 9, "step": 0}, "`step > 0` must hold, but got step: 0."),
        ({"low": 1, "high": 9, "step": -1}, "`step > 0` must hold, but got step: -1."),
        ({"low": 1, "high": 10, "step": 4}, "but got 10; the last step is at 9."),
        ({"low": 1, "high": 9, "default": 10}, "`default` must lie in [1, 9], but got 10."),
        ({"low": 1, "high": 9, "step": 4, "default": 3}, "`default` must lie on a step"),
        ({"low": 1.0, "high": 2}, "valid integer"),
        ({"low": 1, "high": 2, "default": 1.5}, "valid integer"),
        ({"low": 1, "high": True}, "valid integer"),
        ({"low": 1, "high": 2, "step": None}, "valid integer"),
        ({"low": 1, "high": 9, "default": [3, 10], "repeat": 2}, "in [1, 9], but got 10."),
        ({"low": 1, "high": 9, "step": 4, "default": [1, 2], "repeat": 2}, "must lie on a step"),
        ({"low": 1, "high": 9, "default": [1.5], "repeat": 2}, "valid integer"),
        ({"low": 0, "high": 2**53 + 1}, "must lie within 2**53 of zero"),
        ({"low": -(10**400), "high": 0}, "must lie within 2**53 of zero"),
    ],
)
def test_an_unsound_range_of_integers_is_refused(keys: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(rule)):
        Int(type="int", **keys)


@pytest.mark.parametrize(
    "choices",
    [(1,), (1, "1"), (True, False), (0, "0", None, "", 0.5), ("a", "A"), (2, 2.5, -2)],
)
def test_choices_may_be_any_different_scalars(choices: tuple[Any, ...]) -> None:
    assert one_of(*choices).choices == choices


@pytest.mark.parametrize(
    ("choices", "default", "rule"),
    [
        ((), None, "`choices` must hold at least one value, but got []."),
        ((1, 2, 1), None, "`choices` must differ, but got 1 twice."),
        ((1, 1.0), None, "`choices` must differ, but got 1.0 twice."),
        ((1, True), None, "`choices` must differ, but got True twice."),
        ((False, 0), None, "`choices` must differ, but got 0 twice."),
        (("a", "b", "a"), None, "`choices` must differ, but got 'a' twice."),
        ((None, None), None, "`choices` must differ, but got None twice."),
        ((1, math.nan), None, "a value is text, a finite number, true, false or null"),
        ((math.inf, 1), None, "but got inf."),
        (([1], [2]), None, "but got [1]."),
        (({"a": 1},), None, "but got {'a': 1}."),
        ((1, 2), 3, "`default` must be one of `choices`, but got 3."),
        ((1, 2), "1", "`default` must be one of `choices`, but got '1'."),
        ((1, 2), math.nan, "but got nan."),
        ((1, 2), [1], "`default` is a list only where there is a `repeat`."),
    ],
)
def test_unsound_choices_are_refused(choices: tuple[Any, ...], default: Any, rule: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(rule)):
        one_of(*choices, default=default)


def test_choices_and_defaults_may_come_as_lists() -> None:
    assert Categorical(type="categorical", choices=[3, 4]).choices == (3, 4)
    assert one_of(3, 4, repeat=2, default=[4, 3]).default == (4, 3)
    assert whole(3, 4, repeat=2, default=[4, 3]).default == (4, 3)
    assert real(3, 4, repeat=2, default=[4, 3]).default == (4.0, 3.0)


def test_no_default_and_the_default_null_are_told_apart() -> None:
    assert one_of(1, 2, 3).start() == 2
    assert one_of(1, 2, None, default=None).start() is None
    with pytest.raises(ValidationError, match="must be one of `choices`, but got None"):
        one_of(1, 2, default=None)


@pytest.mark.parametrize("choices", ["abc", 3, None, {"a": 1}])
def test_choices_are_a_list_and_nothing_else(choices: Any) -> None:
    with pytest.raises(ValidationError, match="valid tuple"):
        Categorical(type="categorical", choices=choices)


@pytest.mark.parametrize(
    ("parameter", "midpoint"),
    [
        (real(0.0, 0.5), 0.25),
        (real(-1.0, 2.0), 0.5),
        (real(3.0, 3.0), 3.0),
        (real(1e-4, 1e-2, log=True), 1e-3),
        (real(0.0, 1.0, step=0.25), 0.5),
        (real(0.0, 0.5, step=0.1), 0.2),
        (real(2.0, 2.0, step=1.0), 2.0),
        (whole(1, 3), 2),
        (whole(1, 4), 2),
        (whole(-4, -1), -3),
        (whole(0, 12, step=4), 4),
        (whole(16, 256, log=True), 64),
        (whole(1, 2, log=True), 1),
        (one_of(32, 64, 128, 256), 64),
        (one_of(256, 32, 128), 128),
        (one_of(0.1, 3, -2), 0.1),
        (one_of("b", "a", "c"), "b"),
        (one_of(True, False), True),
        (one_of(5, "auto", 1), 5),
        (one_of(9, None), 9),
        (one_of("s", "m", "l", ordered=True), "m"),
        (one_of("s", "m", "l", "xl", ordered=True), "m"),
        (one_of(256, 32, 128, ordered=True), 32),
        (one_of(None, ordered=True), None),
    ],
)
def test_a_parameter_without_a_default_starts_in_the_middle(
    parameter: Float | Int | Categorical, midpoint: Any
) -> None:
    assert parameter.midpoint == pytest.approx(midpoint)
    assert parameter.start() == parameter.start(7) == parameter.midpoint
    assert type(parameter.start()) is type(midpoint)


@pytest.mark.parametrize(
    ("parameter", "start"),
    [
        (real(0.0, 0.5, default=0.0), 0.0),
        (real(0.0, 0.5, step=0.1, default=0.3), 0.3),
        (whole(0, 9, default=0), 0),
        (one_of("b", "a", default="a"), "a"),
        (one_of(True, False, default=False), False),
        (one_of(1, 0, 2, default=0), 0),
    ],
)
def test_a_default_comes_before_the_middle(
    parameter: Float | Int | Categorical, start: Any
) -> None:
    assert parameter.start() == parameter.start(7) == start
    assert parameter.midpoint != start


@pytest.mark.parametrize(
    ("parameter", "starts"),
    [
        (real(0.0, 1.0, repeat=4, default=(0.1, 0.3)), [0.1, 0.3, 0.3, 0.3]),
        (whole(1, 9, repeat="layers", default=(7, 5, 3)), [7, 5, 3, 3]),
        (whole(1, 9, repeat=4, default=(2,)), [2, 2, 2, 2]),
        (whole(1, 9, repeat=4, default=3), [3, 3, 3, 3]),
        (whole(1, 9, repeat=4), [5, 5, 5, 5]),
        (one_of("a", None, repeat=4, default=(None, "a")), [None, "a", "a", "a"]),
    ],
)
def test_the_last_default_of_a_list_counts_for_all_that_follow(
    parameter: Float | Int | Categorical, starts: list[Any]
) -> None:
    assert [parameter.start(index) for index in range(4)] == starts


@quickly
@given(low=st.integers(-999, 999), steps=st.integers(0, 60), step=st.integers(1, 20))
def test_the_midpoint_of_integers_is_the_lower_median_of_their_grid(
    low: int, steps: int, step: int
) -> None:
    grid = range(low, low + steps * step + 1, step)
    assert whole(low, grid[-1], step=step).midpoint == grid[(len(grid) - 1) // 2]


@quickly
@given(low=st.floats(1e-12, 1e6), ratio=st.floats(1, 1e12))
def test_a_logarithmic_midpoint_halves_the_logarithm(low: float, ratio: float) -> None:
    middle = real(low, low * ratio, log=True).midpoint
    expected = (math.log(low) + math.log(low * ratio)) / 2
    assert math.log(middle) == pytest.approx(expected, abs=1e-9)


@quickly
@given(low=st.integers(1, 10**6), width=st.integers(0, 10**6))
def test_a_logarithmic_midpoint_of_integers_is_the_nearest_to_the_geometric_mean(
    low: int, width: int
) -> None:
    middle = whole(low, low + width, log=True).midpoint
    assert (2 * middle - 1) ** 2 <= 4 * low * (low + width) <= (2 * middle + 1) ** 2


@quickly
@given(st.lists(st.integers(-50, 50), unique=True, min_size=1))
def test_half_of_the_other_numbers_lie_below_the_midpoint(numbers: list[int]) -> None:
    middle = one_of(*numbers).midpoint
    assert sum(number < middle for number in numbers) == (len(numbers) - 1) // 2


@quickly
@given(low=st.integers(-50, 50), tenths=st.integers(1, 9), steps=st.integers(0, 40))
def test_optuna_takes_the_midpoint_of_any_grid_unchanged(
    low: int, tenths: int, steps: int
) -> None:
    parameter = real(low, (10 * low + steps * tenths) / 10, step=tenths / 10)
    trial = optuna.trial.FixedTrial({"x": parameter.midpoint})
    # FixedTrial warns of a value outside the distribution, and a warning is an error here.
    assert parameter.suggest(trial, "x") == parameter.midpoint


class Recorder:
    """Notes what a parameter asks for, in Optuna's words."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        self.asked.append(("float", name, low, high, step, log))
        return low

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        self.asked.append(("int", name, low, high, step, log))
        return low

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        self.asked.append(("categorical", name, *choices))
        return choices[0]


@pytest.mark.parametrize(
    ("parameter", "asked"),
    [
        (real(0.0, 1.0), ("float", "x", 0.0, 1.0, None, False)),
        (real(0.1, 1.0, log=True, default=0.2), ("float", "x", 0.1, 1.0, None, True)),
        (real(0.0, 1.0, step=0.5), ("float", "x", 0.0, 1.0, 0.5, False)),
        (whole(1, 3), ("int", "x", 1, 3, 1, False)),
        (whole(1, 9, step=4), ("int", "x", 1, 9, 4, False)),
        (whole(1, 9, log=True), ("int", "x", 1, 9, 1, True)),
        (one_of("b", 1, None), ("categorical", "x", "b", 1, None)),
    ],
)
def test_a_parameter_asks_once_for_its_whole_range(
    parameter: Float | Int | Categorical, asked: tuple[Any, ...]
) -> None:
    recorder = Recorder()
    value = parameter.suggest(recorder, "x")
    assert recorder.asked == [asked]
    assert value == asked[2]


@pytest.mark.parametrize("value", [None, True, False, 0, -3, 0.5, "text", ""])
def test_a_plain_scalar_is_a_fixed_value_kept_as_it_is(value: Any) -> None:
    fixed = PARAMETER.validate_python(value)
    assert (fixed, type(fixed)) == (value, type(value))


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, [math.nan], [[1]], [{}], [], (), object(), {1}]
)
def test_a_fixed_value_is_a_scalar_and_finite(value: Any) -> None:
    with pytest.raises(ValidationError, match="a value is text, a finite number"):
        PARAMETER.validate_python(value)


@pytest.mark.parametrize("value", [[1], [1, "1", None, True, 0.5], (3, 4), [None]])
def test_a_list_is_a_fixed_value_for_each_element(value: Any) -> None:
    fixed = PARAMETER.validate_python(value)
    assert fixed == tuple(value)
    assert [type(element) for element in fixed] == [type(element) for element in value]


@pytest.mark.parametrize(
    ("data", "parameter"),
    [
        ({"type": "float", "low": 0, "high": 1}, real(0, 1)),
        ({"type": "int", "low": 0, "high": 1}, whole(0, 1)),
        ({"type": "categorical", "choices": [0, 1]}, one_of(0, 1)),
        ({"type": "int", "low": 0, "high": 1, "when": "a > 1"}, whole(0, 1, when="a > 1")),
        ({"type": "int", "low": 0, "high": 1, "repeat": "n"}, whole(0, 1, repeat="n")),
    ],
)
def test_a_mapping_varies_as_its_type_says(data: Any, parameter: Any) -> None:
    assert PARAMETER.validate_python(data) == parameter


@pytest.mark.parametrize("expression", ["2 * x", 3, 0.5, True])
def test_a_mapping_with_an_expression_follows(expression: Any) -> None:
    derived = PARAMETER.validate_python({"expression": expression, "repeat": 3})
    assert derived == Derived(expression=expression, repeat=3)
    assert type(derived.expression) is type(expression)


@pytest.mark.parametrize("expression", ["", None, ["x"], "x" * 501, math.nan])
def test_an_expression_is_text_or_a_plain_value(expression: Any) -> None:
    with pytest.raises(ValidationError):
        Derived(expression=expression)


@pytest.mark.parametrize("key", ["low", "default", "choices", "log", "x"])
def test_what_follows_has_no_range(key: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        PARAMETER.validate_python({"expression": "x", key: 1})


@pytest.mark.parametrize("data", [{}, {"low": 1}, {"type": "flaot"}, {"type": 3}, {"type": None}])
def test_a_mapping_without_a_known_type_is_refused(data: Any) -> None:
    with pytest.raises(ValidationError, match="tag"):
        PARAMETER.validate_python(data)


@pytest.mark.parametrize(
    "parameter",
    [
        real(1e-4, 0.1, log=True),
        real(0.0, 0.3, step=0.1, default=0.2),
        whole(0, 12, step=4),
        one_of(1, "1", None, 2.5, False, default="1"),
        one_of(1, None, default=None),
        one_of("s", "m", "l", ordered=True, when="n > 1", repeat="n", default=("m", "l")),
        real(0.0, 1.0, when="n > 1", repeat=3, default=(0.1, 0.2)),
        whole(1, 9, when="n > 1", repeat="n", default=(1, 2)),
        Derived(expression="2 * n", when="n > 1", repeat=2),
        Derived(expression=True),
    ],
)
def test_a_parameter_survives_json(parameter: Float | Int | Categorical | Derived) -> None:
    assert PARAMETER.validate_json(PARAMETER.dump_json(parameter)) == parameter
    assert PARAMETER.validate_python(parameter.model_dump(mode="json")) == parameter


@pytest.mark.parametrize(
    ("parameter", "written"),
    [
        (real(0, 1), {"type": "float", "low": 0.0, "high": 1.0}),
        (whole(1, 9, log=True), {"type": "int", "low": 1, "high": 9, "log": True}),
        (one_of(1, None), {"type": "categorical", "choices": [1, None]}),
        (
            one_of(1, None, default=None),
            {"type": "categorical", "choices": [1, None], "default": None},
        ),
        (Derived(expression="n", repeat=2), {"repeat": 2, "expression": "n"}),
    ],
)
def test_what_was_not_said_is_not_written(
    parameter: Float | Int | Categorical | Derived, written: dict[str, Any]
) -> None:
    assert parameter.model_dump(mode="json") == written
    assert json.loads(parameter.model_dump_json()) == written


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        (real(0.0, 0.3, step=0.1), [0.0, 0.1, 0.2, 0.3]),
        (real(-1.0, 1.0, step=0.5), [-1.0, -0.5, 0.0, 0.5, 1.0]),
        (real(2.0, 2.0), [2.0]),
        (whole(1, 3), [1, 2, 3]),
        (whole(0, 12, step=4), [0, 4, 8, 12]),
        (whole(3, 6, log=True), [3, 4, 5, 6]),
        (one_of("b", 1, None), ["b", 1, None]),
    ],
)
def test_values_that_can_be_counted_are(
    parameter: Float | Int | Categorical, values: list[Any]
) -> None:
    assert parameter.count == len(values)
    assert list(parameter.values) == pytest.approx(values)
    assert all(map(parameter.contains, parameter.values))


def test_the_reals_of_a_range_cannot_be_counted() -> None:
    assert real(0.0, 1.0).count == real(0.1, 1.0, log=True).count == math.inf


@quickly
@given(low=st.integers(-50, 50), tenths=st.integers(1, 9), steps=st.integers(0, 40))
def test_every_value_of_a_grid_lies_in_its_range(low: int, tenths: int, steps: int) -> None:
    parameter = real(low, (10 * low + steps * tenths) / 10, step=tenths / 10)
    assert parameter.count == len(parameter.values) == steps + 1
    assert all(parameter.low <= value <= parameter.high for value in parameter.values)
    assert all(map(parameter.contains, parameter.values))


@pytest.mark.parametrize(
    ("parameter", "inside", "outside"),
    [
        (real(0.0, 1.0), [0.0, 1, 0.3, 1.0], [-0.1, 1.1, True, "0.5", None, math.nan]),
        (real(0.0, 0.5, step=0.1), [0.0, 0.3, 0.1 + 0.2, 0.5], [0.25, 0.6, -0.1]),
        (real(0.1, 1.0, log=True), [0.1, 0.5, 1], [0.0, 2]),
        (whole(1, 3), [1, 2, 3], [0, 4, 2.0, True, "2", None]),
        (whole(0, 12, step=4), [0, 8, 12], [2, 16]),
        (one_of(1, None, "a"), [1, None, "a"], [1.0, True, "1", "A", 0]),
        (one_of(True, False), [True, False], [1, 0, "true", None]),
    ],
)
def test_a_parameter_knows_its_own_values(
    parameter: Float | Int | Categorical, inside: list[Any], outside: list[Any]
) -> None:
    assert [value for value in inside if not parameter.contains(value)] == []
    assert [value for value in outside if parameter.contains(value)] == []


@pytest.mark.parametrize(
    "parameter",
    [
        real(0.0, 0.5),
        real(1e-9, 1e9, log=True),
        real(0.0, 0.3, step=0.1),
        real(-0.7, 0.7, step=0.1),
        real(3.0, 3.0),
        real(0.3, 0.3, log=True),
        real(-1.7e308, 1.7e308),
        whole(-3, 3),
        whole(0, 12, step=4),
        whole(1, 2**53, log=True),
        whole(1, 1, log=True),
        one_of("a", None, 3, False),
    ],
    ids=str,
)
def test_what_is_drawn_is_one_of_the_values(parameter: Float | Int | Categorical) -> None:
    random = Random(0)
    drawn = [parameter.draw(random) for _ in range(300)]
    assert [value for value in drawn if not parameter.contains(value)] == []
    assert type(drawn[0]) in {float, int, str, bool, type(None)}


def test_the_same_seed_draws_the_same_values() -> None:
    parameter = real(1e-4, 1e-1, log=True)
    first, second = Random(3), Random(3)
    assert [parameter.draw(first) for _ in range(9)] == [parameter.draw(second) for _ in range(9)]


@pytest.mark.parametrize(
    ("parameter", "attribute"),
    [
        (real(0, 1), "low"),
        (whole(0, 1), "high"),
        (one_of(0, 1), "choices"),
        (Derived(expression="x"), "expression"),
        (whole(0, 1, when="x > 1"), "when"),
    ],
)
def test_a_parameter_is_frozen(
    parameter: Float | Int | Categorical | Derived, attribute: str
) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(parameter, attribute, 7)
