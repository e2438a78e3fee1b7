"""From a path to an Experiment: the file's mistakes, all of them, each at its line and column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from .document import Document, MistakesError
from .experiment import Experiment
from .extending import override, read_with_bases
from .parameters import Parameter
from .problems import Problem, SpaceError
from .refusals import is_told, note
from .space import Space, Unread, problems_between

_PARAMETER: TypeAdapter[Parameter] = TypeAdapter(Parameter)


@dataclass(frozen=True)
class Loaded:
    """An experiment with the document it came from, to point later mistakes at its lines."""

    experiment: Experiment
    document: Document


def load(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Experiment:
    """Read and check an experiment file. Raises MistakesError with everything wrong in it."""
    return load_with_document(path, overrides).experiment


def load_with_document(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Loaded:
    """Read a file as `load` does; `overrides` maps dotted keys to values that replace its own."""
    document = read_with_bases(Path(path))
    override(document, overrides or {})
    data = {"study": Path(path).stem, **_said(document)}
    experiment = None
    try:
        experiment = Experiment.model_validate(data)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            if not is_told(document, details):
                note(document, details)
        for problem in _problems_between(data):
            document.mistake(problem.where, problem.rule, problem.fix)
    if experiment is None or document.mistakes:
        raise MistakesError(document.mistakes_in_order())
    return Loaded(experiment, document)


def _said(document: Document) -> dict[str, Any]:
    """Return what a file says; a section with nothing behind its key says nothing."""
    refused = {mistake.place for mistake in document.mistakes}
    return {
        key: value
        for key, value in document.data.items()
        if value is not None
        or key not in Experiment.model_fields
        or document.place((key,)) in refused
    }


def _problems_between(data: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong between the parameters of a file, some of which may be wrong alone."""
    written, constraints = data.get("parameters"), data.get("constraints", [])
    if not isinstance(written, dict):
        return []
    parameters: dict[str, Parameter | Unread] = {}
    for name, value in written.items():
        try:
            parameters[name] = _PARAMETER.validate_python(value)
        except ValidationError:
            parameters[name] = Unread()
    texts = [c for c in constraints if isinstance(c, str)] if isinstance(constraints, list) else []
    if any(isinstance(parameter, Unread) for parameter in parameters.values()):
        return problems_between(parameters, texts)
    try:
        Space(parameters, texts)  # type: ignore[arg-type]
    except SpaceError as error:
        return error.problems
    return []


def raise_problems(document: Document, problems: list[Problem]) -> None:
    """Raise MistakesError if there are problems."""
    for problem in problems:
        document.mistake(problem.where, problem.rule, problem.fix)
    if document.mistakes:
        raise MistakesError(document.mistakes_in_order())
