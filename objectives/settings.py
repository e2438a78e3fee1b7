"""Settings of the training: costs by their names, and options that belong to one of several.

This table imports no torch, so that a file is checked in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..spaces import Categorical, Experiment, Task, Training
from ..spaces.parameters import Entry

# Costs by the kind of target; the first is what a file gets that names none.
COST_NAMES: dict[Task, tuple[str, ...]] = {
    "binary": ("binary_cross_entropy", "focal"),
    "classification": ("cross_entropy", "focal"),
    "regression": ("mse", "huber", "mae"),
}
_OF_CLASSES = ("cross_entropy", "binary_cross_entropy", "focal")

# Which values of a setting have an option. What is not here is for any of them.
USERS: dict[str, dict[str, tuple[str, ...]]] = {
    "optimizer": {
        "momentum": ("sgd",),
        "nesterov": ("sgd",),
        "beta1": ("adam", "adamw"),
        "beta2": ("adam", "adamw"),
        "epsilon": ("adam", "adamw", "rmsprop"),
    },
    "cost": {
        "huber_delta": ("huber",),
        "focal_gamma": ("focal",),
        "class_weights": _OF_CLASSES,
        "label_smoothing": _OF_CLASSES,
    },
}

AUGMENTATIONS = tuple(name for name in Training.model_fields if name.startswith("augment_"))

# What an option may say and change nothing, beside its default.
_NEUTRAL: dict[str, Any] = {
    **dict.fromkeys(("label_smoothing", "mixup", *AUGMENTATIONS), 0),
    "augment_crop": 1,
    "class_weights": "none",
}


def says_nothing(option: str, value: Any) -> bool:
    """Whether an option of the training with this value changes nothing."""
    default = Training.model_fields[option].default
    return value == default or (option in _NEUTRAL and value == _NEUTRAL[option])


def value_of(experiment: Experiment, configuration: Mapping[str, Any], setting: str) -> Any:
    """Return what a trial has of a setting."""
    said = configuration.get(setting, getattr(experiment.training, setting))
    return _meant(experiment, setting, said)


def values_of(experiment: Experiment, setting: str) -> tuple[Any, ...]:
    """Return what trials may have of a setting; nothing where that cannot be listed."""
    fixed = getattr(experiment.training, setting)
    chosen = experiment.parameters.get(setting, fixed)
    if isinstance(chosen, Categorical):
        # Where it is not drawn, it is what it is without it.
        values = (*chosen.choices, *(() if chosen.when is None else (fixed,)))
    elif isinstance(chosen, Entry | tuple):
        return ()
    else:
        values = (chosen,)
    return tuple(dict.fromkeys(_meant(experiment, setting, value) for value in values))


def _meant(experiment: Experiment, setting: str, value: Any) -> Any:
    return COST_NAMES[experiment.task][0] if (setting, value) == ("cost", None) else value
