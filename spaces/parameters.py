"""What may vary: float, int and categorical parameters; and what follows: derived, fixed values.

Each is a frozen value object that checks itself when built. What varies knows its default (the
value of trial 0), suggests a value from anything that has `suggest_float/int/categorical`, in
practice an Optuna trial, and draws one uniformly by itself. When a parameter is there at all,
and how often, is for `space` to say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, localcontext
from random import Random
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    SerializerFunctionWrapHandler,
    Tag,
    model_serializer,
    model_validator,
)

from .expressions import MAX_LENGTH, MAX_MAGNITUDE

MAX_REPEATS = 1000  # elements of a repeated parameter

Scalar = None | bool | int | float | str


def _check_scalar(value: Any) -> Scalar:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise ValueError(f"a value is text, a finite number, true, false or null, but got {value!r}.")


def as_tuple(value: Any) -> Any:
    """Return a list as a tuple, and leave the rest to be refused."""
    return tuple(value) if isinstance(value, list) else value


def _check_fixed(value: Any) -> Scalar | tuple[Scalar, ...]:
    if isinstance(value, list | tuple) and 0 < len(value) <= MAX_REPEATS:
        return tuple(map(_check_scalar, value))
    if isinstance(value, list | tuple) and value:
        raise ValueError(f"a list has at most {MAX_REPEATS} values, but got {len(value)}.")
    return _check_scalar(value)


CheckedScalar = Annotated[Scalar, PlainValidator(_check_scalar, json_schema_input_type=Scalar)]

# A list is a value for each element of what is otherwise repeated.
Fixed = Annotated[
    Scalar | tuple[Scalar, ...],
    PlainValidator(_check_fixed, json_schema_input_type=Scalar | list[Scalar]),
    PlainSerializer(lambda value: value, return_type=Any),
]


class Suggester(Protocol):
    """The part of an Optuna trial that a space walks with."""

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float: ...

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int: ...

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any: ...


class Section(BaseModel):
    """A part of the experiment file: frozen, no unknown keys, no silent conversions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


Text = Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)]


