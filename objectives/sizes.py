"""Whether data fit into the machine, said before they are loaded and not by the kernel after."""

from __future__ import annotations

from pathlib import Path

from ..errors import InfrastructureError

_CGROUP = Path("/sys/fs/cgroup")  # of a container: its own root
SHARE = 0.9  # of what is free; the rest is for torch, Ray and the others


def check_fits(n_bytes: float, what: str) -> None:
    """Raise InfrastructureError, with both numbers, if so much memory is not to be had."""
    free = available()
    if n_bytes > SHARE * free:
        raise InfrastructureError(
            f"{what} take about {in_words(n_bytes)} of memory, and {in_words(free)} are free.",
            "Bring fewer rows or columns (`columns: {NAME: drop}`), or use a larger machine.",
        )


def available() -> int:
    """Return the bytes that this process may still take: of the machine, and of its container.

    What a container has used counts the files it has read, which the kernel lets go of.
    """
    import psutil

    free = int(psutil.virtual_memory().available)
    limit, used = _number(_CGROUP / "memory.max"), _number(_CGROUP / "memory.current")
    if limit is None or used is None:
        return free
    return min(free, max(limit - used + _of_files(_CGROUP / "memory.stat"), 0))


def in_words(n_bytes: float) -> str:
    """Return `3.2 GiB`, or MiB below one.

    >>> in_words(3.25 * 2**30)
    '3.2 GiB'
    """
    gib = n_bytes / 2**30
    return f"{gib:,.1f} GiB" if gib >= 1 else f"{n_bytes / 2**20:,.0f} MiB"


def _of_files(path: Path) -> int:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # no such limit ("max"), or no such kernel
        return None
