"""What pydantic refuses, in the words of a file: where, the rule, the value, what was meant."""

from __future__ import annotations

import types
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from ..errors import did_you_mean
from .branches import ENTRY_KEYS
from .document import MAX_SHOWN, Document
from .experiment import Experiment
from .expressions import MAX_MAGNITUDE
from .extending import KEY
from .hints import (
    PARAMETER_WORDS,
    SCHEDULE_WORDS,
    SECTION_WORDS,
    TOP_WORDS,
    TYPE_WORDS,
    hint,
)
from .parameters import ENTRY_TYPES, PARAMETER_TYPES
from .problems import SpaceError, Where


def is_told(document: Document, details: ErrorDetails) -> bool:
    """Whether the value was refused while it was read, so that None stands in its place."""
    place = document.place(_without_tags(details["loc"]))
    return details["input"] is None and any(m.place == place for m in document.mistakes)


def note(document: Document, details: ErrorDetails) -> None:
    """Add one of pydantic's errors to the document's mistakes."""
    where = _without_tags(details["loc"])
    if details["type"] not in ("missing", "extra_forbidden"):
        written = _written(document, where)
        if written != where and document.place(written) in {m.place for m in document.mistakes}:
            return  # what another member of a union says of the same value
        where = written
    key, found = where[-1] if where else "", details["input"]
    match details["type"]:
        case "extra_forbidden":
            known = _keys_beside(details["loc"]) if len(document.mistakes) < MAX_SHOWN else []
            fix = hint(_words_at(where[:-1]), str(key)) or did_you_mean(str(key), known)
            document.mistake(where, f"there is no key '{key}' here.", fix)
        case "missing":
            rule = f"the key '{_dotted(where)}' is missing."
            document.mistake(where[:-1], rule, f"Add `{key}:`.")
        case "union_tag_invalid" | "union_tag_not_found":
            _note_type(document, where, found)
        case "value_error":
            error = details["ctx"]["error"]
            if not isinstance(error, SpaceError):  # which is told problem by problem
                document.mistake(where, str(error))
        case "string_pattern_mismatch" if where[0] == "study":
            document.mistake(where, "a study's name has no control characters.", "Remove them.")
        case "string_pattern_mismatch":
            rule = f"`{_dotted(where)}` has characters that a name cannot have."
            document.mistake(where, rule, "Use letters, digits and _; dots between the parts.")
        case "too_long":
            rule = f"`{_dotted(where)}` holds at most {details['ctx']['max_length']} entries."
            document.mistake(where, rule, "Shorten it.")
        case "tuple_type":
            fix = f"Write `[{found}]`." if isinstance(found, int | float | str) else ""
            rule = f"`{_dotted(where)}` is a list, but got {_shown(found)}."
            document.mistake(where, rule, fix if len(fix) < 80 else "")
        case "model_type" | "dict_type" | "model_attributes_type":
            fix = "Write `name: {type: ...}`." if where == ("parameters",) else ""
            rule = f"`{_dotted(where)}` is a mapping of keys to values, but got {_shown(found)}."
            document.mistake(where, rule, fix)
        case kind:
            message = details["msg"][0].lower() + details["msg"][1:]
            rule = f"`{_dotted(where)}`: {message}, but got {_shown(found)}."
            document.mistake(where, rule, _plain_value(kind, found))


def _plain_value(kind: str, found: Any) -> str:
    """Return what to write where text stands for a number or for true and false."""
    if not isinstance(found, str):
        return ""
    if kind.startswith("bool"):
        meant = {"yes": "true", "on": "true", "y": "true"}.get(found.lower(), "false")
        known = ("yes", "on", "y", "no", "off", "n")
        return f"Write `{meant}`." if found.lower() in known else "Write `true` or `false`."
    if kind.startswith(("float", "int")):
        try:
            float(found)
        except ValueError:
            return ""
        return "Remove the quotes." if "_" not in found else "Write plain digits."
    return ""


def _note_type(document: Document, where: Where, found: Any) -> None:
    """Say which type a parameter has, where another tool's words or its numbers tell."""
    kinds = ", ".join(PARAMETER_TYPES)
    given = found.get("type") if isinstance(found, dict) else None
    if given is not None:
        ours = TYPE_WORDS.get(str(given))
        fix = f"Write {ours}." if ours else did_you_mean(str(given), PARAMETER_TYPES)
        rule = f"`type:` is one of {kinds}, but got {_shown(given)}."
        document.mistake((*where, "type"), rule, fix)
        return
    rule = "a parameter that varies has a `type:`, but there is none here."
    document.mistake(where, rule, _type_hint(found) if isinstance(found, dict) else "")


def _type_hint(found: dict[str, Any]) -> str:
    if "value" in found:
        return "Write the plain value, without a mapping."
    theirs = next((str(found[k]) for k in _TYPE_KEYS if k in found), "")
    words = [hint(PARAMETER_WORDS, key) for key in found if key not in _TYPE_KEYS]
    words = list(dict.fromkeys(word for word in words if word))
    numbers = [v for v in found.values() if isinstance(v, int | float)]
    if theirs in TYPE_WORDS:
        first = f"Write {TYPE_WORDS[theirs]}."
    elif {"choices", "values", "vals", "categories"} & found.keys():
        first = "Add `type: categorical`."
    elif theirs in PARAMETER_TYPES:
        first = f"Add `type: {theirs}`."
    elif numbers:
        whole = all(isinstance(v, int) for v in numbers)
        first = f"Add `type: {'int' if whole else 'float'}`."
    else:
        first = f"Add `type:`: {', '.join(PARAMETER_TYPES)}."
    return " ".join(dict.fromkeys([first, *words]))


_TYPE_KEYS = ("distribution", "space", "parameterType")


def _words_at(where: Where) -> dict[str, str]:
    """Return the neighbours' words that may stand in the section at `where`."""
    if not where:
        return TOP_WORDS
    if where == ("training", "schedule"):
        return SCHEDULE_WORDS
    return PARAMETER_WORDS if where[0] == "parameters" and len(where) == 2 else SECTION_WORDS


def _written(document: Document, where: Where) -> Where:
    """Return the part of a path that is in the file: pydantic adds the members of a union."""
    while len(where) > 1 and where not in document.positions:
        where = where[:-1]
    return where


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
    if rest[:1] in {(tag,) for tag in (*ENTRY_TYPES, "fixed", "[key]")}:
        rest = rest[1:]
    return ("parameters", *name, *rest)


def _keys_beside(location: tuple[str | int, ...]) -> list[str]:
    """Return the keys that may stand where one is that may not."""
    kind = ENTRY_TYPES.get(str(location[2])) if location[:1] == ("parameters",) else None
    return (
        _keys_at(Experiment, _without_tags(location)[:-1])
        if kind is None
        else [*kind.model_fields]
    )


def _keys_at(model: type[BaseModel], where: Where) -> list[str]:
    """Return the keys that the section at `where` may have."""
    if where[:1] == ("parameters",) and len(where) == 2:
        return sorted(ENTRY_KEYS)
    if not where:
        return [*model.model_fields, KEY]
    for part in where:
        if isinstance(part, int):
            continue  # the place in a list
        sections = _sections_in(model.model_fields[part].annotation)
        if not sections:
            return []
        model = sections[0]
    return list(model.model_fields)


def _sections_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, types.UnionType, tuple):
        return [section for arg in get_args(annotation) for section in _sections_in(arg)]
    return []
