"""Columns that say what another says already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..development import Array
from ..findings import Finding
from . import kinds
from .kinds import column, told, write
from .view import View

if TYPE_CHECKING:
    import pandas as pd

CORRELATION = 0.999
N_ROWS = 20  # fewer agree by chance
N_COMPARED = 2_000  # columns that are compared each with each, and rows at which
N_BITS, N_TABLES, N_NEIGHBOURS = 20, 8, 3  # of more columns: see `_neighbours`


def twins(view: View) -> list[Finding]:
    """Find columns of numbers that are equal or correlate, and categories that map one to one."""
    columns = view.columns
    if len(columns) < N_ROWS:
        return []
    return told([*_of_numbers(columns), *_of_categories(columns)])


def _finding(name: str, other: str, words: str, weight: float) -> Finding:
    rule = "an input says what no other says"
    fix = f"Keep one of them. {write('drop', name)}"
    return Finding("warning", column(name), rule, f"{words} column '{other}'", fix, weight)


def _of_numbers(columns: pd.DataFrame) -> Iterator[Finding]:
    names, values = kinds.numbers(columns)
    if len(names) < 2:
        return
    at = kinds.sample(len(values), N_COMPARED)
    units, is_varied = _as_units(values[at])
    places = np.flatnonzero(is_varied)
    if not len(places):
        return
    each_with_each = len(places) <= N_COMPARED
    pairs = _pairs(units[is_varied]) if each_with_each else _neighbours(units[is_varied])
    for (i, j), r in sorted(pairs.items()):
        first, second = places[i], places[j]
        if np.array_equal(values[:, first], values[:, second], equal_nan=True):
            yield _finding(names[second], names[first], "it equals, in every row,", 0.6)
        else:
            words = f"at {len(at):,} rows it has a correlation of {r:.5f} with"
            yield _finding(names[second], names[first], words, 0.4)


def _as_units(values: Array) -> tuple[Array, Array]:
    """Return columns as rows of length 1 about their mean, and which of them vary.

    Each is cut first: one huge value in the same row of two columns is no correlation.
    """
    values = kinds.cut(values)
    mean = np.nansum(values, axis=0) / np.maximum(np.count_nonzero(~np.isnan(values), axis=0), 1)
    units = np.nan_to_num(values - mean).T
    length = np.sqrt(np.einsum("ij,ij->i", units, units))
    is_varied = length > 1e-12 * np.maximum(np.abs(mean), 1e-300)
    return (units / np.where(is_varied, length, 1)[:, None]).astype(np.float32), is_varied


def _pairs(units: Array) -> dict[tuple[int, int], float]:
    """Return, of each column that has a twin before it, the first such and the correlation."""
    correlations = np.triu(np.abs(units @ units.T), 1)
    is_twin = correlations > CORRELATION
    firsts = is_twin.argmax(axis=0)
    seconds = np.flatnonzero(is_twin.any(axis=0))
    return {(int(firsts[j]), int(j)): float(correlations[firsts[j], j]) for j in seconds}


def _neighbours(units: Array) -> dict[tuple[int, int], float]:
    """Return the same of many columns, of which only those that hash alike are compared.

    A column's hash is on which side of random planes it lies (Charikar, STOC 2002). Correlated
    by 0.999, two are on one side of all of 20 planes with a probability of 0.75: 8 tables miss
    one pair in 65,000.
    """
    generator = np.random.default_rng(0)
    best: dict[int, tuple[int, float]] = {}
    for _ in range(N_TABLES):
        planes = generator.standard_normal((units.shape[1], N_BITS)).astype(np.float32)
        bits = (units @ planes) > 0
        bits ^= bits[:, :1]  # a column and its negative alike
        keys = bits @ (1 << np.arange(N_BITS))
        order = np.argsort(keys, kind="stable")
        for step in range(1, N_NEIGHBOURS + 1):
            first, second = order[:-step], order[step:]
            is_alike = keys[first] == keys[second]
            first, second = first[is_alike], second[is_alike]
            correlations = np.abs(np.einsum("ij,ij->i", units[first], units[second]))
            for k in np.flatnonzero(correlations > CORRELATION):
                i, j, r = int(first[k]), int(second[k]), float(correlations[k])
                best[j] = min(best.get(j, (i, r)), (i, r))
    return {(i, j): r for j, (i, r) in best.items()}


def _of_categories(columns: pd.DataFrame) -> Iterator[Finding]:
    at = kinds.sample(len(columns))
    seen: dict[bytes, str] = {}
    for name, codes, _ in kinds.of_levels(columns, "category"):
        first = _in_order_seen(codes[at])
        if not 1 < first.max() + 1 < len(at):  # constant, or an id
            continue
        other = seen.setdefault(first.tobytes(), name)
        if other == name:
            continue
        others = kinds.levels(columns[other])[0]
        if np.array_equal(_in_order_seen(codes), _in_order_seen(others)):
            yield _finding(name, other, "each of its levels is one level of", 0.6)


def _in_order_seen(codes: Array) -> Array:
    """Return codes numbered as they appear: equal for two columns that map one to one."""
    import pandas as pd

    numbers: Array = pd.factorize(codes)[0]
    return numbers
