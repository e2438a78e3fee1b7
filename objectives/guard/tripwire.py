"""Attempts to reach sealed rows that Python itself can see. A tripwire, not a wall.

Libraries that open files without Python (Arrow, ctypes) pass it, and so does another process once
it runs: the kernel's lock is what keeps them out. This says which trial it was that tried.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

# What may open a file or start a program, and which of the event's arguments name it.
_PATHS: dict[str, tuple[str, tuple[int, ...]]] = {
    "open": ("opened", (0,)),
    "sqlite3.connect": ("opened", (0,)),
    "os.link": ("linked", (0, 1)),
    "os.symlink": ("linked", (0, 1)),
    "os.rename": ("renamed", (0, 1)),
}
_COMMANDS = {"subprocess.Popen": 1, "os.exec": 1, "os.posix_spawn": 1, "os.system": 0}
_TUNE = re.compile(
    r"(?:^|[\s/'\";&|(])((?:true)?tune(?:\.cli)?)['\"]?\s(?:[^;&|]*\s)?(verify|seal|ledger)\b"
)
_WORD = re.compile(r"[^\s'\"<>|;&=()]+")
MAX_NOTES = 100  # kept until they are taken


class Tripwire:
    """Notes what touches some paths, while it is armed."""

    def __init__(self, denied: Sequence[Path]) -> None:
        """Look at the paths, once.

        Args:
            denied: files, and folders with all they hold.
        """
        self._denied = {str(path.resolve()) for path in denied}
        self._below = tuple(path + os.sep for path in self._denied)
        self._identities = {_identity(path) for path in self._denied} - {None}
        self._notes: dict[str, None] = {}

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Watch this process, all its threads."""
        _watch(self._on)
        try:
            yield
        finally:
            _watch(None)

    def take(self) -> list[str]:
        """Return what was noted since it was last asked: each thing once, as `opened PATH`."""
        notes, self._notes = list(self._notes), {}
        return notes

    def _on(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _PATHS:
            verb, places = _PATHS[event]
            for place in places:
                if self._is_denied(arguments[place]):
                    self._note(f"{verb} {os.fsdecode(arguments[place])}")
        elif event in _COMMANDS:
            command = _spelled(arguments[_COMMANDS[event]])
            if (match := _TUNE.search(command)) is not None:
                self._note(f"started `{match[1]} {match[2]}`")
            for word in _WORD.findall(command):
                if self._is_denied(word):
                    self._note(f"started a program with {word}")

    def _note(self, what: str) -> None:
        if len(self._notes) < MAX_NOTES:
            self._notes[what] = None

    def _is_denied(self, path: Any) -> bool:
        if not isinstance(path, str | bytes | os.PathLike):
            return False  # an open file's number
        real = _real(os.fsdecode(path))
        if real in self._denied or real.startswith(self._below):
            return True
        return bool(self._identities) and _identity(real) in self._identities  # by a hard link


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def _real(path: str) -> str:
    """Return a path without links. A folder is looked at once: it is asked about often."""
    folder, name = os.path.split(path)
    real = os.path.join(_real_folder(os.path.abspath(folder)), name)
    return os.path.realpath(real) if name in ("", ".", "..") or os.path.islink(real) else real


_real_folder = lru_cache(maxsize=1024)(os.path.realpath)


def _spelled(command: Any) -> str:
    if isinstance(command, str | bytes | os.PathLike):
        return os.fsdecode(command)
    return " ".join(os.fsdecode(part) for part in command)


_watching: Callable[[str, tuple[Any, ...]], None] | None = None
_is_installed = False


def _watch(watching: Callable[[str, tuple[Any, ...]], None] | None) -> None:
    """Send this process's events to a function, or to none. A hook itself can never be removed."""
    global _watching, _is_installed
    _watching = watching
    if not _is_installed:
        _is_installed = True
        sys.addaudithook(_hook)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching is not None and (event in _PATHS or event in _COMMANDS):
        with suppress(OSError, TypeError, ValueError):  # odd arguments fail on their own account
            _watching(event, arguments)
