"""Strict YAML 1.2: text in; plain data, positions and every mistake out.

PyYAML's parser (libyaml, fast enough for a file of a megabyte) reads the syntax; what a plain
scalar means is decided here, by the table of YAML 1.2's core schema, where `1e-4` is a number
and `on` is text. No value is constructed from a tag, so no tag can run code, and each value keeps
the line and column it was written at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from ..errors import InputError
from .problems import Where

MAX_BYTES = 1_000_000
MAX_DEPTH = 50
MAX_SHOWN = 100  # mistakes in a message
MAX_VALUES = 20_000  # more take longer than the second in which a file is refused or read

# libyaml where PyYAML was built with it, as its wheels are; a slower twin where it was not.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What a parser lets through on broken text, beside its own errors.
_UNREADABLE = (yaml.YAMLError, ValueError, OverflowError, RecursionError)


class Place(NamedTuple):
    """Where something is written: in a file, or on the command line where `line` is 0."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True)
class Mistake:
    """One thing wrong in a file: where, the rule it breaks with the value found, the way out."""

    place: Place
    rule: str
    fix: str = ""

    @property
    def where(self) -> str:
        return str(self.place)  # file:line:column

    def __str__(self) -> str:
        return f"{self.place}: {self.rule}" + (f" {self.fix}" if self.fix else "")


