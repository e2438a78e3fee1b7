"""Strict YAML 1.2: text in; plain data, positions and every mistake out.

The text is composed into a tree of nodes, not constructed into Python objects, so no tag can
run code, and each value keeps the line and column it was written at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
)
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..errors import InputError

MAX_BYTES = 1_000_000
MAX_DEPTH = 50

# What ruamel.yaml lets through on broken text, beside its own errors.
_UNREADABLE = (YAMLError, ValueError, OverflowError, AssertionError, RecursionError)


def _yaml() -> YAML:
    return YAML(typ="safe", pure=True)


# A path through the document: ("parameters", "learning_rate", "low").
Where = tuple[str | int, ...]


@dataclass(frozen=True)
class Mistake:
    """One thing wrong in a file: where, the rule it breaks with the value found, the way out."""

    where: str  # file:line:column
    rule: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.rule}" + (f" {self.fix}" if self.fix else "")


class MistakesError(InputError):
    """Every mistake of a file, reported at once."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = mistakes
        if len(mistakes) == 1:
            super().__init__(f"{mistakes[0].where}: {mistakes[0].rule}", mistakes[0].fix)
            return
        lines = [f"{len(mistakes)} mistakes:", *(str(mistake) for mistake in mistakes)]
        super().__init__("\n".join(lines), "Correct them and run the command again.")

    def __reduce__(self) -> tuple[type[MistakesError], tuple[list[Mistake]]]:  # type: ignore[override]
        return type(self), (self.mistakes,)


@dataclass
class Document:
    """Plain data of a YAML file, and where in the file each value stands."""

    path: Path
    text: str
    data: dict[str, Any] = field(default_factory=dict)
    positions: dict[Where, tuple[int, int]] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    warnings: list[Mistake] = field(default_factory=list)

    def locate(self, where: Where) -> str:
        """Return file:line:column of a value, or of the nearest thing around it."""
        while where and where not in self.positions:
            where = where[:-1]
        line, column = self.positions.get(where, (1, 1))
        return f"{self.path}:{line}:{column}"

    def mistake(self, where: Where, rule: str, fix: str = "") -> None:
        self.mistakes.append(Mistake(self.locate(where), rule, fix))

    def mistakes_in_order(self) -> list[Mistake]:
        """Return the mistakes from the top of the file down."""

        def place(mistake: Mistake) -> tuple[int, int]:
            line, column = mistake.where.rsplit(":", 2)[1:]
            return int(line), int(column)

        return sorted(self.mistakes, key=place)


def read(path: Path) -> Document:
    """Read a YAML file strictly.

    Raises:
        MistakesError: where the file cannot be read as one YAML 1.2 mapping at all. Mistakes
            that leave the rest readable (a key given twice) stand in `Document.mistakes`.
    """
    text = _decode(path)
    _check_events(path, text)
    try:
        root = _yaml().compose(text)
    except _UNREADABLE as error:
        raise MistakesError([_syntax_mistake(path, error)]) from None
    if not isinstance(root, MappingNode):
        found = "nothing" if root is None else f"a {root.id}"
        rule = f"an experiment file is a mapping of keys to values, but got {found}."
        raise MistakesError([Mistake(f"{path}:1:1", rule, "Start from spaces/mlp.yaml.")])
    document = Document(path, text)
    document.data = _Reader(document).value(root, ())
    return document


def parse_scalar(text: str) -> Any:
    """Read one plain value as the file would: `1e-4` is a number, `on` is text.

    A value in brackets or braces is read as a list or a mapping.
    """
    source = Path("--set")
    document = Document(source, text)
    _check_events(source, text)
    try:
        node = _yaml().compose(text)
    except _UNREADABLE as error:
        raise MistakesError([_syntax_mistake(source, error)]) from None
    value = None if node is None else _Reader(document).value(node, ())
    if document.mistakes:
        raise MistakesError(document.mistakes_in_order())
    return value


def _decode(path: Path) -> str:
    where = f"{path}:1:1"
    try:
        if "\0" in str(path):
            raise InputError("a path cannot hold a NUL character.", "Check it.")
        if path.is_dir():
            raise MistakesError([Mistake(where, "is a folder, not an experiment file.")])
        if path.stat().st_size > MAX_BYTES:
            rule = f"an experiment file has at most {MAX_BYTES:,} bytes, but got "
            raise MistakesError([Mistake(where, f"{rule}{path.stat().st_size:,}.")])
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        fix = "Check the path; `tune search spaces/mlp.yaml` is the example that ships."
        raise InputError(f"{path}: there is no such file.", fix) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).", "Check it.") from None
    except UnicodeDecodeError as error:
        rule = f"an experiment file is UTF-8 text, but byte {error.start} is not."
        raise MistakesError([Mistake(where, rule, "Save it as UTF-8.")]) from None
    return text