class Entry(Section):
    """What every parameter may say: when it is there, and how many of it there are."""

    when: Annotated[Text | None, Field(description="A condition: `optimizer == sgd`.")] = None
    repeat: Annotated[
        Annotated[int, Field(ge=1, le=MAX_REPEATS)] | Text | None,
        Field(description="How many there are: a number, or a parameter such as `layers`."),
    ] = None

    @model_serializer(mode="wrap")
    def _without_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write what was said and not what it means, so that a file reads as it was written."""
        fields = type(self).model_fields
        content: dict[str, Any] = handler(self)
        keys = sorted(content, key=lambda key: key in Entry.model_fields)  # these stand last
        return {
            key: content[key]
            for key in keys
            if getattr(self, key) != fields[key].default or self._is_said(key)
        }

    def _is_said(self, key: str) -> bool:
        return False


class Float(Entry):
    """A real number in [low, high], drawn uniformly, or uniformly in its logarithm.

    >>> Float(type="float", low=1e-4, high=1e-1, log=True).midpoint
    0.003162...
    """

    type: Literal["float"]
    low: float
    high: float
    log: bool = False
    step: float | None = None
    default: Annotated[float | tuple[float, ...] | None, BeforeValidator(as_tuple)] = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_range(self.low, self.high, self.log, self.step)
        _check_defaults(self.default, self.repeat, self.low, self.high, self.step)
        return self

    @property
    def midpoint(self) -> float:
        """The middle of the range: geometric if `log`, on the grid if there is a `step`."""
        if self.log:
            return math.sqrt(self.low) * math.sqrt(self.high)  # the product could overflow
        if self.step is None:
            return self.low / 2 + self.high / 2
        return self.low + self.step * (self._n_steps // 2)

    def start(self, index: int = 0) -> float:
        """Return the value in trial 0."""
        return self.midpoint if self.default is None else _at(self.default, index)

    @property
    def _n_steps(self) -> int:
        return 0 if self.step is None else round(self.high / self.step - self.low / self.step)

    @property
    def count(self) -> float:
        """How many values there are."""
        if self.low == self.high:
            return 1
        return math.inf if self.step is None else self._n_steps + 1

    @property
    def values(self) -> Sequence[float]:
        """Every value, where they can be counted."""
        values = (self.low + i * (self.step or 0.0) for i in range(self._n_steps + 1))
        return [min(value, self.high) for value in values]

    def contains(self, value: object) -> bool:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        if self.step is None:
            return self.low <= value <= self.high
        n_steps = (value - self.low) / self.step  # 0.1 + 0.2 is on the grid, as for Optuna
        return abs(n_steps - round(n_steps)) < 1e-8 and 0 <= round(n_steps) <= self._n_steps

    def suggest(self, trial: Suggester, name: str) -> float:
        return trial.suggest_float(name, self.low, self.high, step=self.step, log=self.log)

    def answer_for(self, value: Scalar) -> Scalar:
        """Return what a trial answers to `suggest` for this value."""
        return value

    def draw(self, random: Random) -> float:
        if self.step is not None:
            return min(self.low + self.step * random.randint(0, self._n_steps), self.high)
        if not self.log:
            share = random.random()  # the difference of the ends could overflow
            return min(max(self.low * (1 - share) + self.high * share, self.low), self.high)
        value = math.exp(random.uniform(math.log(self.low), math.log(self.high)))
        return min(max(value, self.low), self.high)


class Int(Entry):
    """A whole number in [low, high], both included.

    >>> Int(type="int", low=16, high=256, log=True).midpoint
    64
    """

    type: Literal["int"]
    low: int
    high: int
    log: bool = False
    step: int = 1
    default: Annotated[int | tuple[int, ...] | None, BeforeValidator(as_tuple)] = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if max(abs(self.low), abs(self.high), abs(self.step)) > MAX_MAGNITUDE:
            raise ValueError("`low`, `high` and `step` must lie within 2**53 of zero.")
        step = None if self.log and self.step == 1 else self.step
        _check_range(self.low, self.high, self.log, step)
        _check_defaults(self.default, self.repeat, self.low, self.high, step)
        return self

    @property
    def midpoint(self) -> int:
        """The middle of the range: geometric if `log`, else on the grid of `step`."""
        if self.log:
            return round(math.sqrt(self.low * self.high))
        return self.low + self.step * ((self.high - self.low) // self.step // 2)

    def start(self, index: int = 0) -> int:
        """Return the value in trial 0."""
        return self.midpoint if self.default is None else _at(self.default, index)

    @property
    def count(self) -> float:
        """How many values there are."""
        return len(self.values)

    @property
    def values(self) -> Sequence[int]:
        """Every value."""
        return range(self.low, self.high + 1, self.step)

    def contains(self, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value in self.values

    def suggest(self, trial: Suggester, name: str) -> int:
        return trial.suggest_int(name, self.low, self.high, step=self.step, log=self.log)

    def answer_for(self, value: Scalar) -> Scalar:
        """Return what a trial answers to `suggest` for this value."""
        return value

    def draw(self, random: Random) -> int:
        if not self.log:
            return random.choice(self.values)
        # Each whole number has the share of the logarithm that rounds to it, as in Optuna.
        value = math.exp(random.uniform(math.log(self.low - 0.5), math.log(self.high + 0.5)))
        return min(max(round(value), self.low), self.high)


class Categorical(Entry):
    """One of a list of scalars. `ordered` says that neighbours in the list are alike.

    A sampler knows order from numbers only, so it is asked for the place of an ordered choice.

    >>> Categorical(type="categorical", choices=(32, 64, 128, 256)).midpoint
    64
    """

    type: Literal["categorical"]
    choices: Annotated[tuple[CheckedScalar, ...], BeforeValidator(as_tuple)]
    ordered: bool = False
    default: Fixed = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.choices:
            raise ValueError("`choices` must hold at least one value, but got [].")
        seen: set[Scalar] = set()
        for choice in self.choices:
            # 1, 1.0 and true are one value to a dictionary, and so to Optuna.
            if choice in seen:
                raise ValueError(f"`choices` must differ, but got {choice!r} twice.")
            seen.add(choice)
        # `default: null` and no default are told apart by whether the key is there.
        if "default" not in self.model_fields_set:
            return self
        if isinstance(self.default, tuple) and self.repeat is None:
            raise ValueError("`default` is a list only where there is a `repeat`.")
        for default in self.default if isinstance(self.default, tuple) else (self.default,):
            if not self.contains(default):
                raise ValueError(f"`default` must be one of `choices`, but got {default!r}.")
        return self

    def _is_said(self, key: str) -> bool:
        return key == "default" and key in self.model_fields_set

    @property
    def midpoint(self) -> Scalar:
        """The lower median of numbers, or of what is ordered; the first of anything else."""
        if self.ordered:
            return self.choices[(len(self.choices) - 1) // 2]
        numbers = [c for c in self.choices if isinstance(c, int | float)]
        if len(numbers) < len(self.choices) or any(isinstance(c, bool) for c in numbers):
            return self.choices[0]
        return sorted(numbers)[(len(numbers) - 1) // 2]

    def start(self, index: int = 0) -> Scalar:
        """Return the value in trial 0."""
        if "default" not in self.model_fields_set:
            return self.midpoint
        return _at(self.default, index) if isinstance(self.default, tuple) else self.default

    @property
    def count(self) -> float:
        """How many values there are."""
        return len(self.choices)

    @property
    def values(self) -> Sequence[Scalar]:
        """Every value."""
        return self.choices

    def contains(self, value: object) -> bool:
        return any((type(choice), choice) == (type(value), value) for choice in self.choices)

    def suggest(self, trial: Suggester, name: str) -> Scalar:
        if self.ordered:
            return self.choices[trial.suggest_int(name, 0, len(self.choices) - 1)]
        choice: Scalar = trial.suggest_categorical(name, self.choices)
        return choice

    def answer_for(self, value: Scalar) -> Scalar:
        """Return what a trial answers to `suggest` for this value."""
        return self.choices.index(value) if self.ordered else value

    def draw(self, random: Random) -> Scalar:
        return random.choice(self.choices)


class Derived(Entry):
    """A value that follows from others: `{expression: "2 * hidden_units"}`."""

    expression: Annotated[
        Text | bool | int | float,
        Field(description="A value worked out from other parameters: `2 * hidden_units`."),
    ]


def _at(values: Any, index: int) -> Any:
    """Return an element's value; the last one counts for all that follow."""
    return values[min(index, len(values) - 1)] if isinstance(values, tuple) else values


