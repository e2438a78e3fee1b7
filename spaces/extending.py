"""A file that `extends:` others, and values given on the command line, as one document.

What the file itself says counts before what it extends, and the command line before both.
Sections are merged key by key; a list, and a mapping that says what it is (`type`, `name` or
`expression`), takes the place of the other whole. A study's name is not handed on: another file
is another study.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .branches import SECTION, flatten
from .document import Document, Mistake, MistakesError, Place, read
from .problems import Where

KEY = "extends"
MAX_FILES = 20  # in a chain

PATHS = ("source", "test", "target")  # keys of `data:`; a target is one beside a NumPy file
WEIGHTS = "start_from"
FILES = (  # of code and of weights
    ("objective", "function"),
    ("model", "name"),
    ("training", "cost"),
    ("training", WEIGHTS),
)
_SQLITE = re.compile(r"(sqlite(?:\+\w+)?:///(?:file:)?)(?!file:)([^/:?][^?]*)(.*)", re.DOTALL)
_FUNCTION = re.compile(r"(.+\.py):(\w+)", re.DOTALL)


def read_with_bases(path: Path, below: tuple[Path, ...] = ()) -> Document:
    """Read a file and what it extends, as one document. See `document.read` for what is raised."""
    document = read(path)
    flatten(document)
    _resolve_paths(document, path.parent)
    _resolve_files(document, path.parent)
    base_name = document.data.pop(KEY, None)
    if base_name is None:
        return document
    place = document.place((KEY,))
    if not isinstance(base_name, str) or not base_name:
        rule = f"`{KEY}` names a file to build on, but got {base_name!r:.60}."
        raise MistakesError([*document.mistakes, Mistake(place, rule)])
    base_path = path.parent / base_name
    if "\0" in base_name or not os.path.isfile(base_path):
        rule = f"`{KEY}` names the file {str(base_path)!r:.200}, and there is none."
        fix = "A path is relative to the file that names it."
        raise MistakesError([*document.mistakes, Mistake(place, rule, fix)])
    chain = (*below, path.resolve())
    if base_path.resolve() in chain or len(chain) >= MAX_FILES:
        shown = " -> ".join(p.name for p in (*chain, base_path))
        rule = f"files extend each other in a circle, or too many of them: {shown}."
        raise MistakesError([*document.mistakes, Mistake(place, rule)])
    base = read_with_bases(base_path, chain)
    base.data.pop("study", None)
    return _merge(base, document)


def override(document: Document, settings: Mapping[str, Any]) -> None:
    """Put values of the command line, by dotted key, in the place of the file's own."""
    for dotted, value in settings.items():
        if dotted == KEY:
            rule = "what a file extends stands in the file itself."
            document.mistakes.append(Mistake(Place(f"--set {KEY}"), rule, "Write it there."))
            continue
        where = _set(document.data, dotted.split("."), value)
        _forget(document.positions, where)
        for n in range(1, len(where) + 1):
            document.positions.setdefault(where[:n], Place(f"--set {dotted}"))
        if where[0] == SECTION:  # a parameter is right or wrong as a whole
            document.positions[where[:2]] = Place(f"--set {dotted}")
        if where == ("data",) or (len(where) == 2 and where[0] == "data" and where[1] in PATHS):
            _resolve_paths(document, Path.cwd(), tuple(map(str, where[1:])) or PATHS)
        _resolve_files(document, Path.cwd(), where)
    flatten(document)


def _set(data: dict[str, Any], parts: list[str], value: Any) -> Where:
    """Set a value and return where it stands; a parameter's own name may hold dots."""
    where: list[str] = []
    while True:
        n = next((n for n in range(len(parts), 1, -1) if ".".join(parts[:n]) in data), 1)
        key, parts = ".".join(parts[:n]), parts[n:]
        where.append(key)
        if not parts:
            data[key] = value
            return tuple(where)
        inner = data.get(key)
        if isinstance(inner, str) and key in ("model", "sampler", "pruner"):
            inner = {"name": inner}
        if isinstance(inner, str) and key == "objective":
            inner = {"metric": inner}
        data[key] = data = dict(inner) if isinstance(inner, dict) else {}


