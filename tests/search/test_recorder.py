"""MLflow gets every trial once, whatever happens to it or to us; a dead server costs little."""

from __future__ import annotations

import socket
import time
from datetime import datetime
from pathlib import Path

import mlflow
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from truetune.search.recorder import Delivery, Destination, MLflowRecorder, NullRecorder

STUDY = {
    "name": "it's",
    "parameters": {"seed": "0"},
    "tags": {"python": "3"},
    "files": {"experiment.yaml": "a: 1\n"},
}
CLOSE = {"status": "FINISHED", "metrics": {"best.validation_loss": 0.25}, "tags": {"best": "0"}}


def trial(number: int, kept_epoch: int = 2) -> FrozenTrial:
    record = {
        "curves": {"validation_loss": [0.5, 0.25, 0.75]},
        "ended": [1000, 2000, 3000],
        "kept_epoch": kept_epoch,
        "folder": "nowhere",
    }
    attributes = {"seed": 7, "metrics": {"validation_loss": 0.25}, "record": record}
    frozen = create_trial(
        value=0.25,
        params={"x": 0.5},
        distributions={"x": FloatDistribution(0, 1)},
        user_attrs=attributes,
    )
    frozen.number = number
    frozen.datetime_start = frozen.datetime_complete = datetime(2026, 1, 1)
    return frozen


def destination(folder: Path, uri: str | None = None) -> Destination:
    return Destination(
        uri or f"sqlite:///{folder}/mlflow.db",
        "it's",
        (folder / "artifacts").as_uri(),
        str(folder / "writer.lock"),
    )


def deliver(folder: Path, trials: list[FrozenTrial], all_trials: list[FrozenTrial]) -> Delivery:
    recorder = MLflowRecorder()
    recorder.open(destination(folder), STUDY)
    for frozen in trials:
        recorder.record(frozen)
    return recorder.close(all_trials, CLOSE)


@pytest.fixture
def client(tmp_path: Path) -> mlflow.MlflowClient:
    return mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")


def children(client: mlflow.MlflowClient) -> dict[int, mlflow.entities.Run]:
    experiment = client.get_experiment_by_name("it's")
    runs = client.search_runs([experiment.experiment_id])
    found = [run for run in runs if "truetune.trial" in run.data.tags]
    assert len(found) == len(runs) - 1
    return {int(run.data.tags["truetune.trial"]): run for run in found}


def test_a_trial_becomes_a_run_with_all_its_epochs(
    tmp_path: Path, client: mlflow.MlflowClient
) -> None:
    assert deliver(tmp_path, [trial(0)], [trial(0)]) == Delivery()
    run = children(client)[0]
    history = client.get_metric_history(run.info.run_id, "validation_loss")
    points = {point.step: (point.value, point.timestamp) for point in history}
    assert [points[step] for step in (1, 2, 3)] == [(0.5, 1000), (0.25, 2000), (0.75, 3000)]
    assert run.data.metrics == {"validation_loss": 0.25, "objective": 0.25}
    assert run.data.params == {"x": "0.5"}
    assert run.data.tags["seed"] == "7"


def test_the_last_epoch_is_not_repeated_where_it_is_the_one_kept(
    tmp_path: Path, client: mlflow.MlflowClient
) -> None:
    deliver(tmp_path, [trial(0, kept_epoch=3)], [trial(0)])
    run = children(client)[0]
    history = client.get_metric_history(run.info.run_id, "validation_loss")
    assert [point.step for point in history] == [1, 2, 3]


def test_the_studys_own_run_holds_the_file_and_the_best(
    tmp_path: Path, client: mlflow.MlflowClient
) -> None:
    deliver(tmp_path, [], [])
    experiment = client.get_experiment_by_name("it's")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    assert run.data.params == {"seed": "0"}
    assert run.data.metrics == {"best.validation_loss": 0.25}
    artifact = client.download_artifacts(run.info.run_id, "experiment.yaml", str(tmp_path))
    assert Path(artifact).read_text() == "a: 1\n"
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"


def test_what_was_never_sent_is_delivered_at_the_end_and_nothing_twice(
    tmp_path: Path, client: mlflow.MlflowClient
) -> None:
    everything = [trial(number) for number in range(4)]
    assert deliver(tmp_path, everything[:2], everything[:2]) == Delivery()
    assert deliver(tmp_path, everything[1:3], everything) == Delivery()
    found = children(client)
    assert found.keys() == {0, 1, 2, 3}
    assert {run.info.status for run in found.values()} == {"FINISHED"}


def test_a_writer_whose_driver_is_gone_delivers_what_it_has_and_says_killed(
    tmp_path: Path, client: mlflow.MlflowClient
) -> None:
    recorder = MLflowRecorder()
    recorder.open(destination(tmp_path), STUDY)
    recorder.record(trial(0))
    recorder._messages.put(None)
    assert recorder._process.wait(timeout=60) == 0
    assert children(client)[0].info.status == "FINISHED"
    experiment = client.get_experiment_by_name("it's")
    parents = client.search_runs([experiment.experiment_id], "tags.`truetune.study` LIKE '%'")
    assert parents[0].info.status == "KILLED"


def test_a_server_that_is_not_there_is_said_and_loses_nothing(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    recorder = MLflowRecorder()
    recorder.open(destination(tmp_path, f"http://127.0.0.1:{port}"), STUDY)
    started = time.monotonic()
    recorder.record(trial(0))
    assert time.monotonic() - started < 1
    delivery = recorder.close([trial(0), trial(1)], CLOSE)
    assert delivery.missing == 2
    assert delivery.cause != ""


def test_a_server_that_never_answers_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("truetune.search.recorder.PATIENCE_S", 5.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        recorder = MLflowRecorder()
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        recorder.open(destination(tmp_path, uri), STUDY)
        delivery = recorder.close([trial(0)], CLOSE)
    assert delivery.missing == 1
    assert recorder._process.poll() is not None


def test_the_null_recorder_records_nothing() -> None:
    recorder = NullRecorder()
    recorder.record(trial(0))
    assert recorder.close([trial(0)], CLOSE) == Delivery()
    assert trial(0).state == TrialState.COMPLETE
