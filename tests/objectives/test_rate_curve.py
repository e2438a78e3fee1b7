"""The curve of a range test: smoothed without lag or bias, and marked where it says it is."""

from __future__ import annotations

import numpy as np
import pytest

from truetune.objectives.development import Array
from truetune.objectives.rate_curve import SETTLING, Curve, Smoothing, marks_of

RATES = np.geomspace(1e-8, 100, 201)
LOGS = np.log10(RATES)
ALIKE = [32] * len(RATES)


def valley(begin: float = -4.0, centre: float = -2.0, bottom: float = -0.5) -> Array:
    """A loss of 2 that falls to 1 around a rate, steepest at its power of ten, and then rises."""
    fall = 1 / (1 + np.exp(-(LOGS - centre) * 8 / (centre - begin)))
    return np.asarray(2 - fall + np.expm1(np.maximum(0, LOGS - bottom) * 3))


def curve_of(losses: Array, n_sweeps: int = 1) -> Curve:
    return Curve.of(
        list(RATES[: len(losses)]), np.tile(losses, (n_sweeps, 1)), ALIKE[: len(losses)]
    )


def noisy(losses: Array, seed: int, n_sweeps: int = 5, noise: float = 0.1) -> Curve:
    rng = np.random.default_rng(seed)
    drawn = losses + rng.normal(0, noise, (n_sweeps, len(losses)))
    return Curve.of(list(RATES[: len(losses)]), drawn, ALIKE[: len(losses)])


def test_smoothing_is_adams_mean_with_its_bias_corrected() -> None:
    values, mean, smoothing = [3.0, 1.0, 4.0, 1.0, 5.0], 0.0, Smoothing()
    for t, value in enumerate(values, 1):
        mean = 0.85 * mean + 0.15 * value
        assert smoothing.add(value, 64) == pytest.approx(mean / (1 - 0.85**t))


def test_a_small_minibatch_counts_by_its_rows() -> None:
    smoothing = Smoothing()
    smoothing.add(1.0, 30)
    weights = 0.85 * 30, 10
    assert smoothing.add(5.0, 10) == pytest.approx(np.average([1.0, 5.0], weights=weights))


@pytest.mark.parametrize("n_rows", [ALIKE, [32, 32, 7] * 67])
def test_a_loss_that_falls_evenly_is_where_it_was_however_it_is_smoothed(
    n_rows: list[int],
) -> None:
    curve = Curve.of(list(RATES), (-3 * LOGS)[None], n_rows)
    assert np.array(curve.losses) == pytest.approx(-3 * np.log10(curve.rates))


