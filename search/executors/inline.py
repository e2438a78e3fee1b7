"""The executor without processes: one trial at a time in this one, open to a debugger."""

from __future__ import annotations

from ...objectives.contracts import Assignment
from ...objectives.development import Development
from ...spaces import Experiment
from .base import Event, Executor
from .worker import Worker


class InlineExecutor:
    """See `base.Executor`."""

    name = "inline"
    n_slots = 1

    def __init__(self, experiment: Experiment, development: Development, trials: str) -> None:
        self.arguments = (experiment, development, trials)
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
        pass


def _conforms(executor: InlineExecutor) -> Executor:
    return executor
