"""The thread that Ray is started from, locked away from sealed rows together with all of Ray."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from ...objectives.guard.landlock import is_denied, lock

_PREFIX = "truetune-ray-"  # of folders for temporary files


class Starter:
    """Starts processes from a thread of its own, which locks itself first.

    Processes inherit the lock, and with it whatever they start. They die with the thread that
    started them, as Ray asks of the kernel, so it lives until they are to end, and ends them.
    """

    def __init__(
        self, start: Callable[[], None], finish: Callable[[], None], denied: Sequence[Path]
    ) -> None:
        """Begin at once.

        Args:
            start: starts the processes.
            finish: ends them; called too where the start has failed.
            denied: files and folders that they may not open.
        """
        self._start, self._finish, self._denied = start, finish, denied
        self._started: Future[bool] = Future()
        self._asked_to_end = Event()
        # Made before the lock: what is made later in a folder above a denied path is denied too.
        self._temporary = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
        self._thread = Thread(target=self._run, name="truetune-starter", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._started.set_result(self._start_locked())
        except BaseException as error:
            self._started.set_exception(error)
        else:
            self._asked_to_end.wait()
        self._finish()

    def _start_locked(self) -> bool:
        is_locked = lock(self._denied)
        with _inherited(TMPDIR=self._temporary.name):
            self._start()
        return is_locked and all(is_denied(path) for path in self._denied if os.path.exists(path))

    def result(self) -> bool:
        """Wait for the start, and say whether all that was started is locked.

        Raises what the start raised.
        """
        return self._started.result()

    def end(self) -> None:
        """End what was started, and wait for that.

        Where a signal has cut the start short, it is only said that all is to end then.
        """
        self._asked_to_end.set()
        if self._started.done():
            self.join()

    def join(self) -> None:
        """Wait for an end that nobody has waited for."""
        if self._asked_to_end.is_set():
            self._thread.join()
            self._temporary.cleanup()  # which the thread itself is locked out of


@contextmanager
def _inherited(**variables: str) -> Iterator[None]:
    """Set environment variables for processes that are started meanwhile."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def lock_with_temporary_files(denied: Sequence[Path]) -> bool:
    """Lock this thread, with a folder for temporary files where the usual one would be shut."""
    usual = Path(tempfile.gettempdir()).resolve()
    if any(path.resolve().is_relative_to(usual) for path in denied):
        tempfile.tempdir = os.environ["TMPDIR"] = tempfile.mkdtemp(prefix=_PREFIX)
    return lock(denied)
