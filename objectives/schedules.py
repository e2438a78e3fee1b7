"""Learning rates over a run: factors of a trial's rate, functions of epoch, step and losses.

Nothing is remembered from one epoch to the next, so that what a trial did in an epoch can be
told from the epoch alone and, for `plateau`, from the training losses before it. The names and
the numbers are those of `torch.optim.lr_scheduler`, which the tests hold them against.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..spaces.schedule import Schedule

# Of OneCycleLR: the share of the run that rises, and what the rate starts and ends at.
_RISING = 0.3
_FIRST = 1 / 25
_LAST = _FIRST / 1e4

# Of ReduceLROnPlateau: a loss that is lower by less than this share is not lower.
_THRESHOLD = 1e-4


@dataclass(frozen=True)
class Course:
    """A schedule on a run of so many epochs of so many steps."""

    schedule: Schedule
    n_epochs: int
    n_steps: int  # minibatches of an epoch

    def factors(self, epoch: int, losses: Sequence[float]) -> list[float]:
        """Return what the rate is multiplied by at each step of an epoch.

        Args:
            epoch: counted from 1.
            losses: the training losses of the epochs before it.
        """
        name, first = self.schedule.name, (epoch - 1) * self.n_steps
        if name in _OF_STEPS:
            factor = _OF_STEPS[name]
            factors = [factor(self, first + i) for i in range(self.n_steps)]
        else:
            factors = [_OF_EPOCHS[name](self.schedule, epoch, losses)] * self.n_steps
        if self.schedule.warmup is None:
            return factors
        n_rising = self.schedule.warmup * self.n_steps
        return [f * min(1.0, (first + i + 1) / n_rising) for i, f in enumerate(factors)]

    def ends_period(self, epoch: int) -> bool:
        """Whether an epoch, counted from 1, is one to be compared with others.

        Within a period of a cosine the rate is higher, and a loss too, than at its end.
        """
        period = self.schedule.period
        if period is None or epoch == self.n_epochs:
            return True
        while epoch > period:
            epoch, period = epoch - period, period * (self.schedule.multiplier or 1)
        return epoch == period


def _constant(schedule: Schedule, epoch: int, losses: Sequence[float]) -> float:
    return 1.0


def _exponential(schedule: Schedule, epoch: int, losses: Sequence[float]) -> float:
    assert schedule.decay is not None
    return schedule.decay ** (epoch - 1)


def _staircase(schedule: Schedule, epoch: int, losses: Sequence[float]) -> float:
    assert schedule.factor is not None
    assert schedule.every is not None
    return schedule.factor ** ((epoch - 1) // schedule.every)


def _plateau(schedule: Schedule, epoch: int, losses: Sequence[float]) -> float:
    """Go down once the loss has not been lower for more than `patience` epochs, and wait anew."""
    assert schedule.factor is not None
    assert schedule.patience is not None
    best, n_waited, n_down = math.inf, 0, 0
    for loss in losses[: epoch - 1]:
        is_lower = loss < best * (1 - _THRESHOLD)
        best, n_waited = (loss, 0) if is_lower else (best, n_waited + 1)
        if n_waited > schedule.patience:
            n_waited, n_down = 0, n_down + 1
    return schedule.factor**n_down


def _cosine(course: Course, step: int) -> float:
    """From 1 towards 0 in half a cosine, over the run or a period (arXiv:1608.03983, eq. 5)."""
    schedule = course.schedule
    period = (schedule.period or course.n_epochs) * course.n_steps
    multiplier = schedule.multiplier or 1
    if multiplier == 1:
        step %= period
    while step >= period:
        step, period = step - period, period * multiplier
    return _between(1.0, 0.0, step / period)


def _one_cycle(course: Course, step: int) -> float:
    """Up to 1 at 30 % of the run and down to almost nothing (arXiv:1708.07120)."""
    n_steps = course.n_epochs * course.n_steps
    top = _RISING * n_steps - 1
    if step <= top:
        return _between(_FIRST, 1.0, step / top)
    return _between(1.0, _LAST, (step - top) / (n_steps - 1 - top))


def _between(start: float, end: float, share: float) -> float:
    """Return the value at this share of the way from start to end, along half a cosine."""
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))


_OF_EPOCHS: dict[str, Callable[[Schedule, int, Sequence[float]], float]] = {
    "constant": _constant,
    "exponential": _exponential,
    "staircase": _staircase,
    "plateau": _plateau,
}
_OF_STEPS: dict[str, Callable[[Course, int], float]] = {
    "cosine": _cosine,
    "one_cycle": _one_cycle,
}
