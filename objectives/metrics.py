"""The metrics of each task, and which way is better. No torch here: names are checked early."""

from __future__ import annotations

from typing import Literal

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


def direction_of(objective: Objective, task: Task) -> Direction:
    """Return the direction the file gives, else the metric's own."""
    return objective.direction or OBJECTIVES[task][objective.metric]
