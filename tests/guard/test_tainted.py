"""Tainted: a search whose own code reaches for the rows is told of, and opens nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from truetune.errors import GuardError, InputError
from truetune.search.home import Home
from truetune.search.summary import Summary
from truetune.search.verify import verify

Search = Callable[..., Summary]

OWN = """
from pathlib import Path

ROWS = {rows!r}

def train(config, development, seed):
    for epoch in range(2):
        try:
            text = Path(ROWS).read_text()
        except OSError:
            text = ""
        yield {{"score": config["x"], "seen": float(len(text))}}
"""
SPACE = """
data: {source: ./data/rows.csv, target: y}
task: binary
objective: {function: ./own.py:train, metric: score, direction: maximize}
training: {epochs: 2}
parameters: {x: {type: float, low: 0.0, high: 1.0}}
pruner: none
budget: {trials: 2}
resources: {workers: 1}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2)).round(5)
    (tmp_path / "data").mkdir()
    frame = pd.DataFrame(x, columns=["a", "b"]).assign(y=np.where(x[:, 0] > 0, "yes", "no"))
    frame.to_csv(tmp_path / "data" / "rows.csv", index=False)
    (tmp_path / "own.py").write_text(OWN.format(rows=str(tmp_path / "data" / "rows.csv")))
    (tmp_path / "space.yaml").write_text(SPACE)
    return tmp_path


def test_on_ray_the_rows_are_denied_and_the_attempt_is_told(
    project: Path, search_here: Search
) -> None:
    summary = search_here(project / "space.yaml", "ray")
    assert summary.best is not None
    assert summary.best["metrics"]["seen"] == 0
    assert "Trial 0 opened" in summary.touched[0]
    assert "rows.csv" in summary.touched[0]
    assert "TAINTED" in summary.to_text("tune search space.yaml")
    assert summary.guard_level == "audit"  # its metrics are what the function says


def test_in_one_process_they_are_read_and_the_attempt_is_told(
    project: Path, search_here: Search
) -> None:
    summary = search_here(project / "space.yaml", "inline")
    assert summary.best is not None
    assert summary.best["metrics"]["seen"] > 0
    assert (summary.guard_level, len(summary.touched)) == ("audit", 2)
    with pytest.raises(GuardError):
        verify(Home.at(project / "mlruns"))


def test_a_changed_test_row_is_a_matter_for_the_guard_and_another_one_is_not(
    project: Path, search_here: Search
) -> None:
    from truetune.objectives import sources
    from truetune.objectives.splits import split_rows
    from truetune.spaces import load

    path, space = project / "data" / "rows.csv", project / "plain.yaml"
    text = SPACE.replace(
        "function: ./own.py:train, metric: score, ", "metric: validation_accuracy, "
    )
    space.write_text(text.replace("{x: {", "{dropout: {").replace("high: 1.0", "high: 0.5"))
    search_here(space)
    experiment = load(space)
    table = sources.load(experiment.data)
    rows = split_rows(table, experiment.data.split, experiment.task)
    original = path.read_text().splitlines()

    def changed(row: int) -> None:
        lines = [*original]
        lines[row + 1] = "7.5,7.5," + original[row + 1].rsplit(",", 1)[1]
        path.write_text("\n".join(lines) + "\n")

    changed(int(rows.test[0]))
    with pytest.raises(GuardError, match="test rows are not those that were sealed"):
        search_here(space, budget={"trials": 3})
    changed(int(rows.folds[0].train[0]))
    with pytest.raises(InputError, match="the data has changed"):
        search_here(space, budget={"trials": 3})
