"""The development rows that a profile draws, and what of the target their columns are set against.

Nothing here, and so nothing on the page, is taken from a test row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..development import Array
from ..quality.kinds import sample
from ..quality.view import View

if TYPE_CHECKING:
    import pandas as pd

N_DRAWN = 20_000
N_VALUES = 50_000_000  # of the drawn rows, where a row is a large picture
N_CLASSES = 5  # at most, to be drawn apart
SIDES = range(8, 65)  # of a picture that is stored as a row of numbers

WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Outcome:
    """The target as one number a drawn row: whether it is of a certain class, or the number."""

    name: str  # `share of yes`, `mean of price`
    values: Array  # (rows,) of float64
    is_share: bool
    shown: int  # the class that it is a share of, 0 of a numeric target
    labels: Array  # (rows,) class numbers; of a numeric target, which tenth
    classes: list[str]  # those drawn apart: none of a numeric target, nor of many classes


@dataclass(frozen=True)
class Drawn:
    """At most 20,000 development rows, always the same."""

    at: Array  # their places among the development rows, sorted
    columns: pd.DataFrame  # typed; `input 3` where they have no names, and none of pictures
    pictures: Array | None  # (rows, channels, height, width)
    outcome: Outcome


def draw(view: View) -> Drawn:
    """Draw the rows."""
    import pandas as pd

    inputs, n = view.table.inputs, len(view.development)
    width = inputs.shape[1] if inputs.ndim == 2 else int(np.prod(inputs.shape[1:]))
    at = sample(n, min(N_DRAWN, max(200, N_VALUES // max(width, 1))))
    if not isinstance(inputs, np.ndarray):
        return Drawn(at, view.columns.iloc[at], None, _outcome(view, at))
    rows = inputs[view.development[at]]
    columns = pd.DataFrame(index=at)
    if rows.ndim <= 2:
        values = rows.reshape(len(rows), -1).astype(np.float64)
        values[np.isinf(values)] = np.nan
        columns = pd.DataFrame(values, columns=[f"input {i}" for i in range(values.shape[1])])
    return Drawn(at, columns, as_pictures(rows), _outcome(view, at))


def as_pictures(inputs: Array) -> Array | None:
    """Return inputs as (rows, channels, height, width), or None where they are no pictures.

    Inputs (rows, height, width) are one channel; a square number of inputs, from 8 x 8 to
    64 x 64, may be a picture that was stored as a row.
    """
    if inputs.ndim == 4:
        return inputs
    if inputs.ndim == 3:
        return inputs[:, None]
    side = round(float(np.sqrt(inputs.shape[1]))) if inputs.ndim == 2 else 0
    if side not in SIDES or side**2 != inputs.shape[1]:
        return None
    return inputs.reshape(len(inputs), 1, side, side)


def bins(values: Array) -> Array:
    """Return a bin number from 0 for each value: one a value of 20 or fewer, else one a tenth.

    Missing values (NaN) are a bin of their own, 0.
    """
    binned = np.zeros(len(values), np.int64)
    is_there = ~np.isnan(values)
    found, codes = np.unique(values[is_there], return_inverse=True)
    if len(found) > 20:
        inner = np.unique(np.quantile(values[is_there], np.linspace(0.1, 0.9, 9)))
        codes = np.searchsorted(inner, values[is_there])
    binned[is_there] = codes + 1
    return binned


def as_numbers(column: pd.Series[Any]) -> Array:
    """Return numbers, or of dates the seconds since 1970: float64, NaN where missing."""
    if column.dtype.kind == "M":
        seconds = column.to_numpy().astype("datetime64[s]")
        return np.where(np.isnat(seconds), np.nan, seconds.astype(np.int64))
    values = column.to_numpy(np.float64)
    return np.where(np.isinf(values), np.nan, values)


def n_words(column: pd.Series[Any]) -> Array:
    """Return how many words each text has: float64, NaN where it is missing."""
    texts = (len(WORD.findall(text)) if isinstance(text, str) else np.nan for text in column)
    return np.fromiter(texts, np.float64, len(column))


def _outcome(view: View, at: Array) -> Outcome:
    labels = view.labels[at]
    if view.task == "regression":
        is_one = labels.ndim == 1 or labels.shape[1] == 1
        values = labels.reshape(len(labels), -1)[:, 0]
        name = f"mean of {view.target}" if is_one else f"mean of {view.target}, output 0"
        return Outcome(name, values, False, 0, bins(values), [])
    shown = 1 if len(view.classes) == 2 else int(np.bincount(view.labels).argmax())
    classes = [str(name) for name in view.classes]
    is_shown = (labels == shown).astype(np.float64)
    apart = classes if len(classes) <= N_CLASSES else []
    return Outcome(f"share of {classes[shown]}", is_shown, True, shown, labels, apart)
