"""Columns of free text: whether there is something to read, and words that are known."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from ..development import Array
from ..findings import Finding
from ..spelling import spelt_numbers
from . import kinds
from .kinds import column, told, write
from .view import View

EMPTY = 0.2  # share of the rows
ALIKE = 0.9  # share of the texts that are one and the same
NUMBERS = 0.95  # share of the texts that are numbers
UNKNOWN = 1 / 3  # share of the validation rows' words that no training row has
LONG = 50  # times the median number of words, of the longest text
N_LONG = 1_000  # words

_WORD = re.compile(r"\w+")


def texts(view: View) -> list[Finding]:
    """Find columns of text that are empty, all alike, numbers, or of words without end."""
    columns = view.columns
    at = kinds.sample(len(columns))
    rows = view.development[at]
    found = []
    for name in columns.columns[kinds.kinds(columns) == "text"]:
        values = columns[name].iloc[at].fillna("").astype(str).str.strip().to_numpy(object)
        found += _of_column(view, name, rows, values)
    return told(found)


def _of_column(view: View, name: str, rows: Array, values: Array) -> list[Finding]:
    is_empty = values == ""
    found = []
    if is_empty.mean() > EMPTY:
        rule, words = (
            f"{1 - EMPTY:.0%} of the texts say something",
            f"{is_empty.mean():.1%} are empty",
        )
        weight = float(is_empty.mean())
        found.append(_warning(name, rule, words, f"Fill them in, or {_drop(name)}", weight))
    if is_empty.all():
        return found
    said = values[~is_empty]
    top, n_top = Counter(said).most_common(1)[0]
    if len(said) > 1 and n_top > ALIKE * len(said):
        words = f"{n_top:,} of {len(said):,} are {top!r:.60}"
        return [*found, _warning(name, "texts differ", words, write("drop", name), 0.5)]
    numbers = len(said) - len(spelt_numbers(list(said))[1])
    if numbers > NUMBERS * len(said):
        # `spelling` has told it, and how to read them.
        return found
    return [*found, *_of_words(view, name, rows[~is_empty], said)]


def _of_words(view: View, name: str, rows: Array, said: Array) -> list[Finding]:
    words = [_WORD.findall(text.casefold()) for text in said]
    lengths = np.array([len(each) for each in words])
    median, longest = float(np.median(lengths)), int(lengths.max())
    found = []
    if longest > N_LONG and longest > LONG * max(median, 1):
        row = rows[lengths.argmax()]
        text = f"the longest, row {row}, has {longest:,} words, the median {median:g}"
        fix = "Look at it: a whole document in a cell is often a quote that was not closed."
        found.append(_warning(name, f"texts have up to {LONG} times the median", text, fix, 0.3))
    share, n_known = _unknown(view, rows, words)
    if share > UNKNOWN:
        text = (
            f"{share:.0%} of the words of validation rows are not among the {n_known:,} of the "
            f"training rows; texts have {median:g} words in the median and {longest:,} at most "
            f"(at {len(said):,} rows)"
        )
        fix = f"Bring more rows, or {_drop(name)}"
        rule = "training rows know most of the words of validation rows"
        found.append(_warning(name, rule, text, fix, share))
    return found


def _unknown(view: View, rows: Array, words: list[list[str]]) -> tuple[float, int]:
    """Return the share of validation words that are unknown, of the worst fold, and how many
    different words its training rows have."""
    worst = (0.0, 0)
    for fold in view.rows.folds:
        is_train, is_asked = np.isin(rows, fold.train), np.isin(rows, fold.validation)
        known = {word for k in np.flatnonzero(is_train) for word in words[k]}
        asked = [word for k in np.flatnonzero(is_asked) for word in words[k]]
        if asked:
            worst = max(worst, (sum(word not in known for word in asked) / len(asked), len(known)))
    return worst


def _warning(name: str, rule: str, found: str, fix: str, weight: float) -> Finding:
    return Finding("warning", column(name), rule, found, fix, weight)


def _drop(name: str) -> str:
    return f"drop it: {write('drop', name)}"
