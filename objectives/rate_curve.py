"""The curve of a range test, the loss over the rate, and the rates that are marked on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .development import Array

SETTLING = 20  # steps before the first point: a mean of few losses says little

_DECAY = 0.85  # of a loss's weight, a step
_WINDOW = 8  # steps on either side that a slope is fitted to
_BEGUN = 0.1  # of the fall, from which on a rate helps
_STILL = 0.5  # of the steepest slope, with which a loss still falls
_LOST = 0.5  # of the fall, that has been lost again where a search need not look
_BEYOND = 3.0  # times the minimum; a search does not look further in any case
_DECADE = 10.0  # the suggestion is not further below the minimum
_SURE = 5.0  # standard errors; what falls by less is noise
_LEAST_SHARE = 1e-3  # of the loss itself; what falls by less has not moved
_NORMAL = 0.6745  # median of the size of a standard normal number


class Smoothing:
    """An exponential mean, each loss by the rows of its minibatch, that starts without a bias.

    With minibatches of one size it is what Adam makes of gradients (Kingma and Ba, 2014,
    arXiv:1412.6980, section 3): the running mean divided by `1 - decay^t`.
    """

    def __init__(self) -> None:
        self.total = self.weight = 0.0

    def add(self, value: float, n_rows: int) -> float:
        """Take in a value and return the mean."""
        share = (1 - _DECAY) * n_rows
        self.total = _DECAY * self.total + share * value
        self.weight = _DECAY * self.weight + share
        return self.total / self.weight


@dataclass(frozen=True)
class Point:
    """A rate of a curve, and the loss there."""

    rate: float
    loss: float


@dataclass(frozen=True)
class Curve:
    """The mean loss of some sweeps at each rate, smoothed.

    The logarithms of the rates are smoothed alike: a mean over steps is then the loss at the
    mean of their rates, and does not lag behind.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    error: float  # standard error of a loss
    n_sweeps: int

    @classmethod
    def of(cls, rates: Sequence[float], losses: Array, n_rows: Sequence[int]) -> Curve:
        """Average, smooth, and leave out the first points.

        Args:
            rates: of each step.
            losses: of its minibatch, (sweeps, steps).
            n_rows: of each minibatch.
        """
        of_logs, of_losses = Smoothing(), Smoothing()
        points = [
            (math.exp(of_logs.add(math.log(rate), n)), of_losses.add(float(loss), n))
            for rate, loss, n in zip(rates, losses.mean(axis=0), n_rows, strict=True)
        ]
        kept = points[SETTLING:]
        means, error = tuple(loss for _, loss in kept), _error(losses)
        return cls(tuple(rate for rate, _ in kept), means, error, len(losses))

    def point(self, i: int) -> Point:
        return Point(self.rates[i], self.losses[i])


@dataclass(frozen=True)
class Marks:
    """Where a loss falls steepest, what to take, where it is least, and what to search."""

    steepest: Point
    suggested: Point
    minimum: Point
    low: float  # from here on the loss falls
    high: float  # from here on too much of it is lost again


def marks_of(curve: Curve) -> Marks | None:
    """Return the marks of a curve; None where no rate made its loss fall by more than noise.

    The suggestion is the last rate before the minimum at which the loss still falls half as fast
    as at its steepest, and not more than a decade below the minimum. At the minimum itself some
    minibatches are thrown off already: a rate that is too high needs steps until that shows.
    """
    if not curve.losses:
        return None
    least = int(np.argmin(curve.losses))
    first, fall = curve.losses[0], curve.losses[0] - curve.losses[least]
    if fall <= max(_SURE * curve.error, _LEAST_SHARE * abs(first)):
        return None
    before = np.array(curve.losses[: least + 1])
    slopes = _slopes(curve)[: least + 1]
    steepest = int(np.argmin(slopes))
    falling = np.flatnonzero(slopes <= _STILL * slopes[steepest])[-1]
    near = np.searchsorted(curve.rates, curve.rates[least] / _DECADE)
    suggested = curve.point(int(max(falling, near)))
    begun = curve.rates[np.flatnonzero(before > first - _BEGUN * fall)[-1]]
    return Marks(
        steepest=curve.point(steepest),
        suggested=suggested,
        minimum=curve.point(least),
        low=min(begun, suggested.rate),
        high=_high(curve, least, fall),
    )


def _high(curve: Curve, least: int, fall: float) -> float:
    """Return the first rate after the minimum at which half of the fall is lost again.

    Steps at such rates are survived by many a training that settles later. A loss that rises
    slowly, as Adam's does, says little of where that ends.
    """
    after = np.array(curve.losses[least:])
    lost = np.flatnonzero(after > curve.losses[least] + _LOST * fall)
    end = curve.rates[least + int(lost[0])] if len(lost) else curve.rates[-1]
    return min(end, _BEYOND * curve.rates[least])


def _slopes(curve: Curve) -> Array:
    """Return the slope of the loss over the logarithm of the rate, by least squares around it."""
    logs, losses = np.log(curve.rates), np.array(curve.losses)
    around = [slice(max(0, i - _WINDOW), i + _WINDOW + 1) for i in range(len(logs))]
    return np.array([_slope(logs[part], losses[part]) for part in around])


def _slope(x: Array, y: Array) -> float:
    x = x - x.mean()
    return float(x @ (y - y.mean()) / (x @ x))


def _error(losses: Array) -> float:
    """Return how far noise alone takes a point of the curve.

    The noise of a minibatch is what its loss differs by from that of the step before: its median
    takes no notice of the steps that change the loss. An exponential mean with decay d has the
    share (1 - d) / (1 + d) of the variance of what it is of.
    """
    n_sweeps, n_steps = losses.shape
    if n_steps < 2:
        return 0.0
    steps = np.abs(np.diff(losses, axis=1))
    of_one = float(np.median(steps)) / _NORMAL / math.sqrt(2)
    return of_one * math.sqrt((1 - _DECAY) / (1 + _DECAY) / n_sweeps)
