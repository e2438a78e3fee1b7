"""The kernel keeps a thread, and whatever it starts, away from files: Landlock, on Linux.

Landlock is a list of what is allowed (https://docs.kernel.org/userspace-api/landlock.html). To
deny a path, everything else in each folder above it is allowed. So a file that is made directly
in such a folder later on is denied too: what is needed then must be there before, and lie in a
folder that is no ancestor of a denied path.
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from .mounts import names_of

# The numbers of the system calls, the same on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1  # a flag of _CREATE_RULESET
_PATH_BENEATH = 1  # a kind of rule
_SET_NO_NEW_PRIVS = 38  # of prctl

_WRITE_FILE, _READ_FILE = 1 << 1, 1 << 2
_REMOVE_DIR, _REMOVE_FILE = 1 << 4, 1 << 5
_REFER = 1 << 13  # handled so that it can be allowed: otherwise nothing moves between folders
_TRUNCATE = 1 << 14
_OF_FILES = _WRITE_FILE | _READ_FILE | _TRUNCATE


class _Ruleset(ctypes.Structure):
    _fields_ = (("handled_access_fs", ctypes.c_uint64),)


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


@cache
def version() -> int:
    """Return the version of the kernel's interface; 0 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    with suppress(OSError):
        return _call(_CREATE_RULESET, None, 0, _VERSION)
    return 0


def lock(denied: Sequence[Path]) -> bool:
    """Deny this thread, and what it starts, to read, write, move or delete these paths. For good.

    Args:
        denied: at least one file or folder, with all it holds. One that is not there is denied
            once it is.

    Returns:
        False where the kernel cannot do it; nothing is denied then.
    """
    assert denied
    if version() == 0:
        return False
    handled = _handled(version())
    try:
        with _closing(_call(_CREATE_RULESET, _Ruleset(handled), 8, 0)) as ruleset:
            names = {name for path in denied for name in names_of(path.resolve())}
            _allow_others(ruleset, handled, names)
            if _libc().prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
                return False
            _call(_RESTRICT_SELF, ruleset, 0)
    except OSError:  # switched off when the kernel was started, or too many locks on top
        return False
    return True


def is_denied(path: Path) -> bool:
    """Return whether the kernel refuses to let this thread open what is at a path."""
    try:
        file = _open_new_in(path) if path.is_dir() else os.open(path, os.O_RDONLY)
    except OSError as error:
        return isinstance(error, PermissionError)
    os.close(file)
    return False


def _open_new_in(folder: Path) -> int:
    """Open a file without a name in a folder: it may be empty, and may always be listed."""
    return os.open(folder, os.O_WRONLY | os.O_TMPFILE, 0o600)


def _handled(version: int) -> int:
    handled = _READ_FILE | _WRITE_FILE | _REMOVE_FILE | _REMOVE_DIR
    if version >= 2:
        handled |= _REFER
    if version >= 3:
        handled |= _TRUNCATE
    return handled


def _allow_others(ruleset: int, handled: int, denied: set[Path]) -> None:
    """Allow what lies in the folders above the denied paths, but neither these nor those."""
    above = {parent for path in denied for parent in path.parents}
    shut = {identity for path in above | denied if (identity := _identity(path)) is not None}
    for folder in {path for path in above if not denied.intersection((path, *path.parents))}:
        for file in _entries(folder):
            status = os.fstat(file)
            if stat.S_ISLNK(status.st_mode) or (status.st_dev, status.st_ino) in shut:
                continue
            rights = handled if stat.S_ISDIR(status.st_mode) else handled & _OF_FILES
            with suppress(OSError):  # of a kind that has no path, and needs no rule
                rule = _PathBeneath(rights, file)
                _call(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _entries(folder: Path) -> Iterator[int]:
    """Open what lies in a folder, one after the other, links as such. What has gone is not."""
    try:
        names = os.listdir(folder)
    except OSError:  # not there yet, or another user's
        return
    for name in names:
        with suppress(OSError):
            flags = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
            with _closing(os.open(folder / name, flags)) as file:
                yield file


@contextmanager
def _closing(file: int) -> Iterator[int]:
    try:
        yield file
    finally:
        os.close(file)


@cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: Any) -> int:
    """Make a system call. Raises OSError with what it says."""
    passed = [
        ctypes.byref(a) if isinstance(a, ctypes.Structure) else ctypes.c_long(a or 0)
        for a in arguments
    ]
    result = int(_libc().syscall(ctypes.c_long(number), *passed))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
