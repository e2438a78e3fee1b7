"""What one worker does, in this process or in a Ray actor: hold packs, advance them, save."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path

from ...objectives.contracts import Assignment, DivergedError, Objective, Pack, Report
from ...objectives.development import Development
from ...objectives.guard.tripwire import Tripwire
from ...spaces import Experiment
from .base import Diverged, Event, Failed, Finished, Progress, Touched
from .starter import lock_with_temporary_files


class Worker:
    """Trains the trials it is given an epoch at a time."""

    def __init__(
        self,
        experiment: Experiment,
        development: Development,
        trials: str,
        denied: Sequence[Path] = (),
        locks_itself: bool = False,
    ) -> None:
        """Import torch, once.

        Args:
            experiment: what to train.
            development: training and validation rows, read-only.
            trials: the folder in which each finished trial gets a folder.
            denied: what no trial may read; an attempt becomes an event.
            locks_itself: whether the kernel is to keep this thread, and what it starts, away
                from these, because whatever started it did not.
        """
        if locks_itself and denied:
            lock_with_temporary_files(denied)
        import torch

        from ...objectives.generators import objective_of
        from ...objectives.single import device_here

        torch.set_num_threads(experiment.resources.cpus)
        self.device = device_here()
        self.tripwire = Tripwire(denied)
        with self.tripwire.armed():  # the user's own model is imported
            self.objective: Objective = objective_of(experiment)
        self.development = development
        self.trials = Path(trials)
        self.packs: dict[int, Pack] = {}  # trial number to the pack it is in

    def advance(self, drops: list[int], admissions: list[Assignment]) -> list[Event]:
        """Drop pruned trials, take in new ones, and train every trial one epoch more."""
        events: list[Event] = []
        with self.tripwire.armed():
            for number in drops:
                self._leave(number, with_weights=False)
                events += self._touched([number])
            for assignment in admissions:
                events += self._admit(assignment)
            for pack in list(dict.fromkeys(self.packs.values())):
                events += self._advance(pack)
        return events

    def _admit(self, assignment: Assignment) -> list[Event]:
        for pack in self.packs.values():
            if pack.admit(assignment):
                self.packs[assignment.number] = pack
                return []
        try:
            started = self.objective.start([assignment], self.development, self.device)
        except Exception as error:
            return [*self._touched([assignment.number]), _failed(assignment.number, error)]
        self.packs[assignment.number] = started
        return self._touched([assignment.number])

    def _advance(self, pack: Pack) -> list[Event]:
        numbers = [number for number, other in self.packs.items() if other is pack]
        try:
            reports = pack.advance()
            return [*self._touched(numbers), *map(self._event, reports)]
        except DivergedError as error:
            self.packs.pop(error.number).drop(error.number)
            diverged = Diverged(error.number, error.epoch, error.cause)
            return [*self._touched(numbers), diverged]
        except Exception as error:
            for number in numbers:
                self.packs.pop(number, None)
            failures = [_failed(number, error) for number in numbers]
            return [*self._touched(numbers), *failures]

    def _touched(self, numbers: Sequence[int]) -> list[Event]:
        """Say what was touched; of a pack's trials it may have been any."""
        notes = self.tripwire.take()
        return [Touched(number, what) for number in numbers for what in notes]

    def _event(self, report: Report) -> Event:
        if report.kept_epoch is None:
            return Progress(report)
        return Finished(report, self._leave(report.number, with_weights=True))

    def _leave(self, number: int, with_weights: bool) -> str:
        """Save what a trial leaves, and free its slot. Return where it lies, "" if nowhere."""
        from ...objectives.files import save

        pack = self.packs.pop(number)
        folder, results = self.trials / str(number), pack.results(number)
        if results is not None:
            save(results, folder, with_weights)
        pack.drop(number)
        return "" if results is None else str(folder)


def _failed(number: int, error: Exception) -> Failed:
    lines = str(error).splitlines()
    cause = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return Failed(number, cause, "".join(traceback.format_exception(error)))
