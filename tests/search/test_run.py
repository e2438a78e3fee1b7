"""The main job from outside: what a search leaves, how it ends, and that it goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import optuna
import psutil
import pytest
from mlflow.entities import Run
from optuna.trial import FrozenTrial, TrialState

Tune = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[..., Path]
Start = Callable[[Path, str], subprocess.Popen[str]]
EXECUTORS = ("inline", "ray")


def stored(folder: Path, name: str = "quick") -> optuna.Study:
    """The study as Optuna itself reads it."""
    return optuna.load_study(study_name=name, storage=f"sqlite:///{folder}/mlruns/optuna.db")


def runs(folder: Path, name: str = "quick") -> tuple[Run, dict[int, Run]]:
    """The study's own run, and its trials' runs by number, as MLflow's client reads them."""
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlruns/mlflow.db")
    experiment = client.get_experiment_by_name(name)
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], max_results=1000)
    parents = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
    children = {
        int(run.data.tags["truetune.trial"]): run
        for run in found
        if "mlflow.parentRunId" in run.data.tags
    }
    assert len(parents) == 1
    assert len(children) == len(found) - 1
    return parents[0], children


def essence(trials: list[FrozenTrial]) -> list[tuple[Any, ...]]:
    """What of a trial must not depend on when it was trained."""
    return [(t.number, t.state, t.params, t.values, t.intermediate_values) for t in trials]


