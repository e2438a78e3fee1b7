"""A winner as a file of its own, that trains to the numbers it had in the study."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from truetune.search.summary import Summary
from truetune.spaces import load

Tune = Callable[..., subprocess.CompletedProcess[str]]
Search = Callable[..., Summary]

# Everything that a winner can have: a chosen model, layers of their own, what is ordered, what
# is derived, what only an expression uses, and a table of the user's beside the file.
SPACE: dict[str, Any] = {
    "study": "rich",
    "data": {"source": "data/flowers.csv", "target": "kind"},
    "task": "classification",
    "training": {"epochs": 3},
    "parameters": {
        "model": {"type": "categorical", "choices": ["mlp", "linear"]},
        "learning_rate": {"expression": "rate / 10"},
        "rate": {"type": "float", "low": 0.01, "high": 0.1, "log": True},
        "batch_size": {"type": "categorical", "choices": [16, 32, 64], "ordered": True},
        "mlp": {
            "layers": {"type": "int", "low": 1, "high": 2, "default": 2},
            "hidden_units": {"type": "int", "low": 4, "high": 8, "repeat": "layers"},
            "use_dropout": {"type": "categorical", "choices": [True, False]},
            "dropout_last": {"type": "float", "low": 0.1, "high": 0.5, "when": "use_dropout"},
        },
    },
    "constraints": ["mlp.hidden_units[i+1] <= mlp.hidden_units[i]"],
    "budget": {"trials": 5},
    "pruner": "none",
}


@pytest.fixture(scope="module")
def searched(search_here: Search, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A space whose search has ended."""
    from sklearn.datasets import load_iris

    folder = tmp_path_factory.mktemp("exporting")
    iris = load_iris(as_frame=True).frame
    iris["kind"] = iris.pop("target").map({0: "setosa", 1: "versicolor", 2: "virginica"})
    (folder / "data").mkdir()
    iris.to_csv(folder / "data" / "flowers.csv", index=False)
    path = folder / "rich.yaml"
    path.write_text(json.dumps(SPACE, indent=1))
    search_here(path)
    return path


@pytest.fixture
def tune(searched: Path, tune_in: Tune) -> Tune:
    """Run the command line beside that space."""
    return partial(tune_in, searched.parent)


@pytest.mark.parametrize("number", [None, 0])
def test_an_exported_trial_trains_to_the_same_numbers(
    number: int | None, tune: Tune, search_here: Search, tmp_path: Path
) -> None:
    winner = tmp_path / "winner.yaml"
    which = () if number is None else ("--trial", number)
    assert tune("export", "rich", "--out", winner, *which).returncode == 0
    trials = json.loads(tune("trials", "rich", "--json").stdout)["trials"]
    best = json.loads(tune("best", "rich", "--json").stdout)
    original = trials[best["number"] if number is None else number]
    again = search_here(winner)
    assert again.trials["total"] == 1
    assert again.best is not None
    assert again.best["value"] == original["value"]
    assert again.best["metrics"] == original["metrics"]


def test_an_exported_file_has_fixed_values_and_a_path_from_where_it_lies(
    searched: Path, tune: Tune
) -> None:
    winner = searched.parent / "winner.yaml"
    assert tune("export", "--trial", 0, "--out", winner).returncode == 0
    experiment = load(winner)
    assert experiment.space.asked(experiment.space.default()) == {}
    assert dict(experiment.parameters) == {
        "model": "mlp",
        "learning_rate": pytest.approx(0.00316, rel=1e-2),
        "batch_size": 32,
        "mlp.layers": 2,
        "mlp.hidden_units": (6, 6),
        "mlp.dropout_last": 0.3,
    }
    assert "  source: data/flowers.csv\n" in winner.read_text()
    assert experiment.training.seed is not None


def _save_arrays(folder: Path) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    np.save(folder / "x.npy", rng.normal(size=(60, 4)))
    np.save(folder / "y.npy", rng.integers(0, 2, 60))
    np.savez(folder / "test.npz", x=rng.normal(size=(20, 4)), y=rng.integers(0, 2, 20))
    return {"source": "data/x.npy", "target": "data/y.npy", "test": "data/test.npz"}


def _save_tables(folder: Path) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    for name, n in (("rows", 60), ("test", 20)):
        columns = {"x": rng.normal(size=n), "key": range(n), "y": rng.integers(0, 2, n)}
        pd.DataFrame(columns).to_csv(folder / f"{name}.csv", index=False)
    said = {"columns": {"key": "drop"}, "split": {"folds": 2}}
    return {"source": "data/rows.csv", "target": "y", "test": "data/test.csv", **said}


@pytest.mark.parametrize(
    ("save", "written"),
    [
        (_save_arrays, {"source": "../data/x.npy", "target": "../data/y.npy"}),
        (_save_tables, {"source": "../data/rows.csv", "target": "y"}),
    ],
    ids=["arrays", "tables"],
)
def test_an_exported_file_names_all_of_its_data_from_where_it_lies(
    save: Any, written: dict[str, str], tune_in: Tune, search_here: Search, tmp_path: Path
) -> None:
    for name in ("data", "spaces", "winners"):
        (tmp_path / name).mkdir()
    data = save(tmp_path / "data")
    moved = {k: f"../{v}" if str(v).startswith("data/") else v for k, v in data.items()}
    path = tmp_path / "spaces" / "own.yaml"
    parameters = {"learning_rate": {"type": "float", "low": 0.01, "high": 0.1}}
    sections = {"study": "own", "data": moved, "task": "binary", "training": {"epochs": 2}}
    path.write_text(json.dumps({**sections, "parameters": parameters, "budget": {"trials": 1}}))
    first = search_here(path, folder=tmp_path).best
    winner = tmp_path / "winners" / "winner.yaml"
    assert tune_in(tmp_path, "export", "--out", winner).returncode == 0
    text = YAML(typ="safe", pure=True).load(winner.read_text())
    test = f"../{data['test']}"
    assert {key: text["data"][key] for key in (*written, "test")} == {**written, "test": test}
    assert load(winner).data == load(path).data
    second = search_here(winner).best
    assert first is not None
    assert second is not None
    assert (first["value"], first["metrics"]) == (second["value"], second["metrics"])


def test_without_a_file_the_text_is_printed(tune: Tune) -> None:
    printed = tune("export").stdout
    assert printed.startswith("# Trial ")
    assert json.loads(tune("export", "--json").stdout) == {"file": None, "text": printed}


def test_a_file_that_is_there_is_not_overwritten(searched: Path, tune: Tune) -> None:
    before = searched.read_text()
    done = tune("export", "--out", searched)
    assert (done.returncode, searched.read_text()) == (2, before)
    assert "is there already" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rihc"], "Did you mean 'rich'?"),
        (["rich", "--trial", "9"], "has no trial 9"),
        (["--out", "missing/winner.yaml"], "cannot be written (No such file or directory)"),
    ],
)
def test_what_cannot_be_exported_is_told(arguments: list[str], words: str, tune: Tune) -> None:
    done = tune("export", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
