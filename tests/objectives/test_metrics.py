"""Metrics: which there are, and which way is better."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from truetune.objectives.metrics import METRICS, OBJECTIVES, direction_of, named
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
    return validation_metrics(outputs, TARGETS[task], torch.ones(1), task, tuple(OBJECTIVES[task]))


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


@pytest.mark.parametrize(
    ("written", "task", "meant"),
    [
        ("accuracy", "binary", "validation_accuracy"),
        ("validation_acuracy", "classification", "validation_accuracy"),
        ("validation_log_loss", "classification", "validation_loss"),
        ("log_loss", "binary", "validation_loss"),
        ("roc_auc", "binary", "validation_auroc"),
        ("validation_auc", "classification", "validation_auroc"),
        ("val_AUC", "classification", "validation_auroc"),
        ("f1_macro", "classification", "validation_f1"),
        ("f1_score", "binary", "validation_f1"),
        ("mse", "regression", "validation_rmse"),
        ("validation_r2_score", "regression", "validation_r2"),
    ],
)
def test_other_names_of_a_metric_lead_to_it(written: str, task: Task, meant: str) -> None:
    assert named(written, task) == f"Did you mean '{meant}'?"


def test_name_of_another_tasks_metric_leads_to_what_there_is() -> None:
    assert "validation_loss" in named("roc_auc", "regression")
    assert "auroc" not in named("roc_auc", "regression")


def test_names_are_checked_without_torch() -> None:
    code = "import sys, truetune.objectives.metrics as m; print(bool(m.METRICS), *sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert loaded.stdout.startswith("True "), loaded.stderr
    assert "torch" not in loaded.stdout.split()
