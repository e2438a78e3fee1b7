"""What Optuna is asked and told, and that a study goes on as if it had never stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from truetune.errors import InputError, StorageError
from truetune.objectives.contracts import Report
from truetune.objectives.development import Description, Development
from truetune.objectives.files import WEIGHTS
from truetune.search.keeping import N_WEIGHTS_KEPT
from truetune.search.study import Study, is_spent
from truetune.spaces import Experiment


def open_study(experiment: Experiment, folder: Path, description: Description) -> Study:
    return Study.open(experiment, f"sqlite:///{folder}/optuna.db", description)


def run_trial(study: Study, loss: float, n_epochs: int = 2) -> int:
    """Train a trial in thought, and return its number."""
    assignment = study.ask()
    for epoch in range(1, n_epochs + 1):
        metrics = {"validation_loss": loss + 1 / epoch}
        is_last = epoch == n_epochs
        kept = {"kept_epoch": epoch, "kept_metrics": metrics} if is_last else {}
        report = Report(assignment.number, epoch, metrics, 0.1, **kept)
        study.report(report)
    study.complete(report, "nowhere")
    return assignment.number


@pytest.fixture
def study(quick: Experiment, development: Development, tmp_path: Path) -> Study:
    return open_study(quick, tmp_path, development.description)


def test_trial_0_is_the_default_configuration(study: Study, quick: Experiment) -> None:
    assert study.ask().configuration == quick.space.default()


def test_the_same_seed_asks_for_the_same_trials(
    quick: Experiment, development: Development, tmp_path: Path
) -> None:
    asked: list[list[Any]] = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        study = open_study(quick, tmp_path / name, development.description)
        asked.append([study.ask() for _ in range(4)])
    assert asked[0] == asked[1]
    assert len({str(assignment.configuration) for assignment in asked[0]}) == 4


def test_a_reopened_study_asks_for_what_it_would_have_asked_for(
    quick: Experiment, development: Development, tmp_path: Path
) -> None:
    whole, parts = [], []
    (tmp_path / "whole").mkdir()
    study = open_study(quick, tmp_path / "whole", development.description)
    for loss in range(5):
        run_trial(study, loss)
    whole = [trial.params for trial in study.optuna.trials]
    for loss in range(5):
        study = open_study(quick, tmp_path, development.description)
        run_trial(study, loss)
    parts = [trial.params for trial in study.optuna.trials]
    assert parts == whole


def test_what_a_dead_driver_left_running_is_asked_for_again(
    quick: Experiment, development: Development, tmp_path: Path
) -> None:
    dead = open_study(quick, tmp_path, development.description)
    lost = dead.ask()
    dead.report(Report(0, 1, {"validation_loss": 1.0}, 0.1))
    dead.storage.flush()
    study = open_study(quick, tmp_path, development.description)
    assert [trial.state for trial in study.optuna.trials] == [TrialState.WAITING]
    assert study.ask() == lost
    assert study.optuna.trials[0].user_attrs["attempts"] == 2


def test_a_trial_that_ends_after_an_epoch_it_has_reported_keeps_it_once(study: Study) -> None:
    study.ask()
    metrics = {"validation_loss": 1.0}
    study.report(Report(0, 1, metrics, 0.1))
    end = Report(0, 1, metrics, 0.5, kept_epoch=1, kept_metrics=metrics, repeats=True)
    assert not study.report(end)
    trial = study.complete(end, "")
    record = trial.user_attrs["record"]
    assert (trial.value, record["curves"]) == (1.0, {"validation_loss": [1.0]})
    assert (len(record["ended"]), record["seconds"]) == (1, 0.6)
    assert "folder" not in record


def test_no_file_of_the_working_folder_is_taken_for_a_losers_weights(
    quick: Experiment, development: Development, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / WEIGHTS).write_text("the user's own")
    study = open_study(quick, tmp_path, development.description)
    for loss in range(N_WEIGHTS_KEPT + 3):
        report = Report(
            study.ask().number, 1, {"validation_loss": loss}, 0.1, 1, {"validation_loss": loss}
        )
        study.report(report)
        study.complete(report, "")
    assert (tmp_path / WEIGHTS).exists()


def test_epochs_that_were_judged_before_are_not_judged_again(
    quick: Experiment, development: Development, tmp_path: Path
) -> None:
    dead = open_study(quick, tmp_path, development.description)
    for _ in range(2):
        dead.ask()
    for epoch in (1, 2):
        dead.report(Report(1, epoch, {"validation_loss": 1.0}, 0.1))
    dead.storage.flush()
    study = open_study(quick, tmp_path, development.description)
    study.optuna.pruner = optuna.pruners.ThresholdPruner(upper=0.5)
    for _ in range(2):
        study.ask()
    verdicts = [study.report(Report(1, e, {"validation_loss": 1.0}, 0.1)) for e in (1, 2)]
    assert verdicts == [False, True]


def test_the_default_is_trained_to_its_end_and_no_other(study: Study) -> None:
    study.optuna.pruner = optuna.pruners.ThresholdPruner(upper=0.5)
    for _ in range(2):
        study.ask()
    assert study.default == 0
    verdicts = [study.report(Report(n, 1, {"validation_loss": 1.0}, 0.1)) for n in (0, 1)]
    assert verdicts == [False, True]


def test_epoch_in_the_midst_of_a_period_is_recorded_and_not_judged(study: Study) -> None:
    study.optuna.pruner = optuna.pruners.ThresholdPruner(upper=0.5)
    for _ in range(2):
        study.ask()
    verdicts = [
        study.report(Report(1, e, {"validation_loss": 1.0}, 0.1, is_comparable=e == 3))
        for e in (1, 2, 3)
    ]
    assert verdicts == [False, False, True]
    trial = study.prune(1, "pruned in epoch 3")
    assert trial.intermediate_values == {3: 1.0}
    assert trial.user_attrs["record"]["curves"] == {"validation_loss": [1.0, 1.0, 1.0]}


def test_the_best_is_the_first_of_equals(study: Study) -> None:
    for loss in (3.0, 1.0, 1.0):
        run_trial(study, loss)
    assert study.best is not None
    assert study.best.number == 1 == study.optuna.best_trial.number


def test_a_training_seed_in_the_file_is_every_trials_seed(
    quick: Experiment, development: Development, tmp_path: Path
) -> None:
    training = quick.training.model_copy(update={"seed": 9})
    study = open_study(
        quick.model_copy(update={"training": training}), tmp_path, development.description
    )
    assert [study.ask().seed for _ in range(2)] == [9, 9]


def test_trials_have_seeds_of_their_own_otherwise(study: Study) -> None:
    seeds = [study.ask().seed for _ in range(4)]
    assert len(set(seeds)) == 4


def test_a_changed_file_is_refused_with_what_changed(
    quick: Experiment, development: Development, tmp_path: Path
) -> None:
    open_study(quick, tmp_path, development.description)
    changed = quick.model_copy(update={"seed": 1})
    with pytest.raises(InputError, match="seed: was 0, is 1"):
        open_study(changed, tmp_path, development.description)


def test_changed_data_is_refused(
    quick: Experiment, development: Development, tmp_path: Path
) -> None:
    from dataclasses import replace

    open_study(quick, tmp_path, development.description)
    changed = replace(development.description, data_sha256="f" * 64)
    with pytest.raises(InputError, match="the data has changed"):
        open_study(quick, tmp_path, changed)


def test_somebody_elses_study_of_that_name_is_refused(
    quick: Experiment, development: Development, tmp_path: Path
) -> None:
    other = optuna.create_study(study_name="quick", storage=f"sqlite:///{tmp_path}/optuna.db")
    other.tell(other.ask(), 1.0)
    with pytest.raises(InputError, match="was not made by this program"):
        open_study(quick, tmp_path, development.description)


@pytest.mark.parametrize("content", [b"not a database, whatever it is called", b"\0" * 4096])
def test_a_broken_database_is_refused_and_left_as_it_is(
    content: bytes, quick: Experiment, development: Development, tmp_path: Path
) -> None:
    (tmp_path / "optuna.db").write_bytes(content)
    with pytest.raises(StorageError, match="cannot be opened"):
        open_study(quick, tmp_path, development.description)
    assert (tmp_path / "optuna.db").read_bytes() == content


def test_a_study_is_spent_when_its_budget_of_trials_has_ended(
    quick: Experiment, development: Development, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/optuna.db"
    assert not is_spent(quick, url)
    study = open_study(quick, tmp_path, development.description)
    for loss in range(6):
        assert not is_spent(quick, url)
        run_trial(study, loss)
    assert is_spent(quick, url)
