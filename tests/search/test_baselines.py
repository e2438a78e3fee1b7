"""Baselines beside a search: found once, never in its way, and gone with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import optuna
import psutil
import pytest

from truetune.objectives.baselines import process
from truetune.objectives.child import Child
from truetune.objectives.development import Development
from truetune.objectives.handing import OpenFiles
from truetune.objectives.preparation import Preparation
from truetune.search.baselines import ATTRIBUTE, Baselines, refusal, stored
from truetune.search.extra_runs import Extra
from truetune.search.recorder import NullRecorder
from truetune.search.summary import Summary
from truetune.spaces import Experiment

FOUND = {"value": 1.0, "metrics": {}, "seconds": 0.5, "note": "", "n_rows": 90, "ended": 9_000}


@pytest.fixture
def experiment(quick: Experiment) -> Experiment:
    return quick.model_copy(update={"baselines": ("dummy", "linear")})


@pytest.fixture
def files(development: Development, tmp_path: Path) -> OpenFiles:
    folder = tmp_path / "rows"
    folder.mkdir()
    development.save(folder)
    return OpenFiles.of(folder)


@pytest.fixture
def study() -> optuna.Study:
    return optuna.create_study()


class Answering:
    """In the place of the process: it has answered, or is at work until it is ended."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.asked: list[list[str]] = []

    def __call__(self, _: str, __: OpenFiles, names: list[str], ___: Path) -> Child:
        self.asked.append(names)
        child = Child.__new__(Child)
        child.purpose = "training the baselines"
        child.process = subprocess.Popen(
            [sys.executable, "-c", self.code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        return child


def answering(monkeypatch: pytest.MonkeyPatch, answer: Any = None, code: str = "") -> Answering:
    said = f"print({json.dumps({'answer': answer})!r})"
    fake = Answering(code or said)
    monkeypatch.setattr(process, "start", fake)
    return fake


def baselines_of(
    experiment: Experiment, study: optuna.Study, files: OpenFiles, tmp_path: Path
) -> Baselines:
    return Baselines(experiment, study, files, tmp_path / "trials")


def test_the_process_finds_what_scikit_learn_does(
    experiment: Experiment, study: optuna.Study, files: OpenFiles, tmp_path: Path
) -> None:
    baselines = baselines_of(experiment, study, files, tmp_path)
    baselines.start()
    assert files.numbers == {}  # handed on
    baselines.finish(waits=True, is_quiet=True)
    found = stored(study)
    assert found.keys() == {"dummy", "linear"}
    assert found["dummy"]["value"] == pytest.approx(np.log(3), rel=1e-3)
    assert found["linear"]["value"] < 0.3
    kept = np.load(tmp_path / "trials" / "baseline-linear" / "validation.npy")
    assert kept.shape == (30, 3)


def test_what_a_study_has_is_not_trained_again(
    experiment: Experiment,
    study: optuna.Study,
    files: OpenFiles,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study.set_user_attr(ATTRIBUTE, {"dummy": FOUND, "linear": {"cause": "out of memory"}})
    fake = answering(monkeypatch, {"linear": FOUND})
    baselines = baselines_of(experiment, study, files, tmp_path)
    baselines.start()
    baselines.start()
    baselines.finish(waits=True, is_quiet=True)
    assert fake.asked == [["linear"]]  # which there was none of
    assert stored(study) == {"dummy": FOUND, "linear": FOUND}

    again = baselines_of(experiment, study, OpenFiles({}), tmp_path)
    again.finish(waits=True, is_quiet=True)
    assert len(fake.asked) == 1


def test_nothing_is_started_where_nothing_is_missing(
    quick: Experiment, study: optuna.Study, files: OpenFiles, tmp_path: Path
) -> None:
    baselines = baselines_of(quick, study, files, tmp_path)  # `baselines: []`
    assert files.numbers == {}  # the rows are let go of at once
    baselines.start()
    assert baselines.child is None
    baselines.finish(waits=True, is_quiet=True)
    assert stored(study) == {}


def test_waiting_is_said(
    experiment: Experiment,
    study: optuna.Study,
    files: OpenFiles,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = json.dumps({"answer": {"dummy": FOUND, "linear": FOUND}})
    answering(monkeypatch, code=f"import time; time.sleep(0.5); print({said!r})")
    baselines_of(experiment, study, files, tmp_path).finish(waits=True, is_quiet=False)
    assert capsys.readouterr().err == "quick: waiting for the baselines (dummy, linear)\n"
    assert stored(study).keys() == {"dummy", "linear"}


def test_a_process_that_dies_is_the_cause_of_every_baseline_it_owed(
    experiment: Experiment,
    study: optuna.Study,
    files: OpenFiles,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(monkeypatch, code="import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    baselines_of(experiment, study, files, tmp_path).finish(waits=True, is_quiet=True)
    for name in experiment.baselines:
        assert "out of memory?" in stored(study)[name]["cause"]


@pytest.mark.parametrize("how", ["not waited for", "interrupted", "cancelled"])
def test_a_process_that_is_ended_leaves_its_baselines_to_the_next_chance(
    how: str,
    experiment: Experiment,
    study: optuna.Study,
    files: OpenFiles,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(monkeypatch, code="import time; time.sleep(100)")
    baselines = baselines_of(experiment, study, files, tmp_path)
    baselines.start()
    child = baselines.child
    assert child is not None
    assert baselines.is_at_work
    if how == "interrupted":
        baselines.interrupt()  # as a signal's handler does, while this waits
        baselines.finish(waits=True, is_quiet=True)
    elif how == "cancelled":
        baselines.cancel()
        baselines.cancel()
    else:
        baselines.finish(waits=False, is_quiet=True)
    assert child.process.returncode == -signal.SIGKILL
    assert stored(study) == {}
    assert not baselines.is_at_work


@pytest.mark.parametrize(
    ("objective", "cause"),
    [
        ({"metric": "validation_auroc"}, None),
        (
            {"metric": "score", "direction": "maximize", "function": "./own.py:train"},
            "a function of your own scores the trials, and only it knows how",
        ),
    ],
)
def test_an_own_function_has_no_baselines(
    objective: dict[str, str], cause: str | None, quick: Experiment
) -> None:
    content = quick.model_dump(mode="json") | {"objective": objective, "baselines": ["dummy"]}
    assert refusal(Experiment.model_validate(content)) == cause


def test_all_that_are_found_are_recorded(
    experiment: Experiment, study: optuna.Study, tmp_path: Path
) -> None:
    class Listening(NullRecorder):
        def record_extra(self, extra: Extra) -> None:
            heard.append(extra)

    heard: list[Extra] = []
    study.set_user_attr(ATTRIBUTE, {"dummy": FOUND, "linear": {"cause": "out of memory"}})
    baselines_of(experiment, study, OpenFiles({}), tmp_path).record(Listening())
    (extra,) = heard
    assert (extra.key, extra.started, extra.ended) == ("baseline:dummy", 8_500, 9_000)
    assert extra.parameters == {"model": "dummy", "training_rows": 90}


def test_a_preparation_keeps_its_files_open_and_its_folder_not(
    quick: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    preparation = Preparation(quick)
    preparation.keeps_files = True
    development = preparation.result()
    assert list(tmp_path.iterdir()) == []
    loaded = Development.load(preparation.files)
    np.testing.assert_array_equal(loaded.folds[0].x_train, development.folds[0].x_train)
    preparation.cancel()
    assert preparation.files.numbers == {}


# From outside


def test_a_search_ends_with_what_its_winner_is_held_against(
    write_space: Callable[..., Path], search_here: Callable[..., Summary], tmp_path: Path
) -> None:
    card = {"human_level": 0.01}
    space = write_space(card=card)
    first = search_here(space, baselines=["dummy"])
    held = {each.name: each for each in first.held}
    assert held["dummy"].value == pytest.approx(np.log(3), rel=1e-3)
    assert held["dummy"].gain == pytest.approx(held["dummy"].value - first.best["value"])
    assert held["dummy"].interval is not None
    assert held["human level"].value == 0.01
    text = first.to_text("tune search quick.yaml")
    assert "  held against (validation_loss, gain of the best trial)\n    dummy " in text
    assert [each["name"] for each in first.to_json()["held_against"]] == [*held]

    # The budget is spent; one more is named, and only that one is trained.
    second = search_here(space, baselines=["dummy", "linear"])
    assert second.best == first.best
    url = f"sqlite:///{tmp_path}/mlruns/optuna.db"
    found = stored(optuna.load_study(study_name="quick", storage=url))
    assert found.keys() == {"dummy", "linear"}
    assert {each.name for each in second.held} >= {"dummy", "linear"}
    assert found["linear"]["ended"] > found["dummy"]["ended"]


def test_on_ray_each_baseline_is_a_run_of_the_study(
    write_space: Callable[..., Path], tune: Callable[..., Any], tmp_path: Path
) -> None:
    space = write_space(baselines=["dummy", "linear"])
    done = tune("search", space, "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["mlflow"]["undelivered"] == 0
    assert summary["seconds"]["baselines"] >= 0
    held = {each["name"]: each for each in summary["held_against"]}
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlruns/mlflow.db")
    experiment = client.get_experiment_by_name("quick")
    found = client.search_runs([experiment.experiment_id], "tags.`truetune.extra` LIKE '%'")
    by_name = {run.data.tags["baseline"]: run for run in found}
    assert by_name.keys() == {"dummy", "linear"}
    for name, run in by_name.items():
        assert run.info.status == "FINISHED"
        assert run.data.metrics["validation_loss"] == held[name]["value"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_search_that_is_stopped_leaves_neither_process_nor_rows(
    number: signal.Signals, write_space: Callable[..., Path], tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    space = write_space(
        baselines=["network"], training={"epochs": 100_000}, budget={"trials": 1000}
    )
    command = [sys.executable, "-m", "truetune.cli", "search", str(space), "--executor", "inline"]
    env = {**os.environ, "TMPDIR": str(temporary)}
    driver = subprocess.Popen(
        command, cwd=tmp_path, env=env, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        child = _child_of(driver)
        driver.send_signal(number)
        driver.wait(timeout=60)
    finally:
        driver.kill()
        driver.wait()
    assert list(temporary.glob("truetune-*")) == []
    if number == signal.SIGINT:
        assert driver.returncode == 130
        assert not psutil.pid_exists(child.pid)
    with suppress(psutil.Error):  # a driver that is killed cannot end it; it ends by itself
        child.kill()


def _child_of(driver: subprocess.Popen[bytes]) -> psutil.Process:
    """Return the process of the baselines, once there is one."""
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline and driver.poll() is None:
        for child in psutil.Process(driver.pid).children():
            with suppress(psutil.Error):  # it has ended
                if process.__name__ in child.cmdline():
                    return child
        time.sleep(0.05)
    raise AssertionError("there was none")
