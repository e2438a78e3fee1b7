"""How an error falls with the number of rows it was learnt from: a + b n^-c.

The form is Cortes et al.'s (Learning curves: asymptotic values and rate of convergence, NeurIPS
1993) and Hestness et al.'s (arXiv:1712.00409, section 2): `a` is what no number of rows takes
away, `c` how fast the rest goes. For a given `c` the law is linear in `a` and `b`, so it is
fitted by least squares for each of many, without a start to begin from; neither `a` nor `b` is
less than zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .development import Array

N_RESAMPLES = 2_000
_EXPONENTS = np.geomspace(0.05, 2.0, 240)  # of n; measured ones lie between 0.07 and 1
_LEAST = 1e-12  # an error below this share of the largest is none


@dataclass(frozen=True)
class Laws:
    """One law, or as many as there are resamples of the same measurements."""

    a: Array  # (laws,)
    b: Array
    c: Array

    def at(self, n_rows: float) -> Array:
        """Return each law's error with so many rows, (laws,)."""
        return np.asarray(self.a + self.b * np.power(float(n_rows), -self.c))

    def rows_for(self, error: float) -> Array:
        """Return with how many rows each law comes down to an error; where it never does, inf."""
        gap = error - self.a
        is_reached = (gap > 0) & (self.b > 0)
        ratio = np.divide(self.b, gap, out=np.ones_like(self.b), where=is_reached)
        with np.errstate(over="ignore"):
            rows = np.power(ratio, 1 / self.c)
        is_there = (self.b == 0) & (gap >= 0)
        return np.where(is_reached, rows, np.where(is_there, 0.0, np.inf))


def fitted(n_rows: Array, errors: Array) -> Laws:
    """Fit a law to each row of errors.

    Errors scatter in proportion to their size, so each counts by the inverse of its square.

    Args:
        n_rows: (measurements,).
        errors: (laws, measurements), none less than 0.
    """
    scale = _smoothed(n_rows, errors)  # (laws, measurements)
    powers = np.power(n_rows[None, :] / n_rows.max(), -_EXPONENTS[:, None])  # (exponents, m)
    weights = 1 / np.square(scale)
    total = weights.sum(axis=1)[:, None]  # (laws, 1)
    z, zz = weights @ powers.T, weights @ np.square(powers).T  # (laws, exponents)
    y = (weights * errors).sum(axis=1)[:, None]
    yz = (weights * errors) @ powers.T
    a, b = _solved(total, z, zz, y, yz)
    squares = (weights * np.square(errors)).sum(axis=1)[:, None]
    misfit = squares - 2 * (a * y + b * yz) + a * a * total + 2 * a * b * z + b * b * zz
    best = misfit.argmin(axis=1)
    laws = np.arange(len(errors))
    c = _EXPONENTS[best]
    return Laws(a[laws, best], b[laws, best] * np.power(float(n_rows.max()), c), c)


def _smoothed(n_rows: Array, errors: Array) -> Array:
    """Return the mean error with each number of rows, beside each measurement."""
    scale = np.empty_like(errors)
    for n in np.unique(n_rows):
        scale[:, n_rows == n] = errors[:, n_rows == n].mean(axis=1, keepdims=True)
    return np.maximum(scale, max(float(errors.max()) * 1e-3, _LEAST))


def _solved(total: Array, z: Array, zz: Array, y: Array, yz: Array) -> tuple[Array, Array]:
    """Return the a and b, neither below zero, of least squares: (laws, exponents) each."""
    determinant = total * zz - z * z
    is_unique = determinant > _LEAST * total * zz
    safe = np.where(is_unique, determinant, 1)
    a, b = (zz * y - z * yz) / safe, (total * yz - z * y) / safe
    has_both = is_unique & (a >= 0) & (b >= 0)
    falls = ~has_both & (b >= 0)  # all of it goes with more rows
    flat = ~has_both & ~falls  # none of it does
    a = np.where(has_both, a, np.where(flat, y / total, 0.0))
    b = np.where(has_both, b, np.where(falls, yz / zz, 0.0))
    return a, b


def resampled(n_rows: Array, seeds: Array, errors: Array, law: Laws, seed: int = 0) -> Laws:
    """Return laws of resampled measurements: how else the law might have come out.

    Residuals, each divided by the law's error there, are drawn again (Efron and Tibshirani, An
    Introduction to the Bootstrap, 1993, section 9.4): what all runs of a size have in common, so
    that a law which does not fit is as uncertain as it is wrong; what all runs of a seed have, as
    their rows are nested; and what is left. The first is widened by the three numbers that were
    fitted, the second by the one of their mean.

    Args:
        n_rows: (measurements,).
        seeds: (measurements,), a number for each sequence of nested rows.
        errors: (measurements,).
        law: what was fitted to them, one.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    expected = law.a + law.b * np.power(n_rows, -law.c)
    residuals = errors / np.maximum(expected, _LEAST) - 1
    drawn = np.zeros((N_RESAMPLES, len(errors)))
    for groups, n_fitted in ((n_rows, 3), (seeds, 1)):
        _, places = np.unique(groups, return_inverse=True)
        means = np.bincount(places, residuals) / np.bincount(places)
        residuals = residuals - means[places]
        n = len(means)
        widened = means * np.sqrt(n / max(1, n - n_fitted))
        drawn += widened[rng.integers(n, size=(N_RESAMPLES, n))][:, places]
    drawn += residuals[rng.integers(len(residuals), size=drawn.shape)]
    return fitted(n_rows, np.maximum(expected * (1 + drawn), 0))
