"""Proposals: what each column of a table seems to be, and why."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from truetune.objectives.columns import MAX_LEVELS
from truetune.objectives.proposals import (
    FEW_ROWS,
    Proposal,
    dated,
    grouping,
    has_all,
    proposals,
)

N = 400
RANDOM = np.random.default_rng(0)
DAY = datetime.date(2021, 1, 1)


def proposed(values: Any, name: str = "x", beside: bool = True) -> Proposal | None:
    """Return what a column is proposed to be, beside another that is good as it is."""
    n = len(values)
    columns = {name: values, "y": [0, 1] * (n // 2) + [0] * (n % 2)}
    if beside:
        columns["sound"] = np.linspace(0, 1, n)
    return proposals(pa.table(columns), "y").get(name)


def texts(n: int, form: str = "level {}") -> list[str]:
    return [form.format(i) for i in range(n)]


@pytest.mark.parametrize(
    ("values", "role", "reason"),
    [
        ([b"1"] * 30, "drop", "holds binary"),
        ([[1]] * 30, "drop", "holds list<item: int64>"),
        ([datetime.time(1)] * 30, "drop", "holds time64[us]"),
        ([None] * 30, "drop", "is empty"),
        (pa.nulls(30, pa.string()), "drop", "is empty"),
        ([float("nan")] * 30, "drop", "is empty"),
        (["NO"] * 30, "drop", "is 'NO' in every row"),
        ([7] * 30, "drop", "is '7' in every row"),
        ([DAY] * 30, "drop", "is '2021-01-01' in every row"),
        (["x" * 99] * 30, "drop", f"is '{'x' * 39} in every row"),
        ([f"{i},5" for i in range(30)], "number", "numbers as text, such as '0,5'"),
        (["1", "2", "n/a", "?"] * 10, "number", "numbers as text, such as '1'"),
        ([f"${i}" for i in range(30)], "number", "numbers as text, such as '$0'"),
        ([f"{i + 1:02d}/04/2021" for i in range(28)], "date", "dates as text, such as '01/04/20"),
        (["2021-01-01", "n/a", "2021-02-01"] * 10, "date", "such as '2021-01-01'"),
        (["3 April 2021", "4 May 2021"] * 10, "date", "such as '3 April 2021'"),
        (texts(N, "C{:06d}"), "drop", "an id: 400 different values in 400 rows"),
        (texts(50, "name {}"), "drop", "an id: 50 different values in 50 rows"),
        (texts(MAX_LEVELS + 1) * 4, "category", "101 levels, of which the rarest are put"),
        (texts(N, "the {} of it is so bad"), "text", "prose: 7 words on average"),
        (texts(150, "the {} of it is so bad") * 3, "text", "prose: 7 words on average"),
        (texts(50, "the {} of it is so bad"), "text", "prose: 7 words on average"),
        (range(30), "drop", "numbers the rows"),
        (range(1000, 1030), "drop", "numbers the rows"),
        (RANDOM.permutation(30), "drop", "numbers the rows"),
        ([*range(29), None], "drop", "numbers the rows"),
    ],
)
def test_what_cannot_or_should_not_be_used_as_it_is(values: Any, role: str, reason: str) -> None:
    found = proposed(list(values) if isinstance(values, range) else values)
    assert found is not None
    assert found.role == role
    assert reason in found.reason


@pytest.mark.parametrize(
    "values",
    [
        RANDOM.normal(size=N),  # a measurement
        RANDOM.integers(0, 10**9, N),  # whole, and another in nearly every row
        RANDOM.integers(0, 50, N),
        [20, 30, 45] * 10,
        [True, False] * 20,
        [1.0, None, 2.0] * 10,
        ["red", "blue"] * 20,
        ["red", None] * 20,
        [7, None] * 20,  # that there is none may tell
        texts(MAX_LEVELS) * 2,
        texts(FEW_ROWS - 1),  # among so few, that all differ means nothing
        ["0150", "1337"] * 20,
        ["007", "12"] * 20,
        ["10-12", "13-15"] * 20,  # years of age
        ["10:30", "11:45"] * 20,  # of no day
        ["1.2.3", "1.2.4"] * 20,
        ["?", "n/a"] * 20,
        [DAY, DAY + datetime.timedelta(1)] * 20,
    ],
)
def test_what_is_good_as_it_is_stored_is_left_alone(values: Any) -> None:
    assert proposed(list(values)) is None


@pytest.mark.parametrize(
    ("name", "is_dropped"),
    [("customer_id", True), ("id", True), ("orderId", True), ("uuid", True), ("income", False)],
)
def test_whole_numbers_of_which_each_row_has_another_are_an_id_by_their_name(
    name: str, is_dropped: bool
) -> None:
    found = proposed(RANDOM.permutation(10**6)[:N], name)
    assert (found is not None) is is_dropped
    if found is not None:
        assert found == Proposal("drop", "an id: it is another in nearly every row")


def test_an_id_may_be_repeated_here_and_there() -> None:
    few, many = [*texts(N), *texts(10)], [*texts(N), *texts(100)]
    assert proposed(few) == Proposal("drop", "an id: 400 different values in 410 rows")
    found = proposed(many)
    assert found is not None
    assert found.role == "category"


@pytest.mark.parametrize(
    "kind",
    [pa.float16(), pa.float32(), pa.decimal128(21, 2), pa.uint64(), pa.timestamp("ns", "UTC")],
)
def test_every_type_that_is_stored_can_be_looked_at(kind: pa.DataType) -> None:
    days = pa.array([DAY, None] * 15, pa.date32()).cast(pa.timestamp("ns"))
    values = days.cast(kind) if pa.types.is_timestamp(kind) else pa.array([1, 2, None] * 10)
    assert proposed(values.cast(kind)) is None


@pytest.mark.parametrize("stored", [pa.large_string(), pa.string_view()])
def test_text_is_text_however_it_is_stored(stored: pa.DataType) -> None:
    for values in (texts(N, "C{}"), ["1,5", "2,5"] * 20, ["2021-01-01", "2021-02-01"] * 20):
        assert proposed(pa.array(values, stored)) == proposed(values)
    assert proposed(pa.array(texts(N)).dictionary_encode()) == proposed(texts(N))


def test_a_target_is_proposed_to_be_numbers_only() -> None:
    table = pa.table({"x": [0.5] * 30, "y": [f"{i},5" for i in range(30)]})
    assert proposals(table, "y")["y"] == Proposal("number", "numbers as text, such as '0,5'")
    for targets in (texts(30), list(range(30)), ["a"] * 30, ["2021-01-01"] * 30, ["01"] * 30):
        assert "y" not in proposals(pa.table({"x": [0.5] * 30, "y": targets}), "y")


def test_numbers_of_rows_are_kept_where_nothing_else_is_left() -> None:
    columns = {"t": list(range(30)), "const": [1] * 30, "y": np.linspace(0, 1, 30)}
    assert list(proposals(pa.table(columns), "y")) == ["const"]
    assert list(proposals(pa.table({**columns, "x": [1.0, 2.0] * 15}), "y")) == ["t", "const"]


# Dates and owners


def dates_in(columns: dict[str, Any]) -> list[str]:
    table = pa.table({**columns, "y": [0, 1] * 15})
    return dated(table, "y", proposals(table, "y"))


def test_dates_without_a_missing_one_come_first() -> None:
    days = [DAY + datetime.timedelta(i) for i in range(30)]
    spelt = [f"{i % 28 + 1:02d}/04/2021" for i in range(30)]
    assert dates_in({"a": [*days[1:], None], "b": days, "c": spelt, "x": [1.5] * 30}) == [
        "b",
        "c",
        "a",
    ]
    assert dates_in({"x": [1.5] * 30}) == []
    assert dates_in({"a": [DAY] * 30}) == []  # always the same


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([DAY, DAY], True),
        ([DAY, None], False),
        (["01/04/2021", "02/04/2021"], True),
        (["01/04/2021", None], False),
        (["01/04/2021", "n/a"], False),
        (["01/04/2021", " "], False),
    ],
)
def test_a_word_for_a_missing_date_is_a_missing_date(values: Any, expected: bool) -> None:
    assert has_all(pa.chunked_array([values])) is expected


OWNED = [i // 4 for i in range(N)]


@pytest.mark.parametrize(
    ("name", "values", "is_found"),
    [
        ("customer_id", OWNED, True),
        ("customer", [f"C{i}" for i in OWNED], True),
        ("userId", OWNED, True),
        ("Patient-No", OWNED, True),
        ("device", [f"d{i}" for i in OWNED], True),
        ("store_id", [*OWNED[1:], None], True),
        ("income", OWNED, False),  # by its name
        ("customer_age", OWNED, False),
        ("customer_id", list(range(N)), False),  # a row each
        ("customer_id", [i % 5 for i in range(N)], False),  # too few to split by
        ("customer_id", [i // 4 + 0.5 for i in range(N)], False),  # measures something
        ("price_index", [i // 4 + 0.5 for i in range(N)], False),
        ("user", [b"%d" % i for i in OWNED], False),
    ],
)
def test_whose_a_row_is_shows_by_a_name_and_by_being_repeated(
    name: str, values: Any, is_found: bool
) -> None:
    table = pa.table({"x": np.linspace(0, 1, N), name: values, "y": [0, 1] * (N // 2)})
    assert grouping(table, "y") == (name if is_found else None)
    assert grouping(table, name) is None
