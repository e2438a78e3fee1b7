"""A rehearsal takes the time that its pilots did, times what is to be trained."""

from __future__ import annotations

from typing import Any

import pytest

from truetune.errors import TuneError
from truetune.objectives.contracts import Report
from truetune.objectives.development import Development
from truetune.objectives.pilot import Pilot
from truetune.search.rehearsal import rehearse
from truetune.spaces import Experiment

EPOCH_S = 100.0  # so long that what the driver takes is nothing beside it


def pilot(experiment: Experiment, **known: Any) -> Pilot:
    """One that was trained to its end and got no better after the first epoch."""
    epochs = experiment.training.epochs
    metrics = {"validation_loss": 1.0}
    reports = [Report(0, epoch, metrics, EPOCH_S) for epoch in range(1, epochs)]
    reports.append(Report(0, epochs, metrics, EPOCH_S, kept_epoch=epochs, kept_metrics=metrics))
    whole = {"seconds": [EPOCH_S] * epochs, "reports": reports, **known}
    return Pilot(dict(experiment.space.default()), **whole)


@pytest.fixture
def experiment(quick: Experiment) -> Experiment:
    """Six trials of four epochs, of which none is pruned, for as long as it takes."""
    pruner = quick.pruner.model_copy(update={"name": "none"})
    budget = quick.budget.model_copy(update={"time": None})
    return quick.model_copy(update={"pruner": pruner, "budget": budget})


@pytest.mark.parametrize(("n_workers", "in_turn"), [(1, 6), (2, 3), (3, 2), (6, 1)])
def test_workers_share_the_trials(
    experiment: Experiment, development: Development, n_workers: int, in_turn: int
) -> None:
    played = rehearse(experiment, development.description, [pilot(experiment)], n_workers)
    assert played.seconds == pytest.approx(in_turn * 4 * EPOCH_S, rel=0.01)
    assert (played.trials, played.epochs, played.pruned) == (6, 24, 0)
    assert played.is_whole


def test_a_network_to_build_and_results_to_gather_take_their_time(
    experiment: Experiment, development: Development
) -> None:
    slow = pilot(experiment, start_s=50.0, leave_s=30.0)
    played = rehearse(experiment, development.description, [slow], 1)
    assert played.seconds == pytest.approx(6 * (50 + 4 * EPOCH_S + 30), rel=0.01)


def test_the_time_of_the_budget_ends_it(experiment: Experiment, development: Development) -> None:
    budget = experiment.budget.model_copy(update={"time": "10m"})
    limited = experiment.model_copy(update={"budget": budget})
    played = rehearse(limited, development.description, [pilot(experiment)], 1)
    assert played.trials == 1  # the second would have been at 800 s
    assert 600 <= played.seconds <= 700  # the epoch that runs is trained


def test_the_files_own_pruner_prunes(experiment: Experiment, development: Development) -> None:
    changed = load_with(experiment, "median", 40)
    played = rehearse(changed, development.description, pilots_apart(changed), 1)
    assert 0 < played.pruned < 40
    assert played.epochs < 4 * 40
    assert played.seconds == pytest.approx(played.epochs * EPOCH_S, rel=0.02)


def load_with(quick: Experiment, pruner: str, trials: int) -> Experiment:
    named = quick.pruner.model_copy(update={"name": pruner})
    budget = quick.budget.model_copy(update={"trials": trials})
    return quick.model_copy(update={"pruner": named, "budget": budget})


def pilots_apart(experiment: Experiment) -> list[Pilot]:
    """A good one and bad ones, of configurations that are drawn."""
    from random import Random

    drawn = [c for c, _ in zip(experiment.space.feasible(Random(1)), range(8), strict=False)]
    found = []
    for i, (configuration, _) in enumerate(drawn):
        made = pilot(experiment)
        loss = {"validation_loss": 1.0 + i}
        made.reports = [
            Report(0, r.epoch, loss, EPOCH_S, r.kept_epoch, loss if r.kept_epoch else None)
            for r in made.reports
        ]
        made.configuration = dict(configuration)
        found.append(made)
    return found


def test_what_is_not_played_to_its_end_goes_on_as_it_went(
    experiment: Experiment, development: Development
) -> None:
    budget = experiment.budget.model_copy(update={"trials": 3000})
    many = experiment.model_copy(update={"budget": budget})
    one = pilot(experiment)
    played = rehearse(many, development.description, [one], 1, limit_s=0.5)
    assert not played.is_whole
    assert played.trials == 3000
    assert played.seconds == pytest.approx(3000 * 4 * EPOCH_S, rel=0.02)
    assert played.epochs == pytest.approx(3000 * 4, rel=0.02)


def test_trials_that_fail_are_said_to(experiment: Experiment, development: Development) -> None:
    broken = pilot(experiment, reports=[], seconds=[], failed="ValueError: no such layer")
    with pytest.raises(TuneError, match="no such layer"):
        rehearse(experiment, development.description, [broken], 1)


def test_an_epoch_that_diverges_ends_its_trial(
    experiment: Experiment, development: Development
) -> None:
    two = pilot(experiment)
    two.reports, two.seconds, two.diverged = two.reports[:2], two.seconds[:2], "is nan"
    played = rehearse(experiment, development.description, [two], 1)
    assert played.pruned == 6
    assert played.seconds == pytest.approx(6 * 3 * EPOCH_S, rel=0.01)  # it diverges in the third
