"""Verdicts, and the intervals that they are about."""

from __future__ import annotations

import math

import numpy as np
import pytest

from truetune.objectives.guard.intervals import difference
from truetune.objectives.guard.verdict import Interval, judge
from truetune.objectives.metrics import Direction


def around(value: float, half_width: float) -> Interval:
    return Interval(value, value - half_width, value + half_width)


CASES: list[tuple[str, Direction, Interval, Interval, float, str]] = [
    ("accuracy", "maximize", around(0.85, 0.01), around(0.84, 0.01), 0.02, "CONSISTENT"),
    ("accuracy", "maximize", around(0.85, 0.01), around(0.80, 0.01), 0.02, "OPTIMISTIC"),
    ("accuracy", "maximize", around(0.85, 0.01), around(0.90, 0.01), 0.02, "SUSPICIOUS"),
    ("accuracy", "maximize", around(0.85, 0.01), around(0.84, 0.03), 0.02, "INCONCLUSIVE"),
    # A gap that is there is told of, however wide its interval.
    ("accuracy", "maximize", around(0.85, 0.01), around(0.60, 0.10), 0.02, "OPTIMISTIC"),
    ("accuracy", "maximize", around(0.60, 0.01), around(0.85, 0.10), 0.02, "SUSPICIOUS"),
    # An accuracy that is minimised, as a file may ask for.
    ("accuracy", "minimize", around(0.85, 0.01), around(0.90, 0.01), 0.02, "OPTIMISTIC"),
    ("f1", "maximize", around(0.50, 0.01), around(0.48, 0.01), 0.02, "OPTIMISTIC"),
    ("auroc", "maximize", around(0.50, 0.01), around(0.49, 0.01), 0.02, "CONSISTENT"),
    ("balanced_accuracy", "maximize", around(0.5, 0.01), around(0.5, 0.01), 0.02, "CONSISTENT"),
    ("r2", "maximize", around(-0.1, 0.01), around(-0.1, 0.01), 0.02, "CONSISTENT"),
    # Of a loss the smallest gap that matters is a share of it: 2 % of 10 and of 0.1.
    ("loss", "minimize", around(10, 0.1), around(10.1, 0.1), 0.02, "CONSISTENT"),
    ("loss", "minimize", around(0.1, 0.1), around(0.1, 0.1), 0.02, "INCONCLUSIVE"),
    ("rmse", "minimize", around(10, 0.1), around(11, 0.1), 0.02, "OPTIMISTIC"),
    ("mae", "minimize", around(10, 0.1), around(9, 0.1), 0.02, "SUSPICIOUS"),
    ("mae", "minimize", around(10, 0.3), around(10, 0.3), 0.02, "INCONCLUSIVE"),
    ("mae", "minimize", around(0, 0.0), around(0, 0.0), 0.02, "CONSISTENT"),
]


@pytest.mark.parametrize(("metric", "direction", "corrected", "test", "effect", "name"), CASES)
def test_verdict(
    metric: str,
    direction: Direction,
    corrected: Interval,
    test: Interval,
    effect: float,
    name: str,
) -> None:
    verdict = judge(metric, direction, corrected, test, effect, 500)
    assert verdict.name == name
    assert (verdict.n_needed is not None) == (name == "INCONCLUSIVE")


@pytest.mark.parametrize(
    ("direction", "test"), [("maximize", 0.7), ("minimize", 0.9)], ids=["maximised", "minimised"]
)
def test_gap_is_above_zero_where_the_test_is_worse(direction: Direction, test: float) -> None:
    verdict = judge("accuracy", direction, around(0.8, 0.03), around(test, 0.04), 0.02, 500)
    assert verdict.gap.value == pytest.approx(0.1)
    assert verdict.half_width == pytest.approx(0.05)
    assert (verdict.gap.low, verdict.gap.high) == pytest.approx((0.05, 0.15))


def test_effect_is_told_in_the_metrics_unit() -> None:
    assert judge("r2", "maximize", around(0.5, 1), around(0.5, 1), 0.02, 9).min_effect == 0.02
    loss = judge("loss", "minimize", around(5, 1), around(5, 1), 0.02, 9)
    assert loss.min_effect == pytest.approx(0.1)


def test_rows_needed_bring_the_half_width_to_the_smallest_effect() -> None:
    corrected, n_test = around(0.85, 0.01), 500
    verdict = judge("accuracy", "maximize", corrected, around(0.85, 0.04), 0.02, n_test)
    assert verdict.n_needed is not None
    width = 0.04 * math.sqrt(n_test / verdict.n_needed)
    enough = judge("accuracy", "maximize", corrected, around(0.85, width), 0.02, n_test)
    assert enough.name == "CONSISTENT"
    assert enough.half_width == pytest.approx(0.02, rel=1e-3)
    assert verdict.times_validation == 1


def test_rows_of_both_are_needed_where_the_validation_rows_alone_are_too_few() -> None:
    verdict = judge("accuracy", "maximize", around(0.85, 0.03), around(0.85, 0.04), 0.02, 400)
    assert verdict.n_needed == pytest.approx(400 * 6.25, abs=1)
    assert verdict.times_validation == pytest.approx(6.25)
    shrink = math.sqrt(verdict.times_validation)
    both = (around(0.85, width / shrink) for width in (0.03, 0.04))
    enough = judge("accuracy", "maximize", *both, 0.02, verdict.n_needed)
    assert enough.half_width == pytest.approx(0.02)


def test_no_number_of_rows_tells_a_difference_of_nothing() -> None:
    verdict = judge("loss", "minimize", around(0, 0.1), around(0.05, 0.1), 0.02, 400)
    assert (verdict.name, verdict.n_needed) == ("INCONCLUSIVE", None)


def test_difference_of_symmetric_intervals_adds_their_squares() -> None:
    found = difference(around(5, 3), around(1, 4))
    assert (found.value, found.low, found.high) == pytest.approx((4, -1, 9))


def test_difference_of_shares_is_newcombes_hybrid_score_interval() -> None:
    """Newcombe's example (Statistics in Medicine 17:873, 1998), 56/70 - 48/80: his method 10."""
    from truetune.objectives.guard.intervals import wilson

    found = difference(wilson(56 / 70, 70, 0.05), wilson(48 / 80, 80, 0.05))
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)


def test_difference_covers_the_truth_as_often_as_its_parts() -> None:
    from truetune.objectives.guard.intervals import wilson

    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(2000):
        a, b = rng.binomial(300, 0.9) / 300, rng.binomial(150, 0.8) / 150
        found = difference(wilson(a, 300, 0.05), wilson(b, 150, 0.05))
        covered += found.low <= 0.1 <= found.high
    assert covered / 2000 == pytest.approx(0.95, abs=0.015)
