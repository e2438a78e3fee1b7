"""Options of the training: what a file's or a trial's optimizer or cost does not use is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from truetune.objectives.requirements import problems
from truetune.objectives.settings import COST_NAMES, USERS
from truetune.spaces import Experiment, Problem, Task, Training, load
from truetune.spaces.schedule import OPTIONS

FLAT = Path(__file__).parents[1] / "flat.yaml"
OPTIMIZERS = get_args(Training.model_fields["optimizer"].annotation)
RATE = {"type": "float", "low": 0.1, "high": 0.5}
VALUES = {"momentum": 0.9, "nesterov": True, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-4}
OF_COSTS = {
    "huber_delta": 2.0,
    "focal_gamma": 1.0,
    "class_weights": "balanced",
    "label_smoothing": 0.1,
}
SOURCES = {"regression": "diabetes", "classification": "wine", "binary": "breast_cancer"}
COSTS = [(task, cost) for task, names in COST_NAMES.items() for cost in names]


def experiment(
    training: dict[str, Any], task: Task = "classification", **parameters: Any
) -> Experiment:
    varied = {f"parameters.{name}": value for name, value in parameters.items()}
    fixed = {f"training.{name}": value for name, value in training.items()}
    of_task = {
        "task": task,
        "data.source": f"sklearn:{SOURCES[task]}",
        "data.split.stratify": task != "regression",
    }
    return load(FLAT, {"training": None, **of_task, **fixed, **varied})


def told(of: Experiment) -> list[str]:
    return [f"{'.'.join(map(str, p.where))}: {p.rule} {p.fix}" for p in problems(of)]


def drawn(value: Any) -> dict[str, Any]:
    return {"type": "categorical", "choices": [value]}


def test_the_table_names_what_there_is() -> None:
    assert USERS["optimizer"].keys() == VALUES.keys() <= Training.model_fields.keys()
    assert USERS["cost"].keys() == OF_COSTS.keys() <= Training.model_fields.keys()
    assert {user for users in USERS["optimizer"].values() for user in users} <= {*OPTIMIZERS}
    assert {user for users in USERS["cost"].values() for user in users} <= {c for _, c in COSTS}
    assert COST_NAMES.keys() == {*get_args(Task)}


@pytest.mark.parametrize("option", USERS["optimizer"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_option_is_for_those_who_use_it(option: str, optimizer: str) -> None:
    needed = {"momentum": 0.9} if (option, optimizer) == ("nesterov", "sgd") else {}
    fixed = problems(experiment({"optimizer": optimizer, option: VALUES[option], **needed}))
    varied = problems(
        experiment({"optimizer": optimizer, **needed}, **{option: drawn(VALUES[option])})
    )
    is_used = optimizer in USERS["optimizer"][option]
    assert [p.where for p in fixed] == [("training", option)] * (not is_used)
    assert [p.where for p in varied] == [("parameters", option)] * (not is_used)


@pytest.mark.parametrize("option", USERS["cost"])
@pytest.mark.parametrize(("task", "cost"), COSTS)
@pytest.mark.parametrize("is_named", [True, False])
def test_an_option_is_for_the_costs_that_use_it(
    option: str, task: Task, cost: str, is_named: bool
) -> None:
    if not is_named and cost != COST_NAMES[task][0]:
        return  # only the first is what a file gets that names none
    said = {"cost": cost} if is_named else {}
    fixed = problems(experiment({**said, option: OF_COSTS[option]}, task))
    varied = problems(experiment(said, task, **{option: drawn(OF_COSTS[option])}))
    is_used = cost in USERS["cost"][option]
    assert [p.where for p in fixed] == [("training", option)] * (not is_used)
    assert [p.where for p in varied] == [("parameters", option)] * (not is_used)


def test_a_misfit_names_the_option_and_its_costs() -> None:
    fixed = {"cost": "mae", "huber_delta": 2, "class_weights": [1, 2], "label_smoothing": 0.1}
    of_classes = "is used by cross_entropy, binary_cross_entropy and focal only"
    assert told(experiment(fixed, "regression")) == [
        "training.huber_delta: `huber_delta` is used by huber only, but the cost is mae. Remove "
        "it, or train with huber.",
        f"training.class_weights: `class_weights` {of_classes}, but the cost is mae. Remove it.",
        f"training.label_smoothing: `label_smoothing` {of_classes}, but the cost is mae. "
        "Remove it.",
    ]
    assert told(experiment({"focal_gamma": 1.0}, "binary")) == [
        "training.focal_gamma: `focal_gamma` is used by focal only, but the cost is "
        "binary_cross_entropy. Remove it, or train with focal."
    ]


def test_an_option_is_there_for_one_of_several_costs() -> None:
    both = {"type": "categorical", "choices": ["mse", "huber"]}
    delta = {"type": "float", "low": 0.5, "high": 2.0}
    assert told(experiment({"huber_delta": 0.5}, "regression", cost=both)) == []
    assert told(experiment({}, "regression", cost=both, huber_delta=delta)) == [
        "parameters.huber_delta: `huber_delta` is used by huber only, and would be drawn for mse "
        'in vain. Add `when: "cost == huber"`.'
    ]
    when = {**delta, "when": "cost == huber"}
    assert told(experiment({}, "regression", cost=both, huber_delta=when)) == []


def test_an_option_that_no_choice_uses_is_told() -> None:
    both = {"type": "categorical", "choices": ["mse", "mae"]}
    assert told(experiment({"huber_delta": 0.5}, "regression", cost=both)) == [
        "training.huber_delta: `huber_delta` is used by huber only, but the cost is mse or mae. "
        "Remove it, or train with huber."
    ]
    of_optimizers = {"type": "categorical", "choices": ["adam", "adamw"]}
    (problem,) = problems(experiment({"momentum": 0.9}, optimizer=of_optimizers))
    assert problem.rule.endswith("but the optimizer is adam or adamw.")


def test_an_option_that_only_follows_from_another_parameter_is_let_be() -> None:
    kinds = {"type": "categorical", "choices": ["mse", "huber"]}
    said = {"kind": kinds, "cost": {"expression": "kind"}}
    assert problems(experiment({"huber_delta": 0.5}, "regression", **said)) == []


def test_where_a_setting_is_not_drawn_it_is_the_default() -> None:
    there = {"type": "categorical", "choices": ["sgd"], "when": "layers > 1"}
    assert problems(experiment({"beta1": 0.8}, optimizer=there)) == []


def test_settings_of_costs_are_parameters() -> None:
    weights = {"type": "categorical", "choices": ["none", "balanced"]}
    smoothing = {"type": "float", "low": 0.0, "high": 0.2}
    both = {"type": "categorical", "choices": ["cross_entropy", "focal"]}
    said = {"class_weights": weights, "label_smoothing": smoothing, "mixup": smoothing}
    assert problems(experiment({}, cost=both, **said)) == []
    assert problems(experiment({}, "binary", **said)) == []
    wrong = {"type": "categorical", "choices": ["none", "balance"]}
    (problem,) = problems(experiment({}, class_weights=wrong))
    assert problem.where == ("parameters", "class_weights")


def test_an_option_of_classes_is_not_for_a_cost_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def pinball(outputs, targets): ...\n")
    source = f"{tmp_path / 'own.py'}:pinball"
    (problem,) = problems(experiment({"cost": source, "label_smoothing": 0.1}))
    assert problem.where == ("training", "label_smoothing")
    assert problem.rule.endswith(f"but the cost is {source}.")
    assert problem.fix == "Remove it, or train with cross_entropy or focal."


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
    nothing = {"class_weights": "none", "label_smoothing": 0.0}
    assert problems(experiment(nothing, "regression")) == []


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
