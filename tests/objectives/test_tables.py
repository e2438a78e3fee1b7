"""Tables: what Arrow reads, as it is stored, and a sentence for what cannot be used."""

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
from truetune.objectives.tables import check_names, is_table, joined, n_bytes, read

Write = Callable[..., str]


@pytest.fixture
def csv(tmp_path: Path) -> Write:
    def write(text: str, encoding: str = "utf-8") -> str:
        path = tmp_path / "rows.csv"
        path.write_bytes(text.encode(encoding))
        return str(path)

    return write


def message(source: str) -> tuple[str, str]:
    with pytest.raises(InputError) as caught:
        read(source)
    assert caught.value.cause.startswith(f"{source}: ")
    assert "\n" not in caught.value.cause + caught.value.fix
    return caught.value.cause, caught.value.fix


MIXED = pd.DataFrame(
    {
        "size": [1, 2, 3, 4],
        "weight": [0.5, np.nan, 1.5, -2.0],
        "is_new": [True, False, True, True],
        "colour": ["red", None, "blue", "red"],
        "day": [datetime.date(2020, 1, day) for day in range(1, 5)],
        "price": [1.5, 2.5, 3.5, 4.5],
    }
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a.csv", True),
        ("/b/A.CSV", True),
        ("a.parquet", True),
        ("https://host/a.csv?v=2", True),
        ("s3://bucket/a.parquet", True),
        ("zip://a.csv::b.zip", True),
        ("a.txt", False),
        ("csv", False),
        ("https://host/a.html?b.csv", False),
    ],
)
def test_table_is_known_by_its_ending(source: str, expected: bool) -> None:
    assert is_table(source) is expected


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_columns_are_those_of_the_frame_that_was_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"mixed.{suffix}"
    getattr(MIXED, f"to_{suffix}")(path, index=False)
    table = read(str(path))
    assert table.column_names == list(MIXED)
    for name in ("size", "weight", "is_new", "price"):
        np.testing.assert_array_equal(table[name].to_pandas(), MIXED[name])
    assert table["colour"].to_pylist() == ["red", None, "blue", "red"]
    assert table["day"].to_pylist() == MIXED["day"].tolist()
    assert table["size"].type == pa.int64()


def test_columns_type_is_that_of_all_rows(csv: Write) -> None:
    rows = [f"{i},1" for i in range(300_000)]  # more than Arrow's own megabyte of guessing
    table = read(csv("\n".join(["x,y", *rows, "0.5,1"])))
    assert (len(table), table["x"].type, table["x"][-1].as_py()) == (300_001, pa.float64(), 0.5)


def test_quotes_commas_and_line_ends_are_read_as_written(csv: Write) -> None:
    table = read(csv('\ufeff"a, b",y\r\n"1st\nline, ""so""",1\r\n"x",2\r\n'))
    assert table["a, b"].to_pylist() == ['1st\nline, "so"', "x"]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_columns_stand_between_commas_or_whatever_else_the_first_line_has(
    csv: Write, mark: str
) -> None:
    text = mark.join(["size", "town", "price"]) + "\n" + mark.join(["1", "oslo", "2.5"]) + "\n"
    assert read(csv(text)).to_pylist() == [{"size": 1, "town": "oslo", "price": 2.5}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;b\n1,5;2,5\n", {"a": "1,5", "b": "2,5"}),  # decimal commas stay text here
        ('"a, b";c\n1;2\n', {"a, b": 1, "c": 2}),
        ("a,b;c\n1,2\n", {"a": 1, "b;c": 2}),
        ("a\tb|c\td\n1\t2\t3\n", {"a": 1, "b|c": 2, "d": 3}),
        ("only\n1\n", {"only": 1}),
    ],
)
def test_other_marks_count_only_without_a_comma_between_the_names(
    csv: Write, text: str, expected: dict[str, Any]
) -> None:
    assert read(csv(text)).to_pylist() == [expected]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["0150", "1337"], ["0150", "1337"]),
        (["1337", "", "00"], ["1337", None, "00"]),
        (['"007"', "12"], ["007", "12"]),
        (["0", "10", "100"], [0, 10, 100]),
        (["-0", "5"], [0, 5]),
        (["1", "0.5", "00.5"], [1.0, 0.5, 0.5]),
        (["09:30", "1"], ["09:30", "1"]),
    ],
)
def test_codes_that_begin_with_a_zero_keep_it(
    csv: Write, cells: list[str], expected: list[Any]
) -> None:
    text = "zip;n;on\n" + "".join(f"{cell};{i};01.02.2021\n" for i, cell in enumerate(cells))
    table = read(csv(text))
    assert table.column_names == ["zip", "n", "on"]
    assert table["zip"].to_pylist() == expected
    assert table["n"].to_pylist() == list(range(len(cells)))


