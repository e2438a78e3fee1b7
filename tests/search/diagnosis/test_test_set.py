"""Steps 5 and 6: what a report on test rows, or on new rows, asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from truetune.objectives.files import PREDICTIONS
from truetune.objectives.guard.correction import validation_rows_needed
from truetune.objectives.rowwise import Part
from truetune.search.diagnosis import Advice, Evidence, Tried, diagnosed
from truetune.spaces import Experiment

Make = Callable[..., Evidence]
MakeTrial = Callable[..., Tried]
Advised = Callable[[Evidence, Advice], Experiment]

N = 100
BINARY = {
    "task": "binary",
    "data.source": "sklearn:breast_cancer",
    "objective": {"metric": "validation_accuracy"},
    "verify": {"min_effect": 0.04},
}
SHIFT = {"auc": 0.8, "interval": [0.7, 0.9], "columns": [["age", 0.8], ["town", 0.6]]}


def report(verdict: str, **more: Any) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "trial": 0,
        "naive": 0.9,
        "corrected": 0.89,
        "test": 0.88,
        "interval": [0.85, 0.91],
        "n_trials": 64,
        "n_test": 400,
        "n_copies": 0,
        "min_effect": 0.04,
        "half_width": 0.06,
        "n_needed": 1_234,
    } | more


def world(value: float, **more: Any) -> dict[str, Any]:
    return {
        "trial": 0,
        "new": "new.csv",
        "n_new": 500,
        "value": value,
        "interval": [value - 0.03, value + 0.03],
        "test": 0.88,
        "test_interval": [0.85, 0.91],
        "shift": None,
    } | more


@pytest.fixture
def study(make: Make, make_trial: MakeTrial, tmp_path: Path) -> Callable[..., Evidence]:
    """A study that fits its training rows, and whose best trial has 90 of 100 rows right."""
    targets = (np.arange(N) % 2).reshape(-1, 1)
    said = np.where(targets == 1, 0.8, 0.2)
    said[::10] = 1 - said[::10]
    np.save(tmp_path / PREDICTIONS, said)
    trials = [
        make_trial(i, value=0.9, metrics={"fit_accuracy": 0.92}, folder=tmp_path) for i in range(6)
    ]
    part = Part(targets, (N,), np.ones((1, 1)), np.arange(N))

    def made(**more: Any) -> Evidence:
        over = BINARY | more.pop("over", {})
        found = make(trials, over, part=part, **more)
        object.__setattr__(found, "direction", "maximize")
        return found

    return made


def first(evidence: Evidence) -> Advice:
    return diagnosed(evidence).findings[0]


def states(evidence: Evidence) -> list[str]:
    return [item.state for item in diagnosed(evidence).checklist]


def test_what_is_fitted_goes_to_the_test_once(study: Callable[..., Evidence]) -> None:
    evidence = study()
    assert (first(evidence).cause, first(evidence).command) == ("verify", "tune verify digits")
    assert states(evidence) == ["done", "done", "done", "done", "open", "open"]


def test_a_study_that_is_running_is_not_sent_to_the_test(study: Callable[..., Evidence]) -> None:
    evidence = study()
    object.__setattr__(evidence, "state", "running")
    assert diagnosed(evidence).findings == ()


@pytest.mark.parametrize(
    "told",
    [
        report("OPTIMISTIC", test=0.7, interval=[0.65, 0.75]),
        # The correction has seen it coming: the best value was luck all the same.
        report("CONSISTENT", corrected=0.82, test=0.8, interval=[0.77, 0.83]),
    ],
)
def test_an_over_fitted_validation_set_is_made_larger(
    told: dict[str, Any], study: Callable[..., Evidence], advised: Advised
) -> None:
    evidence = study(test=told)
    advice = first(evidence)
    assert (advice.step, advice.cause) == ("validation set", "over-fitted validation")
    assert evidence.part is not None
    assert evidence.predictions is not None
    needed = validation_rows_needed(
        "accuracy", "binary", evidence.part, evidence.predictions, 64, 0.04
    )
    assert f"Take {needed:,} validation rows or more (now 100)" in advice.attempt
    split = advised(evidence, advice).data.split
    assert split.folds or split.validation > 0.2
    assert states(evidence)[3] == "open"


def test_a_baseline_on_an_over_fitted_validation_set_is_no_yardstick(
    study: Callable[..., Evidence],
) -> None:
    told = report("OPTIMISTIC", test=0.7, interval=[0.65, 0.75])
    better = {"boosting": {"value": 0.999}}
    spent = study(test=told, baselines=better)
    assert first(spent).cause == "over-fitted validation"
    known = study(test=told, baselines=better, over={"card": {"human_level": 0.999}})
    assert diagnosed(known).checklist[2].state == "open"


def test_what_the_correction_hardly_changed_is_no_luck(study: Callable[..., Evidence]) -> None:
    told = report("CONSISTENT", test=0.87, interval=[0.85, 0.89])
    assert first(study(test=told)).cause == "new rows"


def test_a_test_that_is_too_good_is_doubted(
    study: Callable[..., Evidence], advised: Advised
) -> None:
    told = report("SUSPICIOUS", test=0.97, interval=[0.95, 0.98], n_copies=12)
    evidence = study(test=told)
    assert first(evidence).cause == "suspicious test"
    assert "12 of them have copies" in first(evidence).what
    assert advised(evidence, first(evidence)).data.split.seed == 1


def test_too_few_test_rows_are_told_by_how_many(
    study: Callable[..., Evidence], advised: Advised
) -> None:
    evidence = study(test=report("INCONCLUSIVE"))
    assert "1,234 test rows" in first(evidence).attempt
    assert advised(evidence, first(evidence)).verify.min_effect == pytest.approx(0.063)


def test_a_consistent_test_goes_to_the_real_world(study: Callable[..., Evidence]) -> None:
    evidence = study(test=report("CONSISTENT"))
    assert first(evidence).command == "tune verify digits --data NEW"
    assert states(evidence)[4:] == ["done", "open"]


def test_a_world_that_is_like_the_test_ends_the_six_steps(
    study: Callable[..., Evidence],
) -> None:
    evidence = study(test=report("CONSISTENT"), world=world(0.88), over={"verify.min_effect": 0.2})
    found = diagnosed(evidence)
    assert found.findings == ()
    assert found.first_open is None
    assert {item.state for item in found.checklist} == {"done"}
    assert "All six steps are done" in found.to_text()


def test_a_world_of_other_rows_draws_the_split_again(
    study: Callable[..., Evidence], advised: Advised
) -> None:
    evidence = study(test=report("CONSISTENT"), world=world(0.6, shift=SHIFT))
    advice = first(evidence)
    assert (advice.step, advice.cause) == ("validation set", "mismatch")
    assert "AUC of 0.80, most in 'age', 'town'" in advice.what
    assert advised(evidence, advice).data.split.seed == 1
    assert states(evidence)[3] == "open"


@pytest.mark.parametrize("shift", [None, {"auc": 0.52, "interval": [0.45, 0.6], "columns": []}])
def test_a_world_of_like_rows_questions_the_cost(
    shift: Any, study: Callable[..., Evidence], advised: Advised
) -> None:
    evidence = study(test=report("CONSISTENT"), world=world(0.6, shift=shift))
    advice = first(evidence)
    assert (advice.step, advice.cause) == ("cost function", "objective")
    assert advised(evidence, advice).objective.metric == "validation_f1"


def test_few_new_rows_say_little(study: Callable[..., Evidence]) -> None:
    told = world(0.87, interval=[0.7, 0.95], n_new=20)
    advice = first(study(test=report("CONSISTENT"), world=told))
    assert (advice.step, advice.cause) == ("real world", "few new rows")


def test_new_rows_without_a_test_are_held_against_nothing(study: Callable[..., Evidence]) -> None:
    evidence = study(world=world(0.6, test=None, test_interval=None))
    assert states(evidence)[4:] == ["open", "unknown"]
    assert first(evidence).cause == "verify"


def test_a_tainted_study_says_so_first(study: Callable[..., Evidence]) -> None:
    evidence = study(attempts=("Trial 3 opened a sealed file.",))
    assert first(evidence).cause == "tainted"
    assert "Trial 3 opened" in first(evidence).what


@pytest.mark.parametrize("told", [{}, {"verdict": "NEWS"}, {"verdict": "CONSISTENT"}])
def test_a_report_of_another_version_is_no_reason_to_fail(
    told: dict[str, Any], study: Callable[..., Evidence]
) -> None:
    assert len(diagnosed(study(test=told)).checklist) == 6
