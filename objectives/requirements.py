"""What a file must agree on with the data, the model and the trainer before anything starts."""

from __future__ import annotations

import itertools
from pathlib import Path
from random import Random

from pydantic import ValidationError

from ..models import ARCHITECTURES, n_entries
from ..spaces import Configuration, Experiment, Problem
from . import (
    data_requirements,
    model_requirements,
    options,
    outcomes,
    own_model,
    own_objective,
    parameter_requirements,
    subset,
)
from .configurations import described, network_of, parameters_of, training_of
from .metrics import FOOTPRINT, OBJECTIVES, named
from .parameter_requirements import NOT_TUNED, refusal

__all__ = ["NOT_TUNED", "N_TRIED", "problems"]

N_TRIED = 100  # configurations a file is tried with before anything starts

_WEIGHTS = (".safetensors", ".pt", ".pth")


def problems(experiment: Experiment) -> list[Problem]:
    """Return everything in a file that the world does not bear out."""
    if experiment.objective.function is not None:
        return [
            *data_requirements.problems(experiment),
            *own_objective.problems(experiment),
            *outcomes.problems(experiment),
        ]
    of_space = [
        *model_requirements.problems(experiment),
        *parameter_requirements.problems(experiment),
        *subset.problems(experiment),
    ]
    return [
        *data_requirements.problems(experiment),
        *_objective_problems(experiment),
        *outcomes.problems(experiment),
        *options.fixed_problems(experiment),
        *_weights_problems(experiment),
        *(of_space or _trial_problems(experiment)),
    ]


def _objective_problems(experiment: Experiment) -> list[Problem]:
    known = OBJECTIVES[experiment.task]
    metric, direction = experiment.objective.metric, experiment.objective.direction
    where = outcomes.where_of(experiment, 0)
    if metric in FOOTPRINT:
        rule = f"the first objective is measured on validation rows, but got `{metric}`."
        fix = f"Write `objective: [validation_loss, {metric}]`."
        return [Problem((*where, "metric"), rule, fix)]
    if metric not in known:
        rule = f"a {experiment.task} reports no metric '{metric}' to optimise."
        return [Problem((*where, "metric"), rule, named(metric, experiment.task))]
    if direction not in (None, known[metric]):
        rule = f"`{direction}` would look for the worst {metric}."
        fix = f"Write `direction: {known[metric]}`, or leave it out."
        return [Problem((*where, "direction"), rule, fix)]
    return []


def _weights_problems(experiment: Experiment) -> list[Problem]:
    """Return what is wrong with the file that trials take their first weights from."""
    path = experiment.training.start_from
    where = ("training", "start_from")
    if path is None:
        return []
    if Path(path).suffix.lower() not in _WEIGHTS:
        rule = f"`start_from` is a file of weights ({', '.join(_WEIGHTS)}), but got {path}."
        fix = "Save them with `torch.save(model.state_dict(), path)`, or as safetensors."
        return [Problem(where, rule, fix)]
    if not Path(path).is_file():
        fix = "A path is relative to the file it is in."
        return [Problem(where, f"there is no file {path}.", fix)]
    return []


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
    known = parameters_of(experiment, model)
    for own, value in parameters.items():
        written = own if own in experiment.parameters else f"{model}.{own}"
        where = ("parameters", written) if written in experiment.parameters else ("model", own)
        if not known[own].admits(value):
            rule = f"`{own}` is {known[own]}, but comes to {value!r}"
            fix = "Write `//`, or round(...)." if isinstance(value, float) else ""
            return Problem(where, f"{rule} where {described(configuration)}.", fix)
        is_list = isinstance(value, tuple | list) and model in ARCHITECTURES
        if is_list and len(value) != (n := n_entries(model, own, parameters)):
            rule = f"`{own}` has a value for each of {n} layers, but comes to {len(value)} values"
            fix = "Write `repeat: layers`."
            return Problem(where, f"{rule} where {described(configuration)}.", fix)
    if (missing := own_model.missing(experiment, parameters)) is not None:
        rule = f"{Path(model).name} needs a `{missing}`, which is absent where"
        return Problem(("model",), f"{rule} {described(configuration)}.", "Give it a default.")
    try:
        training_of(experiment, configuration)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        value = configuration.get(name)
        rule = f"the trainer refuses {name}: {value} ({refusal(name, value)})."
        return Problem(("parameters", name), rule)
    return None
