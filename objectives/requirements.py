"""What a file must agree on with the data, the model and the trainer before anything starts."""

from __future__ import annotations

from ..errors import did_you_mean
from ..models import ARCHITECTURES
from ..spaces import Experiment, Problem, Training
from ..spaces.parameters import Categorical, Float, Int, Parameter, Scalar
from . import sources
from .metrics import OBJECTIVES

# Part of `training`, but not one trial's to choose: pruners count on the first, stopping
# decides which epoch a trial's value is of, and a seed is no quality of a configuration.
NOT_TUNED = {"epochs", "early_stopping", "seed", "schedule"}


def problems(experiment: Experiment) -> list[Problem]:
    """Return everything in a file that the world does not bear out."""
    return [
        *_data_problems(experiment),
        *_objective_problems(experiment),
        *_model_problems(experiment),
        *_parameter_problems(experiment),
    ]


def _data_problems(experiment: Experiment) -> list[Problem]:
    data = experiment.data
    name = sources.built_in_name(data.source)
    if name is None:
        known = [sources.PREFIX + n for n in sources.BUILT_IN]
        rule = f"there is no data source '{data.source}'."
        return [Problem(("data", "source"), rule, did_you_mean(data.source, known))]
    kind = sources.BUILT_IN[name]
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
        return [Problem(("objective", "metric"), rule, did_you_mean(metric, known))]
    if direction not in (None, known[metric]):
        rule = f"`{direction}` would look for the worst {metric}."
        fix = f"Write `direction: {known[metric]}`, or leave it out."
        return [Problem(("objective", "direction"), rule, fix)]
    return []


def _model_problems(experiment: Experiment) -> list[Problem]:
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


def _parameter_problems(experiment: Experiment) -> list[Problem]:
    model, training = experiment.model, experiment.training
    if model.name not in ARCHITECTURES:
        return []
    of_training = set(Training.model_fields) - NOT_TUNED
    consumed = {*ARCHITECTURES[model.name].parameters, *of_training}
    found = []
    for name in experiment.parameters:
        where = ("parameters", name)
        if name in NOT_TUNED:
            rule = f"`{name}` is the same for all trials."
            found.append(Problem(where, rule, "Write it under `training:`."))
        elif name not in consumed:
            rule = f"neither the model '{model.name}' nor the trainer uses '{name}'."
            found.append(Problem(where, rule, did_you_mean(name, consumed)))
        elif name in model.options or name in training.model_fields_set:
            section = "model" if name in model.options else "training"
            rule = f"`{name}` varies here and is fixed under `{section}:`."
            found.append(Problem(where, rule, "Keep one of the two."))
    if "momentum" in experiment.parameters and "sgd" not in _optimizers(experiment):
        rule = "`momentum` is used by sgd only, and no trial trains with sgd."
        found.append(Problem(("parameters", "momentum"), rule, "Remove it."))
    return found + _value_problems(experiment)


def _optimizers(experiment: Experiment) -> tuple[object, ...]:
    varied = experiment.parameters.get("optimizer", experiment.training.optimizer)
    return varied.choices if isinstance(varied, Categorical) else (varied,)


def _value_problems(experiment: Experiment) -> list[Problem]:
    """Try the ends of every range, so that no trial fails on what a file says."""
    found = []
    of_model = ARCHITECTURES[experiment.model.name].parameters
    for name, parameter in experiment.parameters.items():
        for value in _ends(parameter):
            if name in of_model and not of_model[name].admits(value):
                rule = f"`{name}` is {of_model[name]}, but got {value!r}."
            elif name in NOT_TUNED or name not in Training.model_fields:
                continue
            elif (refusal := _refusal(name, value)) is not None:
                rule = f"the trainer refuses {name}: {value} ({refusal})."
            else:
                continue
            found.append(Problem(("parameters", name), rule))
            break
    return found


def _refusal(name: str, value: Scalar) -> str | None:
    from pydantic import ValidationError

    try:
        Training.model_validate({name: value})
    except ValidationError as error:
        message = error.errors()[0]["msg"]
        return message[0].lower() + message[1:]
    return None


def _ends(parameter: Parameter) -> tuple[Scalar, ...]:
    if isinstance(parameter, Categorical):
        return parameter.choices
    if isinstance(parameter, Float | Int):
        return (parameter.low, parameter.high)
    return (parameter,)
