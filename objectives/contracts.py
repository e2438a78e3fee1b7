"""What the search and an objective say to each other.

An objective starts a pack of trials; a pack advances its trials together, an epoch at a time,
and answers with a report for each. The search drops the trials it prunes between two advances,
so no epoch starts before the verdict on the last. A pack of one is the ordinary training loop.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..spaces.parameters import Scalar
from .development import Array, Development


@dataclass(frozen=True)
class Assignment:
    """A trial to train: its number, its configuration and the seed of all its randomness."""

    number: int
    configuration: Mapping[str, Scalar]
    seed: int


@dataclass(frozen=True)
class Report:
    """One epoch of one trial. Epochs count from 1.

    The last report of a trial also says which epoch's weights are kept: the last, or the best
    under early stopping. The trial's value and metrics are those of that epoch.
    """

    number: int
    epoch: int
    metrics: Mapping[str, float]  # of this epoch
    seconds: float  # spent training and validating in this epoch
    kept_epoch: int | None = None
    kept_metrics: Mapping[str, float] | None = None
    repeats: bool = False  # the epoch was reported before; the trial has ended since
    is_comparable: bool = True  # with other epochs: not in the midst of a schedule's period
    costs: Mapping[str, float] = field(default_factory=dict)  # known before the first epoch


@dataclass(frozen=True)
class Results:
    """What a trial leaves: the kept weights, and the predictions they make for validation rows.

    Predictions are class probabilities (rows, classes), the probability of the second class
    (rows, 1) in double precision, or targets in their own unit (rows, outputs).
    """

    weights: Mapping[str, Any]  # name to torch.Tensor
    predictions: Array


class DivergedError(Exception):
    """A metric stopped being a finite number."""

    def __init__(self, number: int, epoch: int, cause: str) -> None:
        super().__init__(number, epoch, cause)
        self.number, self.epoch, self.cause = number, epoch, cause


def check_finite(number: int, epoch: int, metrics: Mapping[str, float]) -> None:
    """Raise DivergedError, naming the first metric that is no finite number."""
    for name, value in metrics.items():
        if not math.isfinite(value):
            raise DivergedError(number, epoch, f"{name} is {value} in epoch {epoch}")


class Pack(Protocol):
    """Trials trained together on one device."""

    def advance(self) -> list[Report]:
        """Train every trial one epoch more. Raises DivergedError when one leaves the finite."""
        ...

    def results(self, number: int) -> Results | None:
        """Return a trial's kept weights and predictions; None where the user's code has them."""
        ...

    def drop(self, number: int) -> None:
        """Forget a trial; its slot is free."""
        ...

    def admit(self, assignment: Assignment) -> bool:
        """Take in another trial if there is a slot that fits it, and say whether."""
        ...


class Objective(Protocol):
    """How trials are scored."""

    def start(
        self, assignments: Sequence[Assignment], development: Development, device: str
    ) -> Pack: ...
