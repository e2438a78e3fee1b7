"""Baselines trained and scored, on the rows and by the metrics that trials are scored by."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ...spaces.experiment import Experiment, Task
from ..development import Array, Development, Fold
from ..files import save_predictions
from ..metrics import OBJECTIVES, plain_name
from ..rowwise import Part, score
from .rows import plain, rows_kept


class Predict(Protocol):
    """What each baseline's module has: see the package's docstring."""

    def __call__(self, fold: Fold, task: Task, n_outputs: int, seed: int) -> Array: ...


def folder_of(trials: Path, name: str) -> Path:
    """Return where a baseline's predictions lie, beside the trials'."""
    return trials / f"baseline-{name}"


def scores(
    experiment: Experiment, development: Development, names: Sequence[str], trials: Path
) -> dict[str, dict[str, Any]]:
    """Train baselines, keep what they predict, and return what there is to say of each.

    That is `value`, `metrics`, `seconds`, `note`, `n_rows` and `ended` (milliseconds since 1970);
    of one that could not be trained it is `cause`.

    Args:
        experiment: what trials are scored by; its seed is that of what a baseline draws.
        development: training and validation rows.
        names: of the baselines.
        trials: the folder of the study's trials.
    """
    n_outputs = development.description.n_outputs
    n_folds = len(development.folds)
    folds = []
    for fold, inputs in zip(development.folds, development.inputs, strict=True):
        n_rows = rows_kept(len(fold.x_train), inputs, n_outputs, n_folds)
        folds.append(plain(fold, inputs, n_rows, experiment.seed))
    found = {}
    for name in names:
        try:
            found[name] = _scored(name, experiment, development, folds, trials)
        except Exception as error:  # a library's own; one baseline less is no reason to have none
            lines = str(error).strip().splitlines() or ["it could not be trained"]
            found[name] = {"cause": f"{type(error).__name__}: {lines[0]:.200}"}
    return found


def _scored(
    name: str, experiment: Experiment, development: Development, folds: list[Fold], trials: Path
) -> dict[str, Any]:
    started = time.perf_counter()
    predictions, notes = _predicted(name, experiment, folds, development.description.n_outputs)
    seconds = time.perf_counter() - started
    save_predictions(predictions, folder_of(trials, name))
    n_rows, n_all = len(folds[0].x_train), len(development.folds[0].x_train)
    if n_rows < n_all:
        notes.append(f"trained on {n_rows:,} of {n_all:,} rows")
    metrics = metrics_of(predictions, folds, experiment.task)
    return {
        "value": metrics[experiment.objective.metric],
        "metrics": metrics,
        "seconds": round(seconds, 3),
        "note": "; ".join(notes),
        "n_rows": n_rows,
        "ended": time.time_ns() // 1_000_000,
    }


def _predicted(
    name: str, experiment: Experiment, folds: list[Fold], n_outputs: int
) -> tuple[Array, list[str]]:
    """Return the predictions of all folds, and what a solver had to say of itself."""
    from sklearn.exceptions import ConvergenceWarning

    predict: Predict = import_module(f".{name}", __package__).predict
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        parts = [predict(fold, experiment.task, n_outputs, experiment.seed) for fold in folds]
    has_stopped = any(issubclass(warning.category, ConvergenceWarning) for warning in told)
    return np.concatenate(parts), ["its solver has not converged"] if has_stopped else []


def metrics_of(predictions: Array, folds: Sequence[Fold], task: Task) -> dict[str, float]:
    """Return all metrics of a task, as `tune verify` finds them again from predictions."""
    targets = [fold.y_validation for fold in folds]
    part = Part.of(targets, [fold.target_scale for fold in folds])
    names = OBJECTIVES[task]
    return {name: score(plain_name(name), task, part, predictions) for name in names}
