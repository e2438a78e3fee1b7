"""Sources: every kind of them, read into the same table where it holds the same rows."""

from __future__ import annotations

import sqlite3
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn import datasets

from truetune.errors import InfrastructureError, InputError
from truetune.objectives import sizes
from truetune.objectives.preparation import prepare
from truetune.objectives.sources import (
    BUILT_IN,
    PICTURE_SIZE,
    TARGET_NAMES,
    built_in_name,
    load,
    unknown,
)
from truetune.objectives.table import Table
from truetune.spaces import load as load_file
from truetune.spaces.experiment import Data

FLAT = Path(__file__).parents[1] / "flat.yaml"
Write = Callable[..., str]


def loaded(source: str, **said: Any) -> Table:
    return load(Data.model_validate({"source": source, **said}))


def message(source: str, **said: Any) -> tuple[str, str]:
    with pytest.raises(InputError) as caught:
        loaded(source, **said)
    assert "\n" not in caught.value.cause + caught.value.fix
    return caught.value.cause, caught.value.fix


# What ships with scikit-learn


@pytest.mark.parametrize("name", BUILT_IN)
def test_rows_are_those_of_scikit_learn(name: str) -> None:
    bunch = getattr(datasets, f"load_{name}")()
    table = loaded(f"sklearn:{name}")
    np.testing.assert_array_equal(table.inputs, bunch.data)
    np.testing.assert_array_equal(table.targets, bunch.target)


@pytest.mark.parametrize("name", BUILT_IN)
def test_inputs_are_contiguous_doubles(name: str) -> None:
    inputs = loaded(f"sklearn:{name}").inputs
    assert inputs.dtype == np.float64
    assert inputs.flags.c_contiguous


@pytest.mark.parametrize(("name", "kind"), BUILT_IN.items())
def test_kind_of_target_is_what_the_target_is_made_of(name: str, kind: str) -> None:
    target = getattr(datasets, f"load_{name}")().target
    assert (kind == "classes") == np.issubdtype(target.dtype, np.integer)


def test_every_kind_of_target_is_called_as_scikit_learn_calls_it() -> None:
    assert set(TARGET_NAMES) == set(BUILT_IN.values())
    assert all("target" in names for names in TARGET_NAMES.values())


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("sklearn:digits", "digits"),
        ("sklearn:nothing", None),
        ("digits", None),
        ("sklearn:", None),
        ("", None),
    ],
)
def test_built_in_name_needs_the_prefix_and_a_known_set(source: str, name: str | None) -> None:
    assert built_in_name(source) == name


@pytest.mark.parametrize("source", ["sklearn:nothing", "digits", "sklearn:__class__", "a.txt"])
def test_unknown_source_is_refused_by_name(source: str) -> None:
    cause, fix = message(source)
    assert cause == f"there is no data source '{source}'."
    assert ".csv, .parquet, .npz or .npy" in fix


@pytest.mark.parametrize(("name", "target"), [("iris", "label"), ("diabetes", "target")])
def test_built_in_target_may_be_named(name: str, target: str) -> None:
    named, unnamed = loaded(f"sklearn:{name}", target=target), loaded(f"sklearn:{name}")
    np.testing.assert_array_equal(named.targets, unnamed.targets)


def test_target_that_a_built_in_set_has_not_is_refused() -> None:
    assert message("sklearn:iris", target="tarjet") == (
        "sklearn:iris has no target 'tarjet'.",
        "Did you mean 'target'?",
    )


# The same rows from everywhere

ROWS = pd.DataFrame(
    {
        "size": [1.5, np.nan, 3.0, 4.25],
        "rooms": [1, 2, 3, 4],
        "town": ["oslo", "bergen", None, "oslo"],
        "note": ["a b", "", "c", "ü"],
        "day": pd.to_datetime(["2020-01-03", "2020-01-01", "2020-01-02", "2020-01-04"]),
        "price": [1.0, 2.5, 3.0, 4.0],
    }
)
SAID: dict[str, Any] = {
    "target": "price",
    "columns": {"note": "category"},
    "split": {"time": "day"},
    "allow": ["rooms"],
}


def _in_file(folder: Path, suffix: str) -> str:
    path = folder / f"rows.{suffix}"
    if suffix == "csv":
        ROWS.to_csv(path, index=False)
    else:
        ROWS.to_parquet(path)
    return str(path)


def _in_memory(folder: Path) -> str:
    text = Path(_in_file(folder, "csv")).read_bytes()
    fsspec.filesystem("memory").pipe(f"/{folder.name}.csv", text)
    return f"memory://{folder.name}.csv"


