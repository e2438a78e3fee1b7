"""Options of the training that belong to one optimizer, and those that a run is too short for."""

from __future__ import annotations

from typing import Any

from ..spaces import Configuration, Experiment, Problem, Training
from ..spaces.parameters import Categorical

# Which optimizers have an option. What is not here is any optimizer's.
USERS: dict[str, tuple[str, ...]] = {
    "momentum": ("sgd",),
    "nesterov": ("sgd",),
    "beta1": ("adam", "adamw"),
    "beta2": ("adam", "adamw"),
    "epsilon": ("adam", "adamw", "rmsprop"),
}


def unused(experiment: Experiment, configuration: Configuration) -> Problem | None:
    """Return the first option that is drawn for an optimizer which has no use for it."""
    optimizer = configuration.get("optimizer", experiment.training.optimizer)
    asked = experiment.space.asked(configuration)
    for option, users in USERS.items():
        if option not in asked or optimizer in users or is_spoken_of(experiment, option):
            continue
        rule = f"`{option}` is used by {_listed(users, 'and')} only"
        rule = f"{rule}, and would be drawn for {optimizer} in vain."
        return Problem(("parameters", option), rule, _fix(users, _choices(experiment)))
    return None


def is_spoken_of(experiment: Experiment, name: str) -> bool:
    """Whether an expression uses a parameter."""
    return any(name in expression.references for expression in experiment.space.expressions)


def fixed_problems(experiment: Experiment) -> list[Problem]:
    """Return what is wrong between the settings of `training:`, each of which is right alone."""
    training = experiment.training
    found = []
    if "optimizer" not in experiment.parameters:  # an option may be there for one of several
        found += _misfits(training, "momentum" in experiment.parameters)
    warmup = training.schedule.warmup
    if warmup is not None and warmup > training.epochs:
        rule = f"a `warmup` of {warmup:g} epochs is longer than the run of {training.epochs}."
        found.append(Problem(("training", "schedule", "warmup"), rule, "Shorten it."))
    return found


def _misfits(training: Training, varies_momentum: bool) -> list[Problem]:
    """Return the options that say something to an optimizer which does not listen."""
    name = training.optimizer
    found = [
        Problem(
            ("training", option),
            f"`{option}` is used by {_listed(users, 'and')} only, but the optimizer is {name}.",
            _fix(users, ()),
        )
        for option, users in USERS.items()
        if name not in users and getattr(training, option) != Training.model_fields[option].default
    ]
    has_momentum = training.momentum > 0 or varies_momentum
    if training.nesterov and name in USERS["nesterov"] and not has_momentum:
        rule = "`nesterov` is a way to take momentum, but there is none."
        found.append(Problem(("training", "nesterov"), rule, "Add `momentum: 0.9`."))
    return found


def _choices(experiment: Experiment) -> tuple[Any, ...]:
    chosen = experiment.parameters.get("optimizer")
    return chosen.choices if isinstance(chosen, Categorical) else ()


def _fix(users: tuple[str, ...], choices: tuple[Any, ...]) -> str:
    chosen = [f"optimizer == {user}" for user in users if user in choices]
    if chosen:
        return f'Add `when: "{" or ".join(chosen)}"`.'
    return f"Remove it, or train with {_listed(users, 'or')}."


def _listed(names: tuple[str, ...], word: str) -> str:
    return f" {word} ".join(filter(None, (", ".join(names[:-1]), names[-1])))
