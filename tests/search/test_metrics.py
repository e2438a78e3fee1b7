"""Searches by metrics of classes: stored values are those of predictions, and are verified."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import optuna
import pytest
from sklearn import metrics

from truetune.objectives.development import Array
from truetune.objectives.files import PREDICTIONS, VALIDATION
from truetune.objectives.metrics import FIT, OBJECTIVES
from truetune.search.home import Home
from truetune.search.verify import verify

SPACE = """
study: {name}
data: {{source: "sklearn:{source}", split: {{{split}}}}}
task: {task}
objective: {{metric: validation_{metric}}}
training: {{epochs: 3, early_stopping: {{patience: 2}}}}
parameters:
  learning_rate: {{type: float, low: 0.0001, high: 0.003, log: true}}
pruner: median
budget: {{trials: 8}}
"""
CASES = {
    "iris": ("classification", "auroc", "validation: 0.3, test: 0.3"),
    "wine": ("classification", "balanced_accuracy", "folds: 3, test: 0.2"),
    "breast_cancer": ("binary", "f1", "folds: 3, test: 0.2"),
}


@pytest.fixture(scope="module", params=CASES)
def study(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    search_here: Callable[..., object],
) -> tuple[Home, optuna.Study]:
    """A finished search by one of the metrics, two of three over folds."""
    name = request.param
    task, metric, split = CASES[name]
    folder = tmp_path_factory.mktemp(name)
    space = folder / "space.yaml"
    space.write_text(SPACE.format(name=name, source=name, task=task, metric=metric, split=split))
    search_here(space)
    home = Home.at(folder / "mlruns")
    return home, optuna.load_study(study_name=name, storage=home.storage_url)


def by_scikit_learn(metric: str, targets: Array, predictions: Array) -> float:
    is_binary = predictions.shape[1] == 1
    column = predictions[:, 0]
    answers = column > 0.5 if is_binary else predictions.argmax(axis=1)
    found = {
        "loss": lambda: metrics.log_loss(targets, column if is_binary else predictions),
        "accuracy": lambda: metrics.accuracy_score(targets, answers),
        "balanced_accuracy": lambda: metrics.balanced_accuracy_score(targets, answers),
        "f1": lambda: metrics.f1_score(
            targets, answers, average="binary" if is_binary else "macro"
        ),
        "auroc": lambda: metrics.roc_auc_score(
            targets, column if is_binary else predictions.astype(np.float64), multi_class="ovr"
        ),
    }
    return float(found[metric]())


def test_every_metric_of_a_trial_is_that_of_its_predictions(
    study: tuple[Home, optuna.Study],
) -> None:
    home, of = study
    task = CASES[of.study_name][0]
    with np.load(home.data(of.study_name) / VALIDATION) as kept:
        targets, folds = kept["targets"], kept["folds"]
    rows = [slice(end - n, end) for n, end in zip(folds, np.cumsum(folds), strict=True)]
    complete = of.get_trials(states=(optuna.trial.TrialState.COMPLETE,))
    assert len(complete) > 1
    for trial in complete:
        predictions = np.load(home.trials(of.study_name) / str(trial.number) / PREDICTIONS)
        stored = trial.user_attrs["metrics"]
        fit = FIT + CASES[of.study_name][1]
        assert set(stored) == {"training_loss", fit, *OBJECTIVES[task]}
        for name in OBJECTIVES[task]:
            plain = name.removeprefix("validation_")
            each = [by_scikit_learn(plain, targets[r], predictions[r]) for r in rows]
            assert stored[name] == pytest.approx(np.mean(each), rel=1e-5), name


def test_an_epoch_reports_what_takes_no_time_and_what_is_optimised(
    study: tuple[Home, optuna.Study],
) -> None:
    _, of = study
    metric = f"validation_{CASES[of.study_name][1]}"
    for trial in of.get_trials(states=(optuna.trial.TrialState.COMPLETE,)):
        record = trial.user_attrs["record"]
        assert set(record["curves"]) == {
            "training_loss",
            "validation_loss",
            "validation_accuracy",
            metric,
        }
        values = record["curves"][metric]
        assert trial.value == values[record["kept_epoch"] - 1] == max(values)


def test_winner_is_verified_by_the_metric_that_picked_it(
    study: tuple[Home, optuna.Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, of = study
    name, metric = of.study_name, CASES[of.study_name][1]
    monkeypatch.setenv("XDG_DATA_HOME", f"{home.root.parent}-vault")
    report: dict[str, Any] = dict(verify(home, study=name).content)
    assert of.direction == optuna.study.StudyDirection.MAXIMIZE
    assert report["naive"] == pytest.approx(of.best_value)
    assert report["corrected"] <= report["naive"]
    low, high = report["interval"]
    assert low <= report["test"] <= high
    assert low < high
    assert report["test"] == report["metrics"]["winner"][metric]
    assert set(report["metrics"]["winner"]) == {
        n.removeprefix("validation_") for n in OBJECTIVES[CASES[name][0]]
    }
    assert report["min_effect"] == 0.02
    assert report["gap"][1] < report["gap"][0] < report["gap"][2]