def _in_database(folder: Path) -> str:
    with sqlite3.connect(folder / "shop.db") as connection:
        days = ROWS.assign(day=ROWS["day"].dt.strftime("%Y-%m-%d"))
        days.to_sql("rows", connection, index=False)
    connection.close()
    return f"sqlite:///{folder}/shop.db"


def _in_function(folder: Path, returned: str) -> str:
    (folder / "own.py").write_text(
        f"import pandas as pd, pyarrow as pa\n"
        f"def rows():\n"
        f"    frame = pd.read_parquet({_in_file(folder, 'parquet')!r})\n"
        f"    return {returned}\n"
    )
    return f"{folder}/own.py:rows"


EVERYWHERE: dict[str, Callable[[Path], str]] = {
    "csv": lambda folder: _in_file(folder, "csv"),
    "parquet": lambda folder: _in_file(folder, "parquet"),
    "file://": lambda folder: f"file://{_in_file(folder, 'csv')}",
    "memory://": _in_memory,
    "sqlite": _in_database,
    "a function's frame": lambda folder: _in_function(folder, "frame"),
    "a function's table": lambda folder: _in_function(folder, "pa.Table.from_pandas(frame)"),
    "a function's categories": lambda folder: _in_function(
        folder, "frame.astype({'town': 'category', 'note': 'category'})"
    ),
}


@pytest.mark.parametrize("kind", EVERYWHERE)
def test_the_same_rows_are_the_same_table_wherever_they_lie(tmp_path: Path, kind: str) -> None:
    said = {**SAID, "query": "SELECT * FROM rows"} if kind == "sqlite" else SAID
    table = loaded(EVERYWHERE[kind](tmp_path), **said)
    assert list(table.inputs) == ["size", "rooms", "town", "note"]
    assert [str(dtype) for dtype in table.inputs.dtypes] == ["float64"] * 2 + ["category"] * 2
    np.testing.assert_array_equal(table.inputs[["size", "rooms"]], ROWS[["size", "rooms"]])
    assert list(table.inputs["town"].cat.categories) == ["bergen", "oslo"]
    assert table.inputs["town"].cat.codes.tolist() == [1, 0, -1, 1]
    assert table.inputs["note"].astype(object).fillna("").tolist() == ROWS["note"].tolist()
    np.testing.assert_array_equal(table.targets, ROWS["price"])
    assert table.times is not None
    np.testing.assert_array_equal(table.times.astype("datetime64[s]"), ROWS["day"])


ARRAYS = np.arange(24.0).reshape(6, 4), np.array(["a", "b"] * 3)


def _of_arrays(folder: Path, kind: str) -> dict[str, str]:
    x, y = folder / "x.npy", folder / "y.npy"
    np.save(x, ARRAYS[0])
    np.save(y, ARRAYS[1])
    np.savez(folder / "both.npz", x=ARRAYS[0], y=ARRAYS[1])
    code = (
        f"import numpy as np\ndef rows():\n    return np.load({str(x)!r}), np.load({str(y)!r})\n"
    )
    (folder / "own.py").write_text(code)
    return {
        "npz": {"source": f"{folder}/both.npz"},
        "npy": {"source": str(x), "target": str(y)},
        "function": {"source": f"{folder}/own.py:rows"},
    }[kind]


@pytest.mark.parametrize("kind", ["npz", "npy", "function"])
def test_arrays_are_the_same_wherever_they_lie(tmp_path: Path, kind: str) -> None:
    table = loaded(**_of_arrays(tmp_path, kind))
    np.testing.assert_array_equal(table.inputs, ARRAYS[0])
    np.testing.assert_array_equal(table.targets, ARRAYS[1])
    assert table.targets.dtype == object


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"columns": {"x": "drop"}}, "`columns:` names x"),
        ({"allow": ["a", "b"]}, "`allow:` names a, b"),
        ({"split": {"groups": "owner"}}, "`split: groups:` names owner"),
        ({"split": {"time": "day"}}, "`split: time:` names day"),
        ({"target": "y"}, "`target:` names y"),
    ],
)
def test_what_speaks_of_columns_is_refused_where_there_are_none(
    tmp_path: Path, said: dict[str, Any], named: str
) -> None:
    cause, fix = message(**_of_arrays(tmp_path, "function"), **said)
    assert cause.endswith(f"has no columns with names, but {named}.")
    assert fix == "Remove it."