def _check_range(low: float, high: float, log: bool, step: float | None) -> None:
    if low > high:
        raise ValueError(f"`low <= high` must hold, but got low: {low}, high: {high}.")
    if log and low <= 0:
        raise ValueError(f"`low > 0` must hold where `log: true`, but got low: {low}.")
    if log and step is not None:
        raise ValueError(f"`log` and `step` exclude each other, but got step: {step}.")
    if step is not None and step <= 0:
        raise ValueError(f"`step > 0` must hold, but got step: {step}.")
    if step is not None and not high / step - low / step <= MAX_MAGNITUDE:  # nan is not, either
        raise ValueError(f"`step` must be large enough to count the steps, but got {step}.")
    if step is not None and not _is_on_grid(high, low, step):
        last = low + step * math.floor(high / step - low / step)
        raise ValueError(
            f"`high` must be a whole number of steps above `low`, but got {high}; "
            f"the last step is at {last:g}."
        )


def _check_defaults(
    default: float | tuple[float, ...] | None,
    repeat: int | str | None,
    low: float,
    high: float,
    step: float | None,
) -> None:
    if isinstance(default, tuple) and (repeat is None or not default):
        raise ValueError("`default` is a list only where there is a `repeat`, and not empty.")
    for value in default if isinstance(default, tuple) else (default,):
        if value is not None and not low <= value <= high:
            raise ValueError(f"`default` must lie in [{low}, {high}], but got {value}.")
        if value is not None and not _is_within(value, low, high, step):
            raise ValueError(f"`default` must lie on a step, but got {value}.")


def _is_within(value: float, low: float, high: float, step: float | None) -> bool:
    return low <= value <= high and (step is None or _is_on_grid(value, low, step))


def _is_on_grid(value: float, low: float, step: float) -> bool:
    if all(isinstance(number, int) for number in (value, low, step)):
        return (value - low) % step == 0
    # Exact in decimal, as the numbers are written: 0.3 is three steps of 0.1.
    with localcontext(prec=1000):  # enough for any two floats
        distance = Decimal(repr(value)) - Decimal(repr(low))
        return distance % Decimal(repr(step)) == 0


Varied = Float | Int | Categorical
PARAMETER_TYPES: dict[str, type[Varied]] = {
    "float": Float,
    "int": Int,
    "categorical": Categorical,
}
ENTRY_TYPES: dict[str, type[Entry]] = {**PARAMETER_TYPES, "derived": Derived}


def _kind(value: Any) -> str | None:
    if isinstance(value, dict):
        kind = value.get("type", "derived" if "expression" in value else None)
        return kind if isinstance(kind, str) else None
    return getattr(value, "type", "derived" if isinstance(value, Derived) else "fixed")


# A mapping with `type` varies, one with `expression` follows; a plain value is a fixed one.
Parameter = Annotated[
    Annotated[Float, Tag("float")]
    | Annotated[Int, Tag("int")]
    | Annotated[Categorical, Tag("categorical")]
    | Annotated[Derived, Tag("derived")]
    | Annotated[Fixed, Tag("fixed")],
    Discriminator(_kind),
]
