"""Contracts: a metric that is no finite number ends a trial."""

from __future__ import annotations

import copy
import math
from dataclasses import FrozenInstanceError

import pytest

from truetune.objectives.contracts import Assignment, DivergedError, Report, check_finite


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_metric_that_is_not_finite_is_named_with_its_epoch(value: float) -> None:
    with pytest.raises(DivergedError) as caught:
        check_finite(7, 3, {"training_loss": 0.5, "validation_loss": value})
    assert (caught.value.number, caught.value.epoch) == (7, 3)
    assert caught.value.cause == f"validation_loss is {value} in epoch 3"


def test_first_of_several_metrics_is_named() -> None:
    with pytest.raises(DivergedError, match="training_loss is nan"):
        check_finite(0, 1, {"training_loss": math.nan, "validation_loss": math.inf})


def test_finite_metrics_pass_however_large() -> None:
    metrics = {"training_loss": 1.7e308, "validation_loss": -1.7e308, "validation_mae": 0.0}
    try:
        check_finite(0, 1, metrics)
    except DivergedError as error:
        pytest.fail(f"a finite metric was refused: {error}")


def test_diverged_error_survives_the_way_between_processes() -> None:
    error = DivergedError(7, 3, "validation_loss is nan in epoch 3")
    again = copy.copy(error)  # by __reduce_ex__, as pickling goes
    assert (again.number, again.epoch, again.cause) == (7, 3, error.cause)


def test_report_before_the_last_says_nothing_of_kept_weights() -> None:
    report = Report(number=1, epoch=2, metrics={"training_loss": 0.5}, seconds=0.1)
    assert report.kept_epoch is report.kept_metrics is None


def test_assignment_cannot_be_changed() -> None:
    assignment = Assignment(1, {"layers": 2}, seed=5)
    with pytest.raises(FrozenInstanceError):
        assignment.seed = 6  # type: ignore[misc]
