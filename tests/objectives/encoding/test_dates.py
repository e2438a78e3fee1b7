"""Dates: seven inputs a column, against a computation by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truetune.objectives.development import Array
from truetune.objectives.encoding.dates import Dates

YEAR, WEEK, TIME = slice(1, 3), slice(3, 5), slice(5, 7)


def dates(*columns: list[str], unit: str = "ns") -> pd.DataFrame:
    named = {f"d{i}": np.array(column, f"datetime64[{unit}]") for i, column in enumerate(columns)}
    return pd.DataFrame(named)


def point(share: float) -> list[float]:
    return [math.sin(2 * math.pi * share), math.cos(2 * math.pi * share)]


def encoded(*values: str, unit: str = "ns") -> Array:
    return Dates.fit(dates(["2020-01-01", "2020-01-03"])).transform(dates(list(values), unit=unit))


# 2020-02-29, a Saturday, is the 60th day of its year and 18,321 days after 1970 began.
@pytest.mark.parametrize(
    ("date", "day", "of_year", "of_week", "of_day"),
    [
        ("2020-02-29T00:00", 18_321, 60, 5, 0),
        ("2020-02-29T12:00", 18_321.5, 60, 5, 0.5),
        ("2020-02-29T18:00", 18_321.75, 60, 5, 0.75),
        ("2020-12-31T00:00", 18_627, 366, 3, 0),
        ("2021-01-01T00:00", 18_628, 1, 4, 0),
        ("2021-12-31T23:59:59", 18_992 + 86_399 / 86_400, 365, 4, 86_399 / 86_400),
        ("1970-01-01T00:00", 0, 1, 3, 0),
        ("1969-12-31T06:00", -0.75, 365, 2, 0.25),
    ],
)
@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_date_is_a_day_and_three_points_on_circles(
    date: str, day: float, of_year: int, of_week: int, of_day: float, unit: str
) -> None:
    (row,) = encoded(date, unit=unit)
    standard = day - 18_263  # of 2020-01-01 and 2020-01-03, a day from their mean each
    expected = [
        standard,
        *point(of_year / 365.25),
        *point(of_week / 7),
        *point(of_day),
    ]
    np.testing.assert_allclose(row, expected, atol=1e-9)


def test_december_is_beside_january_and_sunday_beside_monday() -> None:
    silvester, new_year, july = encoded("2021-12-31", "2022-01-01", "2022-07-02")
    assert np.linalg.norm(silvester[YEAR] - new_year[YEAR]) < 0.03
    assert np.linalg.norm(silvester[YEAR] - july[YEAR]) > 1.9
    monday, tuesday, sunday = encoded("2022-01-03", "2022-01-04", "2022-01-09")
    beside = np.linalg.norm(monday[WEEK] - tuesday[WEEK])
    assert np.linalg.norm(monday[WEEK] - sunday[WEEK]) == pytest.approx(beside)


def test_midnight_and_noon_are_opposite() -> None:
    midnight, noon = encoded("2022-01-03T00:00", "2022-01-03T12:00")
    np.testing.assert_allclose(midnight[TIME], [0, 1], atol=1e-12)
    np.testing.assert_allclose(noon[TIME], [0, -1], atol=1e-12)


def test_missing_date_is_the_median_day_and_at_no_point() -> None:
    fitted = Dates.fit(dates(["2020-01-01", "2020-01-02", "2020-01-09", "NaT"]))
    missing, median = fitted.transform(dates(["NaT", "2020-01-02"]))
    assert missing[0] == median[0]
    assert missing[1:].tolist() == [0] * 6


def test_column_that_is_missing_throughout_is_zeros() -> None:
    rows = dates(["NaT", "NaT"], ["2020-01-01", "2020-01-03"])
    inputs = Dates.fit(rows).transform(rows)
    np.testing.assert_array_equal(inputs[:, :7], 0)
    assert inputs[:, 7].tolist() == [-1, 1]


def test_columns_come_one_after_another() -> None:
    first, second = ["2020-01-01", "2021-05-06"], ["NaT", "1999-12-31"]
    both = dates(first, second)
    alone = [Dates.fit(dates(column)).transform(dates(column)) for column in (first, second)]
    np.testing.assert_array_equal(Dates.fit(both).transform(both), np.hstack(alone))


def test_date_beyond_what_nanoseconds_hold_is_far_in_the_future() -> None:
    (row,) = encoded("9999-12-31", unit="s")
    assert row[0] == 2_932_896 - 18_263
    np.testing.assert_allclose(row[YEAR], point(365 / 365.25))


def test_columns_of_two_units_are_read_alike() -> None:
    mixed: Any = dates(["2020-01-01", "2020-01-03"], ["2020-01-01", "2020-01-03"])
    mixed["d1"] = mixed["d1"].astype("datetime64[s]")
    inputs = Dates.fit(mixed).transform(mixed)
    np.testing.assert_array_equal(inputs[:, :7], inputs[:, 7:])


def test_no_rows_have_the_same_inputs() -> None:
    rows = dates(["2020-01-01"], ["2020-01-01"])
    assert Dates.fit(rows).transform(rows[:0]).shape == (0, 14)
