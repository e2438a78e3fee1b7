"""A process of its own for what reads all rows, and how it says what came of it.

It writes one JSON value to its standard output, `{"answer": ...}` or `{"error": ...}`, whatever
the user's code that it runs prints.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from .. import errors
from ..errors import TuneError

_ANSWER = re.compile(rb'^\{"(?:answer|error)": .*$', re.MULTILINE)


class Child:
    """`python -m MODULE ARGUMENTS`, its input at once on its standard input."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        text: str,
        pass_fds: Sequence[int] = (),
        purpose: str = "reading the data",
    ) -> None:
        """Start it.

        Args:
            module: what it runs.
            arguments: of its command line.
            text: its standard input.
            pass_fds: open files that it is handed, under the same numbers.
            purpose: what has failed where it says nothing itself.
        """
        self.purpose = purpose
        # A session of its own: Ctrl-C is the driver's to handle.
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=pass_fds,
        )
        assert self.process.stdin is not None
        # Where it has died, writing and closing fail; `result` says what of.
        with suppress(BrokenPipeError), self.process.stdin as stdin:
            stdin.write(text.encode())
        self.process.stdin = None

    def result(self) -> Any:
        """Wait for its answer. Raises the TuneError that it ended with."""
        output, said = self.process.communicate()
        if self.process.returncode == 0 and (answers := _ANSWER.findall(output)):
            message = json.loads(answers[-1])
            if "error" not in message:
                return message["answer"]
            kind, cause, fix = message["error"]
            raise getattr(errors, kind)(cause, fix)
        lines = said.decode(errors="replace").strip().splitlines()
        last = f": {lines[-1]}" if lines else "."
        rule = f"{self.purpose} failed{_signal(self.process.returncode)}{last}"
        raise TuneError(rule, "Run again with --debug.")

    def kill(self) -> None:
        """End it, and whatever it has started; `result` then says so."""
        if self.process.returncode is None:
            # Gone already, or (on macOS) just about to be.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def cancel(self) -> None:
        """End it, and wait until it has."""
        self.kill()
        self.process.communicate()


def _signal(code: int) -> str:
    if code == -signal.SIGKILL:
        return " (it was killed: out of memory?)"
    return f" (signal {-code})" if code < 0 else ""


def answer(work: Callable[[], Any]) -> None:
    """In the child: do the work, and say what came of it."""
    try:
        message = {"answer": work()}
    except TuneError as error:
        kind = next(c.__name__ for c in type(error).__mro__ if hasattr(errors, c.__name__))
        message = {"error": (kind, error.cause, error.fix)}
    # On a line of its own, and the last one: what is printed at exit goes to standard error.
    print("\n" + json.dumps(message), flush=True)
    os.dup2(2, 1)
