"""From a configuration to what the trainer and the network take from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..models import ARCHITECTURES, Choice, Range
from ..spaces import Categorical, Experiment, Training
from ..spaces.space import MODEL
from . import own_model
from .callables import is_callable

Allowed = Range | Choice | own_model.Anything


def models_of(experiment: Experiment) -> tuple[Any, ...]:
    """Return the names of the architectures that trials may have."""
    chosen = experiment.parameters.get(MODEL, experiment.model.name)
    return chosen.choices if isinstance(chosen, Categorical) else (chosen,)


def parameters_of(experiment: Experiment, model: str) -> Mapping[str, Allowed]:
    """Return the parameters of a model, the user's own too, and what each may be.

    Raises:
        InputError: there is no such function of the user's own.
    """
    if is_callable(model):
        return own_model.parameters_of(experiment)
    return ARCHITECTURES[model].parameters


def training_of(experiment: Experiment, configuration: Mapping[str, Any]) -> Training:
    """Return the training section with the trial's own values in it, checked like a file's."""
    values = {k: v for k, v in configuration.items() if k in Training.model_fields}
    return Training.model_validate({**experiment.training.model_dump(), **values})


def network_of(
    experiment: Experiment, configuration: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Return the model's name and its parameters: the file's fixed ones, the trial's own.

    `mlp.layers` and `layers` are the same parameter of an mlp; the elements of a repeated one,
    `hidden_units.0`, `hidden_units.1`, are a tuple.
    """
    name = str(configuration.get(MODEL, experiment.model.name))
    known = parameters_of(experiment, name)
    parameters: dict[str, Any] = {} if MODEL in configuration else experiment.model.options
    for key, value in configuration.items():
        own = key.removeprefix(f"{name}.")
        base, _, index = own.rpartition(".")
        if own in known:
            parameters[own] = value
        elif base in known and index.isdigit():
            parameters[base] = (*(parameters[base] if index != "0" else ()), value)
    return name, parameters


def own_name(name: str, models: tuple[Any, ...]) -> tuple[str | None, str]:
    """Return the model to whose branch a parameter belongs, and what it is called there."""
    branch, dot, rest = name.partition(".")
    return (branch, rest) if dot and branch in models else (None, name)


def described(configuration: Mapping[str, Any]) -> str:
    """Return a configuration as a line."""
    return ", ".join(f"{name}: {value}" for name, value in configuration.items())
