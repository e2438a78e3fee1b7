"""Predicting: the process that has inputs only says what the trainer stored, bit for bit."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from truetune.errors import InputError, TuneError
from truetune.objectives.contracts import Assignment
from truetune.objectives.development import Array, Development
from truetune.objectives.files import PREDICTIONS, WEIGHTS, save
from truetune.objectives.guard import predicting
from truetune.objectives.guard.predicting import Network, Unit, predictions_of
from truetune.objectives.preparation import develop
from truetune.objectives.trainer import EagerPack
from truetune.spaces import Experiment, load

FLAT = Path(__file__).parents[2] / "flat.yaml"
SMALL: dict[str, Any] = {
    "learning_rate": 0.01,
    "batch_size": 32,
    "layers": 1,
    "hidden_units": 8,
    "dropout": 0.3,
}
LARGE = {**SMALL, "layers": 2, "hidden_units": 16}

Trained = tuple[Experiment, Development]


def experiment_of(source: str, task: str, **overrides: Any) -> Experiment:
    settings = {"data.source": f"sklearn:{source}", "task": task, "training.epochs": 2}
    return load(FLAT, {**settings, "training.early_stopping": None, **overrides})


@pytest.fixture(scope="module")
def iris() -> Trained:
    experiment = experiment_of("iris", "classification")
    return experiment, develop(experiment)


def trained(
    data: Trained, folder: Path, configuration: dict[str, Any] = SMALL, number: int = 0
) -> Network:
    """Train a trial, and leave what a trial leaves in a folder."""
    experiment, development = data
    assignment = Assignment(number, configuration, seed=number + 7)
    pack = EagerPack(assignment, experiment, development, "cpu")
    while pack.advance()[-1].kept_epoch is None:
        pass
    save(pack.results(number), folder, with_weights=True)
    return Network(number, configuration, str(folder / WEIGHTS))


def predicted(data: Trained, *networks: Network) -> list[Array]:
    """Predict the validation rows of all folds."""
    experiment, development = data
    folds = development.folds
    return predictions_of(
        networks,
        (fold.x_validation for fold in folds),
        development.inputs,
        [Unit(fold.target_mean, fold.target_scale) for fold in folds],
        experiment,
        development.description.n_outputs,
    )


def stored(network: Network) -> Array:
    return np.load(Path(network.weights).with_name(PREDICTIONS), allow_pickle=False)


@pytest.mark.parametrize(
    ("source", "task", "overrides"),
    [
        ("iris", "classification", {}),
        ("breast_cancer", "binary", {}),
        ("linnerud", "regression", {"objective.metric": "validation_rmse"}),
        ("diabetes", "regression", {"data.split": {"folds": 3}}),
    ],
)
def test_what_is_predicted_is_what_the_trainer_stored(
    source: str, task: str, overrides: dict[str, Any], tmp_path: Path
) -> None:
    stratify = {"data.split.stratify": None} if "data.split" not in overrides else {}
    experiment = experiment_of(source, task, **stratify, **overrides)
    data = experiment, develop(experiment)
    network = trained(data, tmp_path)
    (found,) = predicted(data, network)
    assert found.dtype == stored(network).dtype
    np.testing.assert_array_equal(found, stored(network))


@pytest.mark.usefixtures("here")
def test_trials_come_in_the_order_they_were_asked_for(iris: Trained, tmp_path: Path) -> None:
    networks = trained(iris, tmp_path / "0"), trained(iris, tmp_path / "1", LARGE, number=1)
    found = predicted(iris, *networks)
    assert not np.array_equal(found[0], found[1])
    for network, of_network in zip(networks, found, strict=True):
        np.testing.assert_array_equal(of_network, stored(network))


@pytest.mark.usefixtures("here")
def test_folds_follow_each_other_in_each_trial(tmp_path: Path) -> None:
    experiment = experiment_of("wine", "classification", **{"data.split": {"folds": 3}})
    data = experiment, develop(experiment)
    networks = trained(data, tmp_path / "0"), trained(data, tmp_path / "1", LARGE, number=1)
    for network, of_network in zip(networks, predicted(data, *networks), strict=True):
        np.testing.assert_array_equal(of_network, stored(network))


def test_rows_leave_nothing_on_the_disk(
    iris: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform != "linux":
        pytest.skip("elsewhere a file without a name is on the disk")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    network = trained(iris, tmp_path)
    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    predicted(iris, network)
    assert sorted(tmp_path.rglob("*")) == before


def test_file_on_the_disk_does_where_there_is_none_in_memory(
    iris: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = trained(iris, tmp_path)
    monkeypatch.delattr(predicting.os, "memfd_create", raising=False)
    (found,) = predicted(iris, network)
    np.testing.assert_array_equal(found, stored(network))


@pytest.mark.usefixtures("here")
def test_process_is_handed_no_target_and_no_path_but_the_weights(
    iris: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[str] = []

    kind = predicting.Child

    def spy(module: str, arguments: list[str], text: str, *rest: Any) -> Any:
        handed.append(text)
        return kind(module, arguments, text, *rest)

    monkeypatch.setattr(predicting, "Child", spy)
    network = trained(iris, tmp_path)
    predicted(iris, network)
    assert set(predicting.json.loads(handed[0])) == {
        "networks",
        "rows",
        "units",
        "experiment",
        "n_outputs",
        "inputs",
        "predicted",
    }
    assert handed[0].count(str(tmp_path)) == 1


def damaged(network: Network, how: str) -> None:
    path = Path(network.weights)
    if how == "gone":
        path.unlink()
    elif how == "torn":
        path.write_bytes(path.read_bytes()[:-10])
    elif how == "text":
        path.write_bytes(b"CANARY" * 100)
    else:
        save_file({"CANARY": torch.zeros(2)}, path)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("gone", "they are gone"),
        ("torn", "they are damaged"),
        ("text", "they are damaged"),
        ("another", "they are another network's"),
    ],
)
def test_weights_that_cannot_be_used_are_named(
    iris: Trained, tmp_path: Path, how: str, reason: str
) -> None:
    network = trained(iris, tmp_path, number=3)
    damaged(network, how)
    with pytest.raises(InputError, match=reason) as caught:
        predicted(iris, network)
    assert "trial 3" in caught.value.cause
    assert network.weights in caught.value.cause
    assert "backup" in caught.value.fix
    assert "CANARY" not in caught.value.cause + caught.value.fix


@pytest.mark.usefixtures("here")
def test_weights_of_another_configuration_are_another_networks(
    iris: Trained, tmp_path: Path
) -> None:
    network = trained(iris, tmp_path)
    with pytest.raises(InputError, match="another network's"):
        predicted(iris, Network(0, LARGE, network.weights))


def test_failure_inside_quotes_nothing(iris: Trained, tmp_path: Path) -> None:
    """An input of text makes NumPy's message quote it."""
    experiment, development = iris
    network = trained(iris, tmp_path)
    (fold,) = development.folds
    rows = np.full((3, 4), "CANARY")
    unit = Unit(fold.target_mean, fold.target_scale)
    with pytest.raises(TuneError) as caught:
        predictions_of([network], [rows], development.inputs, [unit], experiment, 3)
    assert caught.value.cause.startswith("scoring the test rows failed (TypeError in ")
    assert "CANARY" not in caught.value.cause + caught.value.fix
