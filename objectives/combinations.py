"""What settings of the training ask of each other, of the model and of the data."""

from __future__ import annotations

import ast
from pathlib import Path

from ..errors import InputError, did_you_mean
from ..models import ARCHITECTURES
from ..spaces import Categorical, Configuration, Experiment, Problem
from ..spaces.problems import Where
from . import locations
from .callables import is_callable
from .configurations import network_of
from .data_requirements import kind_of
from .own_code import definition, place_of, takes
from .settings import AUGMENTATIONS, COST_NAMES, says_nothing, value_of, values_of

# Architectures that have batch norm where nothing says which norm they have.
_NORMALISED = ("tabular", "resnet", "resnet18")


def problems(experiment: Experiment) -> list[Problem]:
    """Return every pair of settings that cannot both be meant."""
    found = [
        _cost_problem(experiment),
        _momentum_problem(experiment),
        _warmup_problem(experiment),
        _mixup_problem(experiment),
        *_augmentation_problems(experiment),
        _unfreezing_problem(experiment),
    ]
    return [problem for problem in found if problem is not None]


def vain_norm(experiment: Experiment, configuration: Configuration) -> Problem | None:
    """Return why batch norm would leave nothing of what a trial's network is given."""
    if value_of(experiment, configuration, "batch_size") != 1:
        return None
    name, parameters = network_of(experiment, configuration)
    if name not in ARCHITECTURES:
        return None
    default = "batch" if name in _NORMALISED else "none"
    if parameters.get("norm", default) != "batch":
        return None
    rule = "batch norm takes the variance of a minibatch's rows, but a `batch_size` of 1 has one."
    fix = "Take more rows"
    if "norm" in ARCHITECTURES[name].parameters:
        fix = f"{fix}, or write `norm: layer`"
    return Problem(_place(experiment, "batch_size"), rule, f"{fix}.")


def _place(experiment: Experiment, setting: str) -> Where:
    return ("parameters" if setting in experiment.parameters else "training", setting)


def _is_said(experiment: Experiment, setting: str) -> bool:
    """Whether a setting changes something, in some trial at least."""
    chosen = experiment.parameters.get(setting)
    if chosen is None:
        return not says_nothing(setting, getattr(experiment.training, setting))
    choices = chosen.choices if isinstance(chosen, Categorical) else (chosen,)
    return not all(says_nothing(setting, value) for value in choices)


def _cost_problem(experiment: Experiment) -> Problem | None:
    """Return what is wrong with the first cost that cannot be trained with."""
    task, where = experiment.task, _place(experiment, "cost")
    for value in values_of(experiment, "cost"):
        if not isinstance(value, str) or value in COST_NAMES[task]:
            continue
        if not is_callable(value):
            rule = f"there is no cost '{value}' of a {task}."
            return Problem(where, rule, _nearest(value, COST_NAMES[task]))
        return _own_cost_problem(value)
    return None


def _nearest(name: str, known: tuple[str, ...]) -> str:
    if any(sign in name for sign in "/.:"):
        return "A cost of your own is `./file.py:name` or `package.module:name`."
    return did_you_mean(name, known)


def _own_cost_problem(source: str) -> Problem | None:
    """Return what a function's file gives away of it."""
    where = ("training", "cost")
    try:
        defined = definition(source, "It returns the mean cost of `outputs` and `targets`.")
    except InputError as error:
        return Problem(where, error.cause, error.fix)
    if not isinstance(defined, ast.FunctionDef) or takes(defined.args, 2):
        return None  # a class may have instances that can be called
    rule = f"'{defined.name}' is called with (outputs, targets)"
    rule = f"{place_of(source, defined)}: {rule}, but takes ({ast.unparse(defined.args)})."
    return Problem(where, rule, f"Write `def {defined.name}(outputs, targets):`.")


def _momentum_problem(experiment: Experiment) -> Problem | None:
    training = experiment.training
    if not training.nesterov or values_of(experiment, "optimizer") != ("sgd",):
        return None
    if training.momentum > 0 or "momentum" in experiment.parameters:
        return None
    rule = "`nesterov` is a way to take momentum, but there is none."
    return Problem(("training", "nesterov"), rule, "Add `momentum: 0.9`.")


def _warmup_problem(experiment: Experiment) -> Problem | None:
    epochs, warmup = experiment.training.epochs, experiment.training.schedule.warmup
    if warmup is None or warmup <= epochs:
        return None
    rule = f"a `warmup` of {warmup:g} epochs is longer than the run of {epochs}."
    return Problem(("training", "schedule", "warmup"), rule, "Shorten it.")


def _mixup_problem(experiment: Experiment) -> Problem | None:
    columns = experiment.data.columns
    name = next((name for name, role in columns.items() if role == "words"), None)
    if name is None or not _is_said(experiment, "mixup"):
        return None
    rule = f"`mixup` blends the numbers of rows, but those of `{name}: words` stand for words."
    return Problem(_place(experiment, "mixup"), rule, f"Remove it, or write `{name}: text`.")


def _augmentation_problems(experiment: Experiment) -> list[Problem]:
    """Return what is to change pictures, where rows are known to be none."""
    rows = _no_pictures(experiment)
    return [
        Problem(
            _place(experiment, name), f"`{name}` is for pictures, but got {rows}.", "Remove it."
        )
        for name in AUGMENTATIONS
        if rows is not None and _is_said(experiment, name)
    ]


def _no_pictures(experiment: Experiment) -> str | None:
    """Return what rows are instead; None where they may be pictures."""
    data = experiment.data
    kind, shape = kind_of(data.source), data.preprocess.shape
    name = Path(locations.without_credentials(data.source)).name
    if kind in ("table", "database"):
        return f"the table {name}"
    if shape is not None:
        return f"rows of {shape[0]:,} numbers" if len(shape) == 1 else None
    return f"the rows of {name}" if kind == "built-in" else None


def _unfreezing_problem(experiment: Experiment) -> Problem | None:
    is_told = experiment.training.start_from is not None
    if is_told or not _is_said(experiment, "unfreeze_every"):
        return None
    rule = "`unfreeze_every` keeps back layers that have learned elsewhere, but none have."
    fix = "Add `start_from:` with a file of weights, or remove it."
    return Problem(_place(experiment, "unfreeze_every"), rule, fix)
