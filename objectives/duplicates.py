"""Rows that are copies of each other, exactly or nearly: they belong on one side of a split.

Alike are

- numbers closer than a millionth of their column's standard deviation, and than a thousandth
  of the usual distance between its neighbouring values, so that a dense column does not run
  together; single linkage, so no pair falls on two sides of a grid's line
- levels and texts that differ in case and white space only
- dates and the pixels of pictures that are equal, and missing values

Copies are alike in every input. Targets do not count: copies with two targets are copies.
Where columns take few values, rows are alike by chance: then each is an observation of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .development import Array

if TYPE_CHECKING:
    import pandas as pd

SHARE_OF_DEVIATION = 1e-6
SHARE_OF_DISTANCE = 1e-3
BY_CHANCE = 0.1  # copies of a row that are to be expected, were the columns independent
PROSE = 4  # words; texts of so many are not the same by chance
_CELLS_AT_ONCE = 4_000_000
_SAMPLE = 10_000
_MISSING = np.uint64(0x9E3779B97F4A7C15)


def copies(inputs: Array | pd.DataFrame) -> Array:
    """Return, for each row, the number of the first row that it is a copy of: (rows,) of int64.

    A row without copies, and the first of several, has its own number.
    """
    n_rows = len(inputs)
    rows, keys = np.arange(n_rows), np.zeros(n_rows, np.uint64)
    for codes in _codes(inputs):
        keys = _mixed(keys ^ codes[rows])
        # Whatever differs from all others by now has no copy: most rows, after a column or two.
        _, places, counts = np.unique(keys, return_inverse=True, return_counts=True)
        is_candidate = counts[places] > 1
        rows, keys = rows[is_candidate], keys[is_candidate]
        if not len(rows):
            break
    first = np.arange(n_rows)
    _, firsts, places = np.unique(keys, return_index=True, return_inverse=True)
    first[rows] = rows[firsts][places]  # rows are sorted, so the first found is the first
    return first


def ties(inputs: Array | pd.DataFrame) -> Array:
    """Return `copies`, or every row's own number where rows are alike by chance."""
    first = copies(inputs)
    own = np.arange(len(first))
    return own if not np.array_equal(first, own) and _expected(inputs) > BY_CHANCE else first


def _expected(inputs: Array | pd.DataFrame) -> float:
    """Return how many copies a row has by chance: rows times the product over columns of the
    probability that two rows are alike in it (the sum of the values' squared shares)."""
    n_rows = len(inputs)
    rows = np.sort(np.random.default_rng(0).permutation(n_rows)[:_SAMPLE])
    if isinstance(inputs, np.ndarray):
        columns = iter(inputs[rows].reshape(len(rows), math.prod(inputs.shape[1:])).T)
    else:
        columns = (_by_chance(column) for _, column in inputs.iloc[rows].items())
    expected = float(n_rows)
    for column in columns:
        if expected <= BY_CHANCE:
            break
        expected *= _alike(column, len(rows))
    return expected


def _by_chance(column: pd.Series[Any]) -> Array:
    """Return the values that two rows may share by chance: all but prose."""
    values: Array = column.to_numpy(object)
    if column.dtype != "category" and column.dtype.kind not in "fM":
        n_words = column.str.split().str.len().to_numpy(np.float64, na_value=0)
        values = values[n_words < PROSE]
    return values


def _alike(values: Array, n: int) -> float:
    import pandas as pd

    shares = np.bincount(pd.factorize(values, use_na_sentinel=False)[0]) / n
    return float((shares**2).sum())


def normal_text(text: str) -> str:
    """Return a text without what makes no difference: case, and how words are spaced."""
    return " ".join(text.casefold().split())


def _codes(inputs: Array | pd.DataFrame) -> Iterator[Array]:
    """Yield numbers (rows,) of a column, or of several, that are equal where rows are alike."""
    if isinstance(inputs, np.ndarray):
        yield from _of_array(inputs)
        return
    numbers = [name for name, dtype in inputs.dtypes.items() if dtype.kind == "f"]
    for name in inputs.columns.difference(numbers, sort=False):
        yield _of_column(inputs[name])
    at_once = max(1, _CELLS_AT_ONCE // max(len(inputs), 1))
    for i in range(0, len(numbers), at_once):
        yield _of_numbers(inputs[numbers[i : i + at_once]].to_numpy(np.float64).T)


def _of_array(inputs: Array) -> Iterator[Array]:
    flat = inputs.reshape(len(inputs), math.prod(inputs.shape[1:]))
    at_once = max(1, _CELLS_AT_ONCE // max(len(flat), 1))
    for i in range(0, flat.shape[1], at_once):
        block = flat[:, i : i + at_once].T
        yield (
            _of_whole(block) if block.dtype.kind in "iu" else _of_numbers(block.astype(np.float64))
        )


def _of_column(column: pd.Series[Any]) -> Array:
    """Return codes of categories, dates or texts."""
    import pandas as pd

    if column.dtype == "category":
        levels = pd.Series(column.cat.categories.astype(str)).map(normal_text)
        alike = np.append(pd.factorize(levels)[0], -1)  # a missing level has the code -1
        codes = alike[column.cat.codes.to_numpy()]
    elif column.dtype.kind == "M":
        codes = column.to_numpy().view(np.int64)  # in the column's own unit
    else:
        codes = pd.factorize(column.map(normal_text, na_action="ignore"))[0]
    return _mixed(codes.astype(np.int64).view(np.uint64))


def _of_whole(columns: Array) -> Array:
    """Return codes (rows,) of whole numbers (columns, rows)."""
    keys = np.zeros(columns.shape[1], np.uint64)
    for column in columns:
        keys = _mixed(keys ^ column.astype(np.int64).view(np.uint64))
    return keys


def _of_numbers(columns: Array) -> Array:
    """Return codes (rows,) of numbers (columns, rows), NaN where missing."""
    order = np.argsort(columns, axis=1)  # NaN last
    values = np.take_along_axis(columns, order, axis=1)
    with np.errstate(invalid="ignore", over="ignore"):
        gaps = np.diff(values, axis=1)
        is_new = gaps > _tolerances(columns, gaps)[:, None]
    numbers = np.zeros(columns.shape, np.uint64)
    numbers[:, 1:] = np.cumsum(is_new, axis=1)
    clusters = np.empty_like(numbers)
    np.put_along_axis(clusters, order, numbers, axis=1)
    clusters[np.isnan(columns)] = _MISSING
    keys = np.zeros(columns.shape[1], np.uint64)
    for column in clusters:
        keys = _mixed(keys ^ column)
    return keys


def _tolerances(columns: Array, gaps: Array) -> Array:
    """Return how far apart two values of each column may be and still be alike."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column without values has none
        deviation = np.nan_to_num(np.nanstd(columns, axis=1))
        usual = np.nanpercentile(np.where(gaps > 0, gaps, np.nan), 75, axis=1) if gaps.size else 0
    tolerances: Array = np.minimum(
        SHARE_OF_DEVIATION * deviation, SHARE_OF_DISTANCE * np.nan_to_num(usual)
    )
    return tolerances


def _mixed(keys: Array) -> Array:
    """Return 64-bit numbers whose every bit depends on every bit (SplitMix64's finaliser).

    Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    """
    keys = keys + np.uint64(0x9E3779B97F4A7C15)
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Array = keys ^ (keys >> np.uint64(31))
    return mixed
