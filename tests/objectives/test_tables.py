"""Tables: what Arrow and pandas read, typed, and a sentence for what cannot be used."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from truetune.errors import InputError
from truetune.objectives.tables import MAX_LEVELS, is_table, read

Write = Callable[..., str]


@pytest.fixture
def csv(tmp_path: Path) -> Write:
    def write(text: str, encoding: str = "utf-8") -> str:
        path = tmp_path / "rows.csv"
        path.write_bytes(text.encode(encoding))
        return str(path)

    return write


@pytest.fixture
def arrow(tmp_path: Path) -> Write:
    def write(**columns: Any) -> str:
        path = tmp_path / "rows.parquet"
        parquet.write_table(pa.table(columns), path)
        return str(path)

    return write


MIXED = pd.DataFrame(
    {
        "size": [1, 2, 3, 4],
        "weight": [0.5, np.nan, 1.5, -2.0],
        "is_new": [True, False, True, True],
        "colour": ["red", None, "blue", "red"],
        "price": [1.5, 2.5, 3.5, 4.5],
    }
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [("a.csv", True), ("/b/A.CSV", True), ("a.parquet", True), ("a.txt", False), ("csv", False)],
)
def test_table_is_known_by_its_ending(source: str, expected: bool) -> None:
    assert is_table(source) is expected


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_columns_are_those_of_the_frame_that_was_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"mixed.{suffix}"
    getattr(MIXED, f"to_{suffix}")(path, index=False)
    inputs, targets = read(str(path), "price")
    assert list(inputs) == ["size", "weight", "is_new", "colour"]
    for name in ("size", "weight", "is_new"):
        assert inputs[name].dtype == np.float64
        np.testing.assert_array_equal(inputs[name], MIXED[name].to_numpy(dtype=float))
    assert inputs["colour"].dtype == "category"
    assert inputs["colour"].astype(object).fillna("-").tolist() == ["red", "-", "blue", "red"]
    np.testing.assert_array_equal(targets, MIXED["price"])


def test_every_type_of_number_is_a_number(arrow: Write) -> None:
    types = [pa.int8(), pa.uint64(), pa.float32(), pa.float64(), pa.decimal128(21, 2)]
    columns = {str(kind): pa.array([1, None, 3]).cast(kind) for kind in types}
    inputs, _ = read(arrow(**columns, y=[1, 2, 3]), "y")
    for name in columns:
        np.testing.assert_array_equal(inputs[name], [1, np.nan, 3])


def test_every_type_of_text_is_a_category(arrow: Write) -> None:
    texts = pa.array(["b", None, "a"])
    columns = {
        "text": texts,
        "long": texts.cast(pa.large_string()),
        "category": texts.dictionary_encode(),
    }
    inputs, _ = read(arrow(**columns, y=[1, 2, 3]), "y")
    assert all(list(inputs[name].cat.categories) == ["a", "b"] for name in columns)
    assert all(list(inputs[name].isna()) == [False, True, False] for name in columns)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3, 1, 2], np.array([3, 1, 2])),
        ([True, False, True], np.array([1, 0, 1])),
        ([0.5, 1.0, 2.0], np.array([0.5, 1.0, 2.0])),
        (["b", "a", "b"], np.array(["b", "a", "b"], dtype=object)),
    ],
)
def test_target_is_whole_or_fractional_or_text(
    arrow: Write, values: list[Any], expected: np.ndarray[Any, Any]
) -> None:
    _, targets = read(arrow(x=[1, 2, 3], y=values), "y")
    assert targets.dtype.kind == expected.dtype.kind
    np.testing.assert_array_equal(targets, expected)


def test_columns_type_is_that_of_all_rows(csv: Write) -> None:
    rows = [f"{i},1" for i in range(300_000)]  # more than Arrow's own megabyte of guessing
    inputs, _ = read(csv("\n".join(["x,y", *rows, "0.5,1"])), "y")
    assert (len(inputs), inputs["x"].iloc[-1]) == (300_001, 0.5)


def test_quotes_commas_and_line_ends_are_read_as_written(csv: Write) -> None:
    inputs, _ = read(csv('\ufeff"a, b",y\r\n"1st\nline, ""so""",1\r\n"x",2\r\n'), "y")
    assert inputs["a, b"].tolist() == ['1st\nline, "so"', "x"]


def test_folders_names_add_no_column(tmp_path: Path) -> None:
    folder = tmp_path / "year=2020"
    folder.mkdir()
    parquet.write_table(pa.table({"x": [1, 2], "y": [1, 2]}), folder / "rows.parquet")
    inputs, _ = read(str(folder / "rows.parquet"), "y")
    assert list(inputs) == ["x"]


