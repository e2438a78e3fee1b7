"""A trial is played as the nearest pilot went, to the end that the trainer would have given it."""

from __future__ import annotations

from typing import Any

import pytest

from truetune.objectives.contracts import Assignment, Report
from truetune.objectives.pilot import Pilot
from truetune.search.executors.base import Diverged, Failed, Finished, Progress
from truetune.search.scripts import Scripts
from truetune.spaces import Experiment
from truetune.spaces.experiment import EarlyStopping

LOSSES = (0.9, 0.7, 0.6, 0.55)


def pilot(experiment: Experiment, losses: tuple[float, ...] = LOSSES, **changed: Any) -> Pilot:
    reports = [
        Report(0, epoch, {"validation_loss": loss}, 2.0) for epoch, loss in enumerate(losses, 1)
    ]
    if len(losses) == experiment.training.epochs:
        last = reports[-1]
        reports[-1] = Report(0, last.epoch, last.metrics, 2.0, last.epoch, last.metrics)
    configuration = {**experiment.space.default(), **changed}
    return Pilot(configuration, 0.5, [2.0] * len(losses), reports, leave_s=0.25)


def losses_of(reports: tuple[Report, ...]) -> list[float]:
    return [report.metrics["validation_loss"] for report in reports]


def test_a_pilots_own_configuration_is_played_as_it_went(quick: Experiment) -> None:
    script = Scripts(quick, [pilot(quick)]).of(Assignment(7, quick.space.default(), 0))
    assert losses_of(script.reports) == list(LOSSES)
    assert [script.seconds(epoch) for epoch in (1, 2, 3, 4)] == [2.0, 2.0, 2.0, 2.25]
    events = [script.event(epoch) for epoch in (1, 2, 3, 4)]
    assert [type(event) for event in events] == [Progress, Progress, Progress, Finished]
    assert all(event.report.number == 7 for event in events)  # type: ignore[union-attr]
    assert events[-1].report.kept_epoch == 4  # type: ignore[union-attr]


def test_the_nearest_pilot_is_the_one(quick: Experiment) -> None:
    slow = pilot(quick, (3.0, 3.0, 3.0, 3.0), learning_rate=1e-4)
    quickest = pilot(quick, LOSSES, learning_rate=5e-2)
    scripts = Scripts(quick, [slow, quickest])
    near = {**quick.space.default(), "learning_rate": 4e-2}
    far = {**quick.space.default(), "learning_rate": 2e-4}
    assert scripts.of(Assignment(1, near, 0)).pilot is quickest
    assert scripts.of(Assignment(2, far, 0)).pilot is slow


def test_a_pilot_that_time_ran_out_for_goes_on_as_a_longer_one_did(quick: Experiment) -> None:
    longer = pilot(quick, LOSSES, learning_rate=5e-2)
    cut = pilot(quick, (2.0, 1.8))
    script = Scripts(quick, [longer, cut]).of(Assignment(0, quick.space.default(), 0))
    expected = [2.0, 1.8, 1.8 + 0.6 - 0.7, 1.8 + 0.55 - 0.7]
    assert losses_of(script.reports) == pytest.approx(expected)
    assert script.reports[-1].kept_epoch == 4


def test_where_none_was_longer_the_curve_goes_on_falling_ever_less(quick: Experiment) -> None:
    epochs = quick.training.model_copy(update={"epochs": 50})
    long = quick.model_copy(update={"training": epochs})
    script = Scripts(long, [pilot(long, (2.0, 1.0))]).of(Assignment(0, long.space.default(), 0))
    losses = losses_of(script.reports)
    assert len(losses) == 50
    assert 0.6 < losses[-1] < 0.9
    assert losses[10] - losses[-1] < losses[2] - losses[10] + 0.2


def test_early_stopping_ends_a_curve_that_goes_on(quick: Experiment) -> None:
    stopping = {"epochs": 50, "early_stopping": EarlyStopping(patience=3)}
    long = quick.model_copy(update={"training": quick.training.model_copy(update=stopping)})
    worse = pilot(long, (1.0, 1.1))
    other = pilot(long, (1.0, *[1.0 + 0.1 * i for i in range(1, 50)]), learning_rate=5e-2)
    script = Scripts(long, [worse, other]).of(Assignment(0, long.space.default(), 0))
    assert len(script.reports) == 4
    assert script.reports[-1].kept_epoch == 1


@pytest.mark.parametrize(
    ("ending", "expected"), [({"diverged": "is nan"}, Diverged), ({"failed": "no"}, Failed)]
)
def test_what_ended_a_pilot_ends_its_trials(
    quick: Experiment, ending: dict[str, str], expected: type
) -> None:
    cut = pilot(quick, (2.0,))
    for key, cause in ending.items():
        setattr(cut, key, cause)
    script = Scripts(quick, [cut]).of(Assignment(0, quick.space.default(), 0))
    assert isinstance(script.event(1), Progress)
    assert isinstance(script.event(2), expected)


def test_pilots_that_differ_let_trials_between_them_differ(quick: Experiment) -> None:
    rates = (1e-4, 1e-3, 1e-2, 1e-1)
    apart = [pilot(quick, (1.0 + i,) * 4, learning_rate=rate) for i, rate in enumerate(rates)]
    scripts = Scripts(quick, apart)
    between = {**quick.space.default(), "learning_rate": 2e-3}
    values = {losses_of(scripts.of(Assignment(n, between, 0)).reports)[-1] for n in range(20)}
    assert len(values) == 20
    known = Scripts(quick, apart)
    assert {
        losses_of(known.of(Assignment(n, between, 0)).reports)[-1] for n in range(20)
    } == values
