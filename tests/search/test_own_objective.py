"""A user's own objective from outside: searched on both executors, resumed, exported."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from click.testing import CliRunner, Result

from truetune.cli import cli

Tune = Callable[..., subprocess.CompletedProcess[str]]

OWN = """\
import numpy as np

print("imported")  # which standard output must not show


def train(config, development, seed):
    (fold,) = development.folds
    x, y = fold.x_train, np.eye(3)[fold.y_train]
    weights = np.random.default_rng(seed).normal(size=(x.shape[1], 3)) * config["scale"]
    try:
        for _ in range(config["epochs"]):
            weights -= config["rates.0"] * x.T @ (x @ weights - y) / len(x)
            weights -= config["rates.1"] * x.T @ (x @ weights - y) / len(x)
            right = (fold.x_validation @ weights).argmax(1) == fold.y_validation
            yield {"score": right.mean(), "size": abs(weights).sum()}
    finally:
        with open(__file__ + ".ended", "a") as ended:
            ended.write("x")
"""
SPACE: dict[str, Any] = {
    "study": "own",
    "data": {"source": "sklearn:iris"},
    "task": "classification",
    "objective": {"function": "./own.py:train", "metric": "score", "direction": "maximize"},
    "training": {"epochs": 3},
    "parameters": {
        "scale": {"expression": "base / 10"},
        "base": {"type": "float", "low": 0.1, "high": 9.0, "log": True},
        "epochs": {"type": "int", "low": 2, "high": 4, "default": 2},
        "rates": {"type": "float", "low": 0.01, "high": 0.5, "repeat": 2},
    },
    "pruner": "none",
    "resources": {"workers": 1},
    "budget": {"trials": 3},
}


def write(folder: Path, code: str = OWN, **sections: Any) -> Path:
    (folder / "own.py").write_text(code)
    path = folder / "own.yaml"
    path.write_text(json.dumps(SPACE | sections, indent=1))
    return path


def answer(*arguments: object) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(cli, [*map(str, arguments)])


def stored(folder: Path) -> optuna.Study:
    return optuna.load_study(study_name="own", storage=f"sqlite:///{folder}/mlruns/optuna.db")


@pytest.fixture(scope="module")
def searched(tune_in: Tune, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each executor in which it has searched the same space.

    A file of code is named in one, a module in the other.
    """
    folders = {}
    for executor, function in {"inline": "./own.py:train", "ray": "own:train"}.items():
        folder = folders[executor] = tmp_path_factory.mktemp(executor)
        env = {"XDG_DATA_HOME": str(tmp_path_factory.mktemp("vault"))}
        space = write(folder, objective={**SPACE["objective"], "function": function})
        search = ("search", space, "--executor", executor, "--json")
        done = tune_in(folder, *search, env=env)
        assert done.returncode == 0, done.stderr
        (folder / "printed.json").write_text(done.stdout)
        (folder / "told").write_text(done.stderr)
    return folders


@pytest.mark.parametrize("executor", ["inline", "ray"])
def test_a_search_ends_with_every_trial_scored(executor: str, searched: dict[str, Path]) -> None:
    folder = searched[executor]
    summary = json.loads((folder / "printed.json").read_text())
    assert summary["trials"] == {
        "total": 3,
        "complete": 3,
        "pruned": 0,
        "failed": 0,
        "running": 0,
    }
    assert summary["guard_level"] == "audit"
    assert summary["mlflow"]["undelivered"] == 0
    assert summary["best"]["metrics"].keys() == {"score", "size"}
    assert f"own: runs code of {folder / 'own.py'}\n" in (folder / "told").read_text()
    n_epochs = [min(3, trial.params["epochs"]) for trial in stored(folder).trials]
    assert summary["epochs"] == sum(n_epochs)
    assert (folder / "own.py.ended").read_text() == "xxx"


def test_both_executors_score_the_same(searched: dict[str, Path]) -> None:
    inline, ray = (
        [(t.params, t.value, t.intermediate_values) for t in stored(folder).trials]
        for folder in searched.values()
    )
    assert inline == ray
    assert len({value for _, value, _ in inline}) > 1


def test_each_epoch_is_kept_once(searched: dict[str, Path]) -> None:
    for trial in stored(searched["ray"]).trials:
        record = trial.user_attrs["record"]
        n_epochs = min(3, trial.params["epochs"])
        assert {len(curve) for curve in record["curves"].values()} == {n_epochs}
        assert len(record["ended"]) == record["kept_epoch"] == n_epochs
        assert [*trial.intermediate_values] == [*range(1, n_epochs + 1)]
        assert trial.value == record["curves"]["score"][-1] == trial.user_attrs["metrics"]["score"]
        assert "folder" not in record


