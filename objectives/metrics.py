"""The metrics of each task, and which way is better. No torch here: names are checked early."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from ..errors import did_you_mean
from ..spaces.experiment import Task
from ..spaces.objective import Objective

Direction = Literal["minimize", "maximize"]

_LOSSES: dict[str, Direction] = {"training_loss": "minimize", "validation_loss": "minimize"}
_OF_CLASSES: dict[str, Direction] = {
    "validation_accuracy": "maximize",
    "validation_balanced_accuracy": "maximize",
    "validation_f1": "maximize",
    "validation_auroc": "maximize",
}

METRICS: dict[Task, dict[str, Direction]] = {
    "binary": {**_LOSSES, **_OF_CLASSES},
    "classification": {**_LOSSES, **_OF_CLASSES},
    "regression": {
        **_LOSSES,
        "validation_rmse": "minimize",
        "validation_mae": "minimize",
        "validation_r2": "maximize",
    },
}

# What a search may optimise: everything a task measures on validation rows.
OBJECTIVES = {
    task: {name: way for name, way in metrics.items() if name.startswith("validation_")}
    for task, metrics in METRICS.items()
}

# What a network costs where it is used, measured of a trial where a file names it: see
# `footprint`.
FOOTPRINT: dict[str, Direction] = {
    "n_parameters": "minimize",
    "flops": "minimize",
    "latency_1_ms": "minimize",
    "latency_256_ms": "minimize",
}

FIT = "fit_"  # before the plain name of a metric: of the kept weights, on training rows

SHARES = ("accuracy", "balanced_accuracy", "f1", "auroc")  # metrics that lie between 0 and 1

# What else they are called, each in the name that a file writes less `validation_`.
_SYNONYMS = {
    "log_loss": "loss",
    "cross_entropy": "loss",
    "nll": "loss",
    "acc": "accuracy",
    "accuracy_score": "accuracy",
    "balanced_accuracy_score": "balanced_accuracy",
    "f1_score": "f1",
    "f1_macro": "f1",
    "macro_f1": "f1",
    "auc": "auroc",
    "roc_auc": "auroc",
    "roc_auc_score": "auroc",
    "mse": "rmse",
    "mean_squared_error": "rmse",
    "root_mean_squared_error": "rmse",
    "mean_absolute_error": "mae",
    "r2_score": "r2",
}

# The same of what a network costs.
_COSTS = {
    "parameters": "n_parameters",
    "params": "n_parameters",
    "num_params": "n_parameters",
    "size": "n_parameters",
    "macs": "flops",
    "gflops": "flops",
    "latency": "latency_1_ms",
    "latency_ms": "latency_1_ms",
    "inference_time": "latency_1_ms",
}

# As much as MLflow takes, and every name in one way only.
_NAME = re.compile(r"\w+(?:[ .:/-]\w+)*")
_MAX_LENGTH = 100
_OF_TEST_ROWS = re.compile(r"(?:^|[\W_])(?:test|holdout)(?:[\W_]|$)", re.IGNORECASE)


def refused_name(name: Any) -> str | None:
    """Return why this is no name for a metric of the user's own, None if it is one."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > _MAX_LENGTH:
        rule = "a metric's name is words of letters, digits and _ with one of ` .:/-` between"
        return f"{rule}, but got {name!r:.120}."
    if _OF_TEST_ROWS.search(name):
        return f"a search has no test rows, but got a metric '{name}'."
    return None


def plain_name(metric: str) -> str:
    """Return `loss` for `validation_loss`: what a metric is called on whichever rows."""
    return metric.removeprefix("validation_")


def named(metric: str, task: Task) -> str:
    """Say which metric a name that a task has not was meant for: it, its synonym, the nearest."""
    return _named(metric, task, OBJECTIVES[task])


def named_outcome(metric: str, task: Task) -> str:
    """Say the same of what may be beside the primary objective, or bounded."""
    return _named(_COSTS.get(metric.lower(), metric), task, outcomes_of(task))


def _named(metric: str, task: Task, known: Mapping[str, Direction]) -> str:
    plain = re.sub(r"^(?:validation|valid|val)_", "", metric.lower())
    meant = f"validation_{_SYNONYMS.get(plain, plain)}"
    return did_you_mean(meant if meant in OBJECTIVES[task] else metric, known)


def outcomes_of(task: Task) -> dict[str, Direction]:
    """Return what a trial of the built-in trainer can be held to, each with its better way."""
    return OBJECTIVES[task] | FOOTPRINT


def direction_of(objective: Objective, task: Task) -> Direction:
    """Return the direction the file gives, else the metric's own."""
    return objective.direction or outcomes_of(task)[objective.metric]
