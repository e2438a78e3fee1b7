"""What is optimised: one metric, or several that pull in different directions.

In a file one objective is a mapping or a metric's name, and several are a list of these. The
first of several is the primary one: it is what trials are stopped early, pruned and verified by.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    WrapSerializer,
)

from .parameters import Section

MAX_OBJECTIVES = 5  # of more, nearly every trial would be on the front


class Objective(Section):
    """What is optimised; the direction follows from the metric where it is not given.

    A function of the user's own may take the place of the built-in trainer.
    """

    metric: str = "validation_loss"
    direction: Literal["minimize", "maximize"] | None = None
    function: Annotated[str, Field(min_length=1)] | None = None

    _others: tuple[Objective, ...] = PrivateAttr(())

    @property
    def others(self) -> tuple[Objective, ...]:
        """The objectives beside this one, of an experiment's first."""
        return self._others


_Entry = Annotated[
    Objective, BeforeValidator(lambda v: {"metric": v} if isinstance(v, str) else v)
]
_ENTRIES: TypeAdapter[list[Objective]] = TypeAdapter(
    Annotated[list[_Entry], Field(min_length=1, max_length=MAX_OBJECTIVES)]
)


def _first_of(value: Any) -> Any:
    """Return a list of objectives as its first one, which holds the others."""
    if isinstance(value, str):
        return {"metric": value}
    if not isinstance(value, list | tuple):
        return value
    first, *others = _ENTRIES.validate_python([*value])
    _check_distinct(objective.metric for objective in (first, *others))
    for objective in others:
        if objective.function is not None:
            rule = "a function yields all metrics, so that the first objective alone names it"
            raise ValueError(f"{rule}, but `{objective.metric}` has `function:` too. Remove it.")
    first = first.model_copy()
    first._others = tuple(others)
    return first


def _check_distinct(metrics: Iterable[str]) -> None:
    seen: set[str] = set()
    for metric in metrics:
        if metric in seen:
            raise ValueError(f"objectives are different metrics, but got `{metric}` twice.")
        seen.add(metric)


def _as_written(objective: Objective, one: SerializerFunctionWrapHandler) -> Any:
    """Return one objective as a mapping, and several as a list of what each of them says."""
    if not objective.others:
        return one(objective)
    each = [one(entry) for entry in (objective, *objective.others)]
    return [{key: v for key, v in entry.items() if v is not None} for entry in each]


def first_objective(written: Any) -> Any:
    """Return the mapping of the primary objective in what `Experiment.model_dump` writes."""
    return written[0] if isinstance(written, list) else written


_Written = str | Objective | list[str | Objective]
Objectives = Annotated[
    Objective,
    BeforeValidator(_first_of, json_schema_input_type=_Written),
    WrapSerializer(_as_written),
]
