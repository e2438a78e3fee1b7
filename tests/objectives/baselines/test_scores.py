"""Baselines are scored as trials are, one that fails is said, and predictions are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from truetune.objectives.baselines import linear, rows
from truetune.objectives.baselines.scores import folder_of, scores
from truetune.objectives.development import Development
from truetune.objectives.preparation import develop
from truetune.objectives.rowwise import Part, score
from truetune.spaces import Experiment, load

FLAT = Path(__file__).parents[2] / "flat.yaml"
REGRESSION = Path(__file__).parents[3] / "spaces" / "regression.yaml"


def test_all_metrics_of_classes_are_scikit_learns(
    quick: Experiment, development: Development, tmp_path: Path
) -> None:
    found = scores(quick, development, ["dummy", "linear"], tmp_path)
    (fold,) = development.folds
    for name in ("dummy", "linear"):
        kept = np.load(folder_of(tmp_path, name) / "validation.npy", allow_pickle=False)
        of_model = found[name]["metrics"]
        y, answers = fold.y_validation, kept.argmax(axis=1)
        assert of_model["validation_loss"] == pytest.approx(metrics.log_loss(y, kept))
        assert of_model["validation_accuracy"] == metrics.accuracy_score(y, answers)
        assert of_model["validation_f1"] == pytest.approx(
            metrics.f1_score(y, answers, average="macro", zero_division=0)
        )
        auroc = metrics.roc_auc_score(y, kept, multi_class="ovr", average="macro")
        assert of_model["validation_auroc"] == pytest.approx(auroc)
        assert found[name]["value"] == of_model[quick.objective.metric]
        assert found[name]["n_rows"] == len(fold.x_train)
        assert found[name]["note"] == ""
    assert found["dummy"]["metrics"]["validation_accuracy"] == pytest.approx(1 / 3, abs=0.01)


def test_a_regression_is_scored_in_both_units(tmp_path: Path) -> None:
    experiment = load(REGRESSION)
    development = develop(experiment)
    found = scores(experiment, development, ["dummy", "linear"], tmp_path)
    (fold,) = development.folds
    kept = np.load(folder_of(tmp_path, "linear") / "validation.npy", allow_pickle=False)
    error = metrics.mean_squared_error(fold.y_validation, kept)
    told = found["linear"]["metrics"]
    assert told["validation_rmse"] == pytest.approx(error**0.5, rel=1e-5)
    assert told["validation_loss"] == pytest.approx(error / fold.target_scale[0] ** 2, rel=1e-5)
    assert found["dummy"]["metrics"]["validation_r2"] < 0.05 < told["validation_r2"]


def test_folds_are_put_together_as_a_trials_are(tmp_path: Path) -> None:
    experiment = load(
        FLAT, {"data.source": "sklearn:iris", "data.split": {"folds": 3, "test": 0.2}}
    )
    development = develop(experiment)
    found = scores(experiment, development, ["linear"], tmp_path)["linear"]
    kept = np.load(folder_of(tmp_path, "linear") / "validation.npy", allow_pickle=False)
    part = Part.of([fold.y_validation for fold in development.folds])
    assert len(kept) == len(part.targets) == 120
    each = []
    for fold, of_fold in zip(development.folds, part.slices, strict=True):
        each.append(metrics.log_loss(fold.y_validation, kept[of_fold]))
    assert found["value"] == pytest.approx(np.mean(each))
    assert found["value"] == pytest.approx(score("loss", "classification", part, kept))


def test_a_baseline_that_fails_costs_only_itself(
    quick: Experiment, development: Development, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise MemoryError("no room\nfor this")

    monkeypatch.setattr(linear, "predict", broken)
    found = scores(quick, development, ["linear", "dummy"], tmp_path)
    assert found["linear"] == {"cause": "MemoryError: no room"}
    assert "value" in found["dummy"]
    assert not folder_of(tmp_path, "linear").exists()


def test_rows_left_out_are_noted(
    quick: Experiment, development: Development, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MIN_ROWS", 50)
    monkeypatch.setattr(rows, "MAX_ROWS", 50)
    found = scores(quick, development, ["linear"], tmp_path)["linear"]
    assert (found["n_rows"], found["note"]) == (50, "trained on 50 of 90 rows")


def test_a_solver_that_has_not_converged_is_noted(
    quick: Experiment, development: Development, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linear, "MAX_STEPS", 1)
    found = scores(quick, development, ["linear"], tmp_path)["linear"]
    assert found["note"] == "its solver has not converged"