def test_the_first_steps_are_no_points_of_the_curve() -> None:
    curve = curve_of(valley())
    assert len(curve.rates) == len(RATES) - SETTLING
    assert RATES[SETTLING // 2] < curve.rates[0] < RATES[SETTLING]


def test_a_curve_is_the_mean_of_its_sweeps() -> None:
    both = Curve.of(list(RATES), np.array([valley(), valley() + 1]), ALIKE)
    assert np.array(both.losses) == pytest.approx(np.array(curve_of(valley()).losses) + 0.5)
    assert both.n_sweeps == 2


def test_the_error_is_how_far_noise_takes_a_point() -> None:
    curves = [noisy(np.full(len(RATES), 2.0), seed, n_sweeps=3) for seed in range(300)]
    found = np.std([curve.losses[100] for curve in curves])
    assert np.mean([curve.error for curve in curves]) == pytest.approx(found, rel=0.1)


def test_the_error_takes_no_notice_of_the_fall_and_the_rise() -> None:
    flat, deep = (noisy(losses[:160], seed=0) for losses in (np.full(201, 2.0), valley()))
    assert deep.error == pytest.approx(flat.error, rel=0.2)


@pytest.mark.parametrize("centre", [-4.0, -2.0, -1.0])
def test_marks_stand_at_the_steepest_point_right_of_it_and_at_the_minimum(centre: float) -> None:
    marks = marks_of(curve_of(valley(centre - 2, centre, centre + 1.5)))
    assert marks is not None
    assert np.log10(marks.steepest.rate) == pytest.approx(centre, abs=0.15)
    assert np.log10(marks.minimum.rate) == pytest.approx(centre + 1.5, abs=0.35)
    assert marks.steepest.rate < marks.suggested.rate < marks.minimum.rate
    assert marks.steepest.loss > marks.suggested.loss > marks.minimum.loss


def test_the_range_is_from_a_tenth_of_the_fall_to_where_half_of_it_is_lost() -> None:
    marks = marks_of(curve_of(valley()))
    assert marks is not None
    # A logistic has fallen by a tenth ln 9 before its middle, in units of its width.
    assert np.log10(marks.low) == pytest.approx(-2 - np.log(9) / 4, abs=0.2)
    # The rise begins at a power of -0.5, and is 1/2 where exp(3 * more) is 1.5.
    assert np.log10(marks.high) == pytest.approx(-0.5 + np.log(1.5) / 3, abs=0.15)


def test_where_the_loss_rises_slowly_the_range_ends_at_three_times_the_minimum() -> None:
    slow = valley(bottom=9) + 0.05 * np.maximum(0, LOGS + 1)
    marks = marks_of(curve_of(slow))
    assert marks is not None
    assert marks.high == pytest.approx(3 * marks.minimum.rate)


@pytest.mark.parametrize("seed", range(20))
def test_noise_moves_the_marks_by_less_than_a_third_of_a_decade(seed: int) -> None:
    clean, marks = marks_of(curve_of(valley())), marks_of(noisy(valley(), seed))
    assert clean is not None
    assert marks is not None
    for name in ("steepest", "suggested"):
        ratio = getattr(marks, name).rate / getattr(clean, name).rate
        assert abs(np.log10(ratio)) < 1 / 3
    assert marks.low <= marks.suggested.rate <= marks.high


@pytest.mark.parametrize("offset", [-10.0, 0.0, 10.0])
def test_what_a_cost_counts_from_moves_no_mark(offset: float) -> None:
    here, there = marks_of(curve_of(valley())), marks_of(curve_of(valley() + offset))
    assert here is not None
    assert there is not None
    assert there.suggested.rate == here.suggested.rate
    assert (there.low, there.high) == (here.low, here.high)


def test_a_loss_that_falls_in_two_stages_is_followed_to_within_a_decade_of_its_minimum() -> None:
    steep = 1 / (1 + np.exp(-(LOGS + 4) * 8))
    slow = 0.1 / (1 + np.exp(-(LOGS + 1.5) * 2))
    marks = marks_of(curve_of(2 - steep - slow + np.expm1(np.maximum(0, LOGS) * 3)))
    assert marks is not None
    assert marks.steepest.rate == pytest.approx(1e-4, rel=0.4)
    assert marks.minimum.rate / 10 <= marks.suggested.rate < marks.minimum.rate


def test_a_loss_that_falls_to_the_last_rate_has_its_minimum_there() -> None:
    curve = curve_of(valley(-2, 0, 9))
    marks = marks_of(curve)
    assert marks is not None
    assert marks.minimum.rate == curve.rates[-1]


@pytest.mark.parametrize("seed", range(40))
def test_noise_alone_has_no_marks(seed: int) -> None:
    assert marks_of(noisy(np.full(len(RATES), 2.0), seed)) is None


@pytest.mark.parametrize(
    "losses",
    [
        np.full(201, 2.0),  # nothing moves it
        2 + np.expm1(np.maximum(0, LOGS)),  # it only rises
        2 - 1e-5 * (LOGS + 8),  # rounding
        np.full(SETTLING + 1, 2.0),
        np.full(SETTLING, 2.0),  # it ended before the first point
        np.full(1, 2.0),
    ],
)
def test_a_loss_that_does_not_fall_has_no_marks(losses: Array) -> None:
    assert marks_of(curve_of(losses, n_sweeps=2)) is None
