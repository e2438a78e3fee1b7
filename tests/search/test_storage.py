"""The driver's storage keeps Optuna's own contract, and leaves what Optuna itself would read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.storages import BaseStorage
from optuna.testing.pytest_storages import StorageTestCase
from optuna.trial import TrialState

from truetune.search.storage import DriverStorage, open_store


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/optuna.db"


class TestConformance(StorageTestCase):
    """Optuna's suite for storages."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> BaseStorage:
        return DriverStorage(open_store(url(tmp_path)))


def search(storage: BaseStorage, n_trials: int) -> optuna.Study:
    """A seeded search with a pruner and attributes, as the driver does it."""
    pruner = optuna.pruners.MedianPruner(n_startup_trials=3)
    study = optuna.create_study(storage=storage, study_name="s", pruner=pruner)
    for number in range(n_trials):
        study.sampler = optuna.samplers.TPESampler(seed=number, n_startup_trials=4)
        trial = study.ask()
        x = trial.suggest_float("x", -1, 1)
        kind = trial.suggest_categorical("kind", ["a", "b"])
        trial.set_user_attr("seed", number)
        for step in range(1, 6):
            trial.report(x**2 + (kind == "b") + 1 / step, step)
            if trial.should_prune():
                study.tell(trial, state=TrialState.PRUNED)
                break
        else:
            study.tell(trial, x**2 + (kind == "b"))
    return study


def essence(study: optuna.Study) -> list[tuple[object, ...]]:
    names = ("number", "state", "params", "distributions", "values", "user_attrs")
    names = (*names, "intermediate_values")
    return [tuple(getattr(trial, name) for name in names) for trial in study.trials]


def test_a_search_is_the_same_as_on_optunas_own_storage(tmp_path: Path) -> None:
    ours = search(DriverStorage(open_store(url(tmp_path))), 25)
    own = search(optuna.storages.InMemoryStorage(), 25)
    assert essence(ours) == essence(own)
    assert {trial.state for trial in own.trials} == {TrialState.COMPLETE, TrialState.PRUNED}


def test_a_stock_optuna_reads_what_was_written(tmp_path: Path) -> None:
    ours = search(DriverStorage(open_store(url(tmp_path))), 12)
    stock = optuna.load_study(study_name="s", storage=url(tmp_path))
    assert essence(stock) == essence(ours)


def test_a_search_goes_on_from_what_was_written(tmp_path: Path) -> None:
    search(DriverStorage(open_store(url(tmp_path))), 5)
    storage = DriverStorage(open_store(url(tmp_path)))
    study = optuna.load_study(study_name="s", storage=storage)
    trial = study.ask()
    study.tell(trial, 1.0)
    assert trial.number == 5
    assert [t.number for t in optuna.load_study(study_name="s", storage=url(tmp_path)).trials] == [
        *range(6)
    ]


def test_a_running_trial_is_seen_by_others_after_a_flush(tmp_path: Path) -> None:
    storage = DriverStorage(open_store(url(tmp_path)))
    study = optuna.create_study(storage=storage, study_name="s")
    trial = study.ask()
    x = trial.suggest_float("x", 0, 1)
    trial.report(0.5, 1)
    other = optuna.load_study(study_name="s", storage=url(tmp_path))
    assert other.trials == []
    storage.flush()
    (seen,) = other.trials
    assert (seen.state, seen.params) == (TrialState.RUNNING, {"x": x})
    assert seen.intermediate_values == {1: 0.5}


def test_a_finished_trial_is_on_disk_when_tell_returns(tmp_path: Path) -> None:
    study = optuna.create_study(storage=DriverStorage(open_store(url(tmp_path))), study_name="s")
    trial = study.ask()
    trial.report(0.5, 1)
    study.tell(trial, 0.25)
    (seen,) = optuna.load_study(study_name="s", storage=url(tmp_path)).trials
    assert (seen.value, seen.intermediate_values) == (0.25, {1: 0.5})


def test_sqlite_is_in_wal_mode(tmp_path: Path) -> None:
    import sqlite3

    open_store(url(tmp_path))
    connection = sqlite3.connect(tmp_path / "optuna.db")
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    connection.close()
    assert mode == "wal"


def test_processes_that_open_a_new_database_at_once_all_succeed(tmp_path: Path) -> None:
    code = (
        "import sys, optuna; from truetune.search.storage import open_store;"
        "store = open_store(sys.argv[1]);"
        "optuna.create_study(study_name='s', storage=store, load_if_exists=True)"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, url(tmp_path)]
    started = [subprocess.Popen(command) for _ in range(6)]
    assert [process.wait(timeout=60) for process in started] == [0] * 6
    assert [path.name for path in tmp_path.glob("*.db")] == ["optuna.db"]
    assert optuna.get_all_study_names(url(tmp_path)) == ["s"]
