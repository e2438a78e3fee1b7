"""Columns: every stored type in every role, what texts spell, and what cannot be."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from ruamel.yaml import YAML

from truetune.objectives.columns import (
    MAX_LEVELS,
    ColumnError,
    check_numbers,
    n_missing,
    plain,
    stored_role,
    typed,
)

NAN = float("nan")
DAY, NOON = datetime.date(2020, 1, 2), datetime.datetime(2020, 1, 2, 12)
TEXT = pa.array(["b", None, "a"])
WHOLE = pa.array([5, None, 3])
DAYS = pa.array([DAY, None, datetime.date(2021, 1, 1)])
OSLO = pa.timestamp("us", "Europe/Oslo")


def chunked(array: Any) -> pa.ChunkedArray:
    """Return a column in two pieces, as a file has them."""
    array = array if isinstance(array, pa.Array) else pa.array(array)
    return pa.chunked_array([array[:1], array[1:]])


def read(array: Any, role: Any = None, name: str = "x") -> Any:
    return typed(name, chunked(array), role)


def refused(array: Any, role: Any = None, name: str = "x") -> tuple[str, str]:
    """Return the rule and the fix of what is refused, each a line."""
    with pytest.raises(ColumnError) as caught:
        read(array, role, name)
    problem = caught.value.problem
    assert problem.where == ("data", "columns", name)
    assert "\n" not in problem.rule + problem.fix
    return problem.rule, problem.fix


STORED: list[tuple[str, Any, str | None]] = [
    *((str(kind), WHOLE.cast(kind), "number") for kind in (pa.int8(), pa.uint64(), pa.float16())),
    *((str(kind), WHOLE.cast(kind), "number") for kind in (pa.float32(), pa.float64())),
    *((str(k), WHOLE.cast(k), "number") for k in (pa.decimal128(21, 2), pa.decimal256(40, 2))),
    ("bool", pa.array([True, None, False]), "number"),
    ("whole dictionary", WHOLE.dictionary_encode(), "number"),
    ("string", TEXT, "category"),
    ("large_string", TEXT.cast(pa.large_string()), "category"),
    ("string_view", TEXT.cast(pa.string_view()), "category"),
    ("dictionary", TEXT.dictionary_encode(), "category"),
    ("date32", DAYS, "date"),
    ("date64", DAYS.cast(pa.date64()), "date"),
    *((f"timestamp {u}", DAYS.cast(pa.timestamp(u)), "date") for u in ("s", "ms", "us", "ns")),
    ("date dictionary", DAYS.dictionary_encode(), "date"),
    ("null", pa.nulls(3), "number"),
    ("binary", pa.array([b"1", None, b"2"]), None),
    ("time", pa.array([datetime.time(10), None, None]), None),
    ("duration", pa.array([datetime.timedelta(1), None, None]), None),
    ("list", pa.array([[1], [2], None]), None),
    ("struct", pa.array([{"a": 1}, None, None]), None),
]
ODD = ["binary", "time", "duration", "list", "struct"]
OF = {name: array for name, array, _ in STORED}


@pytest.mark.parametrize(("name", "role"), [(name, role) for name, _, role in STORED])
def test_a_stored_type_has_a_role_of_its_own(name: str, role: str | None) -> None:
    assert stored_role(OF[name].type) == role


@pytest.mark.parametrize("role", [None, "number"])
@pytest.mark.parametrize(
    "name",
    ["int8", "uint64", "halffloat", "float", "double", "decimal128(21, 2)", "decimal256(40, 2)"],
)
def test_every_type_of_number_is_a_number(name: str, role: str | None) -> None:
    values = read(OF[name], role)
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, [5, NAN, 3])


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (OF["bool"], [1, NAN, 0]),
        (OF["whole dictionary"], [5, NAN, 3]),
        (pa.array([1.5, NAN, None]), [1.5, NAN, NAN]),
    ],
)
def test_what_else_is_a_number_is_one(array: Any, expected: list[float]) -> None:
    np.testing.assert_array_equal(read(array), expected)


@pytest.mark.parametrize("role", [None, "category"])
@pytest.mark.parametrize("name", ["string", "large_string", "string_view", "dictionary"])
def test_every_type_of_text_is_a_category_of_sorted_levels(name: str, role: str | None) -> None:
    values = read(OF[name], role)
    assert isinstance(values, pd.Categorical)
    assert list(values.categories) == ["a", "b"]
    assert list(values.codes) == [1, -1, 0]


@pytest.mark.parametrize(
    ("array", "levels", "codes"),
    [
        (pa.array([5, 3, 5]), ["3", "5"], [1, 0, 1]),
        (WHOLE, ["3", "5"], [1, -1, 0]),
        (pa.array([5.0, NAN, 3.0]), ["3", "5"], [1, -1, 0]),  # as pandas stores 5, missing, 3
        (WHOLE.cast(pa.float16()), ["3", "5"], [1, -1, 0]),
        (WHOLE.dictionary_encode(), ["3", "5"], [1, -1, 0]),
        (pa.array([0.5, 1.0, None]), ["0.5", "1"], [0, 1, -1]),
        (pa.array([10, 9, 100]), ["10", "100", "9"], [0, 2, 1]),  # sorted as texts
        (pa.array([True, None, False]), ["false", "true"], [1, -1, 0]),
        (DAYS, ["2020-01-02", "2021-01-01"], [0, -1, 1]),
    ],
)
def test_anything_may_be_said_to_be_a_category(array: Any, levels: Any, codes: Any) -> None:
    values = read(array, "category")
    assert (list(values.categories), list(values.codes)) == (levels, codes)


def test_text_of_many_levels_is_a_category_where_that_is_said() -> None:
    names = [f"level {i:04d}" for i in range(MAX_LEVELS)]
    assert list(read(names).categories) == names
    rule, fix = refused([*names, "a", "a"])
    assert "at most 100 distinct values, but 'x' has 101 in 102 rows" in rule
    assert "columns: {x: ...}" in fix
    assert len(read([*names, "a", "a"], "category").categories) == 101


@pytest.mark.parametrize("name", ["date32", "date64", "timestamp s", "timestamp ms"])
@pytest.mark.parametrize("role", [None, "date"])
def test_every_type_of_date_is_a_date(name: str, role: str | None) -> None:
    values = read(OF[name], role)
    expected = np.array(["2020-01-02", "NaT", "2021-01-01"], "datetime64[s]")
    np.testing.assert_array_equal(values.astype("datetime64[s]"), expected)


@pytest.mark.parametrize("name", ["timestamp us", "timestamp ns", "date dictionary"])
def test_dates_are_as_fine_as_they_are_stored(name: str) -> None:
    values = read(OF[name])
    assert values.dtype.kind == "M"
    assert list(np.isnat(values)) == [False, True, False]
    assert values[0] == np.datetime64("2020-01-02")


def test_times_in_zones_are_put_on_one_clock() -> None:
    values = read(pa.array([NOON, NOON.replace(month=7)], OSLO))
    shown = read(pa.array([NOON, NOON.replace(month=7)], OSLO), "category").categories
    assert list(values) == [np.datetime64("2020-01-02T12:00"), np.datetime64("2020-07-02T12:00")]
    assert [level[11:16] for level in shown] == ["13:00", "14:00"]  # as they are in Oslo


def test_the_last_day_there_is_is_a_date() -> None:
    values = read([datetime.date(9999, 12, 31), datetime.date(1, 1, 1)])
    assert list(values) == [np.datetime64("9999-12-31"), np.datetime64("0001-01-01")]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (TEXT, ["b", None, "a"]),
        (TEXT.cast(pa.string_view()), ["b", None, "a"]),
        (TEXT.dictionary_encode(), ["b", None, "a"]),
        (WHOLE, ["5", None, "3"]),
        (pa.array([True, None, False]), ["true", None, "false"]),
        (["", "a", "b"], ["", "a", "b"]),
    ],
)
@pytest.mark.parametrize("role", ["text", "words"])
def test_text_is_as_it_is_written(role: str, array: Any, expected: list[str | None]) -> None:
    values = pd.Series(read(array, role))
    assert isinstance(values.dtype, pd.StringDtype)
    assert values.astype(object).where(values.notna(), None).tolist() == expected


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("role", [None, "category"])
def test_what_is_neither_number_nor_date_nor_text_is_refused(name: str, role: str | None) -> None:
    rule, fix = refused(OF[name], role, "odd")
    assert rule.startswith("a column is numbers, dates or UTF-8 text, but 'odd' is ")
    assert str(OF[name].type) in rule
    assert fix.startswith("Write `columns: {odd: drop}` under `data:`")


@pytest.mark.parametrize(
    "name", ["a: b", "it's", "#1", "null", "1", 'say "so"', "yes", "{x}", "ü"]
)
def test_a_fix_is_yaml_of_the_columns_own_name(name: str) -> None:
    _, fix = refused(OF["binary"], None, name)
    written = fix.split("`")[1]
    assert YAML(typ="safe", pure=True).load(written) == {"columns": {name: "drop"}}


@pytest.mark.parametrize("role", [None, "number", "category", "date", "text", "words"])
@pytest.mark.parametrize("array", [pa.nulls(3), [None, NAN, NAN], pa.nulls(3, pa.string())])
def test_a_column_without_any_value_is_refused(array: Any, role: str | None) -> None:
    rule, fix = refused(array, role)
    assert rule == "column 'x' is missing in all of its 3 rows."
    assert "{x: drop}" in fix


@pytest.mark.parametrize("role", ["number", "date"])
def test_words_for_what_is_not_known_are_no_values(role: str) -> None:
    assert "missing in all of its 3 rows" in refused(["n/a", "?", ""], role)[0]


@pytest.mark.parametrize(
    ("array", "role", "rule", "fix"),
    [
        (TEXT, "number", "to be numbers, but 'b' and 1 other value are none.", "{x: category}"),
        (["1", "two", "3"], "number", "to be numbers, but 'two' is none.", "Correct it, or write"),
        (["1", *["two"] * 9], "number", "to be numbers, but 'two' is none.", "Correct it"),
        (DAYS, "number", "column 'x' holds dates, not numbers.", "{x: date}"),
        (WHOLE, "date", "is to be dates, but holds numbers.", "2020-12-31"),
        (["2020-01-02", "soon"], "date", "to be dates, but 'soon' is none.", "2020-12-31"),
        (["soon", "2020-01-02", "later", "never"], "date", "'soon' and 2 other rows are", "Save"),
        (["x" * 99, "1"], "number", f"'{'x' * 39} is none.", "Correct"),
        ([1.0, float("inf"), -1e39], None, "infinite or beyond in 2 of 3 rows.", "Correct"),
        (["1", "1e39"], "number", "infinite or beyond in 1 of 2 rows.", "Correct"),
    ],
)
def test_what_a_column_cannot_be_is_told(array: Any, role: Any, rule: str, fix: str) -> None:
    found = refused(array, role)
    assert rule in found[0]
    assert fix in found[1]


@pytest.mark.parametrize("bound", [3.4e38, -3.4e38, 0.0])
def test_what_single_precision_holds_is_a_number(bound: float) -> None:
    check_numbers("x", np.array([bound, NAN]))
    assert np.isfinite(np.float32(bound))


@pytest.mark.parametrize(
    ("array", "expected"),
    [([1, None], 1), ([1.0, NAN, None], 2), (["a", None], 1), (pa.nulls(2), 2), (TEXT, 1)],
)
def test_missing_are_nulls_and_what_is_no_number(array: Any, expected: int) -> None:
    assert n_missing(chunked(array)) == expected


def test_plain_is_what_pandas_coding_stands_for() -> None:
    coded = chunked(TEXT.dictionary_encode())
    assert plain(coded).to_pylist() == TEXT.to_pylist()
    assert plain(chunked(WHOLE)).type == pa.int64()


# What texts spell


def test_text_is_read_as_numbers_row_by_row() -> None:
    values = read(["1.000,5", None, "n/a", "2,5", "1.000,5"], "number")
    np.testing.assert_array_equal(values, [1000.5, NAN, NAN, 2.5, 1000.5])


def test_dates_in_text_are_read_row_by_row() -> None:
    values = read(["25/04/2021", None, "n/a", "03/04/2021"], "date")
    assert values.dtype.kind == "M"
    expected = np.array(["2021-04-25", "NaT", "NaT", "2021-04-03"], values.dtype)
    np.testing.assert_array_equal(values, expected)
