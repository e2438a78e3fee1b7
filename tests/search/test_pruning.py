"""`tune prune`: smaller networks, their files, and what they are held against."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from truetune.errors import InputError, TuneError
from truetune.objectives.contracts import DivergedError
from truetune.objectives.files import PREDICTIONS, VALIDATION, WEIGHTS
from truetune.objectives.preparation import develop
from truetune.objectives.pruning import retraining
from truetune.objectives.pruning.ranking import Cut
from truetune.objectives.rowwise import Part, score
from truetune.search import chosen as choosing
from truetune.search import pruned as keeping
from truetune.search import pruning
from truetune.search import run as running
from truetune.search.comparing import difference
from truetune.search.home import Home
from truetune.search.pruned import ATTRIBUTE
from truetune.search.pruning import Request, prune
from truetune.search.queries import Studies
from truetune.search.recorder import Delivery
from truetune.search.summary import Summary
from truetune.spaces import load

Search = Callable[..., Summary]

SPACE: dict[str, Any] = {
    "data": {"source": "sklearn:iris"},
    "task": "classification",
    "training": {"epochs": 4, "early_stopping": {"patience": 3}},
    "parameters": {
        "learning_rate": {"type": "float", "low": 0.01, "high": 0.03, "log": True},
        "layers": 2,
        "hidden_units": {"type": "int", "low": 8, "high": 16, "repeat": "layers"},
    },
    "budget": {"trials": 2},
    "pruner": "none",
    "baselines": [],
}
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "folds": {
        "data": {"source": "sklearn:iris", "split": {"folds": 2}},
        "parameters": {**SPACE["parameters"], "norm": "batch"},
    },
    "chosen": {
        "parameters": {
            "model": {"type": "categorical", "choices": ["mlp", "cnn"], "default": "cnn"},
            "mlp": {"hidden_units": 8},
            "cnn": {"layers": 2, "channels": {"type": "int", "low": 4, "high": 8}},
        },
        "budget": {"trials": 1},
    },
    "some": {
        "model": {"name": "mlp", "activation": "tanh", "hidden_units": 12},
        "parameters": {"learning_rate": SPACE["parameters"]["learning_rate"], "n_inputs": 3},
        "budget": {"trials": 1},
    },
}


@pytest.fixture(scope="module")
def original(search_here: Search, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Studies of all that a network to be made smaller can have."""
    folder = tmp_path_factory.mktemp("pruning")
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(running, "Preparation", in_this_process)
    for name, sections in CASES.items():
        path = folder / f"{name}.yaml"
        path.write_text(json.dumps({**SPACE, **sections, "study": name}))
        search_here(path)
    monkeypatch.undo()
    return folder


def in_this_process(*arguments: Any) -> SimpleNamespace:
    """A preparation without a process of its own."""
    return SimpleNamespace(
        result=lambda: develop(*arguments), interrupt=lambda: None, cancel=lambda: None
    )


