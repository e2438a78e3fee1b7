"""Options that a trial has no use for: they belong to another optimizer or another cost."""

from __future__ import annotations

from ..spaces import Configuration, Experiment, Problem
from ..spaces.parameters import Categorical
from . import combinations
from .settings import COST_NAMES, USERS, says_nothing, value_of, values_of


def unused(experiment: Experiment, configuration: Configuration) -> Problem | None:
    """Return the first thing that a trial of this configuration would have in vain."""
    asked = experiment.space.asked(configuration)
    for setting, options in USERS.items():
        value = value_of(experiment, configuration, setting)
        for option, users in options.items():
            if option not in asked or value in users or is_spoken_of(experiment, option):
                continue
            rule = f"`{option}` is used by {_listed(users, 'and')} only"
            rule = f"{rule}, and would be drawn for {value} in vain."
            return Problem(("parameters", option), rule, _fix(experiment, setting, users))
    return combinations.vain_norm(experiment, configuration)


def is_spoken_of(experiment: Experiment, name: str) -> bool:
    """Whether an expression uses a parameter."""
    return any(name in expression.references for expression in experiment.space.expressions)


def fixed_problems(experiment: Experiment) -> list[Problem]:
    """Return what is wrong between the settings of `training:`, each of which is right alone."""
    found = [problem for setting in USERS for problem in _misfits(experiment, setting)]
    return [*found, *combinations.problems(experiment)]


def _misfits(experiment: Experiment, setting: str) -> list[Problem]:
    """Return the options under `training:` that no trial has a use for."""
    values = values_of(experiment, setting)
    if not values:
        return []
    but = f"but the {setting} is {_listed(tuple(map(str, values)), 'or')}."
    return [
        Problem(
            ("training", option),
            f"`{option}` is used by {_listed(users, 'and')} only, {but}",
            _fix(experiment, setting, users),
        )
        for option, users in USERS[setting].items()
        if not set(users) & set(values)
        and not says_nothing(option, getattr(experiment.training, option))
    ]


def _fix(experiment: Experiment, setting: str, users: tuple[str, ...]) -> str:
    chosen = experiment.parameters.get(setting)
    choices = chosen.choices if isinstance(chosen, Categorical) else ()
    when = [f"{setting} == {user}" for user in users if user in choices]
    if when:
        return f'Add `when: "{" or ".join(when)}"`.'
    # A cost of another kind of target is no way out.
    known = COST_NAMES[experiment.task] if setting == "cost" else users
    fitting = tuple(user for user in users if user in known)
    return f"Remove it, or train with {_listed(fitting, 'or')}." if fitting else "Remove it."


def _listed(names: tuple[str, ...], word: str) -> str:
    return f" {word} ".join(filter(None, (", ".join(names[:-1]), names[-1])))
