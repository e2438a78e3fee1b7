"""Text that is something else: numbers, dates, or one level spelt in two ways."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from ..development import Array
from ..duplicates import normal_text
from ..findings import Finding, shown
from ..spelling import MISSING_WORDS, spelt_dates, spelt_numbers
from . import kinds
from .kinds import column, told, write
from .view import View

SPELT = 0.95  # share of the levels that are numbers, or dates
N_LEVELS = 1_000  # that are looked at

_DIGIT = re.compile(r"\d")
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?")
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})\b.*"
    r"|\d{1,2}\.?[ -][A-Za-z]{3,9}\.?[ -]\d{4}.*|[A-Za-z]{3,9}\.? \d{1,2}, ?\d{4}.*"
)


def numbers_as_text(view: View) -> list[Finding]:
    """Find texts and categories whose levels are numbers: `1,5`, `$12`, `12 %`."""
    found = []
    for name, levels, _ in _texts(view):
        known = [level for level in levels if level.strip().casefold() not in MISSING_WORDS]
        # Levels that are plain numbers throughout were made categories on purpose.
        if not any(map(_DIGIT.search, known)) or all(map(_PLAIN.fullmatch, levels)):
            continue
        is_code = any(re.match(r"0\d", level) for level in known)
        bad = spelt_numbers(known)[1]
        if is_code or len(bad) >= (1 - SPELT) * len(known):
            continue
        words = f"{len(known) - len(bad):,} of {len(known):,} levels are: {shown(known)}"
        first = f"Correct {shown([repr(level) for level in bad])} first. " if bad else ""
        rule = "numbers are read as numbers"
        fix = first + write("number", name)
        found.append(Finding("warning", column(name), rule, words, fix, 0.6))
    return told(found)


def dates_as_text(view: View) -> list[Finding]:
    """Find texts and categories whose levels are dates."""
    import pandas as pd

    found = []
    for name, levels, _ in _texts(view):
        known = [level for level in levels if level.strip().casefold() not in MISSING_WORDS]
        like = [level for level in known if _DATE.fullmatch(level.strip())]
        if not like or len(like) <= SPELT * len(known):
            continue
        bad = spelt_dates(pd.Series(like, dtype="str"))[1]
        if len(known) - len(like) + len(bad) >= (1 - SPELT) * len(known):
            continue
        words = f"{len(like) - len(bad):,} of {len(known):,} levels are: {shown(like)}"
        rule, fix = "dates are read as dates", write("date", name)
        found.append(Finding("warning", column(name), rule, words, fix, 0.6))
    return told(found)


def variants(view: View) -> list[Finding]:
    """Find levels of a category that differ in case or in white space only."""
    found = []
    for name, levels, counts in _texts(view, only="category", n_levels=None):
        alike = defaultdict(list)
        for level, count in zip(levels, counts, strict=True):
            alike[normal_text(level)].append((-int(count), level))
        groups = [sorted(group) for group in alike.values() if len(group) > 1]
        if not groups:
            continue
        n_rows = -sum(count for group in groups for count, _ in group[1:])
        spelt = shown([" = ".join(repr(level) for _, level in group) for group in groups])
        share = n_rows / counts.sum()
        words = f"{spelt}; {n_rows:,} rows ({share:.1%}) have the rarer form"
        rule = "a level is spelt in one way"
        fix = "Write them alike in the source."
        found.append(Finding("warning", column(name), rule, words, fix, 0.3 + 0.5 * share))
    return told(found)


def _texts(
    view: View, only: str | None = None, n_levels: int | None = N_LEVELS
) -> Iterator[tuple[str, list[str], Array]]:
    """Yield the name of each column of text, levels of it that occur, and how often they do."""
    columns = view.columns
    at = kinds.sample(len(columns))
    for kind in ("category", "text"):
        # Counting the levels of a category is quick; texts have to be told apart first.
        looked_at = columns.iloc[at] if kind == "text" else columns
        for name, codes, texts in kinds.of_levels(looked_at, kind) if only in (None, kind) else ():
            counts = np.bincount(codes[codes >= 0], minlength=len(texts))
            places = np.flatnonzero(counts)[:n_levels]
            if len(places):
                yield name, [texts[k] for k in places], counts[places]
