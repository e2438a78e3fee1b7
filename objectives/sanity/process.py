"""The look at a training in a process of its own, which never holds a test row.

Run as `python -m truetune.objectives.sanity.process FOLDER`, an experiment as JSON on its input,
its training and validation rows in the folder. As of a search's workers, the kernel keeps it from
the vault and the source where it can: it runs code of the user's own.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError, TuneError
from ...spaces import Experiment
from ..child import Child, answer
from ..development import Development
from ..findings import Finding
from ..guard import landlock
from ..guard.levels import denied_paths
from ..guard.places import Places

MAX_SECONDS = 120.0  # after which something hangs
_WHERE = "training"


@dataclass(frozen=True)
class Look:
    """What came of it: what is wrong, and what was seen; nothing was where it did not end."""

    findings: list[Finding]
    facts: dict[str, Any]  # of `catalogue.Facts`


class Looking:
    """The process at work."""

    def __init__(self, experiment: Experiment, folder: Path) -> None:
        purpose = "a look at the training"
        asked = experiment.model_dump_json()
        self.child = Child(__name__, [str(folder)], asked, purpose=purpose)
        self.is_late = False
        self.timer = threading.Timer(MAX_SECONDS, self._end)
        self.timer.daemon = True
        self.timer.start()

    def _end(self) -> None:
        self.is_late = True
        self.child.kill()

    def result(self) -> Look:
        """Wait for it. What ends the process is a finding."""
        try:
            found = self.child.result()
        except TuneError as error:
            return Look([self._failed(error)], {})
        finally:
            self.timer.cancel()
        return Look([Finding(**finding) for finding in found["findings"]], found["facts"])

    def cancel(self) -> None:
        self.timer.cancel()
        self.child.cancel()

    def _failed(self, error: TuneError) -> Finding:
        rule = "a network is built and trained for some steps"
        if self.is_late:
            found, fix = f"it had not ended after {MAX_SECONDS:g} s", "Look for what hangs."
            return Finding("warning", _WHERE, rule, found, fix, 0.9)
        is_users = isinstance(error, InputError)
        found, fix = error.cause.rstrip("."), error.fix
        return Finding("error" if is_users else "warning", _WHERE, rule, found, fix, 1.0)


def look(experiment: Experiment, folder: Path) -> Look:
    """Look at an experiment's training on the rows that a folder holds, and wait for it."""
    looking = Looking(experiment, folder)
    try:
        return looking.result()
    finally:
        looking.cancel()


def _look(experiment: Experiment, folder: Path) -> dict[str, Any]:
    denied = denied_paths(experiment, Places.here())
    if denied:
        landlock.lock(denied)  # before torch has threads
    import torch

    from ..single import device_here
    from . import catalogue, memory

    torch.set_num_threads(experiment.resources.cpus)
    device = device_here()
    memory.limit_here(device)
    findings, facts = catalogue.look(experiment, Development.load(folder), device)
    return {"findings": [asdict(finding) for finding in findings], "facts": asdict(facts)}


def _main() -> None:
    experiment = Experiment.model_validate_json(sys.stdin.buffer.read())
    answer(lambda: _look(experiment, Path(sys.argv[1])))


if __name__ == "__main__":
    _main()
