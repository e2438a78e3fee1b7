"""Frames: what the file says of columns, done; and everything that is wrong with them at once."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from truetune.errors import InputError
from truetune.objectives.findings import DataError
from truetune.objectives.frames import frame
from truetune.objectives.table import Table
from truetune.spaces.experiment import Data

DAYS = [datetime.date(2020, 1, day) for day in (3, 1, 2, 4)]
SHOP: dict[str, Any] = {
    "size": [1.5, 2.5, None, 4.0],
    "town": ["oslo", None, "bergen", "oslo"],
    "owner": ["ann", "bob", None, None],
    "day": DAYS,
    "odd": [b"1", b"2", b"3", b"4"],
    "price": [1, 2, 3, 4],
}
USUAL = {"odd": "drop"}


def framed(rows: dict[str, Any] = SHOP, /, keep: bool = False, **said: Any) -> Table:
    """Frame a table to predict prices; dates are said to mean no order, unless they are."""
    said = {"target": "price", "columns": USUAL, "split": {"time": "none"}, **said}
    data = Data.model_validate({"source": "shop.csv", **said})
    return frame(pa.table(rows), data, keep_dropped=keep)


def problems(rows: dict[str, Any] = SHOP, /, **said: Any) -> list[tuple[str, str, str]]:
    """Return where each problem is, its rule and its fix."""
    with pytest.raises(DataError) as caught:
        framed(rows, **said)
    assert caught.value.cause.startswith("shop.csv")
    return [(".".join(map(str, p.where)), p.rule, p.fix) for p in caught.value.problems]


def the_problem(rows: dict[str, Any] = SHOP, /, **said: Any) -> tuple[str, str, str]:
    (problem,) = problems(rows, **said)
    return problem


def test_columns_come_in_their_roles_and_order() -> None:
    table = framed(columns={"odd": "drop", "owner": "text"})
    assert list(table.inputs) == ["size", "town", "owner", "day"]
    kinds = [str(dtype) for dtype in table.inputs.dtypes]
    assert kinds == ["float64", "category", "str", "datetime64[s]"]
    np.testing.assert_array_equal(table.targets, [1, 2, 3, 4])
    assert (table.groups, table.times, table.n_development, table.dropped) == (None,) * 4
    assert len(table) == 4


REVIEWS = {"review": ["a b", "b c", None, "d"], "y": [1, 2, 3, 4]}


def test_text_read_word_by_word_is_stored_as_any_text() -> None:
    tables = [framed(REVIEWS, target="y", columns={"review": role}) for role in ("words", "text")]
    pd.testing.assert_frame_equal(tables[0].inputs, tables[1].inputs)


@pytest.mark.parametrize(
    ("others", "rule", "fix"),
    [
        ({"size": [1, 2, 3, 4]}, "there is 'size'.", "columns: {size: drop}"),
        (
            {"a": [1] * 4, "b: c": ["x", "y"] * 2},
            "there are 'a', 'b: c'.",
            "columns: {a: drop, 'b: c': drop}",
        ),
        ({f"n{i}": [1, 2, 3, 4] for i in range(9)}, "'n4' and 4 more.", "n8: drop}"),
    ],
)
def test_text_read_word_by_word_is_the_only_input(
    others: dict[str, Any], rule: str, fix: str
) -> None:
    columns = {**REVIEWS, **others}
    found = the_problem(columns, target="y", columns={"review": "words"})
    assert found[0] == "data.columns.review"
    assert "beside 'review'" in found[1]
    assert found[1].endswith(rule)
    assert fix in found[2].replace('"', "'")
    roles = {"review": "words", **dict.fromkeys(others, "drop")}
    assert list(framed(columns, target="y", columns=roles).inputs) == ["review"]


def test_a_second_text_cannot_be_read_word_by_word_beside_the_first() -> None:
    columns = {**REVIEWS, "answer": REVIEWS["review"]}
    roles = {"review": "words", "answer": "words"}
    _, rule, fix = the_problem(columns, target="y", columns=roles)
    assert "beside 'review' there is 'answer'" in rule
    assert "{answer: drop}" in fix


def test_rows_from_the_file_of_test_rows_are_counted() -> None:
    data = Data.model_validate({"source": "x.csv", "target": "y"})
    assert frame(pa.table({"x": [1, 2, 3], "y": [1, 2, 3]}), data, 2).n_development == 2


def test_every_problem_is_told_at_once_a_line_each() -> None:
    bad = {**SHOP, "size": ["1", "two", "3", "4"], "town": [None] * 4, "price": [1, 2, None, 4]}
    with pytest.raises(DataError) as caught:
        framed(bad, columns={"size": "number"})
    assert [problem.where[-1] for problem in caught.value.problems] == [
        *("price", "size", "town", "odd"),
    ]
    head, *lines = caught.value.cause.splitlines()
    assert head == "shop.csv cannot be read as the file says, for 4 reasons:"
    assert [line.strip().split("'")[1] for line in lines] == ["price", "size", "town", "odd"]


def test_one_problem_is_one_line() -> None:
    with pytest.raises(DataError) as caught:
        framed(columns={})
    assert caught.value.cause == (
        "shop.csv: a column is numbers, dates or UTF-8 text, but 'odd' is binary."
    )
    assert "columns: {odd: drop}" in caught.value.fix


@pytest.mark.parametrize(
    ("said", "where", "name"),
    [
        ({"target": "prize"}, "data.target", "prize"),
        ({"columns": {"twon": "category"}}, "data.columns", "twon"),
        ({"allow": ["twon"]}, "data.allow", "twon"),
        ({"split": {"groups": "ownr"}}, "data.split.groups", "ownr"),
        ({"split": {"time": "dya"}}, "data.split.time", "dya"),
    ],
)
def test_a_column_that_is_not_there_is_answered_with_the_nearest(
    said: dict[str, Any], where: str, name: str
) -> None:
    found, rule, fix = the_problem(**said)
    assert found == where
    assert rule.startswith(f"there is no column '{name}'")
    assert fix.startswith("Did you mean '")


def test_names_that_are_not_there_are_told_before_anything_is_typed() -> None:
    found = problems(target="prize", columns={"twon": "drop", "sise": "number"}, allow=["x"])
    assert [where for where, *_ in found] == ["data.target", *["data.columns"] * 2, "data.allow"]


def test_a_target_has_to_be_named() -> None:
    with pytest.raises(InputError, match="a column to predict, but none is named") as caught:
        framed(target=None)
    assert "target:" in caught.value.fix


def test_no_password_is_in_a_message() -> None:
    for target in ("y", None):
        said = {"source": "postgresql://me:secret@host/shop", "target": target}
        with pytest.raises(InputError) as caught:
            frame(pa.table({"x": [1]}), Data.model_validate(said))
        assert "postgresql://me:***@host/shop" in caught.value.cause
        assert "secret" not in f"{caught.value.cause} {caught.value.fix}"


# Dates and time


def test_dates_are_refused_until_it_is_said_whether_they_order_the_rows() -> None:
    where, rule, fix = the_problem(split={})
    assert (where, "'day' holds dates" in rule) == ("data.columns.day", True)
    assert "`time: day`" in fix
    assert "`time: none`" in fix


def test_dates_that_order_nothing_are_inputs() -> None:
    assert "day" in framed(split={"time": "none"}).inputs


def test_dates_that_order_the_rows_are_no_input() -> None:
    table = framed(split={"time": "day"})
    assert list(table.inputs) == ["size", "town", "owner"]
    assert table.times is not None
    assert [str(time)[:10] for time in table.times] == [str(day) for day in DAYS]


def test_dates_that_order_the_rows_may_be_inputs_too() -> None:
    table = framed(split={"time": "day"}, columns={"odd": "drop", "day": "date"})
    assert "day" in table.inputs
    np.testing.assert_array_equal(table.inputs["day"], table.times)


def test_another_column_of_dates_is_an_input_where_time_orders_the_rows() -> None:
    table = framed({**SHOP, "paid": DAYS}, split={"time": "day"})
    assert list(table.inputs) == ["size", "town", "owner", "paid"]


@pytest.mark.parametrize(
    ("values", "role", "expected"),
    [
        ([3, 1, 2, 4], None, [3, 1, 2, 4]),
        ([0.5, 1.5, 2.5, 0.5], "drop", [0.5, 1.5, 2.5, 0.5]),
        (["3", "1", "2", "4"], "number", [3, 1, 2, 4]),
    ],
)
def test_numbers_may_order_the_rows(values: Any, role: str | None, expected: Any) -> None:
    roles = {**USUAL, "week": role} if role else USUAL
    table = framed({**SHOP, "week": values}, split={"time": "week"}, columns=roles)
    assert ("week" in table.inputs) is (role == "number")
    np.testing.assert_array_equal(table.times, expected)


@pytest.mark.parametrize("role", [None, "drop", "date", "category", "text"])
def test_text_that_orders_the_rows_is_dates(role: str | None) -> None:
    texts = ["25/04/2021", "03/04/2021", "01/01/2021", "02/01/2021"]
    roles = {**USUAL, "on": role} if role else USUAL
    times = framed({**SHOP, "on": texts}, split={"time": "on"}, columns=roles).times
    assert times is not None
    assert [str(time)[:10] for time in times] == [
        *("2021-04-25", "2021-04-03", "2021-01-01", "2021-01-02"),
    ]


@pytest.mark.parametrize(
    ("values", "n"),
    [
        ([DAYS[0], None, None, DAYS[1]], 2),
        ([1.0, float("nan"), 2.0, 3.0], 1),
        (["2021-01-01", "n/a", "2021-01-02", "2021-01-03"], 1),
    ],
)
def test_a_row_without_a_time_is_refused(values: Any, n: int) -> None:
    _, rule, fix = the_problem({**SHOP, "on": values}, split={"time": "on"})
    assert rule == f"time orders the rows, but 'on' is missing in {n} of 4."
    assert "leave these rows out" in fix


def test_what_is_wrong_with_a_time_that_is_an_input_is_told_once() -> None:
    soon = {**SHOP, "on": ["soon"] * 4}
    _, rule, _ = the_problem(soon, split={"time": "on"}, columns={**USUAL, "on": "date"})
    assert "'soon' and 3 other rows are none" in rule


def test_bytes_order_nothing() -> None:
    where, rule, _ = the_problem(split={"time": "odd"})
    assert (where, "'odd' is binary" in rule) == ("data.columns.odd", True)


# Groups


def test_groups_are_no_input_and_a_row_without_one_stands_alone() -> None:
    table = framed(split={"groups": "owner", "time": "none"})
    assert list(table.inputs) == ["size", "town", "day"]
    assert table.groups is not None
    assert table.groups.dtype == np.int64
    assert len(set(table.groups)) == 4
    together = framed({**SHOP, "owner": ["a", "b", "a", None]}, split={"groups": "owner"},
                      columns={**USUAL, "day": "drop"})  # fmt: skip
    assert together.groups is not None
    assert list(together.groups) == [0, 1, 0, 2]


def test_groups_may_be_an_input_too() -> None:
    roles = {**USUAL, "owner": "category"}
    assert "owner" in framed(split={"groups": "owner", "time": "none"}, columns=roles).inputs


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([7, 7, 8, 7], [0, 0, 1, 0]),
        ([7.0, float("nan"), float("nan"), 7.0], [0, 1, 2, 0]),
        ([True, False, None, True], [0, 1, 2, 0]),
        ([DAYS[0], DAYS[0], DAYS[1], None], [0, 0, 1, 2]),
        (pa.array(["b", "a", "b", None]).dictionary_encode(), [0, 1, 0, 2]),
        ([f"owner {i % 2}" for i in range(4)], [0, 1, 0, 1]),
    ],
)
def test_anything_that_can_be_compared_tells_groups(values: Any, expected: list[int]) -> None:
    groups = framed({**SHOP, "by": values}, split={"groups": "by", "time": "none"}).groups
    assert groups is not None
    assert list(groups) == expected


def test_an_owner_may_be_any_of_very_many() -> None:
    rows = {"x": range(500), "owner": [f"owner {i // 2}" for i in range(500)], "price": range(500)}
    table = framed(rows, columns={}, split={"groups": "owner"})
    assert table.groups is not None
    assert (list(table.inputs), len(set(table.groups))) == (["x"], 250)


@pytest.mark.parametrize("values", [[b"1"] * 4, [[1], [2], [3], [4]], [{"a": 1}] * 4])
def test_what_cannot_be_compared_tells_no_groups(values: Any) -> None:
    _, rule, fix = the_problem({**SHOP, "by": values}, split={"groups": "by", "time": "none"})
    assert rule.startswith("groups are told by numbers, dates or text, but 'by' is ")
    assert "another column" in fix


# Inputs and targets


@pytest.mark.parametrize(
    "said",
    [
        {"columns": dict.fromkeys(["size", "town", "owner", "day", "odd"], "drop")},
        {
            "columns": dict.fromkeys(["size", "town", "odd", "day"], "drop"),
            "split": {"groups": "owner"},
        },
    ],
)
def test_some_column_has_to_be_left(said: dict[str, Any]) -> None:
    where, rule, fix = the_problem(**said)
    assert where == "data.columns"
    assert "'price' is the only column left" in rule
    assert fix == "Keep some columns."


@pytest.mark.parametrize(
    ("values", "role", "expected"),
    [
        ([3, 1, 2, 1], None, np.array([3, 1, 2, 1])),
        ([True, False, True, True], None, np.array([1, 0, 1, 1])),
        ([0.5, 1.0, 2.0, 1.0], None, np.array([0.5, 1.0, 2.0, 1.0])),
        (["b", "a", "b", "c"], None, np.array(["b", "a", "b", "c"], object)),
        (pa.array(["b", "a", "b", "c"], pa.string_view()), None, np.array([*"babc"], object)),
        (pa.array([*"babc"]).dictionary_encode(), None, np.array([*"babc"], object)),
        (pa.array([1, 2, 3, 4]).cast(pa.decimal128(21, 2)), None, np.array([1.0, 2, 3, 4])),
        (["1,5", "2", "$3", "4"], "number", np.array([1.5, 2, 3, 4])),
        ([5, 3, 5, 3], "category", np.array(["5", "3", "5", "3"], object)),
        ([True, False, True, True], "category", np.array(["true", "false", "true", "true"], "O")),
        (DAYS, "category", np.array([str(day) for day in DAYS], object)),
    ],
)
def test_a_target_is_as_it_is_stored_or_as_it_is_said(
    values: Any, role: str | None, expected: Any
) -> None:
    roles = {**USUAL, "price": role} if role else USUAL
    targets = framed({**SHOP, "price": values}, columns=roles).targets
    assert targets.dtype.kind == expected.dtype.kind
    np.testing.assert_array_equal(targets, expected)


def test_a_target_may_have_as_many_classes_as_it_has() -> None:
    names = [f"class {i}" for i in range(150)]
    assert list(framed({"x": range(150), "price": names}, columns={}).targets) == names


@pytest.mark.parametrize(
    ("values", "role", "n"),
    [
        ([None, "a", "b", "c"], None, 1),
        ([float("nan"), 1.0, None, 2.0], None, 2),
        ([None, True, None, None], None, 3),
        ([None] * 4, None, 4),
        (["n/a", "1,5", "?", "2"], "number", 2),
        ([float("nan"), 1.0, 2.0, 2.0], "category", 1),
        ([float("nan"), 1.0, 2.0, 2.0], "number", 1),
    ],
)
def test_a_target_is_missing_in_whatever_way_it_is(values: Any, role: Any, n: int) -> None:
    roles = {**USUAL, "price": role} if role else USUAL
    where, rule, fix = the_problem({**SHOP, "price": values}, columns=roles)
    assert (where, rule) == (
        "data.columns.price",
        f"the target 'price' is missing in {n} of 4 rows.",
    )
    assert "fill in" in fix


@pytest.mark.parametrize(
    ("values", "role", "rule", "fix"),
    [
        (DAYS, None, "'price' holds dates (date32[day])", "such as days"),
        (DAYS, "number", "'price' holds dates (date32[day])", "such as days"),
        ([b"1"] * 4, None, "'price' holds neither (binary)", "Save it"),
        ([[1]] * 4, None, "'price' holds neither (list", "Save it"),
        ([1, 2, 3, 4], "drop", "'price' is to be drop", "{price: number}"),
        (["a"] * 4, "text", "'price' is to be text", "{price: number}"),
        (DAYS, "date", "'price' is to be date", "{price: number}"),
        (["1", "2", "x", "4"], "number", "'x' is none", "Correct it"),
        ([1.0, 2.0, 1e39, 3.0], None, "'price' is infinite or beyond in 1 of 4", "Correct"),
    ],
)
def test_what_cannot_be_predicted_is_told(values: Any, role: Any, rule: str, fix: str) -> None:
    roles = {**USUAL, "price": role} if role else USUAL
    _, found, found_fix = the_problem({**SHOP, "price": values}, columns=roles)
    assert rule in found
    assert fix in found_fix


# Columns that are no inputs


def test_columns_that_are_no_inputs_are_kept_where_they_are_asked_for() -> None:
    roles = {**USUAL, "size": "drop", "town": "drop"}
    table = framed(keep=True, columns=roles, split={"groups": "owner", "time": "none"})
    dropped = table.dropped
    assert dropped is not None
    assert list(dropped) == ["size", "town", "owner"]  # bytes cannot be shown
    assert [str(dtype) for dtype in dropped.dtypes] == ["float64", "category", "category"]
    assert len(dropped) == 4
    assert list(table.inputs) == ["day"]


def test_a_dropped_column_may_be_anything() -> None:
    names = [f"name {i}" for i in range(200)]
    rows = {
        "x": range(200),
        "price": range(200),
        "name": names,
        "empty": [None] * 200,
        "endless": [float("inf")] * 200,
        "when": [DAYS[0]] * 200,
    }
    roles = dict.fromkeys(["name", "empty", "endless", "when"], "drop")
    dropped = framed(rows, keep=True, columns=roles, split={}).dropped
    assert dropped is not None
    assert list(dropped) == ["name", "when"]
    assert isinstance(dropped["name"].dtype, pd.CategoricalDtype)
    assert list(dropped["name"]) == names


def test_without_dropped_columns_there_is_a_row_for_each_all_the_same() -> None:
    table = framed({"x": [1, 2], "price": [1, 2]}, keep=True, columns={})
    assert table.dropped is not None
    assert table.dropped.shape == (2, 0)
