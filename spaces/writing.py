"""From plain data to the text of a YAML file that reads back as the same data.

Sections stand in blocks, what is inside them on one line each, as in the files that ship.
Strings that could be anything else are written as JSON, which is YAML 1.2 too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from .document import misread, resolve
from .experiment import Experiment

MAX_LINE = 72

_PLAIN = re.compile(r"[A-Za-z0-9_]+(?:[:./-][A-Za-z0-9_]+)*")


def scalar(value: Any) -> str:
    """Return a value that reads back as it is, with quotes where it needs them."""
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and resolve(value) == value and not misread(value)
        return value if is_plain else printable(json.dumps(value, ensure_ascii=False))
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value)


def printable(text: str) -> str:
    """Write out the characters that YAML lets stand neither in quotes nor in a comment."""
    return "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in text)


def inline(value: Any) -> str:
    """Return a value on one line: `{low: 1, high: 3}`, `[32, 64]`."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(k))}: {inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(inline, value)) + "]"
    return scalar(value)


def text_of(content: Mapping[str, Any]) -> str:
    """Return a mapping as YAML, two levels in blocks where a line would grow too long."""
    lines = []
    for key, value in content.items():
        line = f"{scalar(key)}: {inline(value)}"
        is_short = len(line) <= MAX_LINE and key != "parameters"
        if is_short or not isinstance(value, Mapping) or not value:
            lines.append(line)
            continue
        lines.append(f"{scalar(key)}:")
        lines += [f"  {scalar(str(k))}: {inline(v)}" for k, v in value.items()]
    return "\n".join(lines) + "\n"


def experiment_text(experiment: Experiment) -> str:
    """Return an experiment as a file that loads as an equal one.

    What has a default is written out all the same: another version's may be another.
    """
    content = experiment.model_dump(mode="json")
    parameters = content.pop("parameters")
    said = {key: _without_nothing(value) for key, value in content.items()}
    said["parameters"] = parameters
    is_built_in = experiment.objective.function is None
    if is_built_in:  # otherwise a parameter and a setting may have the same name
        said["training"] = {k: v for k, v in said["training"].items() if k not in parameters}
    if "model" in parameters or not is_built_in:
        del said["model"]
    keys = [key for key in Experiment.model_fields if _says(key, said.get(key))]
    return text_of({key: said[key] for key in keys})


def _says(key: str, value: Any) -> bool:
    """Whether a section says what leaving it out would not: a list of no baselines does."""
    return value not in (None, {}, []) or (key == "baselines" and value == [])


def _without_nothing(value: Any) -> Any:
    """Leave out keys without a value, to which nothing and no key are the same."""
    if isinstance(value, dict):
        kept = {key: _without_nothing(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner not in (None, "", [], {})}
    return value
