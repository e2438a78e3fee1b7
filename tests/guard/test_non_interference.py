"""Non-interference: what test rows hold changes nothing of a search, whatever searches.

The search is run twice with one seed. The second time every test row is garbage, put there after
the split is frozen. All that a trial is and leaves has to be the same to the bit.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest

from truetune.objectives import splits
from truetune.objectives.rows import Rows
from truetune.objectives.table import Table

Search = Callable[..., object]

N = 240
SPACE = """
data: {{source: ./rows.csv, target: y, columns: {{note: text}}, split: {{time: none}}}}
task: classification
objective: {{metric: validation_accuracy}}
training: {{epochs: 4, early_stopping: {{patience: 2}}}}
parameters:
  learning_rate: {{type: float, low: 0.001, high: 0.1, log: true}}
  hidden_units: {{type: int, low: 4, high: 16}}
  batch_size: {{type: categorical, choices: [16, 32]}}
sampler: {sampler}
pruner: {pruner}
budget: {{trials: 8}}
resources: {{workers: 1}}
"""
STRATEGIES = {
    "random": ("random", "median"),
    "tpe": ("tpe", "none"),
    "hyperband": ("tpe", "hyperband"),
}


def write_rows(folder: Path) -> None:
    rng = np.random.default_rng(0)
    x, note = rng.normal(size=N), rng.choice(["came late", "was nice", "is blue"], N)
    y = (x + (note == "came late") + rng.normal(size=N) > 0.5).astype(int) + (x > 1.2)
    days = np.datetime64("2024-01-01") + rng.integers(0, 300, N)
    town = rng.choice(["Oslo", "Bergen", ""], N)
    frame = pd.DataFrame({"x": x, "town": town, "day": days, "note": note, "y": y})
    frame.to_csv(folder / "rows.csv", index=False)


def spoil(table: Table, rows: Rows) -> None:
    """Make all test rows of a table garbage, in place."""
    assert isinstance(table.inputs, pd.DataFrame)
    inputs, test = table.inputs.copy(), rows.test
    inputs.loc[test, "x"] = 1e12
    inputs.loc[test, "day"] = pd.Timestamp("2199-12-31")
    inputs.loc[test, "note"] = "zebra aardvark"
    towns = inputs["town"].astype(object)
    towns.loc[test] = "Atlantis"
    inputs["town"] = pd.Categorical(towns)
    targets = table.targets.copy()
    targets[test] = 77
    vars(table).update(inputs=inputs, targets=targets)


def searched(
    folder: Path, strategy: str, executor: str, search_here: Search, is_spoilt: bool
) -> list[Any]:
    """Search, and return all that is comparable of every trial and of what was fitted."""
    split_rows = splits.split_rows

    def then_spoil(table: Table, *arguments: Any) -> Rows:
        rows = split_rows(table, *arguments)
        spoil(table, rows)
        return rows

    folder = folder / "search"  # the same place: a study says where its rows are
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write_rows(folder)
    sampler, pruner = STRATEGIES[strategy]
    (folder / "space.yaml").write_text(SPACE.format(sampler=sampler, pruner=pruner))
    with pytest.MonkeyPatch.context() as spoiling:
        if is_spoilt:
            spoiling.setattr(splits, "split_rows", then_spoil)
        search_here(folder / "space.yaml", executor)
    home = folder / "mlruns"
    study = optuna.load_study(study_name="space", storage=f"sqlite:///{home}/optuna.db")
    left = home / "artifacts" / "space"
    files = sorted(
        path for path in left.rglob("*") if path.is_file() and "mlflow" not in path.parts
    )
    return [
        *(
            (
                trial.number,
                trial.state,
                trial.params,
                trial.values,
                trial.intermediate_values,
                trial.user_attrs["seed"],
                trial.user_attrs.get("metrics"),
                trial.user_attrs["record"]["curves"],
                trial.user_attrs["record"].get("kept_epoch"),
            )
            for trial in study.trials
        ),
        study.user_attrs["identity"],
        *((str(path.relative_to(left)), path.read_bytes()) for path in files),
    ]


@pytest.mark.usefixtures("prepared_here")
@pytest.mark.parametrize("executor", ["inline", "ray"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_search_is_the_same_to_the_bit_whatever_the_test_rows_hold(
    strategy: str, executor: str, tmp_path: Path, search_here: Search
) -> None:
    before, after = (
        searched(tmp_path, strategy, executor, search_here, is_spoilt)
        for is_spoilt in (False, True)
    )
    assert len(before) > 8 + 8  # every trial, and files
    for first, second in zip(before, after, strict=True):
        assert first == second


@pytest.mark.usefixtures("prepared_here")
def test_one_spoilt_validation_row_would_be_seen(
    tmp_path: Path, search_here: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = searched(tmp_path, "random", "inline", search_here, is_spoilt=False)
    split_rows = splits.split_rows

    def then_spoil_one(table: Table, *arguments: Any) -> Rows:
        rows = split_rows(table, *arguments)
        assert isinstance(table.inputs, pd.DataFrame)
        table.inputs.loc[rows.folds[0].validation[:1], "x"] = 1e3
        return rows

    monkeypatch.setattr(splits, "split_rows", then_spoil_one)
    after = searched(tmp_path, "random", "inline", search_here, is_spoilt=False)
    assert before != after
