"""Whether the test rows tell the same as the validation rows did."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from ..metrics import SHARES, Direction
from .intervals import Interval, difference

__all__ = ["Interval", "Name", "Verdict", "difference", "judge"]

Name = Literal["TAINTED", "OPTIMISTIC", "SUSPICIOUS", "INCONCLUSIVE", "CONSISTENT"]
_ABSOLUTE = (*SHARES, "r2")  # of other metrics a difference is told as a share of the value


@dataclass(frozen=True)
class Verdict:
    """What two values of one metric say of each other.

    `n_needed` test rows would bring the half width down to `min_effect`, with as many validation
    rows as there were. Where these alone are too few for it, there have to be more of both:
    `n_needed` test rows, and `times_validation` as many validation rows. None where nothing is
    missing, or where no number of rows will do, because `min_effect` is 0.
    """

    name: Name
    gap: Interval  # above 0 where the test is worse
    half_width: float  # of the gap
    min_effect: float  # the smallest gap that matters, in the metric's unit
    n_needed: int | None = None
    times_validation: float = 1.0


def judge(
    metric: str,
    direction: Direction,
    corrected: Interval,
    test: Interval,
    min_effect: float,
    n_test: int,
) -> Verdict:
    """Compare a corrected validation value with the test's. The first name that holds:

    - OPTIMISTIC: the test is worse, by more than chance explains.
    - SUSPICIOUS: the test is better, by more than chance explains.
    - INCONCLUSIVE: a gap that matters could go unseen, for want of rows.
    - CONSISTENT.

    TAINTED comes before all of them, and is for the caller to know.

    Args:
        metric: its name, without prefix.
        direction: which way is better.
        corrected: of the validation rows; its ends tell the sampling error.
        test: of the test rows, at the same level.
        min_effect: the smallest gap that matters: of accuracy, balanced accuracy, F1, AUROC and
            R2 as it is, else a share of the corrected value.
        n_test: how many test rows there are.
    """
    pair = (corrected, test) if direction == "maximize" else (test, corrected)
    gap = difference(*pair)
    smallest = min_effect if metric in _ABSOLUTE else min_effect * abs(corrected.value)
    name = _name(gap, smallest)
    verdict = Verdict(name, gap, gap.half_width, smallest)
    if name != "INCONCLUSIVE" or smallest == 0:
        return verdict
    return _with_rows_needed(verdict, corrected.half_width, n_test)


def _name(gap: Interval, min_effect: float) -> Name:
    if gap.low > 0:
        return "OPTIMISTIC"
    if gap.high < 0:
        return "SUSPICIOUS"
    return "INCONCLUSIVE" if gap.half_width > min_effect else "CONSISTENT"


def _with_rows_needed(verdict: Verdict, of_validation: float, n_test: int) -> Verdict:
    """Say how many rows are missing: squared, the half widths of two samples add up, and each is
    as one over its rows."""
    allowed = verdict.min_effect**2 - of_validation**2
    of_test = max(verdict.half_width**2 - of_validation**2, 0)
    if allowed > 0:
        n_needed, times = n_test * of_test / allowed, 1.0
    else:
        times = (verdict.half_width / verdict.min_effect) ** 2
        n_needed = n_test * times
    return replace(verdict, n_needed=math.ceil(n_needed), times_validation=times)
