"""Pieces of a file that an advice gives: YAML that is sure to load in the study's own file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...objectives.requirements import problems
from ...spaces import Experiment, Training
from ...spaces.writing import text_of
from ..identity import SETTINGS

_WHOLE = ("type", "name", "expression")  # keys of a mapping that says what it is


def piece(experiment: Experiment, content: Mapping[str, Any]) -> str:
    """Return a piece as YAML; "" where the study's file would not load with it.

    What varies from now on and was fixed before is said: under `model:` by a line that fixes it
    no longer, under `training:` by a comment.
    """
    whole = {**_unfixed(experiment, content), **content}
    if not fits(experiment, content):
        return ""
    added = set(content.get("parameters", ())) - set(experiment.parameters)
    replaced = [name for name in Training.model_fields if name in added]
    told = "".join(f"# in the place of any `{name}:` under `training:`\n" for name in replaced)
    return told + text_of(whole).rstrip("\n")


def fits(experiment: Experiment, content: Mapping[str, Any]) -> bool:
    """Whether the study's file loads with a piece written into it."""
    try:
        whole = {**_unfixed(experiment, content), **content}
        return not problems(Experiment.model_validate(written(experiment, whole)))
    except Exception:  # of pydantic, or because a file of the user's own is gone
        return False


def _unfixed(experiment: Experiment, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a `model:` that no longer fixes what a piece varies, where it does."""
    options, varied = experiment.model.options, content.get("parameters", {})
    if not set(options) & set(varied) or "model" in experiment.parameters:
        return {}
    rest = {name: value for name, value in options.items() if name not in varied}
    return {"model": {"name": experiment.model.name, **rest} if rest else experiment.model.name}


def written(experiment: Experiment, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of the study's file with a piece in it; what varies is not fixed."""
    merged: dict[str, Any] = merge(experiment.model_dump(mode="json"), content)
    parameters = merged["parameters"]
    training = {key: v for key, v in merged["training"].items() if key not in parameters}
    if "model" in parameters:
        merged.pop("model", None)
    return {**merged, "training": training}


def merge(base: Any, piece: Any) -> Any:
    """Return a file's content with a piece in the place of what it says: section by section, a
    list or a mapping that says what it is as a whole."""
    is_whole = isinstance(piece, Mapping) and any(key in piece for key in _WHOLE)
    if not isinstance(piece, Mapping) or not isinstance(base, Mapping) or is_whole:
        return piece
    return {**base, **{key: merge(base.get(key), value) for key, value in piece.items()}}


def varied(name: str, parameter: Mapping[str, Any]) -> dict[str, Any]:
    """Return the piece of one parameter."""
    return {"parameters": {name: dict(parameter)}}


def again(study: str, yaml: str) -> str:
    """Return the command that searches with a piece written into the file.

    Settings may change under way; a study of other parameters is another one, which can take
    over the trials that fit; one of other rows or another training begins anew.
    """
    sections = set(re.findall(r"^(\w+):", yaml, re.MULTILINE))
    if sections <= set(SETTINGS):
        return "tune search SPACE"
    named = f"tune search SPACE --study {next_name(study)}"
    return (
        f"{named} --from {study}"
        if sections <= {"parameters", "constraints", *SETTINGS}
        else named
    )


def next_name(study: str) -> str:
    """Return the name of the study after this one.

    >>> next_name("digits"), next_name("digits-2")
    ('digits-2', 'digits-3')
    """
    found = re.fullmatch(r"(.+)-(\d{1,4})", study)
    return f"{found[1]}-{int(found[2]) + 1}" if found else f"{study}-2"