@pytest.fixture(scope="module", params=EXECUTORS)
def searched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """A folder in which a search of eight trials has run, and the JSON it printed."""
    folder = tmp_path_factory.mktemp(request.param)
    path = Path(__file__).parents[2] / "spaces" / "mlp.yaml"
    of_rows = ["data.source=sklearn:iris", "data.preprocess.shape=null"]
    settings = [*of_rows, "pruner=median", "training.epochs=6", "baselines=[]"]
    flags = [flag for setting in settings for flag in ("--set", setting)]
    command = [sys.executable, "-m", "truetune.cli", "search", str(path), "--study", "quick"]
    done = subprocess.run(
        [*command, "--trials", "14", "--executor", request.param, "--json", *flags],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_a_search_spends_exactly_its_budget(searched: tuple[Path, dict[str, Any]]) -> None:
    folder, summary = searched
    states = [trial.state for trial in stored(folder).trials]
    assert len(states) == summary["trials"]["total"] == 14
    assert states.count(TrialState.COMPLETE) == summary["trials"]["complete"]
    assert states.count(TrialState.PRUNED) == summary["trials"]["pruned"] > 0


def test_the_summary_agrees_with_what_optuna_reads(
    searched: tuple[Path, dict[str, Any]],
) -> None:
    folder, summary = searched
    study = stored(folder)
    assert summary["best"]["number"] == study.best_trial.number
    assert summary["best"]["value"] == study.best_value
    assert summary["best"]["parameters"] == study.best_params
    assert summary["direction"] == study.direction.name.lower() == "minimize"


def test_status_and_best_agree_with_the_summary(
    searched: tuple[Path, dict[str, Any]], tune: Tune
) -> None:
    folder, summary = searched
    home = ("--home", folder / "mlruns", "--json")
    status = json.loads(tune("status", "quick", *home).stdout)
    assert json.loads(tune("best", "quick", *home).stdout) == status["best"] == summary["best"]
    assert status["trials"] == summary["trials"]
    assert status["state"] == "finished"
    assert status["executor"] == summary["executor"]


def test_guard_level_of_a_built_in_set_is_audit_wherever_it_is_told(
    searched: tuple[Path, dict[str, Any]], tune: Tune
) -> None:
    folder, summary = searched
    status = json.loads(tune("status", "quick", "--home", folder / "mlruns", "--json").stdout)
    told = [
        summary["guard_level"],
        status["guard_level"],
        runs(folder)[0].data.tags["guard_level"],
    ]
    assert told == ["audit"] * 3
    assert any("part of scikit-learn" in reason for reason in summary["guard_reasons"])


def test_mlflow_has_one_ended_run_a_trial_with_its_parameters(
    searched: tuple[Path, dict[str, Any]],
) -> None:
    folder, _ = searched
    parent, children = runs(folder)
    trials = stored(folder).trials
    assert parent.info.status == "FINISHED"
    assert children.keys() == {trial.number for trial in trials}
    for trial in trials:
        run = children[trial.number]
        assert run.info.status == "FINISHED"
        assert run.data.tags["truetune.state"] == trial.state.name
        assert run.data.params == {name: str(value) for name, value in trial.params.items()}


def test_mlflow_has_every_epoch_that_optuna_has(searched: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = searched
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlruns/mlflow.db")
    _, children = runs(folder)
    for trial in stored(folder).trials:
        history = client.get_metric_history(children[trial.number].info.run_id, "validation_loss")
        epochs = {point.step: point.value for point in history}
        assert epochs.items() >= trial.intermediate_values.items()


def test_the_value_mlflow_shows_last_is_the_value_of_the_trial(
    searched: tuple[Path, dict[str, Any]],
) -> None:
    folder, summary = searched
    _, children = runs(folder)
    best = summary["best"]
    shown = children[best["number"]].data.metrics
    assert {name: shown[name] for name in best["metrics"]} == best["metrics"]
    assert shown["objective"] == best["value"]


def test_a_completed_trial_leaves_weights_and_predictions(
    searched: tuple[Path, dict[str, Any]],
) -> None:
    folder, summary = searched
    trials = folder / "mlruns" / "artifacts" / "quick" / "trials"
    best = trials / str(summary["best"]["number"])
    assert {path.name for path in best.iterdir()} == {"weights.safetensors", "validation.npy"}
    assert np.load(best / "validation.npy").shape == (30, 3)


def test_trial_0_is_the_default_configuration(searched: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = searched
    assert stored(folder).trials[0].params == {
        "learning_rate": pytest.approx((1e-4 * 1e-1) ** 0.5),
        "batch_size": 64,
        "layers": 2,
        "hidden_units.0": 64,
        "hidden_units.1": 64,
        "dropout": 0.25,
        "optimizer": "adam",  # and so without a momentum
    }


def test_only_the_best_weights_are_kept(searched: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = searched
    trials = folder / "mlruns" / "artifacts" / "quick" / "trials"
    kept = {int(path.parent.name) for path in trials.glob("*/weights.safetensors")}
    complete = [t for t in stored(folder).trials if t.state == TrialState.COMPLETE]
    best = sorted(complete, key=lambda t: (t.value, t.number))[:5]
    assert kept == {trial.number for trial in best}


def test_the_same_command_again_changes_nothing(tune: Tune, write_space: Write) -> None:
    path = write_space()
    folder = path.parent
    assert tune("search", path, "--executor", "inline").returncode == 0
    before = essence(stored(folder).trials)
    again = tune("search", path, "--executor", "ray", "--trials", 2, "--json")
    assert again.returncode == 0
    assert json.loads(again.stdout)["seconds"]["training"] == 0
    assert essence(stored(folder).trials) == before


def test_a_larger_budget_goes_on_as_if_it_had_been_so_from_the_start(
    tune: Tune, write_space: Write
) -> None:
    path = write_space()
    once = tune("search", path, "--trials", 14, "--executor", "inline", "--home", "once")
    for n_trials in (5, 14):
        tune("search", path, "--trials", n_trials, "--executor", "inline", "--home", "twice")
    assert once.returncode == 0
    studies = [
        optuna.load_study(study_name="quick", storage=f"sqlite:///{path.parent}/{home}/optuna.db")
        for home in ("once", "twice")
    ]
    assert essence(studies[0].trials) == essence(studies[1].trials)


def test_one_worker_on_ray_trains_what_the_inline_executor_trains(
    tune: Tune, write_space: Write
) -> None:
    path = write_space()
    assert tune("search", path, "--executor", "inline", "--home", "inline").returncode == 0
    assert tune("search", path, "--workers", 1, "--home", "ray").returncode == 0
    studies = [
        optuna.load_study(study_name="quick", storage=f"sqlite:///{path.parent}/{home}/optuna.db")
        for home in ("inline", "ray")
    ]
    assert essence(studies[0].trials) == essence(studies[1].trials)


# Interrupted and killed


@pytest.fixture
def start_long() -> Iterator[Callable[[Path, str], subprocess.Popen[str]]]:
    """Start searches that take long enough to be interrupted; none outlives its test."""
    started: list[subprocess.Popen[str]] = []

    def start(path: Path, executor: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "truetune.cli", "search", str(path)]
        search = subprocess.Popen(
            [*command, "--executor", executor],
            cwd=path.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(search)
        return search

    yield start
    for search in started:
        with search:
            search.kill()


def wait_for_trials(folder: Path, n_finished: int, timeout_s: float = 90) -> None:
    """Wait until a search has finished so many trials, as another process sees them."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if (folder / "mlruns" / "optuna.db").exists() and finished(folder) >= n_finished:
            return
        time.sleep(0.2)
    raise AssertionError(f"no {n_finished} trials within {timeout_s} s")


def finished(folder: Path) -> int:
    try:
        return sum(trial.state.is_finished() for trial in stored(folder).trials)
    except KeyError:  # the tables are there, the study is not yet
        return 0


LONG = {"training": {"epochs": 60}, "budget": {"trials": 24}, "pruner": "none"}
# Still at it when other processes have started, looked and spoken, however slow the machine.
ENDLESS = {**LONG, "budget": {"trials": 100_000}}


@pytest.mark.parametrize(
    ("executor", "number"), [("inline", signal.SIGINT), ("ray", signal.SIGTERM)]
)
def test_an_interrupted_search_exits_130_and_leaves_nothing_running(
    number: signal.Signals,
    executor: str,
    write_space: Write,
    start_long: Start,
) -> None:
    path = write_space(**ENDLESS)
    search = start_long(path, executor)
    wait_for_trials(path.parent, 3)
    search.send_signal(number)
    output, _ = search.communicate(timeout=60)
    assert search.returncode == 130, output
    assert "go on with   tune search" in output
    assert "Traceback" not in output
    states = {trial.state for trial in stored(path.parent).trials}
    assert TrialState.RUNNING not in states
    parent, _ = runs(path.parent)
    assert parent.info.status == "KILLED"


SLOW_SOURCE = """\
import time
from pathlib import Path
def rows():
    Path(__file__).with_name("begun").touch()
    time.sleep(300)
"""


@pytest.mark.parametrize("executor", ["inline", "ray"])
def test_an_interrupt_while_the_data_are_read_is_not_waited_with(
    executor: str, write_space: Write, start_long: Start
) -> None:
    path = write_space(data={"source": "./slow.py:rows", "target": "y"})
    (path.parent / "slow.py").write_text(SLOW_SOURCE)
    search = start_long(path, executor)
    until = time.monotonic() + 60
    while not (path.parent / "begun").exists() and time.monotonic() < until:
        time.sleep(0.05)
    search.send_signal(signal.SIGINT)
    output, _ = search.communicate(timeout=60)
    assert search.returncode == 130, output
    assert "interrupted before the first trial; nothing was begun." in output
    assert "Traceback" not in output
    assert not (path.parent / "mlruns").exists()


@pytest.mark.parametrize(
    ("executor", "number"),
    [("inline", signal.SIGINT), ("ray", signal.SIGKILL)],
)
def test_a_stopped_search_finishes_when_the_command_is_given_again(
    number: signal.Signals,
    executor: str,
    tune: Tune,
    write_space: Write,
    start_long: Start,
) -> None:
    path = write_space(**{**LONG, "budget": {"trials": 14}})
    folder = path.parent
    search = start_long(path, executor)
    wait_for_trials(folder, 3)
    os.killpg(search.pid, number) if number == signal.SIGINT else search.kill()
    search.communicate(timeout=60)
    before = {t.number: t for t in stored(folder).trials if t.state.is_finished()}
    again = tune("search", path, "--executor", executor, "--json")
    assert again.returncode == 0, again.stderr
    trials = stored(folder).trials
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 14
    assert essence([trials[number] for number in before]) == essence(list(before.values()))
    parent, children = runs(folder)
    assert parent.info.status == "FINISHED"
    assert children.keys() == set(range(14))


def test_a_killed_search_trains_the_same_trials_when_it_goes_on(
    tune: Tune,
    write_space: Write,
    start_long: Start,
) -> None:
    path = write_space(**{**LONG, "budget": {"trials": 14}})
    folder = path.parent
    search = start_long(path, "inline")
    wait_for_trials(folder, 4)
    search.kill()
    search.communicate(timeout=60)
    assert tune("search", path, "--executor", "inline").returncode == 0
    tune("search", path, "--executor", "inline", "--home", "whole")
    whole = optuna.load_study(study_name="quick", storage=f"sqlite:///{folder}/whole/optuna.db")
    assert essence(stored(folder).trials) == essence(whole.trials)


def test_no_process_outlives_a_search(write_space: Write, start_long: Start) -> None:
    path = write_space(**{**ENDLESS, "budget": {"trials": 100_000, "time": "20s"}})
    search = start_long(path, "ray")
    wait_for_trials(path.parent, 1)
    family = psutil.Process(search.pid).children(recursive=True)
    search.communicate(timeout=60)
    assert search.returncode == 0
    _, alive = psutil.wait_procs(family, timeout=10)
    assert len(family) > 4
    assert alive == []


def test_a_second_driver_is_refused_and_told_who_holds_the_study(
    tune: Tune,
    write_space: Write,
    start_long: Start,
) -> None:
    path = write_space(**ENDLESS)
    first = start_long(path, "inline")
    wait_for_trials(path.parent, 1)
    second = tune("search", path)
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)
    assert second.returncode == 4
    assert f"process {first.pid} on" in second.stderr


def test_stop_ends_a_running_search(tune: Tune, write_space: Write, start_long: Start) -> None:
    path = write_space(**ENDLESS)
    search = start_long(path, "inline")
    wait_for_trials(path.parent, 1)
    running = json.loads(tune("status", "quick", "--json").stdout)
    assert running["state"] == "running"
    assert "Asked process" in tune("stop", "quick").stdout
    search.communicate(timeout=60)
    assert search.returncode == 130
    assert json.loads(tune("status", "quick", "--json").stdout)["state"] == "interrupted"
    assert "No search" in tune("stop", "quick").stdout


def test_a_spent_time_budget_ends_a_search_with_exit_0(tune: Tune, write_space: Write) -> None:
    path = write_space(**{**LONG, "budget": {"trials": 5000, "time": "10s"}})
    done = tune("search", path, "--executor", "inline", "--json")
    summary = json.loads(done.stdout)
    assert done.returncode == 0
    assert summary["reason"] == "the time of 10s is spent"
    assert 0 < summary["trials"]["complete"] < 5000
    assert summary["trials"]["running"] == 0


def test_a_changed_space_is_refused_with_the_difference(tune: Tune, write_space: Write) -> None:
    path = write_space()
    assert tune("search", path, "--executor", "inline").returncode == 0
    changed = tune("search", path, "--set", "parameters.dropout.high=0.6")
    assert changed.returncode == 2
    assert "  parameters.dropout: widened, was [0.0, 0.5], is [0.0, 0.6]\n" in changed.stderr
    assert "--study NEW, and --from quick to carry over" in changed.stderr


def test_a_changed_space_goes_on_from_the_old_trials(tune: Tune, write_space: Write) -> None:
    path = write_space()
    assert tune("search", path, "--executor", "inline").returncode == 0
    flags = ("--study", "wider", "--from", "quick", "--trials", 8)
    changed = ("--set", "parameters.dropout.high=0.6", "--executor", "inline", "--json")
    done = tune("search", path, *flags, *changed)
    assert "wider: 6 trials of quick fit and are carried over" in done.stderr
    summary = json.loads(done.stdout)
    assert summary["trials"]["total"] == 8
    old = json.loads(tune("trials", "quick", "--json").stdout)["trials"]
    new = json.loads(tune("trials", "wider", "--json").stdout)["trials"]
    assert [trial["value"] for trial in new[:6]] == [trial["value"] for trial in old]
    _, children = runs(path.parent, "wider")
    assert children.keys() == set(range(8))


def test_sampler_pruner_and_budget_may_change_between_runs(tune: Tune, write_space: Write) -> None:
    path = write_space()
    assert tune("search", path, "--executor", "inline").returncode == 0
    flags = ("--set", "sampler=random", "--set", "pruner=median", "--trials", 8)
    done = tune("search", path, "--executor", "inline", "--json", *flags)
    assert json.loads(done.stdout)["trials"]["total"] == 8


def test_failing_trials_show_their_traceback_and_end_the_search_with_exit_1(
    tune: Tune, write_space: Write
) -> None:
    # More units than there is memory for: nothing of the file is wrong, every trial is.
    widths = {"type": "categorical", "choices": [10**13, 2 * 10**13, 3 * 10**13]}
    parameters = {"hidden_units": widths, "learning_rate": 0.01}
    path = write_space(parameters=parameters, budget={"trials": 20})
    done = tune("search", path, "--executor", "inline")
    assert done.returncode == 1
    assert "5 trials in a row failed" in done.stderr
    assert "trial 4 failed: RuntimeError" in done.stderr
    assert f"tune search {path} --trial 0 --executor inline" in done.stderr
    logs = tune("logs", "quick", 0).stdout
    assert "Traceback (most recent call last)" in logs
    assert json.loads(tune("status", "quick", "--json").stdout)["state"] == "failed"


def test_one_trial_runs_again_to_the_same_numbers(tune: Tune, write_space: Write) -> None:
    path = write_space()
    assert tune("search", path, "--executor", "inline").returncode == 0
    again = tune("search", path, "--trial", 2, "--executor", "inline", "--json")
    losses = [epoch["validation_loss"] for epoch in json.loads(again.stdout)["epochs"]]
    recorded = stored(path.parent).trials[2].intermediate_values
    assert losses[: len(recorded)] == list(recorded.values())
