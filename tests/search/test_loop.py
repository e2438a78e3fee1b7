"""The loop's three endings, and what it asks, tells and records; a scripted executor trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from truetune.errors import TuneError
from truetune.objectives.contracts import Assignment, Report
from truetune.objectives.development import Development
from truetune.search import loop
from truetune.search.accounts import Accounts
from truetune.search.executors.base import Diverged, Event, Failed, Finished, Lost, Progress
from truetune.search.study import MAX_ATTEMPTS, Study
from truetune.spaces import Experiment

# What a trial does: its event for an epoch, given its number.
Script = Callable[[int, int], Event]


def progress(number: int, epoch: int, loss: float = 1.0) -> Progress:
    metrics = {"training_loss": loss, "validation_loss": loss, "validation_accuracy": 0.5}
    return Progress(Report(number, epoch, metrics, seconds=0.5))


def finished(number: int, epoch: int, loss: float = 1.0) -> Finished:
    metrics = {"training_loss": loss, "validation_loss": loss, "validation_accuracy": 0.5}
    return Finished(Report(number, epoch, metrics, 0.5, epoch, metrics), "nowhere")


class Scripted:
    """An executor that plays a script, and remembers what it was told."""

    name = "scripted"

    def __init__(self, script: Script, n_slots: int = 1) -> None:
        self.script, self.n_slots = script, n_slots
        self.epochs: dict[int, int] = {}
        self.submitted: list[int] = []
        self.pruned: list[int] = []
        self.log: list[str] = []

    def submit(self, assignment: Assignment) -> None:
        assert len(self.epochs) < self.n_slots
        self.submitted.append(assignment.number)
        self.epochs[assignment.number] = 0

    def prune(self, number: int) -> None:
        self.pruned.append(number)
        del self.epochs[number]

    def dispatch(self) -> None:
        self.log.append("dispatch")

    def events(self) -> list[Event]:
        self.log.append("events")
        found: list[Event] = []
        for number in list(self.epochs):
            self.epochs[number] += 1
            event = self.script(number, self.epochs[number])
            if not isinstance(event, Progress):
                del self.epochs[number]
            found.append(event)
        return found

    def close(self) -> None:
        pass


class Recorded:
    """A recorder that keeps what it is given."""

    def __init__(self) -> None:
        self.trials: list[FrozenTrial] = []

    def record(self, trial: FrozenTrial) -> None:
        self.trials.append(trial)

    def close(self, trials: Any, summary: Mapping[str, Any]) -> Any:
        raise AssertionError("the loop closes nothing")


@pytest.fixture
def study(quick: Experiment, development: Development, tmp_path: Path) -> Study:
    url = f"sqlite:///{tmp_path}/optuna.db"
    return Study.open(quick, url, development.description)


def play(study: Study, script: Script, n_slots: int = 1) -> tuple[Scripted, Recorded]:
    executor, recorder = Scripted(script, n_slots), Recorded()
    loop.search(study, executor, recorder, Accounts(), lambda: False, lambda _: None)
    return executor, recorder


def states(study: Study) -> list[TrialState]:
    return [trial.state for trial in study.optuna.trials]


def test_trials_that_train_to_their_end_are_complete_with_the_kept_value(study: Study) -> None:
    def script(number: int, epoch: int) -> Event:
        return finished(number, epoch, loss=number) if epoch == 4 else progress(number, epoch)

    executor, recorder = play(study, script)
    assert states(study) == [TrialState.COMPLETE] * 6
    assert [trial.value for trial in study.optuna.trials] == [0, 1, 2, 3, 4, 5]
    assert [trial.number for trial in recorder.trials] == executor.submitted == [*range(6)]


def test_a_trial_that_the_pruner_ends_is_taken_out_and_told_pruned(study: Study) -> None:
    study.optuna.pruner = optuna.pruners.ThresholdPruner(upper=2)

    def script(number: int, epoch: int) -> Event:
        loss = 3.0 if number == 1 and epoch == 2 else 1.0
        return finished(number, epoch) if epoch == 4 else progress(number, epoch, loss)

    executor, _ = play(study, script)
    trial = study.optuna.trials[1]
    assert executor.pruned == [1]
    assert (trial.state, trial.value, trial.last_step) == (TrialState.PRUNED, 3.0, 2)
    assert trial.user_attrs["cause"] == "pruned in epoch 2"


def test_a_failed_trial_keeps_its_traceback_and_the_search_goes_on(study: Study) -> None:
    def script(number: int, epoch: int) -> Event:
        return Failed(number, "KeyError: x", "Tb") if number == 1 else finished(number, epoch)

    play(study, script)
    failed = study.optuna.trials[1]
    assert states(study).count(TrialState.COMPLETE) == 5
    assert failed.state == TrialState.FAIL
    assert failed.user_attrs["cause"] == "KeyError: x"
    assert failed.user_attrs["record"]["traceback"] == "Tb"


def test_divergence_fails_a_trial_in_epoch_1_and_prunes_it_later(study: Study) -> None:
    def script(number: int, epoch: int) -> Event:
        if epoch == (1 if number == 0 else 2):
            return Diverged(number, epoch, "validation_loss is nan")
        return progress(number, epoch)

    play(study, script)
    assert states(study) == [TrialState.FAIL] + [TrialState.PRUNED] * 5
    assert {trial.value for trial in study.optuna.trials} == {None, 1.0}


def test_diverging_trials_do_not_count_as_failures_in_a_row(study: Study) -> None:
    play(study, lambda number, epoch: Diverged(number, 1, "validation_loss is inf"))
    assert states(study) == [TrialState.FAIL] * 6


def test_failures_in_a_row_end_the_search(study: Study) -> None:
    with pytest.raises(TuneError, match="5 trials in a row failed, the last with: boom"):
        play(study, lambda number, epoch: Failed(number, "boom", ""))
    assert states(study) == [TrialState.FAIL] * 5


def test_a_lost_trial_trains_again_under_its_number_with_the_same_seed(study: Study) -> None:
    lost: list[int] = []

    def script(number: int, epoch: int) -> Event:
        if number == 2 and not lost:
            lost.append(number)
            return Lost(number, "its worker died")
        return finished(number, epoch)

    executor, _ = play(study, script)
    assert executor.submitted == [0, 1, 2, 2, 3, 4, 5]
    assert states(study) == [TrialState.COMPLETE] * 6
    assert study.optuna.trials[2].user_attrs["attempts"] == 2


def test_a_trial_that_takes_down_every_worker_fails_in_the_end(study: Study) -> None:
    def script(number: int, epoch: int) -> Event:
        return Lost(number, "its worker died") if number == 2 else finished(number, epoch)

    executor, _ = play(study, script)
    assert executor.submitted.count(2) == MAX_ATTEMPTS
    assert study.optuna.trials[2].state == TrialState.FAIL


@pytest.mark.parametrize("n_slots", [1, 2, 4, 9])
def test_the_budget_is_spent_exactly_however_many_slots_there_are(
    study: Study, n_slots: int
) -> None:
    executor, _ = play(study, finished, n_slots)
    assert sorted(executor.submitted) == [*range(6)]


def test_no_epoch_starts_before_the_verdict_on_the_last(study: Study) -> None:
    executor, _ = play(study, finished)
    assert executor.log == ["dispatch", "events"] * 6 + ["dispatch"]


def test_a_request_to_stop_ends_the_loop_with_what_runs_left_running(study: Study) -> None:
    calls = iter([False, False, True])
    executor = Scripted(progress, n_slots=2)
    loop.search(study, executor, Recorded(), Accounts(), lambda: next(calls), lambda _: None)
    assert sorted(study.running) == [0, 1]
    study.set_aside()
    assert states(study) == [TrialState.WAITING] * 2
