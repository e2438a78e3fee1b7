"""Laws found again in what they made, and intervals that hold them as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from truetune.objectives.development import Array
from truetune.objectives.power_law import Laws, fitted, resampled

SIZES = np.unique(np.geomspace(32, 1024, 6).round())
N_ROWS = np.repeat(SIZES, 3)
SEEDS = np.tile(np.arange(3), 6)


def law(a: float, b: float, c: float, n: Array = N_ROWS) -> Array:
    return np.asarray(a + b * n**-c)


@pytest.mark.parametrize(
    ("a", "b", "c"), [(0.1, 3, 0.5), (0.0, 2, 0.3), (0.2, 5, 0.8), (0.05, 40, 1.2)]
)
def test_a_law_is_found_in_what_it_made(a: float, b: float, c: float) -> None:
    found = fitted(N_ROWS, law(a, b, c)[None])
    assert found.at(2048)[0] == pytest.approx(law(a, b, c, np.array(2048)), rel=0.01)
    assert found.at(10240)[0] == pytest.approx(law(a, b, c, np.array(10240)), rel=0.03)
    assert found.c[0] == pytest.approx(c, rel=0.05)


def test_no_law_fits_better_than_the_one_that_is_found() -> None:
    rng = np.random.default_rng(2)
    errors = law(0.1, 3, 0.5) * (1 + 0.05 * rng.standard_normal(len(N_ROWS)))
    means = np.array([errors[n == N_ROWS].mean() for n in N_ROWS])

    def residuals(p: Array) -> Array:
        return np.asarray((errors - law(*p)) / means)

    best = least_squares(residuals, (0.1, 3, 0.5), bounds=(0, [1, 100, 2]), xtol=1e-12)
    found = fitted(N_ROWS, errors[None])
    own = residuals(np.array([found.a[0], found.b[0], found.c[0]]))
    assert (own**2).sum() == pytest.approx(2 * best.cost, rel=1e-3)


@pytest.mark.parametrize("value", [0.3, 0.0])
def test_what_does_not_fall_is_flat(value: float) -> None:
    found = fitted(N_ROWS, np.full((1, len(N_ROWS)), value))
    assert found.at(10_000)[0] == pytest.approx(value, abs=1e-9)


def test_what_rises_is_flat_and_no_part_is_negative() -> None:
    found = fitted(N_ROWS, (0.1 + 0.0001 * N_ROWS)[None])
    assert found.b[0] == 0
    steep = fitted(N_ROWS, np.exp(-N_ROWS / 100)[None])
    assert steep.a[0] >= 0
    assert steep.b[0] >= 0


@pytest.mark.parametrize(("a", "b", "c", "noise"), [(0.05, 2, 0.5, 0.05), (0.3, 0, 0.5, 0.03)])
def test_nine_of_ten_intervals_hold_the_law(a: float, b: float, c: float, noise: float) -> None:
    rng = np.random.default_rng(0)
    n_rounds, n_held = 25, 0
    truth = law(a, b, c, np.array(4096))
    for _ in range(n_rounds):
        of_seeds = noise * rng.standard_normal(3)[SEEDS]  # nested rows err alike
        error = 1 + of_seeds + noise * rng.standard_normal(len(N_ROWS))
        errors = law(a, b, c) * error
        many = resampled(N_ROWS, SEEDS, errors, fitted(N_ROWS, errors[None]))
        low, high = np.quantile(many.at(4096), (0.05, 0.95))
        n_held += low <= truth <= high
    assert n_held / n_rounds >= 0.8


def test_the_same_measurements_have_the_same_intervals() -> None:
    errors = law(0.1, 3, 0.5) * (1 + 0.01 * np.cos(np.arange(18)))
    one, two = (resampled(N_ROWS, SEEDS, errors, fitted(N_ROWS, errors[None])) for _ in range(2))
    assert (one.at(2048) == two.at(2048)).all()


@pytest.mark.parametrize(
    ("error", "n_rows"), [(0.2, 900.0), (0.4, 100.0), (0.1, np.inf), (0.05, np.inf)]
)
def test_how_many_rows_an_error_takes(error: float, n_rows: float) -> None:
    laws = Laws(np.array([0.1]), np.array([3.0]), np.array([0.5]))
    assert laws.rows_for(error)[0] == pytest.approx(n_rows)


def test_an_error_that_is_there_always_takes_no_rows() -> None:
    flat = Laws(np.array([0.1]), np.array([0.0]), np.array([0.5]))
    assert flat.rows_for(0.2)[0] == 0
    assert flat.rows_for(0.05)[0] == np.inf