@pytest.fixture
def delivered(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What MLflow would be told."""
    extras: list[Any] = []

    def deliver(*arguments: Any) -> Delivery:
        extras.append(arguments[-1])
        return Delivery()

    monkeypatch.setattr(keeping, "deliver", deliver)
    return extras


@pytest.fixture
def home(
    original: Path, tmp_path: Path, delivered: list[Any], monkeypatch: pytest.MonkeyPatch
) -> Home:
    """A copy of their home. Rows are read in this process."""
    monkeypatch.setattr(choosing, "prepare", develop)
    monkeypatch.setattr(running, "Preparation", in_this_process)
    shutil.copytree(original / "mlruns", tmp_path / "mlruns")
    return Home.at(tmp_path / "mlruns")


HALF = Request(Cut(amount=0.5))


def test_half_of_the_units_go_and_the_rest_trains_on(home: Home, delivered: list[Any]) -> None:
    outcome = prune(home, None, "plain", None, HALF)
    content = outcome.to_json()
    studies = Studies(home)
    best = studies.best("plain")
    widths = [best["parameters"][f"hidden_units.{i}"] for i in (0, 1)]
    assert content["trial"] == best["number"]
    assert content["layers"] == [[n, n - round(n / 2)] for n in widths]
    before, after = content["before"], content["after"]
    first, second = (n for _, n in content["layers"])
    assert after["n_parameters"] == 5 * first + (first + 1) * second + (second + 1) * 3
    assert after["flops"] == 2 * (4 * first + first * second + second * 3)
    assert after["flops"] < before["flops"]
    assert after["bytes"] < before["bytes"]
    for name, value in before["metrics"].items():
        assert value == pytest.approx(best["metrics"][name], rel=1e-5)
    assert content["untrained"] != after["metrics"]
    assert 1 <= content["kept_epoch"] <= 4
    (extra,) = delivered
    assert extra.key == f"pruned:trial-{best['number']}-amount-0.5"
    assert extra.metrics["validation_loss"] == after["metrics"]["validation_loss"]
    assert extra.metrics["before.n_parameters"] == before["n_parameters"]
    assert extra.ended >= extra.started > 1e12
    attribute = studies.load("plain").user_attrs[ATTRIBUTE]
    assert attribute[content["name"]]["after"] == after
    assert "times smaller" in outcome.to_text()
    json.dumps(content)


def test_what_is_stored_is_what_is_reported(home: Home) -> None:
    from safetensors.numpy import load_file

    content = prune(home, None, "plain", None, HALF).to_json()
    folder = Path(content["files"]["folder"])
    assert folder.parent == home.pruned("plain")
    predictions = np.load(folder / PREDICTIONS)
    targets = np.load(home.data("plain") / VALIDATION)["targets"]
    loss = score("loss", "classification", Part.of([targets]), predictions)
    assert loss == pytest.approx(content["after"]["metrics"]["validation_loss"])
    shapes = {name: array.shape for name, array in load_file(folder / WEIGHTS).items()}
    (_, first), (_, second) = content["layers"]
    assert shapes["hidden.0.weight"] == (first, 4)
    assert shapes["hidden.1.weight"] == (second, first)
    assert shapes["output.weight"] == (3, second)
    assert json.loads((folder / "report.json").read_text())["after"] == content["after"]


@pytest.mark.parametrize("name", ["plain", "chosen"])
def test_its_file_trains_to_the_same_numbers(home: Home, search_here: Search, name: str) -> None:
    content = prune(home, None, name, None, HALF).to_json()
    path = Path(content["files"]["file"])
    assert load(path).training.start_from == str(path.with_name("start.safetensors"))
    again = search_here(path, folder=home.root.parent / "again").best
    assert again is not None
    for key, value in content["after"]["metrics"].items():
        assert again["metrics"][key] == pytest.approx(value, rel=1e-6), key


@pytest.mark.parametrize("name", ["folds", "some"])
def test_a_file_without_weights_to_begin_with_says_so(home: Home, name: str) -> None:
    content = prune(home, None, name, None, HALF).to_json()
    path = Path(content["files"]["file"])
    assert "it begins with new weights" in path.read_text().splitlines()[0]
    experiment = load(path)
    assert experiment.training.start_from is None
    narrow = [n for _, n in content["layers"]]
    assert list(np.atleast_1d(experiment.parameters["hidden_units"])) == narrow
    assert content["after"]["n_parameters"] < content["before"]["n_parameters"]


def test_units_under_a_threshold_go_and_nothing_trains(home: Home) -> None:
    request = Request(Cut(threshold=0.9), epochs=0)
    content = prune(home, None, "plain", 0, request).to_json()
    assert (content["trial"], content["threshold"], content["epochs"]) == (0, 0.9, 0)
    assert content["untrained"] == content["after"]["metrics"]
    assert all(after < before for before, after in content["layers"])
    assert content["name"] == "trial-0-threshold-0.9-epochs-0"


def test_weights_at_0_are_reported_and_nothing_is_kept(home: Home, delivered: list[Any]) -> None:
    outcome = prune(home, None, "plain", None, Request(None, sparsity=0.9))
    content = outcome.to_json()
    assert content["sparsity"]["share"] == pytest.approx(0.9, abs=0.02)
    difference = content["sparsity"]["difference"]
    assert difference["low"] <= difference["value"] <= difference["high"]
    change = content["sparsity"]["metrics"]["validation_loss"]
    change -= content["before"]["metrics"]["validation_loss"]
    assert difference["value"] == pytest.approx(change)
    assert "neither smaller nor faster" in outcome.to_text()
    assert delivered == []
    assert not home.pruned("plain").exists()


def test_a_network_whose_units_cannot_go_is_refused_before_rows_are_read(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "network_of", lambda *_: ("linear", {}))
    monkeypatch.setattr(choosing, "prepare", None)
    with pytest.raises(InputError, match="a linear model has no hidden units"):
        prune(home, None, "plain", None, HALF)


def test_what_mlflow_has_not_got_is_said(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "deliver", lambda *_: Delivery(1, "no server"))
    outcome = prune(home, None, "plain", None, Request(Cut(amount=0.5), epochs=0))
    assert outcome.to_json()["mlflow"] == {"undelivered": 1, "cause": "no server"}
    assert "has not recorded it (no server)" in outcome.to_text()


def test_a_network_that_does_not_train_on_is_told_of(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverge(*_: object) -> None:
        raise DivergedError(0, 2, "training_loss is nan in epoch 2")

    monkeypatch.setattr(retraining, "train_on", diverge)
    with pytest.raises(TuneError, match="did not train on: training_loss is nan") as error:
        prune(home, None, "plain", None, HALF)
    assert "--epochs 0" in error.value.fix


def test_other_weights_are_refused(home: Home) -> None:
    other = home.trials("some") / str(Studies(home).best("some")["number"]) / WEIGHTS
    best = Studies(home).best("plain")["number"]
    shutil.copy(other, home.trials("plain") / str(best) / WEIGHTS)
    with pytest.raises(InputError, match="the weights of another network"):
        prune(home, None, "plain", None, HALF)


@pytest.mark.parametrize("share", [0.0, 1.0, 2.0])
def test_a_sparsity_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(InputError, match="--sparsity is a share"):
        Request(None, sparsity=share)


def test_a_study_that_is_deleted_takes_its_smaller_networks_along(home: Home) -> None:
    prune(home, None, "plain", None, Request(Cut(amount=0.5), epochs=0))
    assert home.pruned("plain").exists()
    Studies(home).delete("plain")
    assert not home.pruned("plain").exists()


def test_a_difference_is_that_of_the_same_rows_each_time() -> None:
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 3, 200)
    before = rng.dirichlet(np.ones(3), 200)
    part = Part.of([targets])
    same = difference("validation_loss", "classification", part, before, before)
    assert same == {"value": 0, "low": 0, "high": 0}
    after = 0.9 * before + 0.1 * np.eye(3)[targets]
    found = difference("validation_loss", "classification", part, before, after)
    losses = [-np.log(p[np.arange(200), targets]) for p in (before, after)]
    change = losses[1] - losses[0]
    error = change.std(ddof=1) / np.sqrt(200)
    assert found["value"] == pytest.approx(change.mean())
    assert found["low"] == pytest.approx(change.mean() - 1.96 * error, abs=0.5 * error)
    assert found["high"] == pytest.approx(change.mean() + 1.96 * error, abs=0.5 * error)
