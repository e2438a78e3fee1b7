"""The contract between the loop and whoever trains: inline in this process, or Ray's workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ...objectives.contracts import Assignment, Report


@dataclass(frozen=True)
class Progress:
    """A trial has trained one epoch more, and waits for the verdict."""

    report: Report


@dataclass(frozen=True)
class Finished:
    """A trial has trained its last epoch; its weights and predictions lie in `folder`, "" if it
    leaves none."""

    report: Report
    folder: str


@dataclass(frozen=True)
class Failed:
    """A trial raised. Its own traceback, from the process it ran in."""

    number: int
    cause: str
    traceback: str


@dataclass(frozen=True)
class Diverged:
    """A trial's metrics left the finite numbers in `epoch`."""

    number: int
    epoch: int
    cause: str


@dataclass(frozen=True)
class Lost:
    """The process that trained a trial died."""

    number: int
    cause: str


@dataclass(frozen=True)
class Touched:
    """A trial's code tried to reach sealed rows. It says nothing of how the trial goes on."""

    number: int
    what: str


Event = Progress | Finished | Failed | Diverged | Lost | Touched


def ended(event: Event) -> int | None:
    """Return the number of the trial that an event ends, None where it goes on."""
    match event:
        case Progress() | Touched():
            return None
        case Finished(report):
            return report.number
        case _:
            return event.number


class Executor(Protocol):
    """Trains trials side by side, each held back after every epoch until the loop has seen it.

    The order of calls: `submit` and `prune` say what has changed, `dispatch` sends it off with
    the leave to train one epoch more, `events` waits for what comes of it.
    """

    name: str
    n_slots: int  # trials that can run at the same time

    def submit(self, assignment: Assignment) -> None:
        """Give a trial to a free slot."""
        ...

    def prune(self, number: int) -> None:
        """Take a trial out of its slot."""
        ...

    def dispatch(self) -> None:
        """Let every trial that has been judged train its next epoch. Does not wait."""
        ...

    def events(self) -> list[Event]:
        """Wait, at most about half a second, for what happened."""
        ...

    def close(self) -> None:
        """End all processes of this executor."""
        ...
