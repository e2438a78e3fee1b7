"""The walk through a space: the same draws as a space written by hand in Optuna's words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest

from truetune.spaces import (
    Categorical,
    Configuration,
    Float,
    Int,
    Parameter,
    default_configuration,
    load,
    suggest,
)
from truetune.spaces import __file__ as spaces_init

FOLDER = Path(spaces_init).parent
SPACES = sorted(FOLDER.glob("*.yaml"))
SPACE: dict[str, Parameter] = {
    "rate": Float(type="float", low=1e-4, high=1e-1, log=True),
    "optimizer": "adam",
    "batch": Categorical(type="categorical", choices=(32, 64, 128, 256)),
    "layers": Int(type="int", low=1, high=5, step=2),
    "units": Int(type="int", low=16, high=256, log=True, default=100),
    "dropout": Float(type="float", low=0.0, high=0.5, step=0.1),
    "bias": Categorical(type="categorical", choices=(True, False, None), default=False),
    "momentum": Float(type="float", low=0.0, high=0.99),
    "width": None,
}


def suggest_by_hand(trial: optuna.trial.BaseTrial) -> Configuration:
    return {
        "rate": trial.suggest_float("rate", 1e-4, 1e-1, log=True),
        "optimizer": "adam",
        "batch": trial.suggest_categorical("batch", [32, 64, 128, 256]),
        "layers": trial.suggest_int("layers", 1, 5, step=2),
        "units": trial.suggest_int("units", 16, 256, log=True),
        "dropout": trial.suggest_float("dropout", 0.0, 0.5, step=0.1),
        "bias": trial.suggest_categorical("bias", [True, False, None]),
        "momentum": trial.suggest_float("momentum", 0.0, 0.99),
        "width": None,
    }


def study(seed: int = 0) -> optuna.Study:
    return optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))


@pytest.mark.parametrize("seed", range(5))
def test_a_walk_draws_what_a_space_written_by_hand_draws(seed: int) -> None:
    ours, by_hand = study(seed).ask(), study(seed).ask()
    assert suggest(SPACE, ours) == suggest_by_hand(by_hand)


def test_a_walk_leaves_the_distributions_of_a_space_written_by_hand() -> None:
    ours, by_hand = study().ask(), study().ask()
    suggest(SPACE, ours)
    suggest_by_hand(by_hand)
    assert ours.distributions == by_hand.distributions
    assert list(ours.distributions) == list(by_hand.distributions)


def test_a_configuration_keeps_the_order_of_the_file() -> None:
    backwards = dict(reversed(SPACE.items()))
    trial = study().ask()
    assert list(suggest(backwards, trial)) == list(backwards)
    assert list(trial.params) == [k for k in backwards if k not in ("optimizer", "width")]


def test_a_walk_takes_the_values_of_a_fixed_trial() -> None:
    values = {"rate": 1e-3, "batch": 128, "layers": 3, "units": 17, "dropout": 0.2}
    values |= {"bias": None, "momentum": 0.9}
    configuration = suggest(SPACE, optuna.trial.FixedTrial(values))
    assert configuration == values | {"optimizer": "adam", "width": None}


def test_nobody_is_asked_for_a_fixed_value() -> None:
    trial = study().ask()
    assert suggest({"dropout": 0.1, "bias": True, "name": None}, trial) == {
        "dropout": 0.1,
        "bias": True,
        "name": None,
    }
    assert trial.params == {}


def test_defaults_come_from_the_file_or_the_middle() -> None:
    configuration = default_configuration(SPACE)
    assert configuration.pop("rate") == pytest.approx(10**-2.5)
    assert configuration == {
        "optimizer": "adam",
        "batch": 64,
        "layers": 3,
        "units": 100,
        "dropout": 0.2,
        "bias": False,
        "momentum": 0.495,
        "width": None,
    }


def test_defaults_keep_the_order_of_the_file() -> None:
    assert list(default_configuration(SPACE)) == list(SPACE)


def test_optuna_takes_the_defaults_unchanged() -> None:
    starting = study()
    defaults = default_configuration(SPACE)
    starting.enqueue_trial({k: v for k, v in defaults.items() if k not in ("optimizer", "width")})
    # Optuna warns of an enqueued value outside its range, and a warning is an error here.
    assert suggest(SPACE, starting.ask()) == defaults


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.name)
def test_optuna_takes_the_defaults_of_a_shipped_space_unchanged(path: Path) -> None:
    parameters = load(path).parameters
    defaults: dict[str, Any] = default_configuration(parameters)
    assert suggest(parameters, optuna.trial.FixedTrial(defaults)) == defaults


def test_the_shipped_space_asks_for_the_ranges_it_shows() -> None:
    trial = study().ask()
    suggest(load(FOLDER / "mlp.yaml").parameters, trial)
    assert trial.distributions == {
        "learning_rate": optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True),
        "batch_size": optuna.distributions.CategoricalDistribution((32, 64, 128, 256)),
        "layers": optuna.distributions.IntDistribution(1, 3),
        "hidden_units": optuna.distributions.IntDistribution(16, 256, log=True),
        "dropout": optuna.distributions.FloatDistribution(0.0, 0.5),
    }
