"""One driver a study: a lock file that the kernel releases when its holder dies."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

import psutil

from ..errors import StorageError


@dataclass(frozen=True)
class Holder:
    """The process that holds, or last held, a lock."""

    pid: int
    host: str
    since: float  # seconds since 1970
    process_started: float  # tells the holder from another process with its number

    @property
    def is_here(self) -> bool:
        """Whether the process is alive on this machine."""
        if self.host != socket.gethostname() or not psutil.pid_exists(self.pid):
            return False
        started: float = psutil.Process(self.pid).create_time()
        return abs(started - self.process_started) < 1


class StudyLock:
    """Held as a context manager; entering raises StorageError, naming the holder, if taken."""

    def __init__(self, path: Path, study: str) -> None:
        self.path, self.study = path, study
        self._file = -1

    def __enter__(self) -> StudyLock:
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise StorageError(_taken(self.study, holder_of(self.path)), _WAIT) from None
        pid = os.getpid()
        started = psutil.Process(pid).create_time()
        holder = Holder(pid, socket.gethostname(), time.time(), started)
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, json.dumps(asdict(holder)).encode(), 0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # The file stays: removing it would let two drivers lock two files of one name.
        os.close(self._file)


_WAIT = "Wait for it, stop it with `tune stop`, or give this search another --study name."


def _taken(study: str, holder: Holder | None) -> str:
    if holder is None:
        return f"another search holds the study '{study}'."
    since = time.strftime("%H:%M:%S", time.localtime(holder.since))
    return f"process {holder.pid} on {holder.host} holds the study '{study}' since {since}."


def holder_of(path: Path) -> Holder | None:
    """Return what a lock file says of its last holder, which may be gone."""
    try:
        return Holder(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def is_held(path: Path) -> bool:
    """Return whether a process holds the lock now."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False
