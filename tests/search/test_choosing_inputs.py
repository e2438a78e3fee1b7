"""A search whose trials take or leave columns: what each saw, an export of it, and a failure."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
from safetensors.numpy import load_file

from truetune.search.exporting import export
from truetune.search.home import Home
from truetune.search.queries import Studies
from truetune.search.summary import Summary
from truetune.spaces import load

Search = Callable[..., Summary]
BOTH = {"type": "categorical", "choices": [True, False]}
SPACE: dict[str, Any] = {
    "study": "chosen",
    "data": {"source": "rows.csv", "target": "y"},
    "task": "binary",
    "training": {"epochs": 2},
    "parameters": {
        "model": {"type": "categorical", "choices": ["mlp", "linear"]},
        "inputs": {"a": BOTH, "b": BOTH, "town": BOTH},
        "n_inputs": {"type": "int", "low": 1, "high": 3},
    },
    "constraints": ["inputs.a or inputs.b or inputs.town"],
    "sampler": "random",
    "pruner": "none",
    "budget": {"trials": 8},
}
PLACES = {"a": [0], "b": [1], "town": [2, 3]}


def write(folder: Path, **changes: Any) -> Path:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 90))
    town = rng.choice(["Oslo", "Bergen"], 90)
    frame = pd.DataFrame({"a": a, "b": b, "town": town, "y": (a + (town == "Oslo") > 0.5) * 1})
    frame.to_csv(folder / "rows.csv", index=False)
    path = folder / "chosen.yaml"
    path.write_text(json.dumps({**SPACE, **changes}))
    return path


@pytest.fixture(scope="module")
def searched(search_here: Search, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write(tmp_path_factory.mktemp("chosen"))
    assert search_here(path).trials["complete"] == 8
    return path


def trials_of(space: Path) -> list[Any]:
    storage = f"sqlite:///{space.parent}/mlruns/optuna.db"
    return optuna.load_study(study_name="chosen", storage=storage).trials


def test_weights_that_are_kept_say_which_columns_a_trial_saw(searched: Path) -> None:
    trials = trials_of(searched)
    paths = list((searched.parent / "mlruns").rglob("weights.safetensors"))
    for path in paths:
        params = trials[int(path.parent.name)].params
        kept = load_file(path)["kept"].tolist()
        allowed = [name for name in PLACES if params[f"inputs.{name}"]]
        columns = [name for name in PLACES if set(PLACES[name]) <= set(kept)]
        assert kept == sorted(i for name in columns for i in PLACES[name])
        assert set(columns) <= set(allowed)
        assert len(columns) == min(params["n_inputs"], len(allowed))
    assert len(paths) >= 2  # the best, and trial 0


def test_an_exported_trial_sees_the_same_columns(
    searched: Path, search_here: Search, tmp_path: Path
) -> None:
    studies = Studies(Home(searched.parent / "mlruns"))
    for number in (0, 3):
        winner = tmp_path / f"winner{number}.yaml"
        winner.write_text(export(studies, "chosen", number, winner))
        fixed = load(winner).space.default()
        original = trials_of(searched)[number]
        assert {k: v for k, v in fixed.items() if "inputs" in k} == {
            k: v for k, v in original.params.items() if "inputs" in k
        }
        again = search_here(winner)
        assert again.best is not None
        assert again.best["value"] == original.value


def test_a_trial_without_any_input_fails_with_that_cause(
    search_here: Search, tmp_path: Path
) -> None:
    never = {"type": "categorical", "choices": [False]}
    inputs = {"inputs": {"a": BOTH, "b": never, "town": never}}
    path = write(tmp_path, parameters=inputs, constraints=[])
    summary = search_here(path)
    failed = [trial for trial in trials_of(path) if trial.state.name == "FAIL"]
    assert summary.trials["complete"] > 0
    assert len(failed) > 0
    for trial in failed:
        assert trial.params["inputs.a"] is False
        assert "keeps none of the columns" in str(trial.user_attrs)
