"""Numbers and dates that stand in text, read as the people meant them who wrote them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from .development import Array

if TYPE_CHECKING:
    import pandas as pd

# What people write into a cell of numbers that is not known.
MISSING_WORDS = {"", "-", "--", "?", ".", "n/a", "na", "nan", "none", "null", "unknown", "missing"}

_SPELT = re.compile(r"[-+]?[\d.,]*\d[\d.,]*(?:[eE][-+]?\d+)?")
_SPACE = re.compile(r"(?<=\d)(?<!\d{4})[ '\u00a0\u202f](?=\d{3}(?!\d))")  # between thousands
_SIGNS = re.compile(r"^([-+]?)\s*[$€£¥]\s*|\s*[$€£¥%]$")


def spelt_numbers(levels: list[str]) -> tuple[Array, list[str]]:
    """Return the numbers that texts spell, NaN for a missing one, and the texts that spell none.

    `1.234,5` and `1,234.5` are told apart by which mark comes last, `1,5` has a decimal comma,
    and a comma is between thousands only where that fits all of the texts (`1,000`, `12,500`).
    Currency signs and per cent signs around a number are left out.
    """
    bare = [_SPACE.sub("", _SIGNS.sub(r"\1", level.strip())) for level in levels]
    grouping = _grouping_marks(bare)
    numbers, bad = np.full(len(levels), np.nan), []
    for i, text in enumerate(bare):
        if text.casefold() in MISSING_WORDS:
            continue
        try:
            numbers[i] = float(_in_plain_digits(text, grouping))
        except ValueError:
            bad.append(levels[i])
    return numbers, bad


def _grouping_marks(texts: list[str]) -> str:
    """Return which of comma and dot are between thousands where they stand without the other."""
    commas = [text for text in texts if "," in text and "." not in text]
    dots = [text for text in texts if "." in text and "," not in text]
    comma_is_last = any(text.rfind(",") > text.rfind(".") >= 0 for text in texts)
    grouped = r"[-+]?[1-9]\d{0,2}(?:%s\d{3})+"
    are_commas = not comma_is_last and all(re.fullmatch(grouped % ",", text) for text in commas)
    decimal_comma = comma_is_last or (bool(commas) and not are_commas)
    are_dots = (decimal_comma or any(text.count(".") > 1 for text in dots)) and all(
        re.fullmatch(grouped % r"\.", text) for text in dots
    )
    return "," * are_commas + "." * are_dots


def _in_plain_digits(text: str, grouping: str) -> str:
    """Return `1234.5` for `1.234,5`. Raises ValueError for what is no number."""
    if not _SPELT.fullmatch(text):
        raise ValueError(text)
    if "," in text and "." in text:
        decimal, between = (",", ".") if text.rfind(",") > text.rfind(".") else (".", ",")
        whole, _, fraction = text.rpartition(decimal)
        if not re.fullmatch(rf"[-+]?\d{{1,3}}(?:[{between}]\d{{2,3}})+", whole):
            raise ValueError(text)
        return f"{whole.replace(between, '')}.{fraction}"
    for mark in ",.":
        if mark in text:
            return text.replace(mark, "" if mark in grouping else ".")
    return text


_DAY_AND_MONTH = r"^\s*(\d{1,2})([-/.])(\d{1,2})\2\d{2}"
_YEAR = r"\d{4}|\d{1,2}[-/. ](?:\d{1,2}|[A-Za-z]{3,9})[-/. ]\d{2}(?!:)"  # of a time, today is none


def spelt_dates(texts: Any) -> tuple[Array, list[str]]:
    """Return the dates that a series of texts spells, and the texts that spell none.

    All have one form: with 25/04/2021 anywhere in it, 03/04/2021 is in April.
    """
    import pandas as pd

    known = texts.dropna()
    known = known[~known.str.strip().str.casefold().isin(MISSING_WORDS)]
    codes, levels = pd.factorize(known)  # each is read once
    dates = _dates_of(pd.Series(levels, dtype="str")).to_numpy()[codes]
    found = pd.Series(dates, known.index).reindex(texts.index).to_numpy()
    return found, list(known[np.isnat(dates)])


def _dates_of(levels: pd.Series[str]) -> pd.Series[Any]:
    """Return the date that each text spells, NaT for none."""
    import warnings

    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of guessing; the result is looked at
        dates = pd.to_datetime(levels, errors="coerce", format="ISO8601", utc=True)
        if dates.isna().any():
            parts = levels.str.extract(_DAY_AND_MONTH)[[0, 2]].astype(float)
            day_first = bool((parts[0] > 12).any())
            guessed = pd.to_datetime(levels, errors="coerce", dayfirst=day_first, utc=True)
            is_bad = ~levels.str.contains(_YEAR) | (day_first & (parts[2] > 12))
            guessed = guessed.mask(is_bad)
            dates = guessed if guessed.isna().sum() <= dates.isna().sum() else dates
    return dates.dt.tz_localize(None)
