"""What stands in two parts of a split, and how the parts differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ...spaces.writing import inline
from ..development import Array
from ..findings import Finding, shown
from . import kinds
from .kinds import column, told, write
from .view import View

if TYPE_CHECKING:
    import pandas as pd

GROUP_WORDS = {
    *("id", "uuid", "user", "customer", "client", "patient", "subject", "session", "person"),
    *("member", "account", "device", "household", "participant", "speaker", "author", "student"),
    *("employee", "player", "visitor", "driver", "family", "hospital", "machine", "passenger"),
}
NUMBER_WORDS = {"no", "nr", "num", "number", "code", "key", "name"}  # after one of these
ROWS_OF_GROUP = (2, 50)  # on average
N_GROUPS = 10
UNKNOWN = 0.05  # share of validation rows whose level the training part lacks
SHIFT = 0.5  # of means, in standard deviations
SHIFT_OF_LEVELS = 0.2  # total variation: the share of rows that would have to change level
CLEAR = 6.0  # standard errors; of 1e5 columns that do not differ, one is beyond 4.4


def groups(view: View) -> list[Finding]:
    """Find a column such as `customer_id` whose values stand in training and validation."""
    if view.table.groups is not None or view.table.times is not None:
        return []
    found = []
    for name, values in _candidates(view):
        codes = kinds.levels(values)[0]
        n = int(np.count_nonzero(codes >= 0))
        n_groups = len(np.unique(codes[codes >= 0]))
        least, most = ROWS_OF_GROUP
        if n_groups < N_GROUPS or not least * n_groups <= n <= most * n_groups:
            continue
        share = max(_shared(view, codes, fold.train, fold.validation) for fold in view.rows.folds)
        if share == 0:
            continue
        words = (
            f"it has {n_groups:,} values, each in {n / n_groups:.1f} rows, and {share:.0%} of the "
            "validation rows have one that is trained on"
        )
        rule = "rows of one customer, patient or the like are on one side of the split"
        fix = f"Write `split: {inline({'groups': name})}` under `data:`."
        found.append(Finding("warning", column(name), rule, words, fix, 0.5 + 0.5 * share))
    return told(found)


def _candidates(view: View) -> Iterator[tuple[str, pd.Series[Any]]]:
    """Yield the columns, inputs or not, that are named as ids are: development rows only."""
    frames = [view.columns]
    if view.dropped is not None:
        frames.append(view.dropped.iloc[view.development])
    for frame in frames:
        for name in frame.columns:
            words = [word for word in kinds.words_of(str(name)) if word not in NUMBER_WORDS]
            if words and words[-1] in GROUP_WORDS:
                yield str(name), frame[name]


def _shared(view: View, codes: Array, train: Array, validation: Array) -> float:
    """Return the share of validation rows whose code stands in training rows too."""
    known = codes[kinds.positions(view, train)]
    asked = codes[kinds.positions(view, validation)]
    return float((np.isin(asked, known) & (asked >= 0)).mean())


def overlap(view: View) -> list[Finding]:
    """Find rows of one group, and copies of one row, on two sides of the split."""
    from ..duplicates import ties

    n_rows = len(view.table)
    found = []
    for words, numbers in (("group", view.table.groups), ("copy", ties(view.table.inputs))):
        if numbers is None:
            continue
        is_alone = words == "copy" and np.array_equal(numbers, np.arange(n_rows))
        pairs = [
            *((fold.train, fold.validation, "validation", "training") for fold in view.rows.folds),
            (view.development, view.rows.test, "test", "development"),
        ]
        for known, asked, part, other in () if is_alone else pairs:
            shared = asked[np.isin(numbers[asked], numbers[known])]
            if len(shared):
                found.append(_overlap(words, shared, len(asked), part, other))
    return found


def _overlap(words: str, shared: Array, n: int, part: str, other: str) -> Finding:
    what = "are of a group that" if words == "group" else "have a copy that"
    # Of test rows no more is told than how many.
    where = f"the {part} part" if part == "test" else kinds.rows(shared)
    return Finding(
        "error",
        where,
        f"no {words} of a row stands on another side of the split"
        if words == "copy"
        else "rows of a group stand on one side of the split",
        f"{len(shared):,} of {n:,} {part} rows {what} is among the {other} rows",
        "Remove the copies, or leave the split to `data: split:`, which keeps them together."
        if words == "copy"
        else "Leave the split to `data: split: {groups: ...}`, which keeps them together.",
        len(shared) / n,
    )


def order(view: View) -> list[Finding]:
    """Find a split by time in which something earlier is judged by something later."""
    times = view.table.times
    if times is None:
        return []
    pairs = [
        *((fold.train, fold.validation, "validation", "training") for fold in view.rows.folds),
        (view.development, view.rows.test, "test", "development"),
    ]
    found = []
    for known, asked, part, other in pairs:
        if not len(asked) or not len(known):
            continue
        n_early = int(np.count_nonzero(times[asked] <= times[known].max()))
        if n_early:
            found.append(
                Finding(
                    "error",
                    f"the {part} part",
                    f"{part} rows are later than all {other} rows",
                    f"{n_early:,} of {len(asked):,} are not",
                    "Bring later test rows, or write `time: none` if order does not matter.",
                    n_early / len(asked),
                )
            )
    return found


def unknown_levels(view: View) -> list[Finding]:
    """Find categories of which validation rows have levels that training rows have not."""
    columns = view.columns
    found = []
    parts = [[kinds.positions(view, rows) for rows in fold] for fold in view.rows.folds]
    for name, codes, texts in kinds.of_levels(columns, "category"):
        worst, share = np.zeros(0, np.int64), 0.0
        for train, validation in parts:
            counts = np.bincount(codes[train] + 1, minlength=len(texts) + 1)
            asked = codes[validation]
            new = asked[(asked >= 0) & (counts[asked + 1] == 0)]
            if len(new) > share * len(asked):
                worst, share = new, len(new) / len(asked)
        if share <= UNKNOWN:
            continue
        names = [repr(texts[k]) for k in np.unique(worst)]
        words = f"{share:.1%} of the validation rows have one that it has not: {shown(names)}"
        rule = "the training part has the levels that validation rows have"
        fix = f"Group rare levels, or drop it: {write('drop', name)}"
        found.append(Finding("warning", column(name), rule, words, fix, share))
    return told(found)


def shift(view: View) -> list[Finding]:
    """Find columns whose values differ clearly between training and validation rows."""
    at = kinds.sample(len(view.columns))
    columns, rows = view.columns.iloc[at], view.development[at]
    names, values = kinds.numbers(columns)
    values = kinds.cut(values)
    most: dict[str, tuple[float, str]] = {}  # of all folds
    for fold in view.rows.folds:
        train, validation = np.isin(rows, fold.train), np.isin(rows, fold.validation)
        for i, difference in _shifted(values[train], values[validation]):
            side = "higher" if difference > 0 else "lower"
            words = f"its mean is {abs(difference):.1f} standard deviations {side} among them"
            most[names[i]] = max(most.get(names[i], (0.0, "")), (abs(difference) / 3, words))
        for name, codes, texts in kinds.of_levels(columns, "category"):
            distance = _moved(codes[train], codes[validation], len(texts))
            words = f"{distance:.0%} of them would have to be of another level"
            if distance > SHIFT_OF_LEVELS:
                most[name] = max(most.get(name, (0.0, "")), (distance, words))
    return told([_shift(name, words, min(size, 1.0)) for name, (size, words) in most.items()])


def _shift(name: str, words: str, weight: float) -> Finding:
    rule = "validation rows are like training rows"
    fix = f"Find out why the parts differ, or drop it: {write('drop', name)}"
    return Finding("warning", column(name), rule, words, fix, weight)


def _shifted(train: Array, validation: Array) -> Iterator[tuple[int, float]]:
    """Yield the columns whose means differ, and by how many standard deviations."""
    moments = []
    for part in (train, validation):
        n = np.maximum(np.count_nonzero(~np.isnan(part), axis=0), 1)
        mean = np.nansum(part, axis=0) / n
        moments.append((n, mean, np.nansum((part - mean) ** 2, axis=0)))
    (n, mean, squares), (n_other, mean_other, squares_other) = moments
    deviation = np.sqrt((squares + squares_other) / np.maximum(n + n_other - 2, 1))
    difference = (mean_other - mean) / np.where(deviation > 0, deviation, np.inf)
    is_clear = np.abs(difference) > CLEAR * np.sqrt(1 / n + 1 / n_other)
    for i in np.flatnonzero(is_clear & (np.abs(difference) > SHIFT)):
        yield int(i), float(difference[i])


def _moved(train: Array, validation: Array, n_levels: int) -> float:
    """Return the total variation between the levels of two parts, 0 if it may be chance."""
    counts = [np.bincount(part + 1, minlength=n_levels + 1) for part in (train, validation)]
    n, n_other = len(train), len(validation)
    both = counts[0] + counts[1]
    n_present = np.count_nonzero(both)
    if not n or not n_other or n_present < 2:
        return 0.0
    shares, shares_other = counts[0] / n, counts[1] / n_other
    variance = both[both > 0] / (n + n_other) * (1 / n + 1 / n_other)
    chi2 = ((shares - shares_other)[both > 0] ** 2 / variance).sum()
    # Chi-square as standard errors, by Wilson and Hilferty's cube root (PNAS 17, 1931).
    spread = 2 / (9 * (n_present - 1))
    errors = (np.cbrt(chi2 / (n_present - 1)) - 1 + spread) / np.sqrt(spread)
    return float(np.abs(shares - shares_other).sum() / 2) if errors > CLEAR else 0.0