def test_arrays_without_a_time_may_say_so(tmp_path: Path) -> None:
    assert len(loaded(**_of_arrays(tmp_path, "npz"), split={"time": "none"})) == 6


def test_table_is_read_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b,c\n1,2,x\n3,4,y\n")
    table = loaded(str(path), target="b")
    assert list(table.inputs) == ["a", "c"]
    np.testing.assert_array_equal(table.targets, [2, 4])


def test_table_without_a_named_target_is_refused(tmp_path: Path) -> None:
    cause, fix = message(_in_file(tmp_path, "csv"))
    assert "a column to predict, but none is named" in cause
    assert "target:" in fix


def test_columns_that_are_no_inputs_come_along_where_they_are_asked_for(tmp_path: Path) -> None:
    data = Data.model_validate({"source": _in_file(tmp_path, "csv"), **SAID})
    dropped = load(data, keep_dropped=True).dropped
    assert dropped is not None
    assert list(dropped) == ["day"]
    assert load(data).dropped is None


# Pictures


def paint(folder: Path, classes: str = "ab", mode: str = "RGB", n: int = 3, side: int = 9) -> str:
    """Draw pictures of one colour, a folder a class."""
    for k, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for i in range(n):
            colour = 40 * k + i if mode == "L" else (40 * k, i, 0)
            Image.new(mode, (side, side), colour).save(folder / name / f"{i}.png")
    return str(folder)


@pytest.mark.parametrize(("said", "side"), [({}, PICTURE_SIZE), ({"preprocess": {"size": 9}}, 9)])
def test_pictures_are_of_the_size_that_is_said(
    tmp_path: Path, said: dict[str, Any], side: int
) -> None:
    table = loaded(paint(tmp_path / "images"), **said)
    assert table.inputs.shape == (6, 3, side, side)
    assert list(table.targets) == ["a"] * 3 + ["b"] * 3
    np.testing.assert_array_equal(table.inputs[4, :, 0, 0], [40, 1, 0])


# Test rows of their own


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_test_rows_of_a_file_come_after_the_others(tmp_path: Path, suffix: str) -> None:
    rows = pd.DataFrame({"x": [1, 2, 3], "t": ["a", "b", "a"], "y": [1, 0, 1]})
    test = pd.DataFrame({"y": [0, 1], "t": ["c", "a"], "more": [0, 0], "x": [4, 5.5]})
    rows.to_csv(tmp_path / "rows.csv", index=False)
    getattr(test, f"to_{suffix}")(tmp_path / f"test.{suffix}", index=False)
    table = loaded(f"{tmp_path}/rows.csv", test=f"{tmp_path}/test.{suffix}", target="y")
    assert (len(table), table.n_development) == (5, 3)
    assert table.inputs["x"].tolist() == [1, 2, 3, 4, 5.5]
    assert table.inputs["t"].tolist() == ["a", "b", "a", "c", "a"]
    assert table.targets.tolist() == [1, 0, 1, 0, 1]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("x,y\n1,1\n", "there is no 't'"),
        ("x,t,y\none,a,1\n", "columns of the types of"),
        ("x,t,y\n", "got columns only"),
    ],
)
def test_test_rows_that_do_not_fit_are_refused(tmp_path: Path, text: str, cause: str) -> None:
    (tmp_path / "rows.csv").write_text("x,t,y\n1,a,1\n2,b,0\n")
    (tmp_path / "test.csv").write_text(text)
    found, _ = message(f"{tmp_path}/rows.csv", test=f"{tmp_path}/test.csv", target="y")
    assert cause in found
    assert found.startswith(f"{tmp_path}/test.csv: ")


def test_a_row_of_the_test_file_without_a_target_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("x,y\n1,1\n2,0\n")
    (tmp_path / "test.csv").write_text("x,y\n1,1\n2,\n")
    cause, _ = message(f"{tmp_path}/rows.csv", test=f"{tmp_path}/test.csv", target="y")
    assert "'y' is missing in 1 of 4 rows" in cause


def test_test_rows_may_be_arrays(tmp_path: Path) -> None:
    said = _of_arrays(tmp_path, "npz")
    np.savez(tmp_path / "test.npz", x=np.ones((2, 4)), y=np.array(["b", "c"]))
    table = loaded(**said, test=f"{tmp_path}/test.npz")
    assert (len(table), table.n_development) == (8, 6)
    np.testing.assert_array_equal(table.inputs[6:], np.ones((2, 4)))
    assert list(table.targets[6:]) == ["b", "c"]


