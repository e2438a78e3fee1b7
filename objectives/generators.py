"""A user's own objective: a generator function that yields a trial's metrics after each epoch.

    def train(config, development, seed):
        for epoch in ...:
            yield {"score": ...}

It is closed when its trial is pruned, and when it has yielded `training.epochs` times. Its
weights and predictions are its own affair: such a trial leaves none.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from numbers import Real
from pathlib import Path
from typing import Any

from ..spaces.experiment import Experiment
from .callables import contained, described, imported
from .contracts import Assignment, Objective, Pack, Report, check_finite
from .development import Development
from .metrics import refused_name

Train = Callable[..., Any]
_ENDED = object()


def objective_of(experiment: Experiment) -> Objective:
    """Return what scores an experiment's trials: the user's function, if the file names one."""
    if experiment.objective.function is not None:
        return GeneratorObjective(experiment)
    from .trainer import EagerObjective

    return EagerObjective(experiment)


class GeneratorObjective:
    """Calls the user's function for each trial, which is a pack of one."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment

    @cached_property
    def train(self) -> Train:
        """The function. Imported with the first trial, so that what goes wrong is a trial's."""
        source = str(self.experiment.objective.function)
        with contained(source):
            return imported(source, "yields a dict of metrics after each epoch")

    def start(
        self, assignments: Sequence[Assignment], development: Development, device: str
    ) -> GeneratorPack:
        (assignment,) = assignments
        return GeneratorPack(assignment, self.experiment, self.train, development)


class GeneratorPack:
    """One trial: a generator, an epoch at a time. See `contracts.Pack`."""

    def __init__(
        self,
        assignment: Assignment,
        experiment: Experiment,
        train: Train,
        development: Development,
    ) -> None:
        self.number = assignment.number
        self.source = str(experiment.objective.function)
        self.name = Path(self.source).name
        self.metric = experiment.objective.metric
        self.others = [objective.metric for objective in experiment.objective.others]
        self.others += [outcome.metric for outcome in experiment.outcomes]
        self.n_epochs = experiment.training.epochs
        self.last: Report | None = None
        with contained(self.source):
            started = train(dict(assignment.configuration), development, assignment.seed)
        if not isinstance(started, Generator):
            raise TypeError(
                f"{self.name} is a function that yields, but got {described(started)}."
            )
        self.generator = started

    def advance(self) -> list[Report]:
        started = time.perf_counter()
        with contained(self.source):
            yielded = next(self.generator, _ENDED)
        seconds = time.perf_counter() - started
        if yielded is _ENDED:
            return [self._ended(seconds)]
        epoch = 1 if self.last is None else self.last.epoch + 1
        try:
            metrics = self._checked(yielded, epoch)
            check_finite(self.number, epoch, metrics)
        except Exception:
            self.drop(self.number)
            raise
        self.last = Report(self.number, epoch, metrics, seconds)
        return [_finished(self.last) if epoch == self.n_epochs else self.last]

    def results(self, number: int) -> None:
        return None

    def drop(self, number: int) -> None:
        """Close the generator. What goes wrong in its end changes no result, and is told."""
        try:
            with contained(self.source):
                self.generator.close()
        except Exception:
            traceback.print_exc()

    def admit(self, assignment: Assignment) -> bool:
        return False

    def _ended(self, seconds: float) -> Report:
        if self.last is None:
            raise ValueError(
                f"{self.name} yields after each epoch, but it ended before the first."
            )
        return _finished(replace(self.last, seconds=seconds, repeats=True))

    def _checked(self, yielded: Any, epoch: int) -> dict[str, float]:
        """Return an epoch's metrics as plain numbers, which may not be finite."""
        if not isinstance(yielded, Mapping):
            got = f"{described(yielded)} in epoch {epoch}"
            raise TypeError(f"{self.name} yields a dict of metrics, but got {got}.")
        metrics = {name: _number(name, value, epoch) for name, value in yielded.items()}
        if self.metric not in metrics:
            known = ", ".join(metrics) or "nothing"
            rule = f"{self.name} yields '{self.metric}', which is optimised"
            raise ValueError(f"{rule}, but got {known} in epoch {epoch}.")
        if missing := [name for name in self.others if name not in metrics]:
            known = ", ".join(metrics)
            rule = f"{self.name} yields '{missing[0]}', which the file names"
            raise ValueError(f"{rule}, but got {known} in epoch {epoch}.")
        if self.last is not None and metrics.keys() != self.last.metrics.keys():
            rule = f"{self.name} yields the same metrics in each epoch"
            got = f"{', '.join(metrics)} in epoch {epoch} after {', '.join(self.last.metrics)}"
            raise ValueError(f"{rule}, but got {got}.")
        return metrics


def _number(name: Any, value: Any, epoch: int) -> float:
    if refusal := refused_name(name):
        raise ValueError(refusal)
    if isinstance(value, bool) or not isinstance(value, Real):
        got = f"{described(value)} in epoch {epoch}"
        raise TypeError(f"the metric '{name}' is a number, but got {got}; write float(...).")
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _finished(report: Report) -> Report:
    return replace(report, kept_epoch=report.epoch, kept_metrics=report.metrics)


def _conforms(objective: GeneratorObjective, pack: GeneratorPack) -> tuple[Objective, Pack]:
    """Let the type checker prove that both keep their contracts."""
    return objective, pack
