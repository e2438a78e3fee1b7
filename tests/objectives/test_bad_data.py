"""Data as they come: each is refused in a line that says where and what to do, or is handled.

Nothing is left behind, and no trial is made: preparation is all that runs.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truetune.errors import InputError, TuneError
from truetune.objectives import sizes
from truetune.objectives.preparation import develop
from truetune.spaces import Experiment

Tune = Callable[..., subprocess.CompletedProcess[str]]


def experiment(source: Path, task: str, **data: Any) -> Experiment:
    return Experiment.model_validate(
        {
            "study": "bad",
            "data": {"source": str(source), "target": "y", **data},
            "task": task,
            "parameters": {"learning_rate": {"type": "float", "low": 0.1, "high": 1.0}},
        }
    )


def rows(
    n: int, cell: Callable[[int], str] = str, y: Callable[[int], str] = lambda i: "ab"[i % 2]
):
    return "x,y\n" + "".join(f"{cell(i)},{y(i)}\n" for i in range(n))


REFUSED: dict[str, tuple[bytes | str, str, str, str]] = {
    # what it is: the file, the task, the cause, the fix
    "0 bytes": ("", "binary", "cannot be read as .csv (Empty CSV file)", "Save it again"),
    "header only": ("x,y\n", "binary", "got columns only", "Bring rows"),
    "1 row": (rows(1), "binary", "takes two classes or more", "another class"),
    "1 row of numbers": (rows(1, y=str), "regression", "1 rows are too few", "more rows"),
    "2 rows": (rows(2), "binary", "too few", "more rows"),
    "1 column": ("y\na\nb\n", "binary", "'y' is the only column", "Keep some columns"),
    "ragged": ("x,y\n1,a\n2\n", "binary", "row 3 of the file has 1", "quotes"),
    "ragged, longer": ("x,y\n1,a\n2,b,c\n", "binary", "row 3 of the file has 3", "quotes"),
    "latin-1": ("x,y\nü,a\ni,b\n".encode("latin-1"), "binary", "'x' is binary", "UTF-8"),
    "mixed encodings": (
        b"x,z,y\n1,\xc3\xbc,a\n2,\xfc,b\n",
        "binary",
        "numbers, dates or UTF-8 text, but 'z' is binary",
        "columns: {z: drop}",
    ),
    "UTF-16": (rows(40).encode("utf-16"), "binary", "(it is UTF-16)", "UTF-8"),
    "two columns of a name": ("x,x,y\n1,2,a\n", "binary", "two are called 'x'", "Rename"),
    "no name": (",y\n1,a\n", "binary", "column 1 has none", "Name it"),
    "infinity in x": (rows(40, lambda i: "inf" if i == 3 else str(i)), "binary", "in 1 of 40", ""),
    "x all missing": (rows(40, lambda _: ""), "binary", "'x' is missing in all", "{x: drop}"),
    "y missing": (rows(40, y=lambda i: "" if i < 2 else "a"), "binary", "in 2 of 40", "fill in"),
    "single class": (rows(40, y=lambda _: "a"), "binary", "the target is a always", "another"),
    "class of one": (
        rows(40, y=lambda i: "abc"[2 * (i == 7) or i % 2]),
        "classification",
        "class c has 1",
        "stratify: false",
    ),
    "three classes of two": (rows(40, y=lambda i: "abc"[i % 3]), "binary", "has 3", "classific"),
    "numbers as text": (
        rows(40, y=lambda i: f'"{i},5"'),
        "regression",
        "takes numbers, but the target is text: '0,5'",
        "classification",
    ),
    "dates": (
        rows(40, lambda i: f"2024-01-{1 + i % 28:02d}"),
        "binary",
        "whether time orders the rows is not said",
        "time: none",
    ),
    "a million levels' worth of ids": (
        rows(300, lambda i: f"level {i}"),
        "binary",
        "has 300 in 300 rows, and what it is is not said",
        "category",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_data_that_no_search_could_use_are_refused(name: str, tmp_path: Path) -> None:
    content, task, cause, fix = REFUSED[name]
    path = tmp_path / "rows.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as caught:
        develop(experiment(path, task))
    assert cause in caught.value.cause
    assert fix in caught.value.fix
    assert caught.value.exit_code == 2
    assert list(tmp_path.iterdir()) == [path]


HANDLED: dict[str, tuple[str, dict[str, Any]]] = {
    "emoji in a name": (rows(40).replace("x,", "🙂 x,", 1), {}),
    "a byte order mark": ("\ufeff" + rows(40), {}),
    "Windows line ends": (rows(40).replace("\n", "\r\n"), {}),
    "a cell of a million characters": (rows(40, lambda i: "a" * 10**6 if i == 1 else "b"), {}),
    "NUL in a cell": (rows(40, lambda i: "a\0b" if i % 2 else "c"), {}),
    "missing cells": (rows(40, lambda i: "" if i % 3 else str(i)), {}),
    "a constant column": (rows(40, lambda _: "7"), {}),
    "levels that are all new": (rows(300, lambda i: f"level {i}"), {"columns": {"x": "category"}}),
    "numbers as text": (rows(40, lambda i: f'"{i},5"'), {"columns": {"x": "number"}}),
    "semicolons": (rows(40).replace(",", ";"), {}),
    "dates": (rows(40, lambda i: f"2024-01-{1 + i % 28:02d}"), {"split": {"time": "none"}}),
}


@pytest.mark.parametrize("name", HANDLED)
def test_data_that_are_only_odd_are_prepared(name: str, tmp_path: Path) -> None:
    text, data = HANDLED[name]
    path = tmp_path / "rows.csv"
    path.write_text(text, encoding="utf-8", newline="")
    (fold,) = develop(experiment(path, "binary", **data)).folds
    assert np.isfinite(fold.x_train).all()
    assert np.isfinite(fold.x_validation).all()
    assert fold.x_train.shape[1] > 0


def test_a_category_of_a_million_levels_takes_a_hundred_inputs(tmp_path: Path) -> None:
    n = 1_000_000
    frame = pd.DataFrame({"x": [f"level {i}" for i in range(n)], "y": np.arange(n) % 2})
    path = tmp_path / "rows.parquet"
    frame.to_parquet(path)
    (fold,) = develop(experiment(path, "binary", columns={"x": "category"})).folds
    assert fold.x_train.shape == (600_000, 100)
    assert (fold.x_validation.sum(axis=1) == 1).all()  # unseen ones have the rest's input


def test_twenty_thousand_columns_are_read(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(100, 20_000))
    frame = pd.DataFrame(values, columns=[f"c{i}" for i in range(20_000)]).assign(y=[0, 1] * 50)
    path = tmp_path / "rows.parquet"
    frame.to_parquet(path)
    assert develop(experiment(path, "binary")).folds[0].x_train.shape == (60, 20_000)


@pytest.mark.parametrize("free", [10_000, 100_000])
def test_what_does_not_fit_is_refused_before_it_is_made(
    free: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(rows(3_000, lambda i: f"level {i % 90}"))
    monkeypatch.setattr(sizes, "available", lambda: free)
    with pytest.raises(TuneError, match=r"take about .* of memory, and .* are free") as caught:
        develop(experiment(path, "binary"))
    assert caught.value.exit_code == 5


SPACE = """\
data: {source: SOURCE, target: y}
task: binary
parameters: {learning_rate: {type: float, low: 0.1, high: 1.0}}
"""


@pytest.mark.parametrize("command", [("search", "--executor", "inline"), ("check",)])
def test_a_refusal_leaves_nothing_behind(
    command: tuple[str, ...], tune: Tune, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text(rows(40, y=lambda _: "a"))
    (tmp_path / "space.yaml").write_text(SPACE.replace("SOURCE", "./rows.csv"))
    aside = tmp_path / "aside"
    aside.mkdir()
    done = tune(*command, "space.yaml", env={"TMPDIR": str(aside)})
    assert done.returncode == 2
    assert "the target is a always" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["aside", "rows.csv", "space.yaml"]
    assert list(aside.iterdir()) == []


def test_a_file_that_is_not_there_or_may_not_be_read_is_named(tune: Tune, tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(SPACE.replace("SOURCE", "./none.csv"))
    done = tune("search", "space.yaml", "--executor", "inline")
    assert done.returncode == 2
    assert "space.yaml:1:8: there is no file" in done.stderr
