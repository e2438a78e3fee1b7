"""Every look at sealed rows, in a chain that shows what was changed.

The hash of a line covers the hash of the line before, so that a line changed, left out or moved
breaks the chain. Who may write the file could also write another chain, or leave off its end:
that is why every study keeps a copy of the head, the hash of the last line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...errors import GuardError, StorageError
from .appending import locked, write_line
from .entries import Entry

MAX_LOOKS = 3
LOCK_TIMEOUT_S = 60.0


class Ledger:
    """The file, which only grows. An instance belongs to one thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._is_held = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep others from appending, so that what was checked still holds when appended.

        Raises StorageError where it cannot be locked, or another process does not let go of it.
        """
        if self._is_held:
            yield
            return
        try:
            file = locked(self.path.with_name(f"{self.path.name}.lock"), LOCK_TIMEOUT_S)
        except OSError as error:
            raise self._unwritable(error) from None
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
            os.close(file)

    def entries(self) -> tuple[Entry, ...]:
        """Return all lines, the first one first; a last one torn by a crash is none.

        Raises:
            GuardError: a line is damaged, or the chain is broken there.
            StorageError: the file cannot be read.
        """
        return self._chain(_lines(self._read()))

    @property
    def head(self) -> str:
        """The hash of the last line, "" where there is none."""
        return _head(self.entries())

    def check_contains(self, head: str) -> None:
        """Raise GuardError unless the ledger goes on from this copy of its head."""
        if head and all(entry.hash != head for entry in self.entries()):
            raise GuardError(
                f"the ledger {self.path} keeps all its lines, but the one that was its last when "
                f"the study began, {head[:12]}, is gone.",
                self._fix,
            )

    def append(self, kind: str, content: dict[str, Any]) -> Entry:
        """Write one more line, which is on the disk when this returns.

        Raises:
            GuardError: the ledger is damaged.
            StorageError: it cannot be written; its lines are then as they were.
        """
        with self.held():
            lines = _lines(self._read())
            entry = Entry.new(kind, content, _head(self._chain(lines)))
            try:
                write_line(
                    self.path, sum(len(line) + 1 for line in lines), entry.to_line() + b"\n"
                )
            except OSError as error:
                raise self._unwritable(error) from None
            return entry

    def _read(self) -> bytes:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            rule = f"the ledger {self.path} cannot be read ({error.strerror})."
            raise StorageError(
                rule, f"It is its owner's alone: see `ls -l {self.path}`."
            ) from None

    def _chain(self, lines: Sequence[bytes]) -> tuple[Entry, ...]:
        entries: list[Entry] = []
        for number, line in enumerate(lines, start=1):
            try:
                entry = Entry.parse(line)
            except ValueError:
                raise self._broken(number, "is not as it was written") from None
            if entry.previous != _head(entries):
                raise self._broken(number, "does not follow from the one before it")
            entries.append(entry)
        return tuple(entries)

    def _broken(self, number: int, how: str) -> GuardError:
        return GuardError(f"{self.path}: line {number} of the ledger {how}.", self._fix)

    @property
    def _fix(self) -> str:
        return f"Restore the ledger from a backup: {self.path}"

    def _unwritable(self, error: OSError) -> StorageError:
        if isinstance(error, BlockingIOError):
            rule = f"another process has held the ledger {self.path} for {LOCK_TIMEOUT_S:g} s."
            return StorageError(rule, "Wait for the `tune` that runs, or end it.")
        return StorageError(
            f"the ledger {self.path} cannot be written ({error.strerror}).",
            f"Free the disk, or make {self.path.parent} writable.",
        )


def _head(entries: Sequence[Entry]) -> str:
    return entries[-1].hash if entries else ""


def _lines(content: bytes) -> list[bytes]:
    """Return all lines, without a last one that a crash kept from being written to its end."""
    *lines, end = content.split(b"\n")
    return lines if _is_torn(end) else [*lines, end]


def _is_torn(end: bytes) -> bool:
    """Return whether what follows the last line feed was not written to its end.

    A whole object is no torn one, whatever became of the line feed after it.
    """
    try:
        json.JSONDecoder().raw_decode(end.decode(errors="replace"))
    except (ValueError, RecursionError):
        return True
    return False


@dataclass(frozen=True)
class Look:
    """Sealed rows opened once for one model."""

    number: int  # of the looks at these rows, counted from 1
    seal: str
    study: str
    trial: int
    identity: str  # one SHA-256 of weights, code and rows
    time: str
    who: str
    reason: str  # "" of a first look
    report: dict[str, Any] | None  # None: a crash between opening and scoring
    n_rows: int
    hash: str  # of the line that announced it

    @property
    def is_crashed(self) -> bool:
        return self.report is None


def looks(entries: Sequence[Entry]) -> tuple[Look, ...]:
    """Return the looks that were announced, each with the report that was made of it, if any.

    Raises GuardError where a line of the chain does not say what this program would have it say.
    """
    found: dict[str, Look] = {}
    for number, entry in enumerate(entries, start=1):
        try:
            if entry.kind == "look":
                found[entry.hash] = _announced(entry)
            elif entry.kind == "done":
                look = found[entry.content["look"]]
                if look.report is None:  # the first one made is the one
                    found[look.hash] = replace(look, report=dict(entry.content["report"]))
        except (KeyError, TypeError, ValueError):
            rule = f"line {number} of the ledger is a '{entry.kind}' that says what one does"
            fix = "Restore the ledger from a backup."
            raise GuardError(f"{rule}, but '{entry.hash[:12]}' does not.", fix) from None
    return tuple(found.values())


def _announced(entry: Entry) -> Look:
    said = {key: entry.content[key] for key in _SAID}
    return Look(**said, time=entry.time, who=entry.who, report=None, hash=entry.hash)


_SAID = ("number", "seal", "study", "trial", "identity", "reason", "n_rows")


def alpha(look: int) -> float:
    """Return the error that a look may make: over all looks they add up to 0.05.

    The sum of 1 / (k (k + 1)) over k = 1, 2, ... is 1.
    """
    return 0.05 / (look * (look + 1))
