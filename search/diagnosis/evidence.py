"""The facts of a study that a diagnosis rests on, each of them known or said to be unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from ...objectives.development import Array, Description
from ...objectives.guard.resampling import interval
from ...objectives.metrics import FIT, plain_name
from ...objectives.rowwise import Part
from ...spaces import Configuration, Experiment
from ..held_against import Held
from .predictions import read
from .scale import Scale

DIVERGED = ("exploding gradients", "diverged", "not finite", "is nan", "is inf")  # in a cause

LEVEL = 0.05  # of the interval of a validation value


@dataclass(frozen=True)
class Tried:
    """One finished trial."""

    number: int
    state: Literal["complete", "pruned", "failed"]
    configuration: Configuration  # what is fixed or derived is in it, too
    value: float | None = None  # of the metric that is searched for; None unless complete
    metrics: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, Sequence[float]] = field(default_factory=dict)  # a value an epoch
    kept_epoch: int | None = None  # from 1, of the weights that are kept
    cause: str = ""  # why it ended early
    folder: Path | None = None  # of its predictions

    @property
    def is_diverged(self) -> bool:
        return self.state != "complete" and any(sign in self.cause for sign in DIVERGED)

    @property
    def training(self) -> Sequence[float]:
        """The training loss of each epoch."""
        return self.curves.get("training_loss", ())


@dataclass(frozen=True)
class Evidence:
    """All that is known of one study. What is None is unknown, and `unknown` says why."""

    study: str
    state: str  # running, finished, interrupted or failed
    experiment: Experiment
    direction: Literal["minimize", "maximize"]
    trials: tuple[Tried, ...] = ()
    best: Tried | None = None
    default: int | None = None  # number of the trial of the default configuration
    description: Description | None = None
    part: Part | None = None  # the validation rows' targets
    baselines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    held: tuple[Held, ...] = ()  # the best trial against them, row by row
    test: Mapping[str, Any] | None = None  # the last report of `tune verify` on its best trial
    world: Mapping[str, Any] | None = None  # the last report on new rows
    attempts: tuple[str, ...] = ()  # of trials to reach sealed rows
    unknown: tuple[str, ...] = ()

    @cached_property
    def scale(self) -> Scale | None:
        return Scale.of(self.experiment, self.part)

    @property
    def metric(self) -> str:
        """The name, without prefix, of what is searched for."""
        return plain_name(self.experiment.objective.metric)

    @property
    def complete(self) -> list[Tried]:
        """The completed trials, the best first."""
        sign = -1 if self.direction == "maximize" else 1
        found = [trial for trial in self.trials if trial.state == "complete"]
        return sorted(found, key=lambda trial: sign * (trial.value or 0.0))

    @property
    def fitted(self) -> list[Tried]:
        """The completed trials, that which fits its training rows best first."""
        sign = -1 if self.direction == "maximize" else 1
        found = [t for t in self.complete if self.fit_of(t) is not None]
        return sorted(found, key=lambda trial: sign * (self.fit_of(trial) or 0.0))

    def fit_of(self, trial: Tried | None) -> float | None:
        """Return the metric on a trial's training rows; None where it was not measured."""
        return None if trial is None else trial.metrics.get(FIT + self.metric)

    @property
    def training_error(self) -> float | None:
        """The best trial's error on training rows."""
        value = self.fit_of(self.best)
        return None if value is None or self.scale is None else self.scale.error(value)

    @property
    def validation_error(self) -> float | None:
        """The best trial's error on validation rows."""
        if self.best is None or self.best.value is None or self.scale is None:
            return None
        return self.scale.error(self.best.value)

    @cached_property
    def predictions(self) -> Array | None:
        """What the best trial predicts for the validation rows; None where that is gone."""
        if self.best is None or self.part is None:
            return None
        return read(self.best.folder, len(self.part.targets))

    @cached_property
    def half_width(self) -> float | None:
        """Half of the 95 % interval of the best trial's validation value."""
        if self.predictions is None or self.part is None or self.scale is None:
            return None
        task, metric = self.experiment.task, self.scale.metric
        return interval(metric, task, self.part, self.predictions, LEVEL).half_width

    @property
    def values_of_baselines(self) -> dict[str, float]:
        """What baselines are worth that were trained."""
        return {
            name: float(found["value"])
            for name, found in self.baselines.items()
            if isinstance(found, Mapping) and found.get("value") is not None
        }
