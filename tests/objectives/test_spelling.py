"""Numbers and dates that stand in text, as the people meant them who wrote them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from truetune.objectives.spelling import spelt_dates, spelt_numbers

NAN = float("nan")


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (["1", "-2", "+3", "1e5", "1.5E-3"], [1, -2, 3, 1e5, 1.5e-3]),
        ([" 1 ", ".5", "5."], [1, 0.5, 5]),
        (["1,5", "-2,25"], [1.5, -2.25]),
        (["1.234,5", "2,5"], [1234.5, 2.5]),
        (["1,234.5", "2.5"], [1234.5, 2.5]),
        (["1.234.567,8"], [1234567.8]),
        (["1,234,567.8"], [1234567.8]),
        (["1,000", "12,500"], [1000, 12500]),
        (["1,000,000"], [1e6]),
        (["1.000.000"], [1e6]),
        (["1,000", "1,5"], [1, 1.5]),  # then no comma is between thousands
        (["0,125", "0,250"], [0.125, 0.25]),  # no thousand begins with a zero
        (["1.234,5", "2,125"], [1234.5, 2.125]),
        (["1.234", "12,5"], [1234, 12.5]),  # commas are decimal, so dots are not
        (["1.234", "1.5"], [1.234, 1.5]),
        (["1.234"], [1.234]),
        (["12,34,567.5"], [1234567.5]),  # as in India
        (["1 234,5", "1\u00a0234\u202f567"], [1234.5, 1234567]),
        (["1'000", "1'000'000"], [1e3, 1e6]),
        (["$5", "€ 1,5", "-$3", "2,5 €", "£1", "¥7"], [5, 1.5, -3, 2.5, 1, 7]),
        (["5%", "12,5 %"], [5, 12.5]),
        (["1,5e3"], [1500]),
    ],
)
def test_numbers_are_spelt_in_many_ways(levels: list[str], expected: list[float]) -> None:
    numbers, bad = spelt_numbers(levels)
    assert bad == []
    np.testing.assert_allclose(numbers, expected)


@pytest.mark.parametrize(
    "word", ["", " ", "-", "--", "?", ".", "N/A", "na", "NaN", "None", "NULL"]
)
def test_a_missing_number_has_many_words(word: str) -> None:
    numbers, bad = spelt_numbers([word, "1"])
    assert bad == []
    np.testing.assert_array_equal(numbers, [NAN, 1])


@pytest.mark.parametrize(
    "text",
    [
        *("two", "1 2", "12 34", "555 1234", "1,2.5", "1.2.3", "1,,5", "0x10", "1_000", "inf"),
        *("1-2", "10:30", "1/2", "5 kg", "e5", "1e", "−5", "2021-01-02", "10.0.0.1"),
    ],
)
def test_anything_else_is_no_number(text: str) -> None:
    numbers, bad = spelt_numbers([text, "1"])
    assert bad == [text]
    np.testing.assert_array_equal(numbers, [NAN, 1])


def dates(*texts: str | None) -> list[str]:
    """Return the dates that texts spell, to the minute."""
    found, bad = spelt_dates(pd.Series(list(texts), dtype="str"))
    assert bad == []
    return [str(date)[:16] for date in found]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["2021-04-03", "1999-12-31"], ["2021-04-03", "1999-12-31"]),
        (["20210403", "2021-04"], ["2021-04-03", "2021-04-01"]),
        (["2021-04-03", "2021-04-03T10:30", "2021-04-03 10:30:59.5"], [
            "2021-04-03", "2021-04-03T10:30", "2021-04-03T10:30"]),
        (["2021-02-01 10:00:00", "2021-03-02 11:00"], ["2021-02-01T10:00", "2021-03-02T11:00"]),
        (["2021-04-03T10:00Z", "2021-04-03T10:00+02:00"], [
            "2021-04-03T10:00", "2021-04-03T08:00"]),
        (["03/04/2021", "25/04/2021"], ["2021-04-03", "2021-04-25"]),
        (["25/04/2021", "03/04/2021"], ["2021-04-25", "2021-04-03"]),
        (["25/04/21", "03/04/21"], ["2021-04-25", "2021-04-03"]),
        (["25.04.2021 10:30", "03.04.2021 09:00"], ["2021-04-25T10:30", "2021-04-03T09:00"]),
        (["03/04/2021", "04/25/2021"], ["2021-03-04", "2021-04-25"]),
        (["03/04/2021"], ["2021-03-04"]),  # nothing says otherwise
        (["25-4-2021", "3-4-2021"], ["2021-04-25", "2021-04-03"]),
        (["3 April 2021", "25 May 2021"], ["2021-04-03", "2021-05-25"]),
        (["Apr 3, 2021", "May 25, 2021"], ["2021-04-03", "2021-05-25"]),
        (["3. April 2021"], ["2021-04-03"]),
        (["3-Apr-21"], ["2021-04-03"]),
        (["Sat, 03 Apr 2021 10:00:00 GMT"], ["2021-04-03T10:00"]),
        (["04/03/2021 10:00 PM"], ["2021-04-03T22:00"]),
        (["9999-12-31"], ["9999-12-31"]),
    ],
)  # fmt: skip
def test_dates_are_spelt_in_many_ways(texts: list[str], expected: list[str]) -> None:
    full = [text if "T" in text else f"{text}T00:00" for text in expected]
    assert dates(*texts) == full


@pytest.mark.parametrize("word", [None, "", "n/a", "-", "unknown"])
def test_a_missing_date_has_many_words(word: str | None) -> None:
    assert dates("25/04/2021", word, "03/04/2021")[1:] == ["NaT", "2021-04-03T00:00"]


@pytest.mark.parametrize(
    "text", ["soon", "10:30", "12:30:15", "10-12", "1-5", "Mon 3", "2021-13-45", "31/02/2021", "7"]
)
def test_anything_else_is_no_date(text: str) -> None:
    found, bad = spelt_dates(pd.Series([text, None], dtype="str"))
    assert bad == [text]
    assert np.isnat(found).all()


def test_a_date_in_another_order_than_the_others_is_none() -> None:
    assert spelt_dates(pd.Series(["25/04/2021", "04/25/2021"]))[1] == ["04/25/2021"]


def test_one_text_among_dates_is_the_one_that_is_named() -> None:
    mixed = ["2021-04-03", "2021-04-03T10:00", "soon", "2021-04-03 11:00:00"]
    assert spelt_dates(pd.Series(mixed))[1] == ["soon"]
    assert spelt_dates(pd.Series(["25/04/2021", "soon", "03/04/2021"]))[1] == ["soon"]
