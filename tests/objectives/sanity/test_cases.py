"""Which configurations are looked at, and which is taken for the largest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from truetune.objectives.sanity.cases import N_DRAWN, cases_of, growth, largest
from truetune.spaces import Experiment

Make = Callable[..., Experiment]

WIDTH = {"type": "int", "low": 8, "high": 64}
RATE = {"type": "float", "low": 1e-4, "high": 1e-1, "log": True}


def test_trial_0_is_first_and_others_have_other_networks(make: Make) -> None:
    experiment = make(parameters={"hidden_units": WIDTH, "learning_rate": RATE})
    first, *others = cases_of(experiment)
    assert (first.name, first.is_default) == ("trial 0", True)
    assert first.configuration == experiment.space.default()
    assert 0 < len(others) <= N_DRAWN
    widths = [case.configuration["hidden_units"] for case in (first, *others)]
    assert len(set(widths)) == len(widths)


def test_of_configurations_that_differ_in_their_training_alone_one_is_looked_at(
    make: Make,
) -> None:
    dropout = {"type": "float", "low": 0.0, "high": 0.5}
    assert len(cases_of(make(parameters={"learning_rate": RATE, "dropout": dropout}))) == 1


def test_each_other_model_is_trained_once(make: Make) -> None:
    model = {"type": "categorical", "choices": ["mlp", "linear", "tabular"]}
    cases = cases_of(make(parameters={"model": model, "mlp.hidden_units": WIDTH}))
    trained = [case.configuration["model"] for case in cases if case.is_trained]
    assert sorted(map(str, trained)) == ["linear", "mlp", "tabular"]


def test_cases_meet_the_constraints(make: Make) -> None:
    parameters = {"hidden_units": {**WIDTH, "default": 8}}
    cases = cases_of(make(parameters=parameters, constraints=["hidden_units < 20"]))
    assert all(int(case.configuration["hidden_units"]) < 20 for case in cases)


def test_the_largest_is_at_the_upper_ends(make: Make) -> None:
    parameters: dict[str, Any] = {
        "layers": {"type": "int", "low": 1, "high": 3},
        "hidden_units": {**WIDTH, "repeat": "layers"},
        "batch_size": {"type": "categorical", "choices": [64, 32]},
        "optimizer": {"type": "categorical", "choices": ["sgd", "adam"]},
    }
    (found,) = largest(make(parameters=parameters))
    assert found == {
        **{"layers": 3, "hidden_units.0": 64, "hidden_units.1": 64, "hidden_units.2": 64},
        **{"batch_size": 64, "optimizer": "adam"},
    }


def test_where_constraints_forbid_the_ends_the_largest_is_one_that_they_allow(
    make: Make,
) -> None:
    layers = {"type": "int", "low": 1, "high": 3}
    parameters = {"layers": layers, "hidden_units": {**WIDTH, "default": 8}}
    (found,) = largest(make(parameters=parameters, constraints=["layers * hidden_units <= 96"]))
    assert 90 <= int(found["layers"]) * int(found["hidden_units"]) <= 96


def test_weights_grow_no_more_than_the_squares_of_sizes() -> None:
    default = {"hidden_units": 8, "layers": 2, "batch_size": 32, "learning_rate": 0.1}
    larger = {**default, "hidden_units": 24, "layers": 4, "batch_size": 512}
    assert growth(larger, default) == 9 * 4
    assert growth({"hidden_units.0": 16, "hidden_units.1": 8}, {"hidden_units.0": 8}) == 4
