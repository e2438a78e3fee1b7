"""Columns that say too little, or too much to be learnt from: empty, constant, ids, many levels.

Only columns that have names are looked at, but for what is missing from an array.
"""

from __future__ import annotations

import numpy as np

from ..columns import MAX_LEVELS
from ..development import Array
from ..findings import Finding, shown
from . import kinds
from .kinds import column, told, write
from .view import View

MISSING = 0.5  # share of a column's rows
N_CELLS = 50_000_000  # of an array that are looked at for missing ones
CONSTANT = 0.999  # share of the rows of one value
ID_SHARE = 0.99  # of the rows have a value of their own: numbers that count up
ID_SHARE_OF_NAMED = 0.95  # the same of text, and of whole numbers under a name such as `id`
N_ID_ROWS = 30  # fewer different whole numbers may well be ages
COUNTS_UP = 1.5  # the range of numbers that count rows, to the number of rows
ID_WORDS = {"id", "ids", "uuid", "guid", "key", "pk", "index", "idx", "rowid", "hash", "unnamed"}


def missing(view: View) -> list[Finding]:
    """Find columns of which more than half is missing."""
    inputs = view.table.inputs
    if isinstance(inputs, np.ndarray):
        return _missing_of_array(view, inputs)
    found = []
    shares = view.columns.isna().to_numpy().mean(axis=0)
    for i in np.flatnonzero(shares > MISSING):
        name, share = str(view.columns.columns[i]), float(shares[i])
        words = "all of it is missing" if share == 1 else f"{share:.1%} of it is missing"
        rule = f"at least {1 - MISSING:.0%} of a column is there"
        fix = (
            write("drop", name) if share == 1 else f"Fill it in, or drop it: {write('drop', name)}"
        )
        found.append(Finding("warning", column(name), rule, words, fix, share))
    return told(found)


