"""Numbers that are hardly what was measured: far outside the others, or a code for missing."""

from __future__ import annotations

import numpy as np

from ..development import Array
from ..findings import Finding, shown
from . import kinds
from .kinds import at_share, column, rows, told
from .view import View

# Far outside: beyond where the tail leads. The tail is the distance from the first quartile of
# the values of two shares, and a straight line through both on a log-log scale, which is a
# Pareto tail: fatter than a normal or lognormal one, which bend down. From there to the share of
# a single row, and CHANCE further: the largest of many Pareto values is beyond in exp(-5).
SHARE = 0.005  # of the values, at least N_BEYOND of them, are beyond the deeper point
N_BEYOND = 10
SPREAD = 10  # of the shares of both points
QUARTILE = 0.25
CHANCE = 5.0
RATIO = 8.0  # at least: the distance to the deeper point's
N_VALUES = 40  # fewer have no tail

N_CODED = 3  # rows with the same extreme value
N_OTHERS = 4  # different values beside it
N_OTHERS_OF_LONE = 10  # beside a number that is a code because no other is negative
LONE_CODES = (-1.0, -9.0, -99.0, -999.0, -9999.0)
FAR_CODES = (
    *(sign * (10.0**digits - 1) for digits in range(2, 11) for sign in (1, -1)),
    *(sign * value for value in (99.9, 99.99, 999.9, 999.99) for sign in (1, -1)),
    *(-32768.0, -2147483648.0, 2147483647.0),
)
CODES = LONE_CODES + FAR_CODES


def outliers(view: View) -> list[Finding]:
    """Find single numbers far outside all others, by a rule that lets heavy tails be."""
    names, values = kinds.numbers(view.columns)
    if not names:
        return []
    low, high = fences(values[kinds.sample(len(values))], len(values))
    with np.errstate(invalid="ignore"):
        is_far = (values < low) | (values > high)
    found = []
    for i in np.flatnonzero(is_far.any(axis=0)):
        is_coded = np.isin(values[:, i], codes(values[:, i]))
        far = np.flatnonzero(is_far[:, i] & ~is_coded)
        if len(far):
            rest = values[~is_far[:, i] & ~np.isnan(values[:, i]), i]
            found.append(_outlier(names[i], view.development[far], values[far, i], rest))
    return told(found)


def _outlier(name: str, numbers: Array, far: Array, rest: Array) -> Finding:
    words = (
        f"{shown([f'{value:g}' for value in far])} in {rows(numbers)}, while all others lie "
        f"between {rest.min():g} and {rest.max():g}"
    )
    rule = "numbers lie where the spread of the others leads one to expect them"
    fix = "Correct these cells, or leave them empty."
    return Finding("warning", column(name), rule, words, fix, 0.5)


def fences(values: Array, n: int) -> tuple[Array, Array]:
    """Return below and above which a value lies far outside.

    Args:
        values: a sample (rows, columns), NaN where missing.
        n: how many values the fences are for.

    Returns:
        Two arrays (columns,); infinite where there is no saying.
    """
    return -_fences(-values, n), _fences(values, n)


def _fences(values: Array, n: int) -> Array:
    ordered, n_present = kinds.ordered(values)
    found = _fence(ordered, n_present, n)
    # Where most rows have one value, as of rare events, the tail is that of the others.
    with np.errstate(invalid="ignore"):
        n_above = np.count_nonzero(values > at_share(ordered, n_present, QUARTILE), axis=0)
    for i in np.flatnonzero(np.isnan(found)):
        found[i] = np.inf
        if n_above[i] >= N_VALUES * 2:
            above = ordered[n_present[i] - n_above[i] : n_present[i], i : i + 1]
            share = n_above[i] / len(values)
            found[i] = np.nan_to_num(
                _fence(above, n_above[i : i + 1], int(n * share)), nan=np.inf
            )[0]
    return found


def _fence(ordered: Array, n_present: Array, n: int) -> Array:
    """Return the upper fence of each column, NaN where a quarter and more share a value."""
    deep = np.clip(N_BEYOND / np.maximum(n_present, 1), SHARE, 0.1)
    shallow = np.minimum(SPREAD * deep, QUARTILE)
    base = at_share(ordered, n_present, QUARTILE)
    near, far = (at_share(ordered, n_present, 1 - share) - base for share in (shallow, deep))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slope = np.log(far / near) / np.log(shallow / deep)
        reach = np.exp(np.maximum(slope * (np.log(n * deep) + CHANCE), np.log(RATIO)))
        found = np.where(near > 0, base + far * reach, np.nan)
    return np.where(n_present < N_VALUES, np.inf, found)


def sentinels(view: View) -> list[Finding]:
    """Find numbers such as -999 that are a code for missing."""
    names, values = kinds.numbers(view.columns)
    if not names or not len(values):
        return []
    least, most = np.fmin.reduce(values), np.fmax.reduce(values)
    found = []
    for i in np.flatnonzero(np.isin(least, CODES) | np.isin(most, CODES)):
        coded = codes(values[:, i])
        if coded:
            found.append(_sentinel(view, names[i], values[:, i], coded))
    return told(found)


def _sentinel(view: View, name: str, values: Array, coded: list[float]) -> Finding:
    is_coded = np.isin(values, coded)
    rest = values[~is_coded & ~np.isnan(values)]
    n, share = int(is_coded.sum()), float(is_coded.mean())
    some = view.development[np.flatnonzero(is_coded)]
    words = (
        f"{shown([f'{code:g}' for code in coded])} stands in {n:,} rows ({share:.1%}), such as "
        f"{rows(some)}, while all others lie between {rest.min():g} and {rest.max():g}"
    )
    rule = "what is missing is empty, not a number"
    fix = "Leave these cells empty in the source: then they count as missing."
    return Finding("warning", column(name), rule, words, fix, 0.5 + 0.5 * share)


def codes(values: Array) -> list[float]:
    """Return the numbers of a column that look like a code for missing.

    Each is the least or the greatest, comes again, is spelt like a code, and is as far from the
    others as these are from each other; a lone negative number such as -1 needs not be far.
    """
    each, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    found: list[float] = []
    while len(each) > N_OTHERS:
        end = next((end for end in (0, -1) if _is_code(each, counts, end)), None)
        if end is None:
            break
        found.append(float(each[end]))
        kept = slice(1, None) if end == 0 else slice(None, -1)
        each, counts = each[kept], counts[kept]
    return found


def _is_code(each: Array, counts: Array, end: int) -> bool:
    value, rest = each[end], each[1:] if end == 0 else each[:-1]
    if counts[end] < N_CODED:
        return False
    if value in LONE_CODES and rest[0] >= 0 and len(rest) >= N_OTHERS_OF_LONE:
        return True
    gap = abs(value - (rest[0] if end == 0 else rest[-1]))
    return bool(value in FAR_CODES and gap > rest[-1] - rest[0])
