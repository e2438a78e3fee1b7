"""The metrics of each task, and which way is better. No torch here: names are checked early."""

from __future__ import annotations

import re
from typing import Any, Literal

from ..spaces.experiment import Objective, Task

Direction = Literal["minimize", "maximize"]

_LOSSES: dict[str, Direction] = {"training_loss": "minimize", "validation_loss": "minimize"}

METRICS: dict[Task, dict[str, Direction]] = {
    "binary": {**_LOSSES, "validation_accuracy": "maximize"},
    "classification": {**_LOSSES, "validation_accuracy": "maximize"},
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


def direction_of(objective: Objective, task: Task) -> Direction:
    """Return the direction the file gives, else the metric's own."""
    return objective.direction or OBJECTIVES[task][objective.metric]