def test_inputs_in_an_npy_have_test_rows_in_an_npz(tmp_path: Path) -> None:
    said = _of_arrays(tmp_path, "npy")
    table = loaded(**said, test=f"{tmp_path}/both.npz")
    np.testing.assert_array_equal(table.inputs[6:], table.inputs[:6])
    assert "no file of targets is named" in message(**said, test=said["source"])[0]


@pytest.mark.parametrize(
    ("arrays", "how"),
    [
        ({"x": np.ones((2, 3)), "y": np.array(["a", "b"])}, "a row's inputs are (3,), not (4,)"),
        ({"x": np.ones((2, 2, 2)), "y": np.array(["a", "b"])}, "inputs are (2, 2), not (4,)"),
        ({"x": np.ones((2, 4)), "y": np.ones((2, 2))}, "a row's targets are (2,), not ()"),
        ({"x": np.ones((2, 4)), "y": np.ones(2)}, "targets are text in one of them"),
    ],
)
def test_test_arrays_of_another_shape_or_kind_are_refused(
    tmp_path: Path, arrays: dict[str, Any], how: str
) -> None:
    np.savez(tmp_path / "test.npz", **arrays)
    cause, fix = message(**_of_arrays(tmp_path, "npz"), test=f"{tmp_path}/test.npz")
    assert "but these are not" in cause
    assert how in cause
    assert fix == "Save both in the same way."


def test_test_rows_may_be_pictures(tmp_path: Path) -> None:
    said = {"preprocess": {"size": 9}, "test": paint(tmp_path / "test", n=1)}
    table = loaded(paint(tmp_path / "train"), **said)
    assert (len(table), table.n_development) == (8, 6)
    assert list(table.targets[6:]) == ["a", "b"]
    np.testing.assert_array_equal(table.inputs[7], table.inputs[3])


def test_grey_test_pictures_are_not_of_the_kind_of_coloured_ones(tmp_path: Path) -> None:
    grey = paint(tmp_path / "test", mode="L")
    cause, _ = message(paint(tmp_path / "train"), preprocess={"size": 9}, test=grey)
    assert "(a row's inputs are (1, 9, 9), not (3, 9, 9))" in cause


@pytest.mark.parametrize(("source", "test"), [("csv", "npz"), ("npz", "csv")])
def test_test_rows_of_another_kind_of_source_are_refused(
    tmp_path: Path, source: str, test: str
) -> None:
    np.savez(tmp_path / "arrays.npz", x=np.ones((4, 2)), price=np.ones(4))
    files = {"csv": _in_file(tmp_path, "csv"), "npz": f"{tmp_path}/arrays.npz"}
    said = {"target": "price", "split": {"time": "none"}}
    assert "but these are not" in message(files[source], test=files[test], **said)[0]


# Functions


@pytest.fixture
def function(tmp_path: Path) -> Write:
    """Write a function whose body this is, and return its name."""

    def write(body: str) -> str:
        head = "import numpy as np, pandas as pd, pyarrow as pa\ndef rows():\n"
        (tmp_path / "own.py").write_text(head + textwrap.indent(textwrap.dedent(body), "    "))
        return f"{tmp_path}/own.py:rows"

    return write


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("return pd.DataFrame({'x': [], 'y': []})", "got columns only"),
        ("return pa.table({'x': [], 'y': []})", "got columns only"),
        ("return pd.DataFrame([[1, 2]], columns=['y', 'y'])", "two are called 'y'"),
        ("return pd.DataFrame([[1, 2]], columns=['y', ''])", "column 2 has none"),
        ("return pd.DataFrame({'x': [1, 'a'], 'y': [1, 2]})", "values of one type"),
        ("return pd.DataFrame({'x': [object(), 1], 'y': [1, 2]})", "values of one type"),
        ("return pd.DataFrame({'x': [1, 2]})", "no column 'y'"),
    ],
)
def test_a_functions_frame_that_cannot_be_used_is_told(
    function: Write, body: str, cause: str
) -> None:
    assert cause in message(function(body), target="y")[0]


