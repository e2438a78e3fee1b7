"""What may vary: float, int and categorical parameters, and fixed values.

Each is a frozen value object that checks itself when built, knows its default (the value of
trial 0) and suggests a value from anything that has `suggest_float/int/categorical`, in
practice an Optuna trial.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    PlainValidator,
    SerializerFunctionWrapHandler,
    Tag,
    model_serializer,
    model_validator,
)

# Beyond this a whole number is no float, and a range is no range.
MAX_MAGNITUDE = 2**53

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


CheckedScalar = Annotated[Scalar, PlainValidator(_check_scalar, json_schema_input_type=Scalar)]


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


class Float(Section):
    """A real number in [low, high], drawn uniformly, or uniformly in its logarithm.

    >>> Float(type="float", low=1e-4, high=1e-1, log=True).midpoint
    0.003162...
    """

    type: Literal["float"]
    low: float
    high: float
    log: bool = False
    step: float | None = None
    default: float | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_range(self.low, self.high, self.log, self.step, self.default)
        return self

    @property
    def midpoint(self) -> float:
        """The middle of the range: geometric if `log`, on the grid if there is a `step`."""
        if self.log:
            return math.sqrt(self.low) * math.sqrt(self.high)  # the product could overflow
        if self.step is None:
            return self.low / 2 + self.high / 2
        return self.low + self.step * (round((self.high - self.low) / self.step) // 2)

    @property
    def start(self) -> float:
        """The value in trial 0."""
        return self.midpoint if self.default is None else self.default

    def suggest(self, trial: Suggester, name: str) -> float:
        return trial.suggest_float(name, self.low, self.high, step=self.step, log=self.log)


class Int(Section):
    """A whole number in [low, high], both included.

    >>> Int(type="int", low=16, high=256, log=True).midpoint
    64
    """

    type: Literal["int"]
    low: int
    high: int
    log: bool = False
    step: int = 1
    default: int | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if max(abs(self.low), abs(self.high), abs(self.step)) > MAX_MAGNITUDE:
            raise ValueError("`low`, `high` and `step` must lie within 2**53 of zero.")
        step = None if self.log and self.step == 1 else self.step
        _check_range(self.low, self.high, self.log, step, self.default)
        return self

    @property
    def midpoint(self) -> int:
        """The middle of the range: geometric if `log`, else on the grid of `step`."""
        if self.log:
            return round(math.sqrt(self.low * self.high))
        return self.low + self.step * ((self.high - self.low) // self.step // 2)

    @property
    def start(self) -> int:
        """The value in trial 0."""
        return self.midpoint if self.default is None else self.default

    def suggest(self, trial: Suggester, name: str) -> int:
        return trial.suggest_int(name, self.low, self.high, step=self.step, log=self.log)


class Categorical(Section):
    """One of a list of scalars.

    >>> Categorical(type="categorical", choices=(32, 64, 128, 256)).midpoint
    64
    """

    type: Literal["categorical"]
    choices: Annotated[tuple[CheckedScalar, ...], BeforeValidator(as_tuple)]
    default: CheckedScalar = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.choices:
            raise ValueError("`choices` must hold at least one value, but got [].")
        for i, choice in enumerate(self.choices):
            # 1, 1.0 and true are one value to a dictionary, and so to Optuna.
            if choice in self.choices[:i]:
                raise ValueError(f"`choices` must differ, but got {choice!r} twice.")
        # `default: null` and no default are told apart by whether the key is there.
        if "default" in self.model_fields_set and not any(
            (type(choice), choice) == (type(self.default), self.default) for choice in self.choices
        ):
            raise ValueError(f"`default` must be one of `choices`, but got {self.default!r}.")
        return self

    @model_serializer(mode="wrap")
    def _without_absent_default(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = handler(self)
        if "default" not in self.model_fields_set:
            del content["default"]
        return content

    @property
    def midpoint(self) -> Scalar:
        """The lower median of numbers; the first of anything else."""
        numbers = [c for c in self.choices if isinstance(c, int | float)]
        if len(numbers) < len(self.choices) or any(isinstance(c, bool) for c in numbers):
            return self.choices[0]
        return sorted(numbers)[(len(numbers) - 1) // 2]

    @property
    def start(self) -> Scalar:
        """The value in trial 0."""
        return self.default if "default" in self.model_fields_set else self.midpoint

    def suggest(self, trial: Suggester, name: str) -> Scalar:
        choice: Scalar = trial.suggest_categorical(name, self.choices)
        return choice


def _check_range(
    low: float, high: float, log: bool, step: float | None, default: float | None
) -> None:
    if low > high:
        raise ValueError(f"`low <= high` must hold, but got low: {low}, high: {high}.")
    if log and low <= 0:
        raise ValueError(f"`low > 0` must hold where `log: true`, but got low: {low}.")
    if log and step is not None:
        raise ValueError(f"`log` and `step` exclude each other, but got step: {step}.")
    if step is not None and step <= 0:
        raise ValueError(f"`step > 0` must hold, but got step: {step}.")
    if step is not None and high / step - low / step > MAX_MAGNITUDE:
        raise ValueError(f"`step` must be large enough to count the steps, but got {step}.")
    if step is not None and not _is_on_grid(high, low, step):
        last = low + step * math.floor((high - low) / step)
        raise ValueError(
            f"`high` must be a whole number of steps above `low`, but got {high}; "
            f"the last step is at {last:g}."
        )
    if default is not None and not low <= default <= high:
        raise ValueError(f"`default` must lie in [{low}, {high}], but got {default}.")
    if default is not None and step is not None and not _is_on_grid(default, low, step):
        raise ValueError(f"`default` must lie on a step, but got {default}.")


def _is_on_grid(value: float, low: float, step: float) -> bool:
    if all(isinstance(number, int) for number in (value, low, step)):
        return (value - low) % step == 0
    # Exact in decimal, as the numbers are written: 0.3 is three steps of 0.1.
    distance = Decimal(repr(value)) - Decimal(repr(low))
    return distance % Decimal(repr(step)) == 0


PARAMETER_TYPES: dict[str, type[Float] | type[Int] | type[Categorical]] = {
    "float": Float,
    "int": Int,
    "categorical": Categorical,
}


def _kind(value: Any) -> str | None:
    if isinstance(value, dict):
        kind = value.get("type")
        return kind if isinstance(kind, str) else None
    return getattr(value, "type", "fixed")


# A mapping with `type` varies; a plain scalar is a fixed value.
Parameter = Annotated[
    Annotated[Float, Tag("float")]
    | Annotated[Int, Tag("int")]
    | Annotated[Categorical, Tag("categorical")]
    | Annotated[CheckedScalar, Tag("fixed")],
    Discriminator(_kind),
]