def _resolve_paths(document: Document, folder: Path, keys: tuple[str, ...] = PATHS) -> None:
    data = document.data.get("data")
    if isinstance(data, dict):
        said = resolved(data, folder)
        document.data["data"] = {**data, **{key: said[key] for key in keys if key in said}}


def _resolve_files(document: Document, folder: Path, below: Where = ()) -> None:
    """Make the paths of code and weights absolute, of all that stands below a key."""
    for where in FILES:
        if where[: len(below)] == below:
            _resolve_file(document.data, where, folder)


def _resolve_file(section: dict[str, Any], where: tuple[str, ...], folder: Path) -> None:
    """Replace a path in a section, which is copied on the way: a caller may hold the old one."""
    key, inner = where[0], section.get(where[0])
    if isinstance(inner, str) and where[1:] in ((), ("name",)):
        is_weights = key == WEIGHTS
        section[key] = os.path.abspath(folder / inner) if is_weights else _of_code(inner, folder)
    elif isinstance(inner, dict) and where[1:]:
        section[key] = dict(inner)
        _resolve_file(section[key], where[1:], folder)
    elif isinstance(inner, list) and key == "objective":  # of several, one may name a function
        section[key] = [dict(entry) if isinstance(entry, dict) else entry for entry in inner]
        for entry in section[key]:
            if isinstance(entry, dict):
                _resolve_file(entry, where[1:], folder)


def _of_code(name: str, folder: Path) -> str:
    file = _FUNCTION.fullmatch(name)
    return name if file is None else f"{os.path.abspath(folder / file[1])}:{file[2]}"


def resolved(data: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return a section `data:` with absolute paths; in a file they are relative to its folder."""
    paths = {"source", "test"}
    files = (str(data.get("source", ".npy")), str(data.get("target")))
    if all(file.endswith(".npy") for file in files):
        paths.add("target")  # the targets of a NumPy file lie in another
    return {
        key: _resolved(value, folder) if key in paths and isinstance(value, str) else value
        for key, value in data.items()
    }


def _resolved(source: str, folder: Path) -> str:
    database = _SQLITE.match(source)
    if database:  # three slashes and a relative path
        return f"{database[1]}{os.path.abspath(folder / database[2])}{database[3]}"
    if _FUNCTION.fullmatch(source):
        return _of_code(source, folder)
    looks_like_a_path = "/" in source or "." in source or (folder / source).is_dir()
    is_path = ":" not in source and looks_like_a_path
    return os.path.abspath(folder / source) if is_path else source


def _merge(base: Document, own: Document) -> Document:
    positions = dict(base.positions)
    data = _merged(base.data, own.data, (), positions)
    positions.update(own.positions)
    return Document(
        own.path,
        own.text,
        data,
        positions,
        [*base.mistakes, *own.mistakes],
        [*base.warnings, *own.warnings],
    )


def _merged(base: Any, own: Any, where: Where, positions: dict[Where, Place]) -> Any:
    if not (_is_section(base, where) and _is_section(own, where)):
        _forget(positions, where)
        return own
    merged = dict(base)
    for key, value in own.items():
        here = (*where, key)
        merged[key] = _merged(base[key], value, here, positions) if key in base else value
    return merged


def _is_section(value: Any, where: Where) -> bool:
    if not isinstance(value, dict) or (where[:1] == (SECTION,) and len(where) == 2):
        return False
    return where == (SECTION,) or not value.keys() & {"type", "name", "expression"}


def _forget(positions: dict[Where, Place], where: Where) -> None:
    for known in [known for known in positions if where and known[: len(where)] == where]:
        del positions[known]
