"""A network of the user's own from outside: searched, resumed, exported, verified, carried on."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
import torch
from click.testing import CliRunner, Result

from truetune.cli import cli
from truetune.errors import InputError
from truetune.search.summary import Summary

Search = Callable[..., Summary]

NET = """\
from torch import nn

print("imported")  # which standard output must not show


def build(inputs, n_outputs, width, rate=0.0):
    layers = nn.Linear(inputs.n, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(rate)
    return nn.Sequential(nn.Flatten(), *layers, nn.Linear(width, n_outputs))
"""
SPACE: dict[str, Any] = {
    "study": "own",
    "data": {"source": "sklearn:iris"},
    "task": "classification",
    "model": {"name": "./net.py:build", "rate": 0.25},
    "training": {"epochs": 3, "early_stopping": {"patience": 2}},
    "parameters": {
        "width": {"type": "int", "low": 4, "high": 16},
        "learning_rate": {"expression": "base / 10"},
        "base": {"type": "float", "low": 0.01, "high": 0.5, "log": True},
    },
    "pruner": "none",
    "budget": {"trials": 2},
}


def write(folder: Path, code: str = NET, **sections: Any) -> Path:
    (folder / "net.py").write_text(code)
    path = folder / "own.yaml"
    path.write_text(json.dumps(SPACE | sections, indent=1))
    return path


def answer(*arguments: object) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(cli, [*map(str, arguments)])


def stored(folder: Path) -> optuna.Study:
    return optuna.load_study(study_name="own", storage=f"sqlite:///{folder}/mlruns/optuna.db")


@pytest.fixture(scope="module")
def searched(search_here: Search, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which it has been searched."""
    folder = tmp_path_factory.mktemp("own")
    summary = search_here(write(folder))
    assert (summary.trials["complete"], summary.trials["failed"]) == (2, 0)
    return folder


def test_its_code_is_kept_by_place_and_hash_and_makes_a_study_by_name(searched: Path) -> None:
    attributes = stored(searched).user_attrs
    content = (searched / "net.py").read_bytes()
    assert attributes["settings"]["model"] == f"{searched / 'net.py'}:build"
    assert attributes["settings"]["model_sha256"] == hashlib.sha256(content).hexdigest()
    assert attributes["identity"]["model"] == {"name": "net.py:build", "rate": 0.25}


def test_an_exported_trial_trains_to_the_same_numbers(
    searched: Path, search_here: Search, tmp_path: Path
) -> None:
    winner = searched / "winners.yaml"
    done = answer("export", "own", "--home", searched / "mlruns", "--out", winner)
    assert done.exit_code == 0, done.output
    text = winner.read_text()
    assert '"./net.py:build", rate: 0.25' in text
    assert not re.search(r"\bbase\b", text)
    again = search_here(winner, folder=tmp_path).best
    best = json.loads(answer("best", "own", "--home", searched / "mlruns", "--json").stdout)
    assert again is not None
    assert (again["value"], again["metrics"]) == (best["value"], best["metrics"])


def test_weights_are_scored_by_the_code_that_they_were_trained_with_only(
    search_here: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    space = write(tmp_path)
    search_here(space)
    (tmp_path / "net.py").write_text(f"{NET}# changed\n")
    refused = answer("verify", "own")
    assert refused.exit_code == 3
    assert f"{tmp_path / 'net.py'}:build has changed since 'own' was searched" in refused.stderr
    (tmp_path / "net.py").write_text(NET)
    verified = answer("verify", "own", "--json")
    assert json.loads(verified.stdout)["study"] == "own"


@pytest.mark.usefixtures("unrecorded", "prepared_here")
def test_a_study_goes_on_where_its_code_was_moved_and_changed_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    begun = answer("search", write(before, budget={"trials": 1}), "--executor", "inline")
    assert begun.exit_code == 0, begun.output
    assert f"own: runs code of {before / 'net.py'}" in begun.stderr
    assert "imported" not in begun.stdout
    before.rename(after)
    (after / "net.py").write_text(f"# changed\n{NET}")
    moved = answer("search", after / "own.yaml", "--executor", "inline", "--trials", 2)
    assert moved.exit_code == 0, moved.output
    told = f"own: warning: {after / 'net.py'}:build has changed since the study began; its trials"
    assert told in moved.stderr
    (after / "net.py").write_text(f"# changed again\n{NET}")
    flags = ("--executor", "inline", "--study", "new", "--from", "own")
    carried = answer("search", after / "own.yaml", *flags)
    assert carried.exit_code == 2
    assert "model: its file has changed" in carried.stderr


def test_a_study_goes_on_from_the_weights_that_it_began_with_only(
    search_here: Search, tmp_path: Path
) -> None:
    layers = torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.ReLU(), torch.nn.Dropout()
    module = torch.nn.Sequential(torch.nn.Flatten(), *layers, torch.nn.Linear(8, 3))
    torch.save(module.state_dict(), tmp_path / "first.pt")
    parameters = {"width": 8, "learning_rate": SPACE["parameters"]["base"]}
    training = {"epochs": 1, "start_from": "./first.pt"}
    space = write(tmp_path, training=training, parameters=parameters, budget={"trials": 1})
    assert search_here(space).trials["failed"] == 0
    identity = stored(tmp_path).user_attrs["identity"]
    assert identity["training"]["start_from"] == "first.pt"
    assert (
        identity["weights_sha256"]
        == hashlib.sha256((tmp_path / "first.pt").read_bytes()).hexdigest()
    )
    assert search_here(space, **{"budget.trials": 2}).trials["total"] == 2
    torch.nn.init.zeros_(module[1].weight)
    torch.save(module.state_dict(), tmp_path / "first.pt")
    with pytest.raises(InputError, match=r"first\.pt has changed since the study 'own' began"):
        search_here(space, **{"budget.trials": 3})


@pytest.mark.usefixtures("unrecorded", "prepared_here")
def test_one_that_always_fails_ends_the_search_with_its_own_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    space = write(tmp_path, f"import none_such\n{NET}", budget={"trials": 9})
    done = answer("search", space, "--executor", "inline")
    assert done.exit_code == 1
    assert "5 trials in a row failed, the last with: ModuleNotFoundError" in done.stderr
    assert f'{tmp_path / "net.py"}", line 1' in answer("logs", "own", 4).stdout
