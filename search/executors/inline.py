"""The executor without processes: one trial at a time in this one, open to a debugger."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...objectives.contracts import Assignment
from ...objectives.development import Development
from ...spaces import Experiment
from .base import Event, Executor
from .worker import Worker


class InlineExecutor:
    """See `base.Executor`."""

    name = "inline"
    n_slots = 1

    def __init__(
        self,
        experiment: Experiment,
        development: Development,
        trials: str,
        denied: Sequence[Path] = (),
    ) -> None:
        self.arguments = (experiment, development, trials, denied)
        self.worker: Worker | None = None  # made with the first trial: it imports torch
        self.drops: list[int] = []
        self.admissions: list[Assignment] = []

    def submit(self, assignment: Assignment) -> None:
        self.admissions.append(assignment)

    def prune(self, number: int) -> None:
        self.drops.append(number)

    def dispatch(self) -> None:
        pass  # this process trains while it waits

    def events(self) -> list[Event]:
        self.worker = self.worker or Worker(*self.arguments)
        drops, self.drops = self.drops, []
        admissions, self.admissions = self.admissions, []
        return self.worker.advance(drops, admissions)

    def close(self) -> None:
        if self.worker is not None and self.drops:  # of a last trial that was pruned
            self.worker.advance(self.drops, [])


def _conforms(executor: InlineExecutor) -> Executor:
    return executor
