"""What one worker does, in this process or in a Ray actor: hold packs, advance them, save."""

from __future__ import annotations

import traceback
from pathlib import Path

from ...objectives.contracts import Assignment, DivergedError, Objective, Pack, Report
from ...objectives.development import Development
from ...spaces import Experiment
from .base import Diverged, Event, Failed, Finished, Progress


class Worker:
    """Trains the trials it is given an epoch at a time."""

    def __init__(self, experiment: Experiment, development: Development, trials: str) -> None:
        """Import torch, once.

        Args:
            experiment: what to train.
            development: training and validation rows, read-only.
            trials: the folder in which each finished trial gets a folder.
        """
        import torch

        from ...objectives.trainer import EagerObjective

        torch.set_num_threads(experiment.resources.cpus)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.objective: Objective = EagerObjective(experiment)
        self.development = development
        self.trials = Path(trials)
        self.packs: dict[int, Pack] = {}  # trial number to the pack it is in

    def advance(self, drops: list[int], admissions: list[Assignment]) -> list[Event]:
        """Drop pruned trials, take in new ones, and train every trial one epoch more."""
        for number in drops:
            self._leave(number, with_weights=False)
        events = [event for assignment in admissions for event in self._admit(assignment)]
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
            return [_failed(assignment.number, error)]
        self.packs[assignment.number] = started
        return []

    def _advance(self, pack: Pack) -> list[Event]:
        try:
            return [self._event(report) for report in pack.advance()]
        except DivergedError as error:
            self.packs.pop(error.number).drop(error.number)
            return [Diverged(error.number, error.epoch, error.cause)]
        except Exception as error:
            numbers = [number for number, other in self.packs.items() if other is pack]
            for number in numbers:
                del self.packs[number]
            return [_failed(number, error) for number in numbers]

    def _event(self, report: Report) -> Event:
        if report.kept_epoch is None:
            return Progress(report)
        return Finished(report, self._leave(report.number, with_weights=True))

    def _leave(self, number: int, with_weights: bool) -> str:
        """Save what a trial leaves, and free its slot."""
        from ...objectives.files import save

        pack = self.packs.pop(number)
        folder = self.trials / str(number)
        save(pack.results(number), folder, with_weights)
        pack.drop(number)
        return str(folder)


def _failed(number: int, error: Exception) -> Failed:
    lines = str(error).splitlines()
    cause = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return Failed(number, cause, "".join(traceback.format_exception(error)))