@pytest.mark.parametrize("word", ["", "NA", "NaN", "null", "N/A"])
def test_a_missing_cell_has_no_value_whatever_its_type(csv: Write, word: str) -> None:
    table = read(csv(f"x,t,d\n1,a,2020-01-01\n{word},{word},{word}\n"))
    assert [column.null_count for column in table.columns] == [1, 1, 1]
    assert [str(column.type) for column in table.columns] == ["int64", "string", "date32[day]"]


def test_folders_names_add_no_column(tmp_path: Path) -> None:
    folder = tmp_path / "year=2020"
    folder.mkdir()
    parquet.write_table(pa.table({"x": [1, 2], "y": [1, 2]}), folder / "rows.parquet")
    assert read(str(folder / "rows.parquet")).column_names == ["x", "y"]


@pytest.mark.parametrize(
    ("text", "cause", "fix"),
    [
        (
            "a,b,y\n1,2,3\n1,2\n1,2,3\n1,2,3,4\n",
            "2 rows have not; row 3 of the file has 2",
            "quotes",
        ),
        ("a,y\n1,2,3\n", "1 row has not; row 2 of the file has 3", "quotes"),
        ("a;y\n1;2;3\n", "1 row has not; row 2 of the file has 3", "quotes"),
        ("a,y\n", "got columns only", "Bring rows"),
        ("", "cannot be read as .csv (Empty CSV file)", "Save it again"),
        ("a,a,y\n1,2,3\n", "two are called 'a'", "Rename"),
        (",a,y\n1,2,3\n", "column 1 has none", "numbers the rows"),
        ("a, ,y\n1,2,3\n", "column 2 has none", "numbers the rows"),
    ],
)
def test_unusable_table_is_refused_by_file_and_column(
    csv: Write, text: str, cause: str, fix: str
) -> None:
    found = message(csv(text))
    assert cause in found[0]
    assert fix in found[1]


def test_names_in_another_encoding_are_refused(csv: Write) -> None:
    cause, fix = message(csv("ü,y\n1,1\n", encoding="latin-1"))
    assert "utf-8" in cause
    assert "UTF-8" in fix


def test_cells_in_another_encoding_are_bytes(csv: Write) -> None:
    assert read(csv("x,y\nü,1\n", encoding="latin-1"))["x"].type == pa.binary()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_missing_file_is_named(tmp_path: Path, suffix: str) -> None:
    assert message(str(tmp_path / f"none.{suffix}"))[0].endswith(": there is no such file.")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_folder_is_no_table(tmp_path: Path, suffix: str) -> None:
    folder = tmp_path / f"folder.{suffix}"
    folder.mkdir()
    assert message(str(folder))[0].endswith(": is a folder, not a file.")


def test_file_of_something_else_is_no_parquet(tmp_path: Path) -> None:
    path = tmp_path / "text.parquet"
    path.write_text("a,y\n1,2\n" * 10)
    assert "cannot be read as .parquet" in message(str(path))[0]


def test_names_are_checked_wherever_a_table_comes_from() -> None:
    check_names("own.py:rows", ["a", "A", "a "])
    with pytest.raises(InputError, match="columns' names differ, but two are called 'b'"):
        check_names("own.py:rows", ["b", "a", "b"])


