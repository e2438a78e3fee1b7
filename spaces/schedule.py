"""How the learning rate changes while a trial trains, as a file says it.

`cosine`, or `{name: cosine, period: 1}`. What the names mean is in `objectives/schedules.py`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_serializer,
    model_validator,
)

from ..errors import did_you_mean
from .named import from_name
from .parameters import Section

# What each schedule has beside `warmup`, and what it is where a file says nothing.
OPTIONS: dict[str, dict[str, Any]] = {
    "constant": {},
    "exponential": {"decay": 0.95},
    "staircase": {"factor": 0.5, "every": 5},
    "plateau": {"factor": 0.5, "patience": 2},
    "cosine": {"period": None, "multiplier": None},
    "one_cycle": {},
}


def _check_name(name: str) -> str:
    if name not in OPTIONS:
        raise ValueError(f"there is no schedule '{name:.60}'. {did_you_mean(name, OPTIONS)}")
    return name


_NAMES = {"type": "string", "enum": [*OPTIONS]}
Factor = Annotated[float, Field(gt=0, lt=1)]
Whole = Annotated[int, Field(ge=1)]


class Schedule(Section):
    """A schedule by its name, with the options that it has."""

    name: Annotated[str, AfterValidator(_check_name), WithJsonSchema(_NAMES)]
    decay: Factor | None = None  # an epoch
    factor: Factor | None = None  # of a step down
    every: Whole | None = None  # epochs
    patience: Annotated[int, Field(ge=0)] | None = None  # epochs without a lower training loss
    period: Whole | None = None  # epochs until a restart; None: the run, without one
    multiplier: Whole | None = None  # of the period at each restart; None: 1
    warmup: Annotated[float, Field(gt=0)] | None = None  # epochs

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, value: Any) -> Any:
        """Say what a file leaves unsaid: another version's default may be another."""
        if not isinstance(value, dict):
            return value
        name = value.get("name")
        known = OPTIONS[name] if isinstance(name, str) and name in OPTIONS else {}
        return {**known, **{key: said for key, said in value.items() if said is not None}}

    @field_validator("decay", "factor", "every", "patience", "period", "multiplier")
    @classmethod
    def _check_option(cls, value: Any, info: ValidationInfo) -> Any:
        option, name = str(info.field_name), info.data.get("name")
        if value is None or name is None:
            return value
        users = [user for user, options in OPTIONS.items() if option in options]
        if name not in users:
            rule = f"`{option}` is an option of {' and '.join(users)}, but the schedule is {name}."
            raise ValueError(f"{rule} Remove it.")
        if option == "multiplier" and "period" in info.data and info.data["period"] is None:
            raise ValueError("a `multiplier` is of a period that starts again. Add `period:`.")
        return value

    @model_serializer(mode="wrap")
    def _short_form(self, handler: SerializerFunctionWrapHandler) -> Any:
        said = {key: value for key, value in handler(self).items() if value is not None}
        return said if len(said) > 1 else self.name


CONSTANT = Schedule(name="constant")

NameOrSchedule = Annotated[
    Schedule,
    BeforeValidator(
        from_name, json_schema_input_type=Annotated[str, WithJsonSchema(_NAMES)] | Schedule
    ),
]