class MistakesError(InputError):
    """Every mistake of a file, reported at once."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = mistakes
        if len(mistakes) == 1:
            super().__init__(f"{mistakes[0].place}: {mistakes[0].rule}", mistakes[0].fix)
            return
        lines = [f"{len(mistakes)} mistakes:", *map(str, mistakes[:MAX_SHOWN])]
        if len(mistakes) > MAX_SHOWN:
            lines.append(f"... and {len(mistakes) - MAX_SHOWN} more.")
        super().__init__("\n".join(lines), "Correct them and run the command again.")

    def __reduce__(self) -> tuple[type[MistakesError], tuple[list[Mistake]]]:  # type: ignore[override]
        return type(self), (self.mistakes,)


@dataclass
class Document:
    """Plain data of a YAML file, and where each value stands.

    A file that extends others is one document with them: a place then says which file it is in.
    """

    path: Path
    text: str
    data: dict[str, Any] = field(default_factory=dict)
    positions: dict[Where, Place] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    warnings: list[Mistake] = field(default_factory=list)

    def place(self, where: Where) -> Place:
        """Return the place of a value, or of the nearest thing around it."""
        while where and where not in self.positions:
            where = where[:-1]
        return self.positions.get(where, Place(str(self.path), 1, 1))

    def mistake(self, where: Where, rule: str, fix: str = "") -> None:
        self.mistakes.append(Mistake(self.place(where), rule, fix))

    def mistakes_in_order(self) -> list[Mistake]:
        """Return the mistakes from the top of the file down, then those of other places."""

        def place(mistake: Mistake) -> tuple[bool, Place]:
            return mistake.place.source != str(self.path), mistake.place

        return sorted(self.mistakes, key=place)


def read(path: Path) -> Document:
    """Read a YAML file strictly.

    Raises:
        MistakesError: where the file cannot be read as one YAML 1.2 mapping at all. Mistakes
            that leave the rest readable (a key given twice) stand in `Document.mistakes`.
    """
    document = Document(path, _decode(path))
    data = _Reader(document).root()
    if not isinstance(data, dict):
        if document.mistakes:
            raise MistakesError(document.mistakes_in_order())
        found = "a list" if isinstance(data, list) else "nothing" if data is None else repr(data)
        rule = f"an experiment file is a mapping of keys to values, but got {found:.60}."
        raise MistakesError([Mistake(Place(str(path), 1, 1), rule, "Start from spaces/mlp.yaml.")])
    document.data = data
    return document


def parse_scalar(text: str) -> Any:
    """Read one plain value as the file would: `1e-4` is a number, `on` is text.

    A value in brackets or braces is read as a list or a mapping.
    """
    document = Document(Path("--set"), text)
    value = _Reader(document).root()
    if document.mistakes:
        raise MistakesError(document.mistakes_in_order())
    return value


def _decode(path: Path) -> str:
    place = Place(str(path), 1, 1)
    try:
        if "\0" in str(path):
            raise InputError("a path cannot hold a NUL character.", "Check it.")
        if path.is_dir():
            raise MistakesError([Mistake(place, "is a folder, not an experiment file.")])
        if path.stat() and not path.is_file():
            raise MistakesError([Mistake(place, "is a device or a pipe, not an experiment file.")])
        if path.stat().st_size > MAX_BYTES:
            rule = f"an experiment file has at most {MAX_BYTES:,} bytes, but got "
            raise MistakesError([Mistake(place, f"{rule}{path.stat().st_size:,}.")])
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        fix = "Check the path; `tune search spaces/mlp.yaml` is the example that ships."
        raise InputError(f"{path}: there is no such file.", fix) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).", "Check it.") from None
    except UnicodeDecodeError as error:
        rule = f"an experiment file is UTF-8 text, but byte {error.start} is not."
        raise MistakesError([Mistake(place, rule, "Save it as UTF-8.")]) from None
    return text


# https://yaml.org/spec/1.2.2/#1032-tag-resolution
_NULL = re.compile(r"null|Null|NULL|~|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


def resolve(text: str) -> bool | int | float | str | None:
    """Return what a plain scalar means. Raises ValueError for a number of too many digits."""
    if len(text) > MAX_DIGITS and (_INT.fullmatch(text) or _FLOAT.fullmatch(text)):
        raise ValueError("too many digits")
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.fullmatch(text):
        return float(re.sub(r"\.(?=[inIN])", "", text))
    return text


# Plain scalars that other readers, and people, take for something else.
_YAML_1_1_BOOLEAN = re.compile(r"(?i)(y|yes|n|no|on|off)")
_YAML_1_1_OCTAL = re.compile(r"[-+]?0[0-9]+")
_OTHER_NUMBER = re.compile(r"[-+]?[0-9](?=[^_]*_)[0-9_.]*|0b[01_]+|[0-9]+(:[0-5]?[0-9])+")

# What YAML allows in a file; the rest stands in quotes, written out.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MAX_DIGITS = 300  # of a number; no float has more before its point


def misread(text: str) -> str:
    """Return what older readers make of a plain scalar, "" where all agree."""
    if _YAML_1_1_BOOLEAN.fullmatch(text):
        return "boolean"
    if _YAML_1_1_OCTAL.fullmatch(text):
        return "octal"
    return "number" if _OTHER_NUMBER.fullmatch(text) else ""


class _Reader:
    """Turns a parser's events into plain data, noting positions, mistakes and near misses.

    It stops at the first alias, second document or level too deep, before any of it is built.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.source = str(document.path)
        self.n_values = 0

    def root(self) -> Any:
        found = _UNPRINTABLE.search(self.document.text)
        if found is not None:
            rule = f"the character U+{ord(found[0]):04X} cannot stand in a file."
            place = self.place_in_text(found.start())
            raise MistakesError([Mistake(place, rule, "Remove it, or write it out in quotes.")])
        self.events: Iterator[Event] = self.parse()
        value: Any = None
        is_empty = True
        for event in self.events:
            if isinstance(event, StreamStartEvent | StreamEndEvent | DocumentEndEvent):
                continue
            if isinstance(event, DocumentStartEvent):
                if not is_empty:
                    rule = "a file holds one document, but a second one starts here."
                    raise self.refusal(event, rule, "Remove the line `---`.")
                is_empty = False
                if event.version not in (None, (1, 2)):
                    rule = "a %YAML directive is not allowed; files are YAML 1.2."
                    raise self.refusal(event, rule, "Remove the line.")
                continue
            value = self.value(event, (), depth=1)
        return value

    def parse(self) -> Iterator[Event]:
        try:
            yield from yaml.parse(self.document.text, Loader=_LOADER)
        except _UNREADABLE as error:
            raise MistakesError([_syntax_mistake(self.source, error)]) from None

    def place(self, event: Event) -> Place:
        assert event.start_mark is not None
        return Place(self.source, event.start_mark.line + 1, event.start_mark.column + 1)

    def place_in_text(self, offset: int) -> Place:
        before = self.document.text[:offset]
        return Place(self.source, before.count("\n") + 1, offset - before.rfind("\n"))

    def refusal(self, event: Event, rule: str, fix: str = "") -> MistakesError:
        return MistakesError([Mistake(self.place(event), rule, fix)])

    def note(self, place: Place, rule: str, fix: str = "") -> None:
        self.document.mistakes.append(Mistake(place, rule, fix))

    def value(self, event: Event, where: Where, depth: int) -> Any:
        if isinstance(event, AliasEvent):
            rule = f"aliases (*{event.anchor}) are not allowed."
            raise self.refusal(event, rule, "Write the value out.")
        place = self.document.positions.setdefault(where, self.place(event))
        self.n_values += 1
        if self.n_values > MAX_VALUES:
            raise self.refusal(event, f"a file holds at most {MAX_VALUES:,} values.")
        assert isinstance(event, CollectionStartEvent | ScalarEvent)
        if isinstance(event, CollectionStartEvent) and depth > MAX_DEPTH:
            raise self.refusal(event, f"values nest at most {MAX_DEPTH} deep.")
        if event.tag is not None:
            self.note(place, f"tags ({event.tag}) are not allowed.", "Write plain values.")
        if isinstance(event, MappingStartEvent):
            content: Any = self.mapping(where, depth + 1)
        elif isinstance(event, CollectionStartEvent):
            content = self.sequence(where, depth + 1)
        else:
            content = self.scalar(event, place)
        return None if event.tag is not None else content

    def sequence(self, where: Where, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            items.append(self.value(event, (*where, len(items)), depth))
        return items

    def mapping(self, where: Where, depth: int) -> dict[str, Any]:
        content: dict[str, Any] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            place = self.place(event)
            if not isinstance(event, ScalarEvent):
                self.value(event, (*where, "?"), depth)  # an alias is refused there
                self.value(next(self.events), (*where, "?"), depth)
                self.note(place, "a key is a plain name, but got a collection.")
                continue
            key = event.value
            if event.tag is not None:
                self.note(place, f"tags ({event.tag}) are not allowed.", "Remove it.")
            if key in content:
                first = self.document.place((*where, key))
                rule = f"the key '{key}' stands here a second time, first in line {first.line}."
                self.note(place, rule, "Keep one of the two.")
                self.value(next(self.events), (*where, "?"), depth)
                continue
            # A mistake about a key points at the key, not at the value behind it.
            self.document.positions[*where, key] = place
            content[key] = self.value(next(self.events), (*where, key), depth)
        return content

    def scalar(self, event: ScalarEvent, place: Place) -> Any:
        text: str = event.value
        if not event.implicit[0]:  # quoted, or a block
            return text
        self.warn_of_other_readings(text, place)
        try:
            return resolve(text)
        except ValueError:
            self.note(place, "this number has too many digits.")
            return None

    def warn_of_other_readings(self, text: str, place: Place) -> None:
        match misread(text):
            case "boolean":
                rule = f"'{text}' is read as text here (YAML 1.2), as a boolean by older readers."
                fix = "Write true, false or quotes."
            case "octal":
                rule = f"'{text}' is read as a decimal number here, as octal by older readers."
                fix = "Drop the leading zero."
            case "number":
                rule = f"'{text}' is read as text here (YAML 1.2), as a number by older readers."
                fix = "Write plain digits, or quotes."
            case _:
                return
        self.document.warnings.append(Mistake(place, rule, fix))


def _syntax_mistake(source: str, error: Exception) -> Mistake:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    if mark is None:
        reason = getattr(error, "reason", None) or str(error).split("\n")[0]
        reason = reason or type(error).__name__
        return Mistake(Place(source, 1, 1), f"this is not YAML 1.2 ({reason}).")
    problem = getattr(error, "problem", None) or "cannot be read"
    place = Place(source, mark.line + 1, mark.column + 1)
    return Mistake(place, f"this is not YAML 1.2 ({problem}).", "Check indentation and quotes.")
