"""The parameters: which are accepted, what they start from, what they ask of a trial."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from truetune.spaces import Categorical, Float, Int, Parameter

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
    ],
)
def test_unsound_choices_are_refused(choices: tuple[Any, ...], default: Any, rule: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(rule)):
        one_of(*choices, default=default)


def test_choices_may_come_as_a_list() -> None:
    assert Categorical(type="categorical", choices=[3, 4]).choices == (3, 4)


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
    ],
)
def test_a_parameter_without_a_default_starts_in_the_middle(
    parameter: Float | Int | Categorical, midpoint: Any
) -> None:
    assert parameter.midpoint == pytest.approx(midpoint)
    assert parameter.start == parameter.midpoint
    assert type(parameter.start) is type(midpoint)


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
    assert parameter.start == start
    assert parameter.midpoint != start


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


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, [1], (), object()])
def test_a_fixed_value_is_a_scalar_and_finite(value: Any) -> None:
    with pytest.raises(ValidationError, match="a value is text, a finite number"):
        PARAMETER.validate_python(value)


@pytest.mark.parametrize(
    ("data", "parameter"),
    [
        ({"type": "float", "low": 0, "high": 1}, real(0, 1)),
        ({"type": "int", "low": 0, "high": 1}, whole(0, 1)),
        ({"type": "categorical", "choices": [0, 1]}, one_of(0, 1)),
    ],
)
def test_a_mapping_varies_as_its_type_says(data: Any, parameter: Any) -> None:
    assert PARAMETER.validate_python(data) == parameter


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
    ],
)
def test_a_parameter_survives_json(parameter: Float | Int | Categorical) -> None:
    assert PARAMETER.validate_json(PARAMETER.dump_json(parameter)) == parameter
    assert PARAMETER.validate_python(parameter.model_dump(mode="json")) == parameter


@pytest.mark.parametrize(
    ("parameter", "attribute"),
    [(real(0, 1), "low"), (whole(0, 1), "high"), (one_of(0, 1), "choices")],
)
def test_a_parameter_is_frozen(parameter: Float | Int | Categorical, attribute: str) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(parameter, attribute, 7)