@pytest.mark.parametrize(
    ("text", "cause", "fix"),
    [
        (
            "a,b,y\n1,2,3\n1,2\n1,2,3\n1,2,3,4\n",
            "2 rows have not; row 3 of the file has 2",
            "quotes",
        ),
        ("a,y\n1,2,3\n", "1 row has not; row 2 of the file has 3", "quotes"),
        ("a,y\n", "got columns only", "Bring rows"),
        ("", "cannot be read as .csv (Empty CSV file)", "Save it again"),
        ("a,a,y\n1,2,3\n", "two are called 'a'", "Rename"),
        (",a,y\n1,2,3\n", "column 1 has none", "numbers the rows"),
        ("a,b\n1,2\n", "no column 'y' to predict", "Known: a, b."),
        ("a,yy\n1,2\n", "no column 'y' to predict", "Did you mean 'yy'?"),
        ("y\n1\n", "'y' is the only column", "Bring columns"),
        ("a;y\n1;2\n", "the first line is 'a;y'", "Save it with commas"),
        ("a,b,y\n1,,3\n1,,3\n", "column 'b' is missing in all of its 2 rows", "Drop it"),
        ("a,y\n1,\n2,5\n3,NA\n", "target 'y' is missing in 2 of 3 rows", "fill in"),
        ("d,y\n2020-01-01,1\n2021-01-01,2\n", "column 'd' is date32[day]", "convert it"),
        ("d,y\n2020-01-01 10:00,1\n,2\n", "column 'd' is timestamp[s]", "convert it"),
        ("x,d\n1,2020-01-01\n", "column 'd' is date32[day]", "convert it"),
        ("x,y\n1,1\ninf,2\n-1e40,3\n", "column 'x' is infinite or beyond in 2 of 3", "Correct"),
        ("x,y\n1,1e39\n", "column 'y' is infinite or beyond in 1 of 1", "Correct"),
    ],
)
def test_unusable_table_is_refused_by_file_and_column(
    csv: Write, text: str, cause: str, fix: str
) -> None:
    source = csv(text)
    with pytest.raises(InputError) as caught:
        read(source, "y" if ",d" not in text else "d")
    assert cause in caught.value.cause
    assert fix in caught.value.fix
    assert caught.value.cause.startswith(f"{source}: ")
    assert "\n" not in caught.value.cause + caught.value.fix


@pytest.mark.parametrize(
    ("text", "cause"), [("x,y\nü,1\n", "'x' is binary"), ("ü,y\n1,1\n", "utf-8")]
)
def test_text_in_another_encoding_is_refused(csv: Write, text: str, cause: str) -> None:
    with pytest.raises(InputError, match=cause) as caught:
        read(csv(text, encoding="latin-1"), "y")
    assert "UTF-8" in caught.value.fix


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([datetime.time(10), None], "time64"),
        ([datetime.timedelta(1), None], "duration"),
        ([[1], [2]], "list"),
        ([{"a": 1}, None], "struct"),
        ([b"1", None], "binary"),
    ],
)
def test_columns_that_are_neither_number_nor_text_are_refused(
    arrow: Write, values: list[Any], kind: str
) -> None:
    with pytest.raises(InputError, match=f"'odd' is {kind}"):
        read(arrow(odd=values, y=[1, 2]), "y")


@pytest.mark.parametrize("values", [[None, None], [np.nan, np.nan]])
def test_column_without_any_value_is_refused(arrow: Write, values: list[Any]) -> None:
    with pytest.raises(InputError, match="'x' is missing in all of its 2 rows"):
        read(arrow(x=values, y=[1, 2]), "y")


@pytest.mark.parametrize("values", [[None, "a"], [np.nan, 1.0], [None, True]])
def test_target_is_missing_in_whatever_way_it_is(arrow: Write, values: list[Any]) -> None:
    with pytest.raises(InputError, match="'y' is missing in 1 of 2 rows"):
        read(arrow(x=[1, 2], y=values), "y")


def test_text_of_too_many_values_is_taken_for_an_id(arrow: Write) -> None:
    names = [f"row {i}" for i in range(MAX_LEVELS)]
    inputs, _ = read(arrow(x=names, y=range(100)), "y")
    assert len(inputs["x"].cat.categories) == 100
    with pytest.raises(InputError, match="at most 100 distinct values, but 'x' has 101 in 102"):
        read(arrow(x=[*names, "a", "a"], y=range(102)), "y")


def test_target_may_have_as_many_classes_as_it_has(arrow: Write) -> None:
    _, targets = read(arrow(x=range(150), y=[f"class {i}" for i in range(150)]), "y")
    assert len(set(targets)) == 150


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_missing_file_is_named(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(InputError, match=f"none.{suffix}: there is no such file"):
        read(str(tmp_path / f"none.{suffix}"), "y")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_folder_is_no_table(tmp_path: Path, suffix: str) -> None:
    folder = tmp_path / f"folder.{suffix}"
    folder.mkdir()
    with pytest.raises(InputError, match=f"cannot be read as .{suffix}"):
        read(str(folder), "y")


def test_file_of_something_else_is_no_parquet(tmp_path: Path) -> None:
    path = tmp_path / "text.parquet"
    path.write_text("a,y\n1,2\n" * 10)
    with pytest.raises(InputError, match=r"cannot be read as \.parquet"):
        read(str(path), "y")
