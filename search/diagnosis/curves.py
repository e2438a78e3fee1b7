"""What the shape of a training-loss curve says: slow, noisy, or settled."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

MIN_EPOCHS = 6  # a shorter curve has no shape
FALLING = 0.1  # of all that was gained: so much in the last quarter, and it is not over
NOISY = 0.05  # of its level: how far a curve jumps from one epoch to the next, at its end


def is_falling(losses: Sequence[float]) -> bool:
    """Whether a loss still falls at its end, so that more of the same would help.

    >>> is_falling([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3])
    True
    >>> is_falling([1.0, 0.5, 0.3, 0.2, 0.2, 0.2, 0.2, 0.2])
    False
    """
    if len(losses) < MIN_EPOCHS:
        return False
    gained = losses[0] - min(losses)
    at_last = losses[-1 - len(losses) // 4] - losses[-1]
    return gained > 0 and at_last > FALLING * gained


def is_noisy(losses: Sequence[float]) -> bool:
    """Whether a loss goes up about as often as down in its last third, and by a lot.

    >>> is_noisy([1.0, 0.8, 0.6, 0.5, 0.4, 0.6, 0.4, 0.6, 0.4])
    True
    >>> is_noisy([1.0, 0.5, 0.3, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2])
    False
    """
    if len(losses) < MIN_EPOCHS:
        return False
    end = losses[-1 - max(len(losses) // 3, 3) :]
    steps = [after - before for before, after in pairwise(end)]
    ups = sum(step for step in steps if step > 0)
    length = sum(abs(step) for step in steps)
    level = abs(sum(end)) / len(end)
    return ups > 0.3 * length and length / len(steps) > NOISY * level


def worst_rise(losses: Sequence[float]) -> float:
    """Return how far a loss ends above its least, as a share of that.

    >>> worst_rise([1.0, 0.5, 0.75])
    0.5
    """
    least = min(losses, default=0.0)
    return (losses[-1] - least) / abs(least) if least else 0.0
