"""Made evidence: a study of which a test says what matters, and the rest is unremarkable."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from truetune.objectives.development import Description
from truetune.objectives.requirements import problems
from truetune.objectives.rowwise import Part
from truetune.search.diagnosis import Advice, Evidence, Tried
from truetune.search.diagnosis.pieces import written
from truetune.spaces import Experiment, load

FLAT = Path(__file__).resolve().parents[2] / "flat.yaml"
N = 300

SETTLED = [1.0, 0.5, 0.3, 0.25, 0.22, 0.21, 0.2, 0.2, 0.2, 0.2]

DESCRIPTION = Description(
    source="sklearn:digits",
    n_inputs=64,
    n_outputs=10,
    n_train=1_078,
    n_validation=N,
    n_test=360,
    data_sha256="",
    split_sha256="",
)


def tried(number: int, fit: float | None = 0.05, value: float = 0.1, **more: Any) -> Tried:
    """A trial with a loss on training rows, and another on validation rows."""
    configuration = {
        "learning_rate": 0.003,
        "batch_size": 64,
        "layers": 2,
        "hidden_units": 64,
        "dropout": 0.2,
        **more.pop("configuration", {}),
    }
    state = more.get("state", "complete")
    metrics = {"validation_loss": value} | ({} if fit is None else {"fit_loss": fit})
    curves = {"training_loss": more.pop("losses", SETTLED)}
    known = {"state": "complete", "curves": curves, "kept_epoch": 10, "metrics": metrics} | more
    known["value"] = value if state == "complete" else None
    return Tried(number, configuration=configuration, **known)


def made(
    trials: Iterable[Tried] = (), over: dict[str, Any] | None = None, **more: Any
) -> Evidence:
    """A finished study of trials, the best one first; `over` is what its file says otherwise."""
    experiment = load(FLAT, over)
    found = tuple(trials)
    rng = np.random.default_rng(0)
    if experiment.task == "classification":
        targets = rng.permutation(np.arange(N) % 10)
    elif experiment.task == "binary":
        targets = rng.permutation(np.arange(N) % 2).reshape(-1, 1)
    else:
        targets = rng.normal(size=(N, 1))
    known: dict[str, Any] = {
        "best": next((t for t in found if t.state == "complete"), None),
        "default": 0,
        "description": DESCRIPTION,
        "part": Part(targets, (N,), np.ones((1, 1)), np.arange(N)),
    }
    return Evidence("digits", "finished", experiment, "minimize", found, **(known | more))


def many(n: int = 10, **more: Any) -> list[Tried]:
    """Equally good trials."""
    return [tried(number, **more) for number in range(n)]


def assert_loads(experiment: Experiment, advice: Advice, folder: Path) -> Experiment:
    """Write an advice's piece into the file of the study, and load that."""
    assert advice.yaml
    content = written(experiment, yaml.safe_load(advice.yaml))
    path = folder / "advised.yaml"
    path.write_text(yaml.safe_dump(content))
    advised = load(path)
    assert problems(advised) == []
    return advised


@pytest.fixture
def advised(tmp_path: Path) -> Callable[[Evidence, Advice], Experiment]:
    def load_with(evidence: Evidence, advice: Advice) -> Experiment:
        return assert_loads(evidence.experiment, advice, tmp_path)

    return load_with


@pytest.fixture
def make() -> Callable[..., Evidence]:
    return made


@pytest.fixture
def make_trial() -> Callable[..., Tried]:
    return tried


@pytest.fixture
def make_trials() -> Callable[..., list[Tried]]:
    return many
