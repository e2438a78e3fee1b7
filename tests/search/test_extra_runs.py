"""A run that is no trial is told to MLflow once, during a search and after it."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import optuna
import pytest
from mlflow.entities import Run

from truetune.objectives.development import Development
from truetune.objectives.files import save_data
from truetune.search.extra_runs import Extra, closing, deliver
from truetune.search.home import Home
from truetune.search.lock import StudyLock
from truetune.search.recorder import Delivery, Destination, MLflowRecorder, NullRecorder
from truetune.spaces import Experiment

EXTRA = Extra(
    kind="pruned",
    name="half",
    parameters={"amount": 0.5, "of_trial": 0},
    metrics={"validation_loss": 0.5, "n_parameters": 120},
    tags={"folder": "somewhere", "note": ""},
    started=1_000,
    ended=5_000,
)


@pytest.fixture
def home(tmp_path: Path, quick: Experiment, development: Development) -> Home:
    """Where a search of the quick experiment has been that told MLflow nothing."""
    home = Home.at(tmp_path / "mlruns")
    home.create()
    save_data(development, home.data(quick.study))
    return home


@pytest.fixture
def study(quick: Experiment) -> optuna.Study:
    """That search's study, of one trial."""
    study = optuna.create_study(study_name=quick.study, direction="minimize")
    attributes = {"metrics": {"validation_loss": 0.25}, "record": {"kept_epoch": 1}}
    trial = optuna.trial.create_trial(value=0.25, user_attrs=attributes)
    study.add_trial(trial)
    study.set_user_attr("state", "interrupted")
    return study


def runs(home: Home, study: str = "quick") -> tuple[Run, dict[str, Run]]:
    """The study's own run, and the others by name."""
    client = mlflow.MlflowClient(home.tracking_uri)
    experiment = client.get_experiment_by_name(study)
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id])
    (parent,) = (run for run in found if "truetune.study" in run.data.tags)
    children = [run for run in found if run is not parent]
    for run in children:
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert len({run.info.run_name for run in children}) == len(children)
    return parent, {run.info.run_name: run for run in children}


def test_what_is_delivered_is_a_run_of_the_studys_once(
    home: Home, quick: Experiment, study: optuna.Study
) -> None:
    assert deliver(home, quick, study, None, EXTRA) == Delivery()
    # MLflow was not there for the trial; now it is.
    parent, children = runs(home)
    assert children.keys() == {"pruned half", "trial 0"}
    run = children["pruned half"]
    assert (run.info.status, run.info.start_time, run.info.end_time) == ("FINISHED", 1000, 5000)
    assert run.data.params == {"amount": "0.5", "of_trial": "0"}
    assert run.data.metrics == {"validation_loss": 0.5, "n_parameters": 120}
    assert run.data.tags["truetune.extra"] == "pruned:half"
    assert run.data.tags["pruned"] == "half"
    assert run.data.tags["folder"] == "somewhere"
    assert "note" not in run.data.tags
    assert parent.info.status == "KILLED"
    assert parent.data.tags["best"] == "0"
    assert parent.info.end_time == int(study.trials[0].datetime_complete.timestamp() * 1000)

    other = replace(EXTRA, metrics={"validation_loss": 0.1}, parameters={})
    assert deliver(home, quick, study, None, other) == Delivery()
    after, again = runs(home)
    assert again["pruned half"].data.metrics == run.data.metrics
    assert after.info.end_time == parent.info.end_time


def test_during_a_search_it_goes_with_the_trials(home: Home) -> None:
    recorder = MLflowRecorder()
    about = {"name": "quick", "parameters": {}, "tags": {}, "files": {}}
    recorder.open(Destination.of(home, "quick", None), about)
    recorder.record_extra(EXTRA)
    recorder.record_extra(replace(EXTRA, kind="baseline", name="linear"))
    assert recorder.close([], closing("finished", None, "audit")) == Delivery()
    parent, children = runs(home)
    assert children.keys() == {"pruned half", "baseline linear"}
    assert children["baseline linear"].data.tags["baseline"] == "linear"
    assert parent.info.status == "FINISHED"


def test_a_dead_server_is_said(home: Home, quick: Experiment, study: optuna.Study) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    delivery = deliver(home, quick, study, f"http://127.0.0.1:{port}", EXTRA)
    assert delivery.missing == 2  # it, and the trial
    assert delivery.cause != ""


def test_a_running_search_is_not_waited_for(
    home: Home, quick: Experiment, study: optuna.Study
) -> None:
    with StudyLock(home.lock(quick.study), quick.study):
        delivery = deliver(home, quick, study, None, EXTRA)
    assert delivery == Delivery(1, "a search of the study is running")


@pytest.mark.parametrize("content", ["not json", "{}", json.dumps({"classes": None})])
def test_a_study_whose_files_are_damaged_is_said(
    content: str, home: Home, quick: Experiment, study: optuna.Study
) -> None:
    (home.data(quick.study) / "description.json").write_text(content)
    delivery = deliver(home, quick, study, None, EXTRA)
    assert delivery.missing == 1
    assert "the study's own files cannot be read" in delivery.cause


@pytest.mark.parametrize(
    ("state", "best", "expected"),
    [
        ("failed", None, {"status": "FAILED", "metrics": {}, "tags": {"guard_level": "audit"}}),
        (
            "finished",
            {"number": 3, "value": 0.5, "parameters": {"x": 1}, "metrics": {"loss": 0.5}},
            {
                "status": "FINISHED",
                "metrics": {"best.loss": 0.5},
                "tags": {"best": "3", "best.x": "1", "guard_level": "audit"},
            },
        ),
    ],
)
def test_a_studys_run_ends_as_its_search_did(
    state: str, best: dict[str, Any] | None, expected: dict[str, Any]
) -> None:
    assert closing(state, best, "audit") == expected


def test_the_null_recorder_takes_it_and_forgets_it() -> None:
    recorder = NullRecorder()
    recorder.record_extra(EXTRA)
    assert recorder.close([], {}) == Delivery()
