"""From a path to an Experiment: the file's mistakes, all of them, each at its line and column."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ..errors import did_you_mean
from .document import Document, MistakesError, Where, read
from .experiment import Experiment
from .parameters import MAX_MAGNITUDE, PARAMETER_TYPES

# Words of neighbouring tools, and ours for the same thing.
NEIGHBOURS = {
    "min": "low",
    "minval": "low",
    "lower": "low",
    "max": "high",
    "maxval": "high",
    "upper": "high",
    "values": "choices",
    "value": "a plain value",
    "distribution": "type",
    "goal": "direction",
    "mode": "direction",
    "method": "sampler",
    "search_alg": "sampler",
    "scheduler": "pruner",
    "early_terminate": "pruner",
    "hyperparameters": "parameters",
    "num_samples": "budget: {trials: ...}",
    "n_trials": "budget: {trials: ...}",
    "maxTrialCount": "budget: {trials: ...}",
    "timeout": "budget: {time: ...}",
}


@dataclass(frozen=True)
class Loaded:
    """An experiment with the document it came from, to point later mistakes at its lines."""

    experiment: Experiment
    document: Document


@dataclass(frozen=True)
class Problem:
    """A mistake found when the file meets the world (data, model, sampler): which key, why."""

    where: Where
    rule: str
    fix: str = ""


def load(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Experiment:
    """Read and check an experiment file. Raises MistakesError with everything wrong in it."""
    return load_with_document(path, overrides).experiment


def load_with_document(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Loaded:
    """Read a file as `load` does; `overrides` maps dotted keys to values that replace its own."""
    document = read(Path(path))
    data = document.data
    for key, value in (overrides or {}).items():
        _override(data, key, value)
    if data.get("study") is None:
        data = {**data, "study": Path(path).stem}
    experiment = None
    try:
        experiment = Experiment.model_validate(data)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            if not _is_told(document, details):
                _note(document, details)
    if experiment is None or document.mistakes:
        raise MistakesError(document.mistakes_in_order())
    return Loaded(experiment, document)


def raise_problems(document: Document, problems: list[Problem]) -> None:
    """Raise MistakesError if there are problems."""
    for problem in problems:
        document.mistake(problem.where, problem.rule, problem.fix)
    if document.mistakes:
        raise MistakesError(document.mistakes_in_order())


def _override(data: dict[str, Any], dotted: str, value: Any) -> None:
    *sections, last = dotted.split(".")
    for section in sections:
        inner = data.get(section)
        data[section] = data = dict(inner) if isinstance(inner, dict) else {}
    data[last] = value


def _is_told(document: Document, details: ErrorDetails) -> bool:
    """Whether the value was refused while it was read, so that None stands in its place."""
    place = document.locate(_without_tags(details["loc"]))
    return details["input"] is None and any(m.where == place for m in document.mistakes)


def _note(document: Document, details: ErrorDetails) -> None:
    where = _without_tags(details["loc"])
    kind, key, found = details["type"], where[-1] if where else "", details["input"]
    if kind == "extra_forbidden":
        known = _keys_at(Experiment, where[:-1])
        hint = NEIGHBOURS.get(str(key))
        fix = f"Write `{hint}` instead." if hint else did_you_mean(str(key), known)
        document.mistake(where, f"there is no key '{key}' here.", fix)
    elif kind == "missing":
        document.mistake(where[:-1], f"the key '{_dotted(where)}' is missing.", f"Add `{key}:`.")
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        given = found.get("type") if isinstance(found, dict) else None
        kinds = ", ".join(PARAMETER_TYPES)
        if given is None:
            rule = "a parameter that varies has a `type:`, but there is none here."
            document.mistake(where, rule, f"Add `type:` {kinds}; ranges are `low`, `high`.")
        else:
            rule = f"`type:` is one of {kinds}, but got {given!r}."
            document.mistake(where, rule, did_you_mean(str(given), PARAMETER_TYPES))
    elif kind == "value_error":
        document.mistake(where, str(details["ctx"]["error"]))
    elif where == ("constraints",):
        document.mistake(where, "`constraints` takes an empty list so far.", "Remove the entries.")
    elif kind == "string_pattern_mismatch" and where[0] == "study":
        document.mistake(where, "a study's name has no control characters.", "Remove them.")
    elif kind == "string_pattern_mismatch":
        rule = f"`{_dotted(where)}` has characters that a name cannot have."
        document.mistake(where, rule, "Use letters, digits and _.")
    elif kind in ("tuple_type", "model_type", "dict_type", "model_attributes_type"):
        shape = "a list" if kind == "tuple_type" else "a mapping of keys to values"
        document.mistake(where, f"`{_dotted(where)}` is {shape}, but got {_shown(found)}.")
    else:
        message = details["msg"][0].lower() + details["msg"][1:]
        document.mistake(where, f"`{_dotted(where)}`: {message}, but got {_shown(found)}.")


def _shown(found: Any) -> str:
    if isinstance(found, int) and abs(found) > MAX_MAGNITUDE:
        return "a number of many digits"
    text = repr(found)
    return text if len(text) <= 60 else text[:57] + "..."


def _dotted(where: Where) -> str:
    return ".".join(str(part) for part in where)


def _without_tags(location: tuple[str | int, ...]) -> Where:
    """Drop what pydantic adds to a path: union members and the marker of a mapping's key."""
    if location[:1] != ("parameters",):
        return tuple(location)
    name, rest = location[1:2], location[2:]
    if rest[:1] in {(tag,) for tag in (*PARAMETER_TYPES, "fixed", "[key]")}:
        rest = rest[1:]
    return ("parameters", *name, *rest)


def _keys_at(model: type[BaseModel], where: Where) -> list[str]:
    """Return the keys that the section at `where` may have."""
    if where[:1] == ("parameters",) and len(where) == 2:
        return sorted({key for kind in PARAMETER_TYPES.values() for key in kind.model_fields})
    for part in where:
        sections = _sections_in(model.model_fields[str(part)].annotation)
        if not sections:
            return []
        model = sections[0]
    return list(model.model_fields)


def _sections_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, types.UnionType):
        return [section for arg in get_args(annotation) for section in _sections_in(arg)]
    return []
