"""Pilots are the space's own configurations, each trained a little, on training rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from truetune.objectives.contracts import Assignment
from truetune.objectives.development import Development
from truetune.objectives.generators import objective_of
from truetune.objectives.guard import landlock
from truetune.objectives.pilot import Flight, Pilot, shrunk
from truetune.objectives.single import train
from truetune.objectives.timing import N_PILOTS, Timings, measure, measure_here
from truetune.spaces import Experiment


def test_a_pilot_reports_what_a_trial_does(quick: Experiment, development: Development) -> None:
    assignment = Assignment(0, quick.space.default(), seed=5)
    flight = Flight(objective_of(quick), assignment, development, "cpu")
    while flight.pack is not None:
        flight.advance(scale=10.0)
    reports = train(quick, assignment, development).reports
    assert [r.metrics for r in flight.pilot.reports] == [r.metrics for r in reports]
    assert flight.pilot.has_ended
    assert len(flight.pilot.seconds) == len(reports)
    # All that an epoch takes, ten times over, is more than what it reports to have trained.
    pairs = zip(flight.pilot.seconds, flight.pilot.reports, strict=True)
    assert all(seconds >= 10 * report.seconds for seconds, report in pairs)


def test_a_pilot_that_fails_says_so(quick: Experiment, development: Development) -> None:
    assignment = Assignment(0, {**quick.space.default(), "hidden_units": -1}, seed=0)
    flight = Flight(objective_of(quick), assignment, development, "cpu")
    assert flight.pack is None
    assert flight.pilot.failed.startswith("ValueError")
    assert flight.pilot.has_ended


def test_a_pilot_that_diverges_says_so(quick: Experiment, development: Development) -> None:
    configuration = {**quick.space.default(), "learning_rate": 1e30, "optimizer": "sgd"}
    flight = Flight(objective_of(quick), Assignment(0, configuration, 0), development, "cpu")
    while flight.pack is not None:
        flight.advance()
    assert "exploding gradients" in flight.pilot.diverged


def test_each_pilot_of_the_first_has_an_epoch_however_little_time_there_is(
    quick: Experiment, development: Development
) -> None:
    timings = measure_here(quick, development, limit_s=1e-6)
    assert len(timings.pilots) == N_PILOTS
    assert timings.pilots[0].configuration == quick.space.default()
    assert all(pilot.reports or pilot.has_ended for pilot in timings.pilots)


def test_processes_have_each_configuration_once(
    quick: Experiment, development: Development
) -> None:
    whole = measure_here(quick, development, limit_s=1e-6).pilots
    parts = [measure_here(quick, development, i, 2, limit_s=1e-6).pilots for i in range(2)]
    together = [pilot.configuration for pair in zip(*parts, strict=True) for pilot in pair]
    assert together == [pilot.configuration for pilot in whole]


def test_rows_that_take_too_long_are_timed_by_a_share(
    quick: Experiment, development: Development
) -> None:
    fold = development.folds[0]
    n = len(fold.x_train)
    again = np.tile(np.arange(n), 600)
    larger = replace(
        fold, x_train=fold.x_train[again], y_train=fold.y_train[again], train_rows=again
    )
    many = replace(development, folds=(larger,))
    assert measure_here(quick, development, limit_s=1.0).share == 1.0
    assert 0 < measure_here(quick, many, limit_s=0.2).share < 1.0


@pytest.mark.parametrize("share", [0.01, 0.3, 1.0])
def test_a_share_of_the_rows_is_spread_over_them(development: Development, share: float) -> None:
    fold, few = development.folds[0], shrunk(development, share).folds[0]
    n = max(1, round(share * len(fold.x_train)))
    assert len(few.x_train) == len(few.y_train) == n
    assert few.train_rows[0] == fold.train_rows[0]
    if n > 1:
        assert few.train_rows[-1] == fold.train_rows[-1]
    places = [int(np.flatnonzero(fold.train_rows == row)[0]) for row in few.train_rows]
    assert np.array_equal(few.x_train, fold.x_train[places])


def test_timings_of_two_processes_come_back_as_they_were_taken(
    quick: Experiment, development: Development
) -> None:
    timings = measure(quick, development, n_workers=2, limit_s=0.2)
    assert Timings.of(timings.to_json()) == timings
    assert timings.pilots[0].configuration == quick.space.default()
    assert all(isinstance(pilot, Pilot) for pilot in timings.pilots)
    assert timings.ready_s > 0.1  # importing torch alone takes longer


@pytest.mark.skipif(landlock.version() == 0, reason="the kernel has no Landlock")
def test_code_that_is_timed_cannot_read_the_source(
    tmp_path: Path, quick: Experiment, development: Development
) -> None:
    (source := tmp_path / "rows.csv").write_text("a,y\n1,0\n")
    (model := tmp_path / "own.py").write_text(
        f"from pathlib import Path\n\n\ndef build(inputs, n_outputs):\n"
        f"    Path({str(source)!r}).read_text()\n"
    )
    data = quick.data.model_copy(update={"source": str(source)})
    named = quick.model.model_copy(update={"name": f"{model}:build"})
    own = quick.model_copy(update={"data": data, "model": named})
    (first, *_) = measure(own, development, n_workers=1, limit_s=1e-6).pilots
    assert first.failed.startswith("PermissionError")
