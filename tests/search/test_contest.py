"""Pruning where trials differ in cost: the pruner's own verdicts, among rivals only."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from optuna.trial import FrozenTrial, TrialState

from truetune.objectives.contracts import Report
from truetune.objectives.development import Development
from truetune.search.study import Study
from truetune.spaces import load

FLAT = Path(__file__).parents[1] / "flat.yaml"
TWO = ["validation_loss", "n_parameters"]
N_EPOCHS = 9
QUICK = {"study": "contest", "training.epochs": N_EPOCHS, "sampler": "random", "budget.trials": 99}
MEDIAN = {"name": "median", "n_startup_trials": 1}


@pytest.fixture
def open_study(development: Development, tmp_path: Path) -> Any:
    """Open a study of the digits' file with some sections replaced, in a folder of its own."""

    def opened(name: str = "a", **sections: Any) -> Study:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        url = f"sqlite:///{folder}/optuna.db"
        return Study.open(load(FLAT, QUICK | sections), url, development.description)

    return opened


def play(study: Study, curve: list[float], **costs: float) -> FrozenTrial:
    """Train a trial in thought, until its end or the pruner's."""
    number = study.ask().number
    for epoch, loss in enumerate(curve, start=1):
        metrics = {"validation_loss": loss}
        is_last = epoch == len(curve)
        kept = {"kept_epoch": epoch, "kept_metrics": metrics | costs} if is_last else {}
        report = Report(number, epoch, metrics, 0.1, costs=costs, **kept)
        if study.report(report):
            return study.prune(number, f"pruned in epoch {epoch}")
    return study.complete(report, "")


def curves(n: int) -> list[list[float]]:
    random = Random(0)
    return [[random.random() + 1 / epoch for epoch in range(1, N_EPOCHS + 1)] for _ in range(n)]


@pytest.mark.parametrize("pruner", ["hyperband", "median", MEDIAN, "none"])
def test_where_all_cost_the_same_the_verdicts_are_those_of_one_objective(
    pruner: Any, open_study: Any
) -> None:
    one = open_study("one", pruner=pruner)
    two = open_study("two", pruner=pruner, objective=TWO)
    bounded = open_study("three", pruner=pruner, outcome_constraints=["n_parameters <= 10"])
    for curve in curves(30):
        expected = play(one, curve)
        for study in (two, bounded):
            found = play(study, curve, n_parameters=7.0)
            assert (found.state, found.user_attrs.get("cause")) == (
                expected.state,
                expected.user_attrs.get("cause"),
            )
    is_pruned = [trial.state == TrialState.PRUNED for trial in two.optuna.trials]
    assert any(is_pruned) == (pruner != "none")


def test_a_cheap_trial_is_not_pruned_by_expensive_ones_that_learn_better(open_study: Any) -> None:
    study = open_study(objective=TWO, pruner=MEDIAN)
    for _ in range(3):
        play(study, [0.1] * N_EPOCHS, n_parameters=100.0)
    assert play(study, [0.9] * N_EPOCHS, n_parameters=99.0).state == TrialState.COMPLETE
    assert play(study, [0.9] * N_EPOCHS, n_parameters=100.0).state == TrialState.PRUNED
    assert play(study, [0.9] * N_EPOCHS, n_parameters=101.0).state == TrialState.PRUNED


def test_a_rival_is_as_good_in_all_that_is_known_beforehand(open_study: Any) -> None:
    study = open_study(objective=[*TWO, "flops"], pruner=MEDIAN)
    for _ in range(3):
        play(study, [0.1] * N_EPOCHS, n_parameters=10.0, flops=100.0)
    found = play(study, [0.9] * N_EPOCHS, n_parameters=20.0, flops=50.0)
    assert found.state == TrialState.COMPLETE


def test_a_trial_that_keeps_a_bound_is_not_pruned_by_one_that_breaks_it(open_study: Any) -> None:
    bounds = ["n_parameters <= 50"]
    study = open_study(outcome_constraints=bounds, pruner=MEDIAN)
    play(study, [0.1] * N_EPOCHS, n_parameters=100.0)  # the default, which is never cut short
    assert play(study, [0.9] * N_EPOCHS, n_parameters=50.0).state == TrialState.COMPLETE
    assert play(study, [0.95] * N_EPOCHS, n_parameters=10.0).state == TrialState.PRUNED


def test_a_trial_that_cannot_keep_a_bound_ends_after_an_epoch(open_study: Any) -> None:
    study = open_study(outcome_constraints=["n_parameters <= 50"], pruner="median")
    default = play(study, [1.0, 1.0], n_parameters=100.0)
    assert (default.state, default.constraints) == (
        TrialState.COMPLETE,
        {"n_parameters <= 50": 1.0},
    )
    ended = play(study, [0.1, 0.1], n_parameters=75.0)
    assert ended.state == TrialState.PRUNED
    assert ended.user_attrs["cause"] == ("`n_parameters <= 50` is broken whatever it learns: 75")
    assert ended.constraints == {"n_parameters <= 50": 0.5}
    assert ended.user_attrs["metrics"]["n_parameters"] == 75
    assert study.best is None
    kept = play(study, [2.0, 2.0], n_parameters=50.0)
    assert study.best is not None
    assert study.best.number == kept.number


def test_without_a_pruner_every_trial_is_trained_to_its_end(open_study: Any) -> None:
    study = open_study(outcome_constraints=["n_parameters <= 50"], pruner="none")
    found = [play(study, [1.0, 1.0], n_parameters=75.0).state for _ in range(2)]
    assert found == [TrialState.COMPLETE] * 2


def test_what_is_measured_at_the_end_is_bounded_too(open_study: Any) -> None:
    study = open_study(outcome_constraints=["validation_loss <= 0.5"], pruner="none")
    play(study, [0.75])
    assert study.best is None
    play(study, [0.5])
    assert study.best is not None
    assert study.best.constraints == {"validation_loss <= 0.5": 0.0}


def test_tpe_goes_on_where_trials_of_several_objectives_were_pruned(open_study: Any) -> None:
    tpe = {"name": "tpe", "n_startup_trials": 2}
    study = open_study(objective=TWO, pruner=MEDIAN, sampler=tpe)
    random = Random(0)
    ended = [
        play(study, curve, n_parameters=float(random.randint(1, 3))).state for curve in curves(25)
    ]
    assert {*ended} == {TrialState.COMPLETE, TrialState.PRUNED}
    numbers = {trial.number for trial in study.front}
    assert numbers == {trial.number for trial in study.optuna.best_trials}


def test_a_study_of_several_objectives_goes_on_as_if_it_had_never_stopped(
    open_study: Any,
) -> None:
    tpe = {"name": "tpe", "n_startup_trials": 2}
    given = {"objective": TWO, "pruner": "hyperband", "sampler": tpe}
    whole = open_study("whole", **given)
    for i, curve in enumerate(curves(16)):
        play(whole, curve, n_parameters=float(i % 4))
        play(open_study("parts", **given), curve, n_parameters=float(i % 4))
    parts = open_study("parts", **given)
    expected, found = whole.optuna.trials, parts.optuna.trials
    assert [trial.params for trial in found] == [trial.params for trial in expected]
    assert [trial.state for trial in found] == [trial.state for trial in expected]
    assert [trial.values for trial in found] == [trial.values for trial in expected]
    assert [trial.number for trial in parts.front] == [trial.number for trial in whole.front]