def test_memory_is_told_before_a_table_is_read(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.arange(10_000.0), "y": np.arange(10_000)})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    frame.to_parquet(tmp_path / "rows.parquet", compression="gzip")
    assert n_bytes(str(tmp_path / "rows.csv")) == 2 * (tmp_path / "rows.csv").stat().st_size
    found = n_bytes(str(tmp_path / "rows.parquet"))
    assert found == pytest.approx(frame.memory_usage(index=False).sum(), rel=0.5)
    assert found > (tmp_path / "rows.parquet").stat().st_size


def test_memory_of_what_is_no_table_is_its_size(tmp_path: Path) -> None:
    path = tmp_path / "text.parquet"
    path.write_text("no table")
    assert n_bytes(str(path)) == 8  # what is wrong with it is for `read` to say


# Test rows of a file of their own

ROWS = pa.table({"x": [1, 2], "town": ["oslo", "bergen"], "y": [1, 0]})


def test_test_rows_stand_after_the_others_by_their_columns_names() -> None:
    other = pa.table({"y": [1], "more": [7], "town": ["oslo"], "x": [3]})
    table = joined("rows.csv", ROWS, "test.csv", other)
    assert table.column_names == ["x", "town", "y"]
    assert table.to_pylist() == [*ROWS.to_pylist(), {"x": 3, "town": "oslo", "y": 1}]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array([0.5]), pa.float64()),
        (pa.array([3], pa.int8()), pa.int64()),
        (pa.nulls(1), pa.int64()),
        (pa.array([None], pa.int64()), pa.int64()),
    ],
)
def test_numbers_go_together_whatever_their_kind(values: pa.Array, kind: pa.DataType) -> None:
    other = pa.table({"x": values, "town": ["oslo"], "y": [1]})
    assert joined("rows.csv", ROWS, "test.csv", other)["x"].type == kind


TOWN, DAY = pa.array(["oslo"]), pa.array([datetime.date(2020, 1, 1)])


@pytest.mark.parametrize(
    "values",
    [
        (TOWN, TOWN.dictionary_encode()),
        (TOWN.dictionary_encode(), TOWN.cast(pa.large_string())),
        (TOWN.cast(pa.string_view()), TOWN),
        (DAY, DAY.cast(pa.timestamp("us"))),
        (DAY.cast(pa.timestamp("ns")), DAY.cast(pa.date64())),
    ],
)
def test_text_and_dates_go_together_however_they_are_stored(values: tuple[Any, Any]) -> None:
    table, other = (pa.table({"x": column, "y": [1]}) for column in values)
    together = joined("rows.parquet", table, "test.csv", other)["x"]
    assert together[0] == together[1]


@pytest.mark.parametrize(
    ("columns", "cause", "fix"),
    [
        ({"x": [1], "twon": ["a"], "y": [1]}, "there is no 'town'", "Did you mean 'twon'?"),
        ({"x": [1], "town": ["a"]}, "there is no 'y'", "Known: town, x."),
        ({"x": ["a"], "town": ["a"], "y": [1]}, "columns of the types of rows.csv", "same way"),
        ({"x": [1], "town": [1], "y": [1]}, "Field town", "same way"),
    ],
)
def test_test_rows_without_the_same_columns_are_refused(
    columns: dict[str, Any], cause: str, fix: str
) -> None:
    with pytest.raises(InputError, match=cause) as caught:
        joined("rows.csv", ROWS, "test.csv", pa.table(columns))
    assert caught.value.cause.startswith("test.csv: ")
    assert fix in caught.value.fix
    assert "\n" not in caught.value.cause


def test_no_password_of_either_file_is_told() -> None:
    sources = "https://me:secret@host/rows.csv", "https://me:secret@host/test.csv"
    with pytest.raises(InputError) as caught:
        joined(sources[0], ROWS, sources[1], pa.table({"x": [1]}))
    assert "secret" not in caught.value.cause
    assert "https://me:***@host/test.csv" in caught.value.cause
