"""A winner as a file of its own, that trains to the numbers it had in the study."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from truetune.spaces import load

Tune = Callable[..., subprocess.CompletedProcess[str]]

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
def searched(tune_in: Tune, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A space whose search has ended."""
    from sklearn.datasets import load_iris

    folder = tmp_path_factory.mktemp("exporting")
    iris = load_iris(as_frame=True).frame
    iris["kind"] = iris.pop("target").map({0: "setosa", 1: "versicolor", 2: "virginica"})
    (folder / "data").mkdir()
    iris.to_csv(folder / "data" / "flowers.csv", index=False)
    path = folder / "rich.yaml"
    path.write_text(json.dumps(SPACE, indent=1))
    done = tune_in(folder, "search", path, "--executor", "inline", "--quiet")
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture
def tune(searched: Path, tune_in: Tune) -> Tune:
    """Run the command line beside that space."""
    return partial(tune_in, searched.parent)


@pytest.mark.parametrize("number", [None, 0])
def test_an_exported_trial_trains_to_the_same_numbers(
    number: int | None, tune: Tune, tmp_path: Path
) -> None:
    winner = tmp_path / "winner.yaml"
    which = () if number is None else ("--trial", number)
    assert tune("export", "rich", "--out", winner, *which).returncode == 0
    trials = json.loads(tune("trials", "rich", "--json").stdout)["trials"]
    best = json.loads(tune("best", "rich", "--json").stdout)
    original = trials[best["number"] if number is None else number]
    here = ("--home", tmp_path / "runs")
    again = tune("search", winner, "--executor", "inline", "--quiet", "--json", *here)
    found = json.loads(again.stdout)
    assert found["trials"]["total"] == 1
    assert found["best"]["value"] == original["value"]
    assert found["best"]["metrics"] == original["metrics"]


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