def test_a_frame_may_have_numbers_for_names(function: Write) -> None:
    table = loaded(function("return pd.DataFrame([[1, 2], [3, 4]])"), target="1")
    assert (list(table.inputs), table.targets.tolist()) == (["0"], [2, 4])


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("return np.ones((3, 2)), np.array([1, np.nan, np.nan])", "is missing in 2 of 3 rows"),
        ("return np.ones((2, 2)), np.array([[1, 2], [1, np.nan]])", "is missing in 1 of 2 rows"),
        ("return np.ones((2, 2)), np.array(['a', None], object)", "is missing in 1 of 2 rows"),
        ("return np.ones((2, 2)), np.array(['a', 1], object)", "all numbers or all text"),
        ("return np.array([[1, np.inf], [1, 1]]), np.ones(2)", "but some inputs do not"),
        ("return np.array([[-1e39, np.nan], [1, 1]]), np.ones(2)", "but some inputs do not"),
        ("return np.ones((2, 2)), np.array([1e39, 1])", "but some targets do not"),
    ],
)
def test_a_functions_arrays_that_cannot_be_used_are_told(
    function: Write, body: str, cause: str
) -> None:
    source = function(body)
    found, _ = message(source)
    assert found.startswith(f"{source}: ")
    assert cause in found


def test_a_functions_arrays_may_have_missing_inputs_and_a_column_of_targets(
    function: Write,
) -> None:
    table = loaded(function("return np.array([[np.nan], [1]]), np.array([[3], [4]])"))
    assert np.isnan(table.inputs[0, 0])
    np.testing.assert_array_equal(table.targets, [3, 4])


def test_a_function_that_prints_does_not_spoil_the_answer_of_the_process(function: Write) -> None:
    source = function("""
        import atexit, os, sys
        print('loading ...', flush=True)
        print('{"answer": 1}')
        os.write(1, b'from below')
        atexit.register(print, 'goodbye')
        return pd.DataFrame({'x': range(50), 'y': ['a', 'b'] * 25})
    """)
    data = {"source": source, "target": "y"}
    development = prepare(load_file(FLAT, {"data": data, "task": "binary"}))
    assert development.description.classes == ("a", "b")
    assert development.description.n_train == 30


def test_what_a_function_raises_is_told_by_its_line(function: Write) -> None:
    source = function("raise KeyError('no such shop')")
    data = {"source": source, "target": "y"}
    with pytest.raises(InputError, match=r"raised KeyError: 'no such shop' \(line 3 of own.py\)"):
        prepare(load_file(FLAT, {"data": data, "task": "binary"}))


# Databases


def test_a_database_needs_a_query(tmp_path: Path) -> None:
    cause, fix = message(_in_database(tmp_path), target="price")
    assert "what to select is not said" in cause
    assert "query:" in fix


def test_a_query_has_to_select_rows(tmp_path: Path) -> None:
    query = "SELECT * FROM rows WHERE price > 100"
    cause, fix = message(_in_database(tmp_path), query=query, target="price")
    assert cause.endswith("a table has rows, but got columns only.")
    assert fix == "Select rows."


# Passwords and memory


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("postgresql://me:secret@localhost:1/shop", {}),
        ("postgresql://me:secret@localhost:1/shop", {"query": "SELECT 1", "target": "y"}),
        ("nosuch://me:secret@host/rows.csv", {"target": "y"}),
        ("https://me:secret@host/rows.txt", {}),
        ("file:///nowhere/rows.csv?password=secret", {"target": "y"}),
    ],
)
def test_no_password_is_in_a_message(source: str, said: dict[str, Any]) -> None:
    assert "secret" not in " ".join(message(source, **said))


def test_no_password_is_in_a_message_on_columns(tmp_path: Path) -> None:
    url = f"{_in_memory(tmp_path)}?token=secret"
    fsspec.filesystem("memory").pipe(url.removeprefix("memory://"), b"x,y\nsoon,1\n")
    cause, fix = message(url, target="y", columns={"x": "number"})
    assert "'soon' is none" in cause
    assert "secret" not in cause + fix


def test_no_password_is_in_a_message_on_what_is_no_source() -> None:
    assert "secret" not in unknown("ftp://me:secret@host/rows.doc").cause


@pytest.mark.parametrize("kind", ["csv", "parquet", "npz", "pictures"])
def test_what_does_not_fit_is_refused_before_it_is_read(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _of_arrays(tmp_path, "npz")
    source = {
        "csv": _in_file(tmp_path, "csv"),
        "parquet": _in_file(tmp_path, "parquet"),
        "npz": f"{tmp_path}/both.npz",
        "pictures": paint(tmp_path / "images"),
    }[kind]
    monkeypatch.setattr(sizes, "available", lambda: 50)
    with pytest.raises(InfrastructureError, match=f"the rows of {source} take about"):
        loaded(source, target=SAID["target"] if kind in ("csv", "parquet") else None)