def _check_events(path: Path, text: str) -> None:
    """Refuse, without building anything, what could blow up when built."""
    depth = documents = 0
    try:
        for event in _yaml().parse(text):
            line, column = event.start_mark.line + 1, event.start_mark.column + 1
            where = f"{path}:{line}:{column}"
            if isinstance(event, DocumentStartEvent) and event.version not in (None, (1, 2)):
                rule = "a %YAML directive is not allowed; files are YAML 1.2."
                raise MistakesError([Mistake(where, rule, "Remove the line.")])
            if isinstance(event, AliasEvent):
                rule = f"aliases (*{event.anchor}) are not allowed."
                raise MistakesError([Mistake(where, rule, "Write the value out.")])
            if isinstance(event, CollectionStartEvent):
                depth += 1
                documents += depth == 1
            elif isinstance(event, CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                rule = f"values nest at most {MAX_DEPTH} deep."
                raise MistakesError([Mistake(where, rule)])
            if documents > 1:
                rule = "a file holds one document, but a second one starts here."
                raise MistakesError([Mistake(where, rule, "Remove the line `---`.")])
    except _UNREADABLE as error:
        raise MistakesError([_syntax_mistake(path, error)]) from None


def _syntax_mistake(path: Path, error: Exception) -> Mistake:
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    if mark is None:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Mistake(f"{path}:1:1", f"this is not YAML 1.2 ({reason}).")
    problem = getattr(error, "problem", None) or "cannot be read"
    where = f"{path}:{mark.line + 1}:{mark.column + 1}"
    return Mistake(where, f"this is not YAML 1.2 ({problem}).", "Check indentation and quotes.")


_MERGE = "tag:yaml.org,2002:merge"  # how `<<` is read; here it is a key like any other
_SCALAR_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "str")}

# Plain scalars that other YAML readers take for something else.
_YAML_1_1_BOOLEAN = re.compile(r"(?i)^(y|yes|n|no|on|off)$")
_YAML_1_1_OCTAL = re.compile(r"^[-+]?0[0-9_]+$")


class _Reader:
    """Turns nodes into plain data, noting positions, duplicates, tags and near misses."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.scalars = SafeConstructor(loader=_yaml())

    def value(self, node: Node, where: Where) -> Any:
        start = node.start_mark
        self.document.positions.setdefault(where, (start.line + 1, start.column + 1))
        if isinstance(node, MappingNode):
            return dict(self.items(node, where))
        if isinstance(node, SequenceNode):
            self.refuse_tag(node, where, "tag:yaml.org,2002:seq")
            return [self.value(child, (*where, i)) for i, child in enumerate(node.value)]
        return self.scalar(node, where)

    def items(self, node: MappingNode, where: Where) -> Iterator[tuple[str, Any]]:
        self.refuse_tag(node, where, "tag:yaml.org,2002:map")
        seen: set[str] = set()
        for key_node, value_node in node.value:
            start = key_node.start_mark
            place = f"{self.document.path}:{start.line + 1}:{start.column + 1}"
            if not isinstance(key_node, ScalarNode):
                rule = "a key is a plain name, but got a collection."
                self.document.mistakes.append(Mistake(place, rule))
                continue
            tag = str(key_node.tag)
            if tag not in _SCALAR_TAGS | {_MERGE}:
                rule = f"tags ({tag}) are not allowed."
                self.document.mistakes.append(Mistake(place, rule, "Remove it."))
            key = str(key_node.value)
            if key in seen:
                rule = f"the key '{key}' stands here a second time."
                self.document.mistakes.append(Mistake(place, rule, "Keep one of the two."))
                continue
            seen.add(key)
            # A mistake about a key points at the key, not at the value behind it.
            self.document.positions[*where, key] = (start.line + 1, start.column + 1)
            yield key, self.value(value_node, (*where, key))

    def scalar(self, node: Node, where: Where) -> Any:
        assert isinstance(node, ScalarNode)
        tag = str(node.tag)
        if node.style is None:
            self.warn_of_other_readings(str(node.value), where)
        if tag == "tag:yaml.org,2002:timestamp":
            return str(node.value)  # a date is text to us; the data decides what it means
        if tag not in _SCALAR_TAGS:
            self.document.mistake(where, f"tags ({tag}) are not allowed.", "Write plain values.")
            return None
        try:
            return self.scalars.yaml_constructors[tag](self.scalars, node)
        except (ValueError, LookupError, OverflowError, YAMLError):
            self.document.mistake(where, f"this is not a value of {tag}.")
            return None

    def warn_of_other_readings(self, text: str, where: Where) -> None:
        place = self.document.locate(where)
        if _YAML_1_1_BOOLEAN.match(text):
            rule = f"'{text}' is read as text here (YAML 1.2), as a boolean by older readers."
            self.document.warnings.append(Mistake(place, rule, "Write true, false or quotes."))
        elif _YAML_1_1_OCTAL.match(text):
            rule = f"'{text}' is read as a decimal number here, as octal by older readers."
            self.document.warnings.append(Mistake(place, rule, "Drop the leading zero."))

    def refuse_tag(self, node: Node, where: Where, expected: str) -> None:
        if str(node.tag) != expected:
            self.document.mistake(where, f"tags ({node.tag}) are not allowed.", "Remove it.")
