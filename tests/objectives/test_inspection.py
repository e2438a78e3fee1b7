"""The look at an experiment's data: one process reads them, and says what is to be said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from truetune.objectives.inspection import inspect, inspect_here
from truetune.spaces import Experiment


def experiment(source: str, task: str = "binary", **data: Any) -> Experiment:
    return Experiment.model_validate(
        {
            "study": "looked-at",
            "data": {"source": source, **data},
            "task": task,
            "parameters": {"learning_rate": {"type": "float", "low": 0.1, "high": 1.0}},
        }
    )


@pytest.fixture
def leaking(tmp_path: Path) -> str:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 300)
    frame = pd.DataFrame({"x": rng.normal(size=300), "copy": 2.0 * y + 1, "y": y})
    path = tmp_path / "rows.csv"
    frame.to_csv(path, index=False)
    return str(path)


def test_a_column_that_gives_the_target_away_is_an_error(leaking: str) -> None:
    found = inspect(experiment(leaking, target="y"))
    (finding,) = found.findings
    assert (finding.level, finding.where) == ("error", "column 'copy'")
    assert "allow: [copy]" in finding.fix
    assert found.sizes == {
        "rows": 300,
        "train": 180,
        "validation": 60,
        "test": 60,
        "left_out": 0,
        "folds": 1,
        "inputs": 2,
    }


def test_what_is_known_before_the_outcome_may_be_allowed(leaking: str) -> None:
    assert inspect_here(experiment(leaking, target="y", allow=["copy"])).findings == []


def test_every_column_at_fault_is_a_problem_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b,y\n" + "".join(f",2024-01-0{1 + i % 9},{i % 2}\n" for i in range(40)))
    found = inspect(experiment(str(path), target="y", columns={"b": "date"}))
    assert [problem.where for problem in found.problems] == [
        ("data", "columns", "a"),
        ("data", "columns", "b"),
    ]
    assert found.sizes == {}


def test_a_column_that_trials_would_take_or_leave_and_is_not_there_is_a_problem(
    leaking: str,
) -> None:
    content = experiment(leaking, target="y").model_dump(mode="json", exclude_none=True)
    content["parameters"]["inputs.z"] = {"type": "categorical", "choices": [True, False]}
    (problem,) = inspect_here(Experiment.model_validate(content)).problems
    assert problem.where == ("parameters", "inputs.z")
    assert "there is no input 'z'" in problem.rule


@pytest.mark.parametrize(("shape", "n_inputs"), [([8, 8], 64), ([4, 4, 4], 64), ([8, 9], None)])
def test_rows_of_a_shape_are_counted_or_told_of(shape: list[int], n_inputs: int | None) -> None:
    digits = experiment("sklearn:digits", "classification", preprocess={"shape": shape})
    found = inspect_here(digits)
    assert found.sizes.get("inputs") == n_inputs
    assert len(found.problems) == (n_inputs is None)


def test_another_refusal_is_a_problem_of_the_data(leaking: str) -> None:
    (problem,) = inspect_here(experiment(leaking, target="x")).problems
    assert problem.where == ("data",)
    assert "takes classes" in problem.rule


def test_broken_pictures_are_told_without_being_read(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for i in range(12):
            pixels = np.random.default_rng(i).integers(0, 255, (32, 32), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / label / f"{i}.png")
    (tmp_path / "cat" / "0.png").write_bytes(b"not a picture")
    found = inspect_here(experiment(str(tmp_path)))
    assert found.findings[0].level == "error"
    assert "0.png" in found.findings[0].where + found.findings[0].found
    assert found.sizes == {}


def test_the_profile_shows_no_test_row(tmp_path: Path) -> None:
    n = 200
    frame = pd.DataFrame({"day": np.arange(n), "x": ["seen"] * n, "y": np.arange(n) % 2})
    frame.loc[frame["day"] >= 160, "x"] = "only-a-test-row-says-so"
    frame.loc[:40, "x"] = "early"
    path = tmp_path / "rows.csv"
    frame.to_csv(path, index=False)
    page = tmp_path / "page.html"
    found = inspect(experiment(str(path), target="y", split={"time": "day"}), page)
    text = page.read_text()
    assert found.sizes["test"] == 40
    assert "early" in text
    assert "only-a-test-row-says-so" not in text + str(found.findings)
