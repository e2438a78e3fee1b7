"""The other names that a path has because its file system is mounted in several places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")  # https://man7.org/linux/man-pages/man5/proc.5.html


def names_of(path: Path, mounts: str | None = None) -> set[Path]:
    """Return a real path, and every other one that leads to the same file.

    Args:
        path: without links.
        mounts: the content of `/proc/self/mountinfo`, read where it is not given.
    """
    known = list(_mounts(MOUNTS.read_text() if mounts is None else mounts))
    holding = [mount for mount in known if path.is_relative_to(mount[2])]
    if not holding:
        return {path}
    # The deepest holds it; of those mounted on top of each other the last.
    device, root, point = max(enumerate(holding), key=lambda m: (len(m[1][2].parts), m[0]))[1]
    inside = root / path.relative_to(point)
    others = (m for m in known if m[0] == device and inside.is_relative_to(m[1]))
    return {path, *(point / inside.relative_to(root) for _, root, point in others)}


def _mounts(text: str) -> Iterator[tuple[str, Path, Path]]:
    """Yield a file system's number, which of its folders is mounted, and where."""
    for line in text.splitlines():
        _, _, device, root, point, *_ = line.split(" ")
        yield device, _unescaped(root), _unescaped(point)


def _unescaped(path: str) -> Path:
    return Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), path))
