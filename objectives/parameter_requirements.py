"""What the parameters of a file must agree on with the models and the trainer that use them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..errors import did_you_mean
from ..models import ARCHITECTURES
from ..spaces import Categorical, Derived, Experiment, Problem, Training
from ..spaces.parameters import Float, Int, Parameter, Scalar
from ..spaces.space import MODEL
from . import model_requirements, options, subset
from .callables import is_callable
from .configurations import Allowed, models_of, own_name, parameters_of

# Part of `training`, but not one trial's to choose: pruners count on the first, stopping
# decides which epoch a trial's value is of, a seed is no quality of a configuration, a file of
# weights has a hash in the study, and what is recorded changes no value.
NOT_TUNED = {"epochs", "early_stopping", "seed", "start_from", "gradient_norms"}

OF_TRAINING = set(Training.model_fields) - NOT_TUNED


def problems(experiment: Experiment) -> list[Problem]:
    """Return what is wrong with each parameter; nothing where the models are not known."""
    if not model_requirements.is_known(experiment):
        return []
    models = models_of(experiment)
    known = {str(model): parameters_of(experiment, model) for model in models}
    found = [
        problem
        for name in experiment.parameters
        if name != MODEL
        for problem in _name_problems(experiment, name, known)
    ]
    return found + list(_value_problems(experiment, known))


Known = dict[str, Any]  # a model to its parameters, each to what it may be


def _name_problems(experiment: Experiment, name: str, known: Known) -> list[Problem]:
    """Return why nothing uses a parameter, or why it cannot vary."""
    where = ("parameters", name)
    if name in NOT_TUNED:
        rule = f"`{name}` is the same for all trials."
        return [Problem(where, rule, "Write it under `training:`.")]
    branch, own = own_name(name, tuple(known))
    other = name.split(".")[0] if branch is None else ""
    if MODEL in experiment.parameters and other in ARCHITECTURES and other not in known:
        return _of_another(experiment, name, other)
    users = [m for m in known if own in known[m] and branch in (None, m)]
    if branch is None and own in OF_TRAINING:
        users = list(known)
    if name in experiment.model.options or name in experiment.training.model_fields_set:
        section = "model" if name in experiment.model.options else "training"
        rule = f"`{name}` varies here and is fixed under `{section}:`."
        return [Problem(where, rule, "Keep one of the two.")]
    if options.is_spoken_of(experiment, name) or subset.is_used(name):
        return []
    if not users:
        return [Problem(where, *_useless(branch, own, known))]
    if branch is None and len(users) < len(known):
        rule = f"`{name}` is a parameter of {' and '.join(users)} only, and the model varies."
        return [Problem(where, rule, f"Call it {users[0]}.{name}.")]
    is_list = all(own in known[user] and known[user][own].per_layer for user in users)
    if _is_repeated(experiment, name) and not is_list:
        return [Problem(where, f"`{name}` is one value, and is not repeated.", "Drop `repeat:`.")]
    return []


def _of_another(experiment: Experiment, name: str, model: str) -> list[Problem]:
    """Return what is wrong with a parameter of a model that is not among the choices."""
    if not isinstance(experiment.parameters[MODEL], Categorical):
        return []  # a winner's file keeps the branches of the others
    rule = f"`{name}` is drawn in vain: {model} is not one of the models."
    fix = f"Add {model} to the choices of `model`, or remove it."
    return [Problem(("parameters", name), rule, fix)]


def _useless(branch: str | None, own: str, known: Known) -> tuple[str, str]:
    """Return the rule that a parameter of no use breaks, and what to do."""
    if branch is not None:
        rule = f"neither the model '{branch}' nor the trainer uses '{own}'."
        return rule, did_you_mean(own, known[branch]) if known[branch] else "Remove it."
    models = [Path(model).name for model in known]
    named = f"the model '{models[0]}'" if len(models) == 1 else "any of the models"
    rule = f"neither {named} nor the trainer uses '{own}'."
    if model_requirements.owners(own):
        return rule, model_requirements.hint(own, ())
    names = {key for parameters in known.values() for key in parameters} | OF_TRAINING
    if "." in own:
        names |= {f"{model}.{key}" for model in models for key in names}
    return rule, did_you_mean(own, names)


def _is_repeated(experiment: Experiment, name: str) -> bool:
    return any(step.is_repeated for step in experiment.space.steps if step.name == name)


def _value_problems(experiment: Experiment, known: Known) -> Iterator[Problem]:
    """Try the ends of every range, so that no trial fails on what a file says."""
    for name, parameter in experiment.parameters.items():
        branch, own = own_name(name, tuple(known))
        users = [m for m in known if own in known[m] and branch in (None, m)]
        is_trainers = branch is None and own in OF_TRAINING
        ranges = [known[user][own] for user in users]
        refusals = (_refused(own, value, ranges, is_trainers) for value in _ends(parameter))
        refused = next(filter(None, refusals), None)
        if refused is not None:
            yield Problem(("parameters", name), *refused)


def _refused(
    own: str, value: Scalar, ranges: list[Allowed], is_trainers: bool
) -> tuple[str, str] | None:
    """Return the rule that a value breaks, and what to do."""
    refusing = next((r for r in ranges if not r.admits(value)), None)
    if refusing is not None:
        return f"`{own}` is {refusing}, but got {value!r}.", ""
    if not is_trainers:
        return None
    if own == "cost" and is_callable(str(value)):
        rule = f"a cost of your own is the same for all trials, but {value} varies here."
        return rule, "Write it under `training:`."
    found = refusal(own, value)
    return None if found is None else (f"the trainer refuses {own}: {value} ({found}).", "")


def refusal(name: str, value: object) -> str | None:
    """Return why a value of the training section is none, in the words of its own check."""
    try:
        Training.model_validate({name: value})
    except ValidationError as error:
        details = error.errors()[0]
        message = str(details.get("ctx", {}).get("error", "")).removesuffix(".") or details["msg"]
        return message[0].lower() + message[1:]
    return None


def _ends(parameter: Parameter) -> tuple[Scalar, ...]:
    if isinstance(parameter, Categorical):
        return parameter.choices
    if isinstance(parameter, Float | Int):
        return (parameter.low, parameter.high)
    if isinstance(parameter, Derived):
        return ()  # known only with what it follows from: see `requirements`
    return parameter if isinstance(parameter, tuple) else (parameter,)
