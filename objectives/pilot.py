"""A pilot: one configuration trained as far as there is time, to see how long it takes and how
its curve runs. It leaves nothing but what it reported."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from ..spaces.parameters import Scalar
from .contracts import Assignment, DivergedError, Objective, Pack, Report
from .development import Development, Fold


@dataclass
class Pilot:
    """What a configuration took and reported. Seconds are those that all rows would take."""

    configuration: dict[str, Scalar]
    start_s: float = 0.0  # to build what is trained
    seconds: list[float] = field(default_factory=list)  # of each epoch, with what surrounds it
    reports: list[Report] = field(default_factory=list)
    leave_s: float = 0.0  # to gather its results; 0 where it was not trained to its end
    diverged: str = ""  # the cause
    failed: str = ""  # the cause

    @property
    def has_ended(self) -> bool:
        """Whether a search would train it no further."""
        is_last = bool(self.reports) and self.reports[-1].kept_epoch is not None
        return is_last or bool(self.diverged or self.failed)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Pilot:
        reports = [Report(**report) for report in content["reports"]]
        return cls(**{**content, "reports": reports})


class Flight:
    """A pilot in training."""

    def __init__(
        self, objective: Objective, assignment: Assignment, development: Development, device: str
    ) -> None:
        self.pilot = Pilot(dict(assignment.configuration))
        self.number = assignment.number
        self.pack: Pack | None = None
        started = time.perf_counter()
        try:
            self.pack = objective.start([assignment], development, device)
        except Exception as error:  # whatever the user's code may raise
            self.pilot.failed = _told(error)
        self.pilot.start_s = time.perf_counter() - started

    def advance(self, scale: float = 1.0) -> None:
        """Train an epoch more, whose seconds count `scale` times; after the last, end."""
        assert self.pack is not None
        started = time.perf_counter()
        try:
            reports = self.pack.advance()
        except DivergedError as error:
            self.pilot.diverged = error.cause
        except Exception as error:
            self.pilot.failed = _told(error)
        else:
            self._keep(reports[0])
            self.pilot.seconds.append(scale * (time.perf_counter() - started))
            if reports[0].kept_epoch is not None:
                self._leave(scale)
        if self.pilot.has_ended:
            self.pack = None

    def _keep(self, report: Report) -> None:
        """Remember a report; one that repeats an epoch takes the place of the first."""
        if report.repeats:
            self.pilot.reports.pop()
            report = replace(report, repeats=False)
            self.pilot.seconds.pop()
        self.pilot.reports.append(report)

    def _leave(self, scale: float) -> None:
        assert self.pack is not None
        started = time.perf_counter()
        self.pack.results(self.number)
        self.pack.drop(self.number)
        self.pilot.leave_s = scale * (time.perf_counter() - started)


def _told(error: Exception) -> str:
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"


def shrunk(development: Development, share: float) -> Development:
    """Return a share of the rows of each part, spread evenly over it."""
    folds = tuple(_shrunk(fold, share) for fold in development.folds)
    return replace(development, folds=folds, blocks=())


def _shrunk(fold: Fold, share: float) -> Fold:
    train = _places(len(fold.x_train), share)
    validation = _places(len(fold.x_validation), share)
    return replace(
        fold,
        x_train=fold.x_train[train],
        y_train=fold.y_train[train],
        train_rows=fold.train_rows[train],
        x_validation=fold.x_validation[validation],
        y_validation=fold.y_validation[validation],
        validation_rows=fold.validation_rows[validation],
    )


def _places(n_rows: int, share: float) -> Sequence[int]:
    n = max(1, round(share * n_rows))
    places: Sequence[int] = np.linspace(0, n_rows - 1, n).round().astype(np.int64)  # type: ignore[assignment]
    return places
