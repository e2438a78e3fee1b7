"""What a worker says of trials that reach for what is denied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from truetune.objectives.contracts import Assignment, DivergedError, Report
from truetune.search.executors.base import Diverged, Event, Failed, Progress, Touched, ended
from truetune.search.executors.worker import Worker
from truetune.spaces import Experiment


class Pack:
    """One trial, which does something of its own in each epoch and when it is dropped."""

    def __init__(self, number: int, epoch: Callable[[], Any], drop: Callable[[], Any]) -> None:
        self.number, self.epoch, self.on_drop = number, epoch, drop

    def advance(self) -> list[Report]:
        self.epoch()
        return [Report(self.number, 1, {}, 0.0)]

    def drop(self, number: int) -> None:
        self.on_drop()

    def admit(self, assignment: Assignment) -> bool:
        return False

    def results(self, number: int) -> None:
        return None


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text("")
    return path


@pytest.fixture
def make(quick: Experiment, rows: Path, tmp_path: Path) -> Callable[..., Worker]:
    """Make a worker whose trials do in their epochs, and when dropped, what they are given."""

    def worker(
        start: Callable[[], Any] = int, epoch: Callable[[], Any] = int, drop: Any = int
    ) -> Worker:
        class Objective:
            def start(self, assignments: Sequence[Assignment], *_: Any) -> Pack:
                start()
                return Pack(assignments[0].number, epoch, drop)

        made = Worker(quick, None, str(tmp_path / "trials"), [rows])  # type: ignore[arg-type]
        made.objective = Objective()  # type: ignore[assignment]
        return made

    return worker


def test_what_a_trial_touches_comes_before_what_becomes_of_it(
    make: Callable[..., Worker], rows: Path
) -> None:
    worker = make(epoch=rows.read_text)
    touched, progress = worker.advance([], [Assignment(3, {}, 0)])
    assert touched == Touched(3, f"opened {rows}")
    assert isinstance(progress, Progress)
    assert ended(touched) is None


def test_each_trial_answers_for_itself(make: Callable[..., Worker], rows: Path) -> None:
    epochs = iter([rows.read_text, int, int, rows.read_text])
    worker = make(epoch=lambda: next(epochs)())
    first = worker.advance([], [Assignment(3, {}, 0), Assignment(4, {}, 0)])
    second = worker.advance([], [])
    touched = [[e.number for e in events if isinstance(e, Touched)] for events in (first, second)]
    assert touched == [[3], [4]]


def test_a_trial_that_fails_or_diverges_has_touched_all_the_same(
    make: Callable[..., Worker], rows: Path
) -> None:
    def fail() -> None:
        rows.read_text()
        raise ValueError("no")

    def diverge() -> None:
        rows.read_text()
        raise DivergedError(3, 1, "not a number")

    kinds: list[list[type[Event]]] = []
    for doing in ({"start": fail}, {"epoch": fail}, {"epoch": diverge}):
        events = make(**doing).advance([], [Assignment(3, {}, 0)])
        kinds.append([type(event) for event in events])
    assert kinds == [[Touched, Failed], [Touched, Failed], [Touched, Diverged]]


def test_what_a_pruned_trial_does_last_counts(make: Callable[..., Worker], rows: Path) -> None:
    worker = make(drop=rows.read_text)
    worker.advance([], [Assignment(3, {}, 0)])
    assert worker.advance([3], []) == [Touched(3, f"opened {rows}")]


def test_what_others_do_between_epochs_does_not(make: Callable[..., Worker], rows: Path) -> None:
    worker = make()
    worker.advance([], [Assignment(3, {}, 0)])
    rows.read_text()
    assert [type(event) for event in worker.advance([], [])] == [Progress]


def test_a_worker_without_denied_paths_says_nothing(quick: Experiment, tmp_path: Path) -> None:
    worker = Worker(quick, None, str(tmp_path))  # type: ignore[arg-type]
    with suppress(OSError), worker.tripwire.armed():
        Path("/etc/hostname").read_text()
    assert worker.tripwire.take() == []
