"""Parameters written as branches, `mlp: {layers: ...}`, and with dots, `mlp.layers: ...`, are one.

Inside the program every parameter has its full name, with dots.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from .document import Document
from .hints import PARAMETER_WORDS
from .parameters import ENTRY_TYPES
from .problems import Where

SECTION = "parameters"

ENTRY_KEYS = {key for kind in ENTRY_TYPES.values() for key in kind.model_fields}
_TELLING = {"type", "low", "high", "choices", "expression"}


def is_entry(value: Any) -> bool:
    """Whether a value under `parameters` is a parameter, though perhaps a misspelled one."""
    if not isinstance(value, dict) or not value:
        return True
    said = {key for key, inner in value.items() if not isinstance(inner, dict)}
    return (
        "feasibleSpace" in value
        or bool(said & (ENTRY_KEYS | set(PARAMETER_WORDS)))
        or any(get_close_matches(key, _TELLING, n=1, cutoff=0.75) for key in said)
    )


def flatten(document: Document) -> None:
    """Give every parameter of a document its full name, in the order they are written in."""
    parameters = document.data.get(SECTION)
    if not isinstance(parameters, dict):
        return
    names: dict[Where, str] = {}  # where a parameter in a branch is written, to its full name
    flat: dict[str, Any] = {}
    _flatten(document, parameters, (SECTION,), flat, names)
    document.data = {**document.data, SECTION: flat}
    for where, place in list(document.positions.items()):
        for n in range(3, len(where) + 1) if where[:1] == (SECTION,) else ():
            if where[:n] in names:
                document.positions[SECTION, names[where[:n]], *where[n:]] = place


def _flatten(
    document: Document,
    branch: dict[str, Any],
    where: Where,
    flat: dict[str, Any],
    names: dict[Where, str],
) -> None:
    for key, value in branch.items():
        here = (*where, key)
        if not is_entry(value):
            _flatten(document, value, here, flat, names)
            continue
        name = ".".join(str(part) for part in here[1:])
        if name in flat:
            rule = f"the parameter '{name}' stands here a second time."
            document.mistake(here, rule, "Keep one of the two.")
            continue
        flat[name] = value
        if len(here) > 2:
            names[here] = name
