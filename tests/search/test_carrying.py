"""Trials of one study taken over by another whose space they fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from truetune.errors import InputError
from truetune.objectives.contracts import Report
from truetune.objectives.development import Description, Development
from truetune.objectives.files import PREDICTIONS, WEIGHTS
from truetune.search.carrying import Carry
from truetune.search.study import Study
from truetune.spaces import Experiment, load

FLAT = Path(__file__).parents[1] / "flat.yaml"
PARAMETERS: dict[str, Any] = {
    "learning_rate": {"type": "float", "low": 0.001, "high": 0.1, "log": True},
    "layers": {"type": "int", "low": 1, "high": 2},
    "hidden_units": {"type": "int", "low": 4, "high": 16, "repeat": "layers"},
    "batch_size": 32,
}


def experiment(study: str, **parameters: Any) -> Experiment:
    overrides = {"study": study, "parameters": {**PARAMETERS, **parameters}}
    return load(FLAT, {"data.source": "sklearn:iris", "budget.trials": 8, **overrides})


def open_study(
    own: Experiment, folder: Path, description: Description, carry: str | None = None
) -> Study:
    taken = None if carry is None else Carry(carry, folder / own.study)
    return Study.open(own, f"sqlite:///{folder}/optuna.db", description, taken)


def train(study: Study, folder: Path, n: int) -> None:
    """Complete trials in thought, each with files of its own; the last is pruned."""
    for k in range(n):
        number = study.ask().number
        metrics = {"validation_loss": 1 / (number + 1)}
        if k == n - 1:
            study.report(Report(number, 1, metrics, 0.1))
            study.prune(number, "pruned in epoch 1")
            continue
        report = Report(number, 1, metrics, 0.1, kept_epoch=1, kept_metrics=metrics)
        own = folder / str(number)
        own.mkdir(parents=True)
        (own / WEIGHTS).write_text(f"weights {number}")
        (own / PREDICTIONS).write_text(f"predictions {number}")
        study.report(report)
        study.complete(report, str(own))


@pytest.fixture
def old(tmp_path: Path, development: Development) -> Study:
    study = open_study(experiment("old"), tmp_path, development.description)
    train(study, tmp_path / "old", 7)
    return study


def essence(trial: optuna.trial.FrozenTrial) -> tuple[Any, ...]:
    curves = trial.user_attrs["record"]["curves"]
    return trial.state, trial.value, trial.user_attrs["seed"], curves, trial.intermediate_values


def test_a_wider_space_takes_over_every_trial(
    old: Study, tmp_path: Path, development: Development
) -> None:
    wider = {**PARAMETERS["learning_rate"], "high": 1.0}
    own = experiment("new", learning_rate=wider)
    new = open_study(own, tmp_path, development.description, carry="old")
    theirs = old.optuna.get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED))
    ours = new.optuna.trials
    assert new.n_finished == len(theirs) == 7
    assert [essence(trial) for trial in ours[:7]] == [essence(trial) for trial in theirs]
    assert [trial.params for trial in ours[:7]] == [trial.params for trial in theirs]
    assert ours[0].distributions["learning_rate"].high == 1.0
    assert new.best is not None
    assert new.best.value == old.best.value  # type: ignore[union-attr]


def test_only_what_lies_in_a_narrower_space_is_taken_over(
    old: Study, tmp_path: Path, development: Development
) -> None:
    own = experiment("new", layers={"type": "int", "low": 1, "high": 1})
    new = open_study(own, tmp_path, development.description, carry="old")
    fitting = [t for t in old.optuna.trials if t.params["layers"] == 1]
    assert 0 < len(fitting) < 7
    assert [t.params for t in new.optuna.trials if t.state.is_finished()] == [
        t.params for t in fitting
    ]


def test_a_value_that_was_fixed_fits_where_it_now_varies(
    old: Study, tmp_path: Path, development: Development
) -> None:
    own = experiment("new", batch_size={"type": "categorical", "choices": [16, 32]})
    new = open_study(own, tmp_path, development.description, carry="old")
    assert new.n_carried == 7
    assert {trial.params["batch_size"] for trial in new.optuna.trials[:7]} == {32}


def test_a_value_that_becomes_ordered_is_told_by_its_place(
    tmp_path: Path, development: Development
) -> None:
    choice = {"type": "categorical", "choices": [16, 32, 64]}
    first = open_study(experiment("old", batch_size=choice), tmp_path, development.description)
    train(first, tmp_path / "old", 4)
    own = experiment("new", batch_size={**choice, "ordered": True})
    new = open_study(own, tmp_path, development.description, carry="old")
    for was, is_now in zip(first.optuna.trials, new.optuna.trials, strict=False):
        assert is_now.params["batch_size"] == [16, 32, 64].index(was.params["batch_size"])
        assert is_now.user_attrs["told"] == {"batch_size": was.params["batch_size"]}


def test_nothing_fits_where_a_parameter_is_new(
    old: Study, tmp_path: Path, development: Development
) -> None:
    own = experiment("new", dropout={"type": "float", "low": 0.0, "high": 0.5})
    new = open_study(own, tmp_path, development.description, carry="old")
    assert (new.n_carried, new.ask().configuration) == (0, own.space.default())


def test_the_default_is_trained_where_it_is_not_carried_over(
    old: Study, tmp_path: Path, development: Development
) -> None:
    own = experiment("new", layers={"type": "int", "low": 1, "high": 2, "default": 2})
    new = open_study(own, tmp_path, development.description, carry="old")
    assert new.n_carried == 7
    assert new.ask().configuration == own.space.default()


def test_the_default_is_not_trained_a_second_time(
    old: Study, tmp_path: Path, development: Development
) -> None:
    wider = {**PARAMETERS["hidden_units"], "high": 17}  # the same midpoint
    own = experiment("new", hidden_units=wider)
    new = open_study(own, tmp_path, development.description, carry="old")
    assert own.space.default() == experiment("old").space.default()
    assert new.ask().configuration != own.space.default()


def test_trials_keep_their_files_when_the_other_study_loses_its_own(
    old: Study, tmp_path: Path, development: Development
) -> None:
    new = open_study(experiment("new"), tmp_path, development.description, carry="old")
    for number in range(6):
        for name in (WEIGHTS, PREDICTIONS):
            (tmp_path / "old" / str(number) / name).unlink(missing_ok=True)
    kept = [Path(t.user_attrs["record"]["folder"]) for t in new.optuna.trials[:6]]
    assert [(folder / PREDICTIONS).read_text() for folder in kept] == [
        f"predictions {number}" for number in range(6)
    ]
    assert [(folder / WEIGHTS).exists() for folder in kept] == [
        True
    ] * 6  # the default's, the best 5


def test_carrying_over_again_adds_nothing(
    old: Study, tmp_path: Path, development: Development
) -> None:
    for _ in range(2):
        new = open_study(experiment("new"), tmp_path, development.description, carry="old")
    assert new.n_carried == new.n_finished == 7


def test_a_study_from_before_there_were_columns_is_continued_and_carried_over(
    old: Study, tmp_path: Path, development: Development
) -> None:
    identity = old.optuna.user_attrs["identity"]
    for key in ("query", "test", "columns"):
        del identity["data"][key]
    for key in ("groups", "time", "embargo", "folds"):
        del identity["data"]["split"][key]
    del identity["data"]["preprocess"]["size"]
    old.optuna.set_user_attr("identity", identity)
    again = open_study(experiment("old"), tmp_path, development.description)
    assert again.n_finished == 7
    new = open_study(experiment("new"), tmp_path, development.description, carry="old")
    assert new.n_carried == 7
    changed = load(
        FLAT, {"data": {"source": "sklearn:iris", "split": {"folds": 3}}, "study": "old"}
    )
    with pytest.raises(InputError, match=r"data\.split\.folds: added, is 3"):
        open_study(changed, tmp_path, development.description)


def test_studies_that_differ_in_more_than_their_spaces_are_not_compared(
    old: Study, tmp_path: Path, development: Development
) -> None:
    own = load(FLAT, {"data.source": "sklearn:iris", "study": "new", "training": {"epochs": 3}})
    with pytest.raises(InputError, match="differs in more than its parameters") as caught:
        open_study(own, tmp_path, development.description, carry="old")
    assert "  training.epochs: was 20, is 3" in caught.value.cause
    assert optuna.get_all_study_names(f"sqlite:///{tmp_path}/optuna.db") == ["old"]


def test_trials_that_other_code_scored_are_not_compared(
    tmp_path: Path, development: Development
) -> None:
    function = tmp_path / "own.py"
    function.write_text("first")
    objective = {"function": f"{function}:train", "metric": "score", "direction": "maximize"}
    settings = {"data.source": "sklearn:iris", "objective": objective}
    old, same, other = (
        load(FLAT, {**settings, "study": name}) for name in ("old", "same", "other")
    )
    study = open_study(old, tmp_path, development.description)
    report = Report(study.ask().number, 1, {"score": 1}, 0.1, 1, {"score": 1})
    study.report(report)
    study.complete(report, "")
    assert open_study(same, tmp_path, development.description, carry="old").n_carried == 1
    function.write_text("second")
    with pytest.raises(InputError, match=r"objective\.function: its file has changed"):
        open_study(other, tmp_path, development.description, carry="old")


@pytest.mark.parametrize(("name", "fix"), [("odl", "Did you mean 'old'?"), ("new", "Known: old.")])
def test_a_study_that_is_not_there_is_named(
    name: str, fix: str, old: Study, tmp_path: Path, development: Development
) -> None:
    with pytest.raises(InputError, match="no other study") as caught:
        open_study(experiment("new"), tmp_path, development.description, carry=name)
    assert caught.value.fix == fix
