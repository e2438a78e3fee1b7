"""What a file must agree on with the data, the model and the trainer before anything starts."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from random import Random
from typing import Any

from pydantic import ValidationError

from ..errors import InputError, did_you_mean
from ..models import ARCHITECTURES, n_entries
from ..spaces import Configuration, Derived, Experiment, Problem, Training
from ..spaces.experiment import Data
from ..spaces.parameters import Categorical, Float, Int, Parameter, Scalar
from ..spaces.space import MODEL
from . import (
    arrays,
    callables,
    locations,
    options,
    own_objective,
    pictures,
    queries,
    sources,
    tables,
)
from .configurations import described, models_of, network_of, own_name, training_of
from .metrics import OBJECTIVES

N_TRIED = 100  # configurations a file is tried with before anything starts

# Part of `training`, but not one trial's to choose: pruners count on the first, stopping
# decides which epoch a trial's value is of, and a seed is no quality of a configuration.
NOT_TUNED = {"epochs", "early_stopping", "seed"}


def problems(experiment: Experiment) -> list[Problem]:
    """Return everything in a file that the world does not bear out."""
    if experiment.objective.function is not None:
        return [*_data_problems(experiment), *own_objective.problems(experiment)]
    of_space = [*_model_problems(experiment), *_parameter_problems(experiment)]
    return [
        *_data_problems(experiment),
        *_objective_problems(experiment),
        *options.fixed_problems(experiment),
        *(of_space or _trial_problems(experiment)),
    ]


def _data_problems(experiment: Experiment) -> list[Problem]:
    """What its rows hold is for the process that reads them to say."""
    data = experiment.data
    kinds = [_kind(source) for source in (data.source, data.test) if source is not None]
    if kinds[0] is None:
        error = sources.unknown(data.source)
        return [Problem(("data", "source"), error.cause, error.fix)]
    found = _misplaced(data, kinds[0])
    files = {"source": data.source, "test": data.test}
    if data.source.endswith(".npy"):
        files["target"] = data.target
    for key, source in files.items():
        if source is not None and (rule := _absent(source)):
            fix = "A path is relative to the file it is in."
            found.append(Problem(("data", key), rule, fix))
    if kinds[0] == "built-in":
        found += _built_in_problems(experiment)
    elif data.test is not None and kinds[1] != kinds[0]:
        shown = locations.without_credentials(data.test)
        rule = f"test rows are kept as the others are ({kinds[0]}), but got {shown}."
        found.append(Problem(("data", "test"), rule))
    if kinds[0] in ("table", "database") and data.target is None:
        name = Path(locations.without_credentials(data.source)).name
        rule = f"which column of {name} is to be predicted is not said."
        found.append(Problem(("data",), rule, "Add `target:`."))
    if kinds[0] == "database" and data.query is None:
        found.append(Problem(("data",), "what to select is not said.", "Add `query:`."))
    return found


def _kind(source: str) -> str | None:
    if sources.built_in_name(source) is not None:
        return "built-in"
    kinds = {
        "function": callables.is_callable,
        "database": queries.is_database,
        "table": tables.is_table,
        "arrays": arrays.is_arrays,
        "pictures": pictures.is_pictures,
    }
    return next((kind for kind, is_it in kinds.items() if is_it(source)), None)


def _absent(source: str) -> str | None:
    """Return what is not there of a source that lies on this machine."""
    if callables.is_callable(source):
        try:
            callables.where(source)
        except InputError as error:
            return error.cause
    elif (tables.is_table(source) or arrays.is_arrays(source)) and not locations.is_url(source):
        return None if os.path.isfile(source) else f"there is no file {source}."
    return None


# Which kinds of source a key speaks of.
_USERS = {
    ("query",): ("database",),
    ("target",): ("built-in", "table", "arrays", "database", "function"),
    ("columns",): ("table", "database", "function"),
    ("allow",): ("table", "database", "function"),
    ("split", "groups"): ("table", "database", "function"),
    ("split", "by_time"): ("table", "database", "function"),
    ("preprocess", "size"): ("pictures",),
    ("test",): ("table", "arrays", "pictures"),
}


def _misplaced(data: Data, kind: str) -> list[Problem]:
    """Return keys that say nothing of this kind of source."""
    found = []
    for path, users in _USERS.items():
        value: Any = data
        for key in path:
            value = getattr(value, key)
        if value and kind not in users:
            name = path[-1].removeprefix("by_")
            where = ("data", *path[:-1], name)
            shown = locations.without_credentials(data.source)
            rule = f"`{name}:` is for a source of another kind than {shown}"
            found.append(Problem(where, f"{rule} ({' or '.join(users)}).", "Remove it."))
    return found


def _built_in_problems(experiment: Experiment) -> list[Problem]:
    data = experiment.data
    kind = sources.BUILT_IN[data.source.removeprefix(sources.PREFIX)]
    found = []
    targets = sources.TARGET_NAMES[kind]
    if data.target is not None and data.target not in targets:
        rule = f"{data.source} has no target '{data.target}'."
        found.append(Problem(("data", "target"), rule, did_you_mean(data.target, targets)))
    if (kind == "numbers") != (experiment.task == "regression"):
        fits = "regression" if kind == "numbers" else "classification"
        rule = f"the target of {data.source} is made of {kind}, but got task: {experiment.task}."
        found.append(Problem(("task",), rule, f"Write `task: {fits}`."))
    if kind == "numbers" and data.split.stratify:
        rule = "`stratify: true` takes classes, but the target is made of numbers."
        found.append(Problem(("data", "split", "stratify"), rule, "Remove it."))
    return found


def _objective_problems(experiment: Experiment) -> list[Problem]:
    known = OBJECTIVES[experiment.task]
    metric, direction = experiment.objective.metric, experiment.objective.direction
    if metric not in known:
        rule = f"a {experiment.task} reports no metric '{metric}' to optimise."
        own = f"validation_{metric}"
        fix = did_you_mean(own if own in known else metric, known)
        return [Problem(("objective", "metric"), rule, fix)]
    if direction not in (None, known[metric]):
        rule = f"`{direction}` would look for the worst {metric}."
        fix = f"Write `direction: {known[metric]}`, or leave it out."
        return [Problem(("objective", "direction"), rule, fix)]
    return []


def _model_problems(experiment: Experiment) -> list[Problem]:
    if MODEL in experiment.parameters:
        return _model_choice_problems(experiment)
    model = experiment.model
    if model.name not in ARCHITECTURES:
        rule = f"there is no model '{model.name}'."
        return [Problem(("model",), rule, did_you_mean(model.name, ARCHITECTURES))]
    known = ARCHITECTURES[model.name].parameters
    found = []
    for option, value in model.options.items():
        where = ("model", option)
        if option not in known:
            rule = f"the model '{model.name}' has no parameter '{option}'."
            found.append(Problem(where, rule, did_you_mean(option, known)))
        elif not known[option].admits(value):
            found.append(Problem(where, f"`{option}` is {known[option]}, but got {value!r}."))
    return found


def _model_choice_problems(experiment: Experiment) -> list[Problem]:
    where = ("parameters", MODEL)
    found = []
    if MODEL in experiment.model_fields_set:
        rule = "`model` varies here and is fixed under `model:`."
        found.append(Problem(where, rule, "Keep one of the two."))
    for name in models_of(experiment):
        if name not in ARCHITECTURES:
            rule = f"there is no model {name!r}."
            found.append(Problem(where, rule, did_you_mean(str(name), ARCHITECTURES)))
    return found


def _parameter_problems(experiment: Experiment) -> list[Problem]:
    models = models_of(experiment)
    if not set(models) <= ARCHITECTURES.keys():
        return []
    found = [
        problem
        for name in experiment.parameters
        if name != MODEL
        for problem in _name_problems(experiment, name, models)
    ]
    return found + _value_problems(experiment)


def _name_problems(experiment: Experiment, name: str, models: tuple[Any, ...]) -> list[Problem]:
    """Return why nothing uses a parameter, or why it cannot vary."""
    where = ("parameters", name)
    if name in NOT_TUNED:
        rule = f"`{name}` is the same for all trials."
        return [Problem(where, rule, "Write it under `training:`.")]
    branch, own = own_name(name, models)
    if MODEL in experiment.parameters and name.split(".")[0] in ARCHITECTURES and branch is None:
        return []  # of a model that no trial has: see `Space`
    users = [m for m in models if own in ARCHITECTURES[m].parameters and branch in (None, m)]
    if branch is None and own in _OF_TRAINING:
        users = list(models)
    if name in experiment.model.options or name in experiment.training.model_fields_set:
        section = "model" if name in experiment.model.options else "training"
        rule = f"`{name}` varies here and is fixed under `{section}:`."
        return [Problem(where, rule, "Keep one of the two.")]
    if options.is_spoken_of(experiment, name):
        return []
    if not users:
        of_branch = [branch] if branch is not None else models
        known = {key for m in of_branch for key in ARCHITECTURES[m].parameters}
        known |= _OF_TRAINING if branch is None else set()
        user = f"the model '{branch}'" if branch is not None else _named(models)
        rule = f"neither {user} nor the trainer uses '{own}'."
        if branch is None and "." in own:
            known |= {f"{model}.{key}" for model in models for key in known}
        return [Problem(where, rule, did_you_mean(own, known) if known else "Remove it.")]
    if branch is None and len(users) < len(models):
        rule = f"`{name}` is a parameter of {' and '.join(users)} only, and the model varies."
        return [Problem(where, rule, f"Call it {users[0]}.{name}.")]
    if _is_repeated(experiment, name) and not _takes_a_list(own, users):
        return [Problem(where, f"`{name}` is one value, and is not repeated.", "Drop `repeat:`.")]
    return []


_OF_TRAINING = set(Training.model_fields) - NOT_TUNED


def _named(models: tuple[Any, ...]) -> str:
    return f"the model '{models[0]}'" if len(models) == 1 else "any of the models"


def _is_repeated(experiment: Experiment, name: str) -> bool:
    return any(step.is_repeated for step in experiment.space.steps if step.name == name)


def _takes_a_list(own: str, users: list[Any]) -> bool:
    return all(
        own in ARCHITECTURES[user].parameters and ARCHITECTURES[user].parameters[own].per_layer
        for user in users
    )


def _value_problems(experiment: Experiment) -> list[Problem]:
    """Try the ends of every range, so that no trial fails on what a file says."""
    models = models_of(experiment)
    found = []
    for name, parameter in experiment.parameters.items():
        branch, own = own_name(name, models)
        ranges = [
            ARCHITECTURES[m].parameters[own]
            for m in models
            if own in ARCHITECTURES[m].parameters and branch in (None, m)
        ]
        for value in _ends(parameter):
            refusing = next((r for r in ranges if not r.admits(value)), None)
            if refusing is not None:
                rule = f"`{own}` is {refusing}, but got {value!r}."
            elif branch is not None or own not in _OF_TRAINING:
                continue
            elif (refusal := _refusal(own, value)) is not None:
                rule = f"the trainer refuses {own}: {value} ({refusal})."
            else:
                continue
            found.append(Problem(("parameters", name), rule))
            break
    return found


def _refusal(name: str, value: object) -> str | None:
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
        return ()  # known only with what it follows from: see `_trial_problems`
    return parameter if isinstance(parameter, tuple) else (parameter,)


def _trial_problems(experiment: Experiment) -> list[Problem]:
    """Try configurations of the space as a trial would have them, without training."""
    space = experiment.space
    tried = itertools.islice(space.feasible(Random(0)), N_TRIED)
    configurations = [space.default(), *(c for c, is_feasible in tried if is_feasible)]
    for configuration in configurations:
        problem = options.unused(experiment, configuration) or _unfit(experiment, configuration)
        if problem is not None:
            return [problem]
    return []


def _unfit(experiment: Experiment, configuration: Configuration) -> Problem | None:
    """Return why no network, or no trainer, can be made of a configuration."""
    model, parameters = network_of(experiment, configuration)
    known = ARCHITECTURES[model].parameters
    for own, value in parameters.items():
        written = own if own in experiment.parameters else f"{model}.{own}"
        where = ("parameters", written) if written in experiment.parameters else ("model", own)
        if not known[own].admits(value):
            rule = f"`{own}` is {known[own]}, but comes to {value!r}"
            fix = "Write `//`, or round(...)." if isinstance(value, float) else ""
            return Problem(where, f"{rule} where {described(configuration)}.", fix)
        n = n_entries(own, parameters)
        if isinstance(value, tuple | list) and len(value) != n:
            rule = f"`{own}` has a value for each of {n} layers, but comes to {len(value)} values"
            fix = "Write `repeat: layers`."
            return Problem(where, f"{rule} where {described(configuration)}.", fix)
    try:
        training_of(experiment, configuration)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        value = configuration.get(name)
        rule = f"the trainer refuses {name}: {value} ({_refusal(name, value)})."
        return Problem(("parameters", name), rule)
    return None
