"""What the trainer and the network take from a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from truetune.objectives.configurations import models_of, network_of, own_name, training_of
from truetune.spaces import Experiment, load

MLP = Path(__file__).resolve().parents[1] / "flat.yaml"
CHOICE = {"type": "categorical", "choices": ["mlp", "linear"]}


def experiment(**overrides: Any) -> Experiment:
    return load(MLP, overrides)


def test_trials_own_values_replace_those_of_the_training_section() -> None:
    fixed = {"epochs": 4, "learning_rate": 0.5, "momentum": 0.1}
    values = {"optimizer": "sgd", "learning_rate": 0.01, "momentum": 0.9, "hidden_units": 3}
    training = training_of(experiment(training=fixed), values)
    assert (training.optimizer, training.learning_rate, training.momentum) == ("sgd", 0.01, 0.9)
    assert (training.epochs, training.batch_size) == (4, 64)


def test_a_value_that_the_file_could_not_hold_is_refused() -> None:
    with pytest.raises(ValidationError, match="batch_size"):
        training_of(experiment(), {"batch_size": 0})


@pytest.mark.parametrize(
    ("model", "configuration", "network"),
    [
        ({"name": "mlp", "hidden_units": 7}, {"layers": 3}, {"hidden_units": 7, "layers": 3}),
        ("mlp", {"mlp.layers": 3, "learning_rate": 0.1}, {"layers": 3}),
        (
            "mlp",
            {"layers": 2, "hidden_units.0": 8, "hidden_units.1": 4},
            {"layers": 2, "hidden_units": (8, 4)},
        ),
        ("mlp", {"mlp.dropout.0": 0.5}, {"dropout": (0.5,)}),
        ("mlp", {f"hidden_units.{i}": i for i in range(12)}, {"hidden_units": tuple(range(12))}),
        # A list of the trial takes the place of one in the file.
        ({"name": "mlp", "hidden_units": [1, 2]}, {"hidden_units.0": 3}, {"hidden_units": (3,)}),
        ("linear", {"learning_rate": 0.1, "mlp.layers": 3}, {}),
    ],
)
def test_a_network_takes_the_files_parameters_and_the_trials_own(
    model: Any, configuration: dict[str, Any], network: dict[str, Any]
) -> None:
    name = model if isinstance(model, str) else model["name"]
    assert network_of(experiment(model=model), configuration) == (name, network)


def test_where_the_model_varies_a_trial_names_its_own() -> None:
    varied = experiment(model=None, parameters={"model": CHOICE, "mlp.layers": 2})
    assert models_of(varied) == ("mlp", "linear")
    assert network_of(varied, {"model": "linear"}) == ("linear", {})
    assert network_of(varied, {"model": "mlp", "mlp.layers": 2}) == ("mlp", {"layers": 2})


def test_a_fixed_model_is_the_only_one() -> None:
    assert models_of(experiment(model="linear")) == ("linear",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("layers", (None, "layers")),
        ("mlp.layers", ("mlp", "layers")),
        ("mlp", (None, "mlp")),
        ("cnn.layers", (None, "cnn.layers")),
        ("mlp.dropout.last", ("mlp", "dropout.last")),
    ],
)
def test_a_name_tells_its_branch(name: str, expected: tuple[str | None, str]) -> None:
    assert own_name(name, ("mlp", "linear")) == expected
