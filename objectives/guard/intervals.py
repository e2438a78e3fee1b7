"""Values with what is known of their sampling error."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


def difference(a: Interval, b: Interval) -> Interval:
    """Return the interval of a - b, the two being independent, at the level that both have.

    It takes each end's distance from its value, as MOVER does (Zou and Donner, Statistics in
    Medicine 27:1693, 2008).
    """
    value = a.value - b.value
    below = math.hypot(a.value - a.low, b.high - b.value)
    above = math.hypot(a.high - a.value, b.value - b.low)
    return Interval(value, value - below, value + above)


def wilson(share: float, n: int, alpha: float) -> Interval:
    """Return Wilson's interval of a share of n."""
    from scipy.stats import binomtest

    found = binomtest(round(share * n), n).proportion_ci(1 - alpha, "wilson")
    return Interval(share, min(float(found.low), share), max(float(found.high), share))
