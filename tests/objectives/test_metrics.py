"""Metrics: which there are, and which way is better."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from truetune.objectives.metrics import METRICS, OBJECTIVES, direction_of
from truetune.objectives.scoring import validation_metrics
from truetune.spaces.experiment import Objective, Task

ALL = [(task, metric) for task, metrics in OBJECTIVES.items() for metric in metrics]
TARGETS = {
    "binary": torch.tensor([[1.0], [0.0], [1.0], [0.0]]),
    "classification": torch.tensor([0, 1, 2, 1]),
    "regression": torch.tensor([[-1.0], [0.5], [1.5], [-0.5]]),
}
GOOD_OUTPUTS = {
    "binary": 8 * TARGETS["binary"] - 4,
    "classification": 8 * torch.eye(3)[TARGETS["classification"]],
    "regression": TARGETS["regression"] + 0.1,
}


def scores(task: Task, outputs: torch.Tensor) -> dict[str, float]:
    return validation_metrics(outputs, TARGETS[task], torch.ones(1), task)


@pytest.mark.parametrize("task", METRICS)
def test_names_are_those_that_scoring_reports(task: Task) -> None:
    reported = {"training_loss", *scores(task, GOOD_OUTPUTS[task])}
    assert reported == set(METRICS[task])


@pytest.mark.parametrize(("task", "metric"), ALL)
def test_better_predictions_score_better_in_the_metrics_direction(task: Task, metric: str) -> None:
    good, bad = scores(task, GOOD_OUTPUTS[task]), scores(task, -GOOD_OUTPUTS[task])
    direction = "minimize" if good[metric] < bad[metric] else "maximize"
    assert direction_of(Objective(metric=metric), task) == direction


@pytest.mark.parametrize("task", METRICS)
def test_what_is_measured_on_training_rows_is_no_objective(task: Task) -> None:
    assert set(METRICS[task]) - set(OBJECTIVES[task]) == {"training_loss"}


def test_direction_in_the_file_comes_first() -> None:
    objective = Objective(metric="validation_loss", direction="maximize")
    assert direction_of(objective, "classification") == "maximize"


def test_names_are_checked_without_torch() -> None:
    code = "import sys, truetune.objectives.metrics as m; print(bool(m.METRICS), *sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert loaded.stdout.startswith("True "), loaded.stderr
    assert "torch" not in loaded.stdout.split()
