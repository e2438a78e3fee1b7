"""Whether this process was started by a search: by a trial's own code, then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil

from ..errors import GuardError
from .home import Home
from .lock import Holder, holder_of, is_held

_RAY = "ray::"  # how Ray's workers are called


def refuse_inside_a_search(home: Home) -> None:
    """Raise GuardError where a search is among the processes that this one descends from."""
    searching = {holder.pid: path.stem for path, holder in _holders(home)}
    for parent in psutil.Process().parents():
        command = " ".join(_command(parent))
        if parent.pid in searching or command.startswith(_RAY):
            name = searching.get(parent.pid, "a study")
            raise GuardError(
                f"sealed rows are opened by a person, but this runs inside a search of {name}.",
                "Take the call out of the code that is searched with.",
            )


def _holders(home: Home) -> Iterator[tuple[Path, Holder]]:
    for path in home.locks():
        if is_held(path) and (holder := holder_of(path)) is not None:
            yield path, holder


def _command(process: psutil.Process) -> list[str]:
    try:
        command: list[str] = process.cmdline()
    except psutil.Error:
        return []  # it has ended, or is another user's
    return command