def test_a_trial_trains_again_to_its_numbers(searched: dict[str, Path], tune_in: Tune) -> None:
    folder = searched["ray"]
    rerun = ("--trial", 1, "--executor", "inline", "--json")
    done = tune_in(folder, "search", folder / "own.yaml", *rerun)
    curves = stored(folder).trials[1].user_attrs["record"]["curves"]
    epochs = json.loads(done.stdout)["epochs"]
    assert {name: [epoch[name] for epoch in epochs] for name in curves} == curves


def test_an_exported_trial_trains_to_the_same_numbers(
    searched: dict[str, Path], tune_in: Tune, tmp_path: Path
) -> None:
    folder = searched["inline"]
    winner = folder / "winner.yaml"
    assert tune_in(folder, "export", "--out", winner).returncode == 0
    assert '"./own.py:train"' in winner.read_text()
    assert "model" not in winner.read_text()
    flags = ("--executor", "inline", "--quiet", "--json", "--home", tmp_path)
    again = json.loads(tune_in(tmp_path, "search", winner, *flags).stdout)["best"]
    best = json.loads(tune_in(folder, "best", "--json").stdout)
    assert (again["value"], again["metrics"]) == (best["value"], best["metrics"])


def test_a_study_goes_on_where_its_code_was_moved_and_changed_and_says_so(
    tune_in: Tune, tmp_path: Path
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    flags = ("--executor", "inline", "--home", tmp_path / "mlruns")
    begun = tune_in(tmp_path, "search", write(before, budget={"trials": 1}), *flags)
    assert (begun.returncode, "warning" in begun.stderr) == (0, False)
    before.rename(after)
    (after / "own.py").write_text(f"# changed\n{OWN}")
    moved = tune_in(tmp_path, "search", after / "own.yaml", *flags, "--trials", 2)
    assert moved.returncode == 0
    told = f"own: warning: {after / 'own.py'}:train has changed since the study began; its trials"
    assert told in moved.stderr
    settings = stored(tmp_path).user_attrs["settings"]
    content = (after / "own.py").read_bytes()
    assert settings["function"] == f"{after / 'own.py'}:train"
    assert settings["function_sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("executor", ["inline", "ray"])
def test_a_trial_is_closed_where_it_is_pruned(
    executor: str, tune: Tune, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """\
def train(config, development, seed):
    try:
        for epoch in range(9):
            yield {"score": -config["x"]}
    except GeneratorExit:
        with open(__file__ + ".closed", "a") as closed:
            closed.write(f"{epoch + 1} ")
        raise
"""
    space = write(
        tmp_path,
        code,
        training={"epochs": 4},
        parameters={"x": {"type": "float", "low": 0.0, "high": 9.0, "default": 0.0}},
        pruner={"name": "median", "n_startup_trials": 1},
    )
    done = tune("search", space, "--executor", executor, "--json")
    assert json.loads(done.stdout)["trials"]["pruned"] == 2, done.stderr
    assert (tmp_path / "own.py.closed").read_text().split() == ["4", "1", "1"]
    assert not (tmp_path / "mlruns" / "artifacts" / "own" / "trials").exists()
    monkeypatch.chdir(tmp_path)
    assert "weights" not in answer("logs", "own", 1).stdout


def test_a_function_that_always_fails_ends_the_search(
    tune: Tune, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code = "import none_such\ndef train(config, development, seed):\n    yield {}\n"
    space = write(tmp_path, code, budget={"trials": 9})
    done = tune("search", space, "--executor", "inline")
    assert done.returncode == 1
    assert "5 trials in a row failed, the last with: ModuleNotFoundError" in done.stderr
    assert f'{tmp_path / "own.py"}", line 1' in answer("logs", "own", 4).stdout


@pytest.mark.parametrize("command", ["search", "check"])
def test_a_mistake_is_told_at_its_line_before_anything_starts(
    command: str, tmp_path: Path
) -> None:
    space = write(tmp_path, "def train(config):\n    yield {}\n")
    done = answer(command, space)
    assert done.exit_code == 2
    assert f"{space}:8:3: " in done.stderr
    assert "line 1 of own.py: 'train' is called with (config, development, seed)" in done.stderr
    assert not (tmp_path / "mlruns").exists()


@pytest.mark.parametrize("flags", [(), ("--static",)])
def test_a_check_runs_nothing_of_it(flags: tuple[str, ...], tmp_path: Path) -> None:
    space = write(tmp_path, f"raise SystemExit('it was run')\n{OWN}")
    good = answer("check", space, *flags)
    assert good.exit_code == 0, good.stderr
    assert "it was run" not in good.output
    (tmp_path / "own.py").unlink()
    missing = answer("check", space, *flags)
    assert (missing.exit_code, "own.py: there is no such file" in missing.stderr) == (2, True)
