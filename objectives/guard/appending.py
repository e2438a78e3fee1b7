"""Files that are their owner's alone, locked while they grow, and grown by whole lines."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

_RETRY_S = 0.02


def locked(path: Path, timeout_s: float) -> int:
    """Return a file that other processes wait for until it is closed. Its folder is made.

    Raises BlockingIOError where another process does not let go of it, else OSError.
    """
    _create_folder(path.parent)
    file = _open(path)
    try:
        _lock(file, timeout_s)
    except BaseException:
        os.close(file)
        raise
    return file


def _lock(file: int, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_S)


def write_line(path: Path, n_kept: int, line: bytes) -> None:
    """Write a line after the bytes that are kept, and see to it that it is on the disk.

    Where one more byte is kept than there are, it is the line feed of the line before.

    Raises OSError; what is kept is then as it was.
    """
    file = _open(path)
    try:
        size = min(n_kept, os.fstat(file).st_size)
        os.ftruncate(file, size)
        try:
            _write_all(file, b"\n" * (n_kept - size) + line, size)
            os.fsync(file)
        except OSError:
            os.ftruncate(file, size)
            raise
    finally:
        os.close(file)
    if n_kept == 0:
        _sync_folder(path.parent)


def _write_all(file: int, content: bytes, position: int) -> None:
    while content:
        n = os.pwrite(file, content, position)
        content, position = content[n:], position + n


def _open(path: Path) -> int:
    """Open a file for writing that is its owner's alone, whatever the umask."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.fchmod(file, 0o600)
    return file


def _create_folder(folder: Path) -> None:
    """Create a folder that is its owner's alone, whatever the umask."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o777 != 0o700:
        folder.chmod(0o700)


def _sync_folder(folder: Path) -> None:
    """See to it that a new file's name is on the disk too."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