def _missing_of_array(view: View, inputs: Array) -> list[Finding]:
    if inputs.dtype.kind != "f":
        return []
    at = kinds.sample(len(view.development), max(N_CELLS // inputs[0].size, 1))
    is_missing = ~np.isfinite(inputs[view.development[at]].reshape(len(at), -1))
    shares = is_missing.mean(axis=0)
    worst = int(shares.argmax())
    if shares[worst] <= MISSING:
        return []
    bad = np.flatnonzero(shares > MISSING)
    return [
        Finding(
            "warning",
            f"inputs {shown(list(bad))} (counted from 0)",
            f"at least {1 - MISSING:.0%} of an input is there",
            f"{len(bad):,} of {len(shares):,} inputs are not, and {is_missing.mean():.1%} of all "
            f"values are missing, of input {worst} {shares[worst]:.1%} (at {len(at):,} rows)",
            "Fill them in, or save the array without these inputs.",
            float(shares[worst]),
        )
    ]


def constant(view: View) -> list[Finding]:
    """Find columns that have one value in (nearly) all rows."""
    columns, n = view.columns, len(view.columns)
    at = kinds.sample(n)
    names, values = kinds.numbers(columns)
    # What more than half of the rows have is the median, of a sample too.
    middles = kinds.at_share(*kinds.ordered(values[at]), 0.5)
    counts = np.count_nonzero(values == middles, axis=0)
    tops = {names[i]: (int(counts[i]), f"{middles[i]:g}") for i in range(len(names))}
    for name, codes, texts in kinds.of_levels(columns, "category", "text", "date"):
        if len(texts) and (present := codes[codes >= 0]).size:
            each = np.bincount(present)
            tops[name] = int(each.max()), repr(texts[each.argmax()])
    found = [_constant(name, n, *top) for name, top in tops.items() if top[0] > CONSTANT * n]
    return told(found)


def _constant(name: str, n: int, n_top: int, value: str) -> Finding:
    words = f"it is {value:.60} always"
    if n_top < n:
        words = f"it is {value:.60} in all but {n - n_top:,} of {n:,} rows"
    rule = f"a value stands in at most {CONSTANT:.1%} of the rows"
    weight = 0.5 if n_top == n else 0.2
    return Finding("warning", column(name), rule, words, write("drop", name), weight)


def ids(view: View) -> list[Finding]:
    """Find inputs that name or number the rows."""
    found = []
    for name, words in ids_of(view).items():
        weight = 0.9 if ID_WORDS.intersection(kinds.words_of(name)) else 0.6
        rule = "an input has values that come again"
        fix = f"{write('drop', name)} A network would learn the rows by heart."
        found.append(Finding("warning", column(name), rule, words, fix, weight))
    return told(found)


def ids_of(view: View) -> dict[str, str]:
    """Return what shows that a column is an id, by its name, of each that is."""
    columns = view.columns
    found = _numbering(view)
    for kind in ("category", "text"):
        for name, codes, texts in kinds.of_levels(columns, kind):
            n = np.count_nonzero(codes >= 0)
            if n < N_ID_ROWS or len(texts) < ID_SHARE_OF_NAMED * n:
                continue
            n_distinct = len(np.unique(codes[codes >= 0]))
            # Prose differs from row to row as well, but a code is one word.
            is_prose = kind == "text" and _share_of_words(texts) < ID_SHARE_OF_NAMED
            if n_distinct >= ID_SHARE_OF_NAMED * n and not is_prose:
                found[name] = (
                    f"{n_distinct:,} of {n:,} rows have a value of their own, such as "
                    f"{texts[codes[codes >= 0][0]]!r:.40}"
                )
    return found


def _share_of_words(texts: list[str]) -> float:
    some = texts[: kinds.N_SAMPLE]
    return sum(" " not in text.strip() for text in some) / len(some)


def _numbering(view: View) -> dict[str, str]:
    """Return what shows that a column of numbers counts the rows."""
    n_rows, n_all = len(view.columns), len(view.table)
    names, values = kinds.numbers(view.columns)
    with np.errstate(invalid="ignore"):
        some = values[kinds.sample(n_rows)]
        is_whole = ((some % 1 == 0) | np.isnan(some)).all(axis=0)
        in_order, n_present = kinds.ordered(some)
        n_distinct = 1 + np.count_nonzero(np.diff(in_order, axis=0) > 0, axis=0)
    is_candidate = is_whole & (n_present >= N_ID_ROWS)
    found = {}
    for i in np.flatnonzero(is_candidate & (n_distinct >= ID_SHARE_OF_NAMED * n_present)):
        words = _counting(values[:, i], n_all, not ID_WORDS.isdisjoint(kinds.words_of(names[i])))
        if words:
            found[names[i]] = words
    return found


def _counting(values: Array, n_all: int, is_named_id: bool) -> str:
    """Return how whole numbers count the rows; nothing if they do not."""
    values = values[~np.isnan(values)]
    low, high, n = values.min(), values.max(), len(values)
    is_dense = high - low < COUNTS_UP * n_all
    steps = np.diff(values)
    is_ordered = bool((steps > 0).all() or (steps < 0).all())
    if not (is_dense or is_ordered or is_named_id):
        return ""
    n_distinct = len(np.unique(values))
    if n_distinct < (ID_SHARE_OF_NAMED if is_named_id else ID_SHARE) * n:
        return ""
    words = f"{n_distinct:,} of {n:,} rows have a whole number of their own, "
    return words + f"{low:.15g} to {high:.15g}" + (", in their order" if is_ordered else "")


def many_levels(view: View) -> list[Finding]:
    """Find categories of so many levels that the rarest are put together."""
    columns, ids = view.columns, None
    found = []
    for name, codes, texts in kinds.of_levels(columns, "category"):
        if len(texts) <= MAX_LEVELS:
            continue
        counts = np.sort(np.bincount(codes[codes >= 0]))[::-1]
        n_levels = int(np.count_nonzero(counts))
        ids = ids_of(view) if ids is None else ids
        if n_levels <= MAX_LEVELS or name in ids:
            continue
        share = float(counts[MAX_LEVELS:].sum() / counts.sum())
        words = (
            f"it has {n_levels:,}; all but the {MAX_LEVELS} most frequent are put together, and "
            f"{share:.1%} of the rows have one of those"
        )
        rule = f"a category has at most {MAX_LEVELS} levels"
        fix = f"Group them by what they have in common, or drop it: {write('drop', name)}"
        found.append(Finding("warning", column(name), rule, words, fix, 0.2 + 0.5 * share))
    return told(found)
