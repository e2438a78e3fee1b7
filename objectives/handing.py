"""Files handed open from one process to another, so that their folder can be deleted at once.

A process that is killed then leaves no rows behind: what has no name is gone with the last that
holds it open.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_OPEN = Path("/dev/fd")


class OpenFiles:
    """The files of a folder, by name; `files / name` is a path that opens one again."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self.numbers = dict(numbers)

    @classmethod
    def of(cls, folder: Path) -> OpenFiles:
        """Open all files of a folder."""
        return cls({path.name: _opened(path) for path in sorted(folder.iterdir())})

    def __truediv__(self, name: str) -> Path:
        """Return a path to a file, good in this process only; where there is none, to nothing."""
        return _OPEN / str(self.numbers.get(name, "none"))

    @property
    def to_pass(self) -> tuple[int, ...]:
        """What a child process has to be handed."""
        return tuple(self.numbers.values())

    def close(self) -> None:
        """Let go of them; again, it does nothing."""
        for number in self.numbers.values():
            with suppress(OSError):
                os.close(number)
        self.numbers.clear()


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
