"""Causes: why a test result is as it is, and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from truetune.objectives.files import PREDICTIONS
from truetune.objectives.guard.correction import Correction, validation_rows_needed
from truetune.objectives.rowwise import Part
from truetune.search.causes import causes, next_steps
from truetune.search.selection import Selection
from truetune.spaces import load

FLAT = Path(__file__).resolve().parents[1] / "flat.yaml"
N = 100


def report(verdict: str, **more: Any) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "naive": 0.9,
        "corrected": 0.88,
        "gap": [0.05, 0.01, 0.09],
        "n_trials": 64,
        "is_adaptive": False,
        "shift": None,
        "n_copies": 0,
        "n_unknown": 0,
        "n_test": 200,
        "blocks": "",
        "min_effect": 0.02,
        "n_needed": 1234,
        "n_validation_needed": N,
        "trial": 3,
    } | more


SHIFT = {"auc": 0.8, "interval": [0.7, 0.9], "columns": [["age", 0.8], ["town", 0.6]]}


@pytest.fixture
def selection(tmp_path: Path) -> Selection:
    predictions = np.full((N, 1), 0.4)
    targets = (np.arange(N) % 10 == 0).astype(np.float32).reshape(-1, 1)
    np.save(tmp_path / PREDICTIONS, predictions)
    part = Part(targets, (N,), np.ones((1, 1)), np.arange(N))
    return Selection(part, Correction(0.9, 0.88, 3, 64, "bootstrap"), 3, {3: tmp_path})


def steps(selection: Selection, told: dict[str, Any], **over: Any) -> list[str]:
    settings = {"task": "binary", "objective": {"metric": "validation_accuracy"}} | over
    return next_steps(told, load(FLAT, settings), selection)


def test_consistent_needs_no_cause() -> None:
    assert causes(report("CONSISTENT")) == []


def test_what_picking_cost_explains_an_optimistic_verdict() -> None:
    (told,) = causes(report("OPTIMISTIC"))
    assert "best of 64 trials" in told
    assert "0.02" in told


def test_the_likeliest_cause_is_told_first() -> None:
    told = causes(report("OPTIMISTIC", shift=SHIFT, is_adaptive=True))
    assert [words.split()[0] for words in told] == ["Test", "Choices", "Picking"]
    assert "'age', 'town'" in told[0]


def test_shift_that_chance_explains_is_no_cause() -> None:
    shift = SHIFT | {"interval": [0.45, 0.9]}
    assert causes(report("INCONCLUSIVE", shift=shift)) == []


def test_copies_come_first_where_the_test_is_better() -> None:
    told = causes(report("SUSPICIOUS", n_copies=150, shift=SHIFT))
    assert told[0].startswith("150 of 200 test rows have copies")


def test_unknown_classes_are_told() -> None:
    assert "3 of 200 test rows are of a class" in causes(report("OPTIMISTIC", n_unknown=3))[-1]


def test_what_picking_cost_is_not_all_of_a_large_difference() -> None:
    told = causes(report("OPTIMISTIC", gap=[0.4, 0.3, 0.5]))
    assert "best of 64 trials" in told[0]
    assert told[1] == "Nothing that was looked for explains the rest."


def test_later_rows_may_be_of_another_world(selection: Selection) -> None:
    later = report("OPTIMISTIC", gap=[0.4, 0.3, 0.5], blocks="time")
    assert causes(later)[0].startswith("Test rows are later")
    assert steps(selection, later)[0] == "Bring later rows to train and validate on."
    assert causes(report("CONSISTENT", blocks="time")) == []


def test_without_a_cause_it_is_said() -> None:
    (told,) = causes(report("SUSPICIOUS"))
    assert told == "Nothing that was looked for explains the difference."


def test_source_that_is_gone_is_no_cause() -> None:
    assert causes(report("CONSISTENT", n_copies=None)) == []


def test_inconclusive_says_how_many_rows_would_tell(selection: Selection) -> None:
    (told,) = steps(selection, report("INCONCLUSIVE"))
    assert "test on 1,234 rows;" in told
    (told,) = steps(selection, report("INCONCLUSIVE", n_validation_needed=4_000))
    assert "test on 1,234 rows and validate on 4,000;" in told


def test_optimistic_says_how_many_rows_to_validate_on_and_the_command(
    selection: Selection,
) -> None:
    told = steps(selection, report("OPTIMISTIC"))
    n = validation_rows_needed(
        "accuracy", "binary", selection.part, selection.predictions(3), 64, 0.02
    )
    assert n > N
    assert told[0].startswith(f"Validate on {n:,} rows or more (now {N})")
    assert "never trained on" in told[0]
    assert "--study digits-mlp-2 --set data.split.validation=0.5" in told[1]
    assert "--reopen --reason" in told[-1]


def test_folds_have_no_share_to_enlarge(selection: Selection) -> None:
    told = steps(selection, report("OPTIMISTIC"), **{"data.split": {"folds": 5}})
    assert not [words for words in told if "split.validation" in words]


def test_no_rows_tell_a_difference_of_nothing(selection: Selection) -> None:
    for verdict in ("INCONCLUSIVE", "OPTIMISTIC"):
        assert steps(selection, report(verdict, min_effect=0.0, n_needed=None)) == []
