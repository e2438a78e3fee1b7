"""Options of the training: what the optimizer of a file or a trial does not use is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from truetune.objectives.options import USERS
from truetune.objectives.requirements import problems
from truetune.spaces import Experiment, Problem, Training, load
from truetune.spaces.schedule import OPTIONS

FLAT = Path(__file__).parents[1] / "flat.yaml"
OPTIMIZERS = get_args(Training.model_fields["optimizer"].annotation)
RATE = {"type": "float", "low": 0.1, "high": 0.5}
VALUES = {"momentum": 0.9, "nesterov": True, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-4}


def experiment(training: dict[str, Any], **parameters: Any) -> Experiment:
    varied = {f"parameters.{name}": value for name, value in parameters.items()}
    return load(
        FLAT, {"training": None, **{f"training.{k}": v for k, v in training.items()}, **varied}
    )


def told(of: Experiment) -> list[str]:
    return [f"{'.'.join(map(str, p.where))}: {p.rule} {p.fix}" for p in problems(of)]


def test_the_table_names_optimizers_and_options_that_there_are() -> None:
    assert USERS.keys() == VALUES.keys() <= Training.model_fields.keys()
    assert {user for users in USERS.values() for user in users} <= {*OPTIMIZERS}


@pytest.mark.parametrize("option", USERS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_option_is_for_those_who_use_it(option: str, optimizer: str) -> None:
    needed = {"momentum": 0.9} if (option, optimizer) == ("nesterov", "sgd") else {}
    fixed = problems(experiment({"optimizer": optimizer, option: VALUES[option], **needed}))
    drawn = {"type": "categorical", "choices": [VALUES[option]]}
    varied = problems(experiment({"optimizer": optimizer, **needed}, **{option: drawn}))
    is_used = optimizer in USERS[option]
    assert [p.where for p in fixed] == [("training", option)] * (not is_used)
    assert [p.where for p in varied] == [("parameters", option)] * (not is_used)


def test_an_option_is_there_for_one_of_several_optimizers() -> None:
    both = {"type": "categorical", "choices": ["sgd", "adamw"]}
    assert told(experiment({"momentum": 0.9, "beta1": 0.8}, optimizer=both)) == []
    assert told(experiment({}, optimizer=both, beta1=RATE)) == [
        "parameters.beta1: `beta1` is used by adam and adamw only, and would be drawn for sgd in "
        'vain. Add `when: "optimizer == adamw"`.'
    ]
    when = {**RATE, "when": "optimizer == adamw"}
    assert told(experiment({}, optimizer=both, beta1=when)) == []


def test_what_a_written_out_default_says_is_no_mistake() -> None:
    assert problems(experiment({"optimizer": "adam", "momentum": 0.0})) == []


def test_all_mistakes_between_settings_are_told_at_once() -> None:
    training = {
        "optimizer": "sgd",
        "nesterov": True,
        "beta2": 0.9,
        "epsilon": 1e-3,
        "epochs": 3,
        "schedule": {"name": "cosine", "warmup": 3.5},
    }
    assert told(experiment(training)) == [
        "training.beta2: `beta2` is used by adam and adamw only, but the optimizer is sgd. "
        "Remove it, or train with adam or adamw.",
        "training.epsilon: `epsilon` is used by adam, adamw and rmsprop only, but the "
        "optimizer is sgd. Remove it, or train with adam, adamw or rmsprop.",
        "training.nesterov: `nesterov` is a way to take momentum, but there is none. Add "
        "`momentum: 0.9`.",
        "training.schedule.warmup: a `warmup` of 3.5 epochs is longer than the run of 3. Shorten "
        "it.",
    ]


def test_a_warmup_may_last_the_run() -> None:
    said = {"epochs": 3, "schedule": {"name": "constant", "warmup": 3}}
    assert problems(experiment(said)) == []


def test_a_schedule_may_be_one_of_several() -> None:
    every = {"type": "categorical", "choices": [*OPTIONS]}
    assert problems(experiment({}, schedule=every)) == []
    wrong = {"type": "categorical", "choices": ["constant", "cosin"]}
    (problem,) = problems(experiment({}, schedule=wrong))
    rule = "the trainer refuses schedule: cosin (there is no schedule 'cosin'. Did you mean"
    assert problem.rule == f"{rule} 'cosine'?)."
    assert problem.where == ("parameters", "schedule")


def test_a_schedule_is_fixed_or_varies() -> None:
    found = problems(experiment({"schedule": {"name": "cosine", "period": 1}}, schedule="cosine"))
    rule = "`schedule` varies here and is fixed under `training:`."
    assert found == [Problem(("parameters", "schedule"), rule, "Keep one of the two.")]


@pytest.mark.parametrize("name", ["l1", "clip_norm", "clip_value", "nesterov", "schedule"])
def test_tools_are_parameters(name: str) -> None:
    said: dict[str, Any] = {
        "nesterov": {"type": "categorical", "choices": [False, True]},
        "schedule": "one_cycle",
    }
    training = {"optimizer": "sgd", "momentum": 0.9}
    assert problems(experiment(training, **{name: said.get(name, RATE)})) == []


@pytest.mark.parametrize(
    ("name", "low"), [("l1", -0.1), ("clip_norm", 0.0), ("clip_value", 0.0), ("beta1", -0.1)]
)
def test_a_value_below_the_least_is_refused(name: str, low: float) -> None:
    (problem,) = problems(experiment({}, **{name: {**RATE, "low": low}}))
    assert problem.where == ("parameters", name)
    assert problem.rule.startswith(f"the trainer refuses {name}: {low} (")
