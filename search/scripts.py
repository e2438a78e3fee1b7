"""What a trial is played from: the pilot whose configuration is nearest, and its whole curve."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from ..objectives.configurations import training_of
from ..objectives.contracts import Assignment, Report
from ..objectives.metrics import direction_of
from ..objectives.pilot import Pilot
from ..spaces import Experiment
from ..spaces.parameters import Scalar
from .executors.base import Diverged, Event, Failed, Finished, Progress

N_DRAWN = 200  # configurations that a value's rank in its range is told from
_SPREAD = 0.3  # of what neighbours differ by, as a share of what pilots do
_GAIN = 0.3  # of a metric, that a curve of unknown course still makes
_NOISE = 0.02  # of a metric, from one of its epochs to the next


@dataclass(frozen=True)
class Script:
    """A trial to be played."""

    number: int
    pilot: Pilot
    reports: tuple[Report, ...]  # to the trial's end, where it does not fail

    @property
    def start_s(self) -> float:
        return self.pilot.start_s

    @property
    def leave_s(self) -> float:
        return self.pilot.leave_s

    def seconds(self, epoch: int) -> float:
        """Return how long an epoch lasts, counted from 1; after the last it leaves its results."""
        known = self.pilot.seconds
        lasts = known[epoch - 1] if epoch <= len(known) else _mean(known)
        return lasts + (self.leave_s if epoch == len(self.reports) else 0.0)

    def event(self, epoch: int) -> Event:
        """Return what comes of an epoch, counted from 1."""
        if epoch > len(self.reports):
            if self.pilot.failed:
                return Failed(self.number, self.pilot.failed, "")
            return Diverged(self.number, epoch, self.pilot.diverged)
        report = self.reports[epoch - 1]
        return Progress(report) if report.kept_epoch is None else Finished(report, "")


class Scripts:
    """The scripts of a space's trials."""

    def __init__(self, experiment: Experiment, pilots: Sequence[Pilot]) -> None:
        self.experiment = experiment
        self.metric = experiment.objective.metric
        is_cost = direction_of(experiment.objective, experiment.task) == "minimize"
        self.sign = 1 if is_cost else -1
        self.random = Random(experiment.seed)
        self.pilots = [p for p in pilots if p.reports or p.has_ended]
        self.curves = [self._whole(pilot) for pilot in self.pilots]
        self.ranks = _ranks(experiment)
        self.places = [self._place(pilot.configuration) for pilot in self.pilots]
        lasts = [curve[-1].metrics[self.metric] for curve in self.curves if curve]
        self.spread = _SPREAD * _deviation(lasts)

    def of(self, assignment: Assignment) -> Script:
        """Return a trial's script: that of the nearest pilot, a little better or worse."""
        place = self._place(assignment.configuration)
        distances = [_distance(place, other) for other in self.places]
        nearest = distances.index(min(distances))
        is_same = min(distances) == 0
        shift = 0.0 if is_same else self.random.gauss(0, self.spread)
        reports = tuple(
            self._shifted(report, assignment.number, shift) for report in self.curves[nearest]
        )
        return Script(assignment.number, self.pilots[nearest], reports)

    def _shifted(self, report: Report, number: int, shift: float) -> Report:
        def moved(metrics: Mapping[str, float]) -> dict[str, float]:
            return {**metrics, self.metric: metrics[self.metric] + shift}

        kept = None if report.kept_metrics is None else moved(report.kept_metrics)
        return replace(report, number=number, metrics=moved(report.metrics), kept_metrics=kept)

    def _whole(self, pilot: Pilot) -> list[Report]:
        """Return a pilot's reports to its end, the rest guessed where time did not suffice.

        It goes on as one does that got further; where none did, its metric gains ever less.
        """
        reports = list(pilot.reports)
        if pilot.has_ended or not reports:
            return reports
        training = training_of(self.experiment, pilot.configuration)
        stopping = training.early_stopping
        longer = [p for p in self.pilots if p.has_ended and len(p.reports) > len(reports)]
        model = self.random.choice(longer) if longer else None
        n_known, last = len(reports), reports[-1]
        while True:
            epoch = len(reports) + 1
            value = self._guess(last, n_known, epoch, model)
            metrics = {**last.metrics, self.metric: value}
            reports.append(replace(last, epoch=epoch, metrics=metrics))
            best = min(reports, key=lambda r: self.sign * r.metrics[self.metric])
            is_stopped = stopping is not None and epoch - best.epoch >= stopping.patience
            if is_stopped or epoch >= training.epochs:
                kept = best if stopping is not None else reports[-1]
                reports[-1] = replace(
                    reports[-1], kept_epoch=kept.epoch, kept_metrics=kept.metrics
                )
                return reports

    def _guess(self, last: Report, n_known: int, epoch: int, model: Pilot | None) -> float:
        value: float = last.metrics[self.metric]
        if model is not None and epoch <= len(model.reports):
            then, now = model.reports[n_known - 1], model.reports[epoch - 1]
            return value + now.metrics[self.metric] - then.metrics[self.metric]
        gain = _GAIN * (1 - math.sqrt(n_known / epoch))
        return value - self.sign * abs(value) * (gain + self.random.gauss(0, _NOISE))

    def _place(self, configuration: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """Return where a configuration lies: ranks of numbers, and choices as they are."""
        return {
            name: _rank(self.ranks[name], value) if name in self.ranks else value
            for name, value in configuration.items()
        }


def _ranks(experiment: Experiment) -> dict[str, list[float]]:
    """Return the sorted values of each numeric parameter, of configurations drawn uniformly."""
    random = Random(experiment.seed)
    values: dict[str, list[float]] = {}
    for _ in range(N_DRAWN):
        for name, value in experiment.space.draw(random).items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                values.setdefault(name, []).append(value)
    return {name: sorted(of_name) for name, of_name in values.items()}


def _rank(values: Sequence[float], value: Scalar) -> float:
    assert isinstance(value, int | float)
    return bisect_left(values, value) / len(values)


def _distance(one: Mapping[str, Scalar], other: Mapping[str, Scalar]) -> float:
    """Return the squared distance; a parameter that one alone has is as far off as can be."""
    names = {*one, *other}
    return sum(_apart(one.get(name), other.get(name)) for name in names)


def _apart(one: Scalar | None, other: Scalar | None) -> float:
    if isinstance(one, float) and isinstance(other, float):
        return (one - other) ** 2
    return float(one != other)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _deviation(values: Sequence[float]) -> float:
    """Return a deviation that a few wild values do not change: of the quarters, by 1.35."""
    if len(values) < 2:
        return 0.0
    ordered = sorted(values)
    return (ordered[(3 * len(ordered)) // 4] - ordered[len(ordered) // 4]) / 1.35
