"""Verify: sealed rows opened once, and every way to a second look that is not one."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest

from truetune.errors import GuardError, InputError
from truetune.objectives.files import PREDICTIONS, VALIDATION, WEIGHTS
from truetune.objectives.guard.examination import Request
from truetune.objectives.guard.ledger import MAX_LOOKS, Entry, Ledger
from truetune.objectives.guard.places import Places
from truetune.search import verify as verifying
from truetune.search.guarding import ATTRIBUTE, touched
from truetune.search.home import Home
from truetune.search.lock import StudyLock
from truetune.search.verify import Report, verify

Tune = Callable[..., subprocess.CompletedProcess[str]]

N = 600
SPACE = """
data: {source: ./data/rows.csv, target: y}
task: binary
objective: {metric: validation_accuracy}
training: {epochs: 4}
parameters:
  learning_rate: {type: float, low: 0.001, high: 0.03, log: true}
pruner: none
budget: {trials: 7}
verify: {min_effect: 0.2}
"""


def rows(seed: int, n: int = N) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3)).round(6)
    y = np.where(x[:, 0] + 0.5 * rng.normal(size=n) > 0, "yes", "no")
    return pd.DataFrame(x, columns=list("abc")).assign(y=y)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, search_here: Callable[..., object]) -> Path:
    """A project in which two studies of the same rows were searched to their end."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "data").mkdir()
    rows(0).to_csv(folder / "data" / "rows.csv", index=False)
    (folder / "first.yaml").write_text(SPACE)
    search_here(folder / "first.yaml")
    search_here(folder / "first.yaml", study="second", seed=1)
    return folder


@pytest.fixture
def home(original: Path, tmp_path: Path, vault: Path) -> Home:
    """A copy of it, with a copy of its vault."""
    shutil.copytree(original, tmp_path, dirs_exist_ok=True)
    shutil.copytree(f"{original}-vault", vault.parent)
    return Home.at(tmp_path / "mlruns")


@pytest.fixture
def doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows opened by a double, where what they are worth does not matter."""

    def found(request: Request) -> dict[str, Any]:
        names = [contestant.name for contestant in request.contestants]
        return {
            "n_rows": 200,
            "metrics": {name: {"accuracy": 0.8} for name in names},
            "interval": {name: [0.8, 0.75, 0.85] for name in names},
            "n_unknown": 0,
            "n_copies": 0,
            "blocks": "",
            "shift": None,
            "seconds": 0.0,
        }

    monkeypatch.setattr(verifying, "examine", found)


def look(home: Home, study: str = "first", **more: Any) -> dict[str, Any]:
    return dict(verify(home, study=study, **more).content)


def entries() -> tuple[Entry, ...]:
    return Ledger(Places.here().ledger).entries()


def stored(home: Home, name: str = "first") -> optuna.Study:
    return optuna.load_study(study_name=name, storage=home.storage_url)


def winner(home: Home, name: str = "first") -> int:
    return stored(home, name).best_trial.number


# One look


@pytest.mark.usefixtures("doubled")
def test_look_is_announced_before_and_written_down_after(home: Home) -> None:
    report = look(home)
    announced, done = entries()
    assert (announced.kind, done.kind) == ("look", "done")
    assert announced.content["seal"] == stored(home).user_attrs[ATTRIBUTE]["id"]
    assert (announced.content["study"], announced.content["trial"]) == ("first", winner(home))
    assert done.content == {"look": announced.hash, "report": json.loads(json.dumps(report))}
    assert stored(home).user_attrs[ATTRIBUTE]["ledger_head"] == done.hash


def test_report_says_what_it_was_picked_from_and_how_sure_it_is(home: Home) -> None:
    report = look(home)
    assert report["naive"] == pytest.approx(stored(home).best_value)
    assert report["corrected"] <= report["naive"]
    low, high = report["interval"]
    assert low < report["test"] < high
    assert (report["n_test"], report["n_trials"], report["look"]) == (120, 7, 1)
    assert (report["confidence"], report["is_winner"]) == (0.975, True)
    assert (report["guard_level"], report["verdict"]) == ("audit", "CONSISTENT")
    assert report["default"]["number"] == 0
    assert report["gap"][0] == pytest.approx(report["corrected"] - report["test"])
    assert report["shift"] is not None


@pytest.mark.usefixtures("doubled")
def test_same_model_on_the_same_rows_is_a_replay(home: Home) -> None:
    first, again = look(home), look(home)
    assert again == {**json.loads(json.dumps(first)), "replayed": True}
    assert len(entries()) == 2


@pytest.mark.usefixtures("doubled")
def test_copied_project_replays_and_opens_nothing(home: Home, tmp_path: Path) -> None:
    first = look(home)
    copied = shutil.copytree(home.root, tmp_path / "elsewhere" / "mlruns")
    assert look(Home.at(copied))["test"] == first["test"]
    assert len(entries()) == 2


def test_report_can_be_made_when_the_source_is_gone(home: Home, original: Path) -> None:
    aside = (original / "data").rename(original / "aside")
    try:
        report = look(home)
    finally:
        aside.rename(original / "data")
    assert (report["verdict"], report["shift"], report["n_copies"]) == ("CONSISTENT", None, None)


@pytest.mark.usefixtures("doubled")
def test_dry_run_opens_nothing_and_says_what_a_look_would_be(home: Home) -> None:
    report = look(home, dry_run=True)
    assert (report["verdict"], report["test"], report["look"]) == (None, None, 1)
    assert (report["dry_run"], report["refused"]) == (True, None)
    assert entries() == ()
    look(home)
    refused = look(home, "second", dry_run=True)["refused"]
    assert "look 1" in refused["cause"]
    assert len(entries()) == 2


# A second look


@pytest.mark.usefixtures("doubled")
def test_another_model_is_refused_with_the_look_there_was(home: Home) -> None:
    look(home)
    announced = entries()[0]
    with pytest.raises(GuardError, match="have been opened: look 1 was") as caught:
        look(home, "second")
    for told in (announced.who, announced.time[:10], "'first'", f"trial {winner(home)}"):
        assert told in caught.value.cause
    assert "--reopen --reason" in caught.value.fix
    assert len(entries()) == 2


@pytest.mark.usefixtures("doubled")
def test_a_reason_makes_it_look_2_and_the_interval_wider(home: Home) -> None:
    first = look(home)
    second = look(home, "second", reason="the first was a rehearsal")
    assert (second["look"], second["is_adaptive"]) == (2, True)
    assert second["confidence"] == pytest.approx(1 - 0.05 / 6)
    assert entries()[2].content["reason"] == "the first was a rehearsal"
    assert look(home)["test"] == first["test"]  # look 1 stays what it was
    assert look(home, "second")["replayed"]


@pytest.mark.usefixtures("doubled")
def test_rows_are_spent_after_so_many_looks(home: Home) -> None:
    kept = [n for n in range(7) if (home.trials("first") / str(n) / WEIGHTS).exists()]
    for number in kept[:MAX_LOOKS]:
        look(home, trial=number, reason="again")
    assert len(entries()) == 2 * MAX_LOOKS
    with pytest.raises(GuardError, match=f"{MAX_LOOKS} times at most") as caught:
        look(home, trial=kept[MAX_LOOKS], reason="and again")
    assert "data.test" in caught.value.fix


@pytest.mark.usefixtures("doubled")
def test_study_begun_after_a_look_is_adaptive_for_good(
    home: Home, tmp_path: Path, search_here: Callable[..., object]
) -> None:
    look(home)
    search_here(tmp_path / "first.yaml", study="third", seed=2, budget={"trials": 2})
    assert stored(home, "third").user_attrs[ATTRIBUTE]["n_looks"] == 1
    assert look(home, "third", reason="to see")["is_adaptive"]


@pytest.mark.usefixtures("doubled")
def test_another_trial_is_another_model(home: Home) -> None:
    other = next(n for n in (1, 2, 3, 4, 5, 6) if n != winner(home) and kept(home, n))
    report = look(home, trial=other)
    assert (report["trial"], report["is_winner"]) == (other, False)
    with pytest.raises(GuardError, match="have been opened"):
        look(home)


def kept(home: Home, number: int) -> bool:
    return (home.trials("first") / str(number) / WEIGHTS).exists()


# A look that was cut short


@pytest.mark.usefixtures("doubled")
def test_crashed_look_is_spent_and_goes_on_with_the_same_model(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(request: object) -> dict[str, Any]:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(verifying, "examine", crash)
        with pytest.raises(MemoryError):
            look(home)
    assert [entry.kind for entry in entries()] == ["look"]
    with pytest.raises(GuardError, match="have been opened: look 1"):
        look(home, "second")
    report = look(home)
    assert (report["look"], report["replayed"]) == (1, False)
    assert [entry.kind for entry in entries()] == ["look", "done"]


@pytest.mark.usefixtures("doubled")
def test_report_that_was_not_written_down_is_made_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = Ledger.append

    def dies(self: Ledger, kind: str, content: dict[str, Any]) -> Entry:
        if kind == "done":
            raise KeyboardInterrupt
        return append(self, kind, content)

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "append", dies)
        with pytest.raises(KeyboardInterrupt):
            look(home)
    first = look(home)
    assert (first["look"], len(entries())) == (1, 2)


@pytest.mark.usefixtures("doubled")
def test_crash_before_the_announcement_spends_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> Entry:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "append", dies)
        with pytest.raises(KeyboardInterrupt):
            look(home)
    assert entries() == ()
    assert look(home, "second")["look"] == 1


@pytest.mark.usefixtures("doubled")
def test_head_that_was_not_copied_into_the_study_is_no_matter(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(optuna.Study, "set_user_attr", dies)
        with pytest.raises(KeyboardInterrupt):
            look(home)
    assert look(home)["replayed"]


# What is not as it was left


@pytest.mark.usefixtures("doubled")
def test_value_edited_in_the_store_is_not_that_of_its_predictions(home: Home) -> None:
    import sqlite3

    with sqlite3.connect(home.optuna_db) as connection:
        connection.execute("UPDATE trial_values SET value = 0.999 WHERE trial_id = 2")
    with pytest.raises(GuardError, match=r"trial 1 of 'first' is stored with the value 0\.999"):
        look(home)
    assert entries() == ()


@pytest.mark.parametrize("damage", ["another's", "cut", "gone", "a pickle"])
def test_predictions_that_are_not_the_trials_are_noticed(damage: str, home: Home) -> None:
    path = home.trials("first") / "3" / PREDICTIONS
    predictions = np.load(path)
    if damage == "another's":
        np.save(path, 1 - predictions)
    elif damage == "cut":
        np.save(path, predictions[:-1])
    elif damage == "gone":
        path.unlink()
    else:
        np.save(path, np.array([object()] * len(predictions)), allow_pickle=True)
    with pytest.raises(GuardError, match="trial 3"):
        look(home)
    assert entries() == ()


@pytest.mark.usefixtures("doubled")
def test_missing_validation_targets_are_named(home: Home) -> None:
    (home.data("first") / VALIDATION).unlink()
    with pytest.raises(GuardError, match=VALIDATION):
        look(home)


@pytest.mark.usefixtures("doubled")
def test_ledger_put_back_to_an_earlier_day_is_noticed(home: Home) -> None:
    ledger = Places.here().ledger
    look(home)
    early = ledger.read_bytes()
    look(home, "second", reason="once more")
    ledger.write_bytes(early)
    with pytest.raises(GuardError, match="is gone"):
        look(home, "second")
    ledger.unlink()
    with pytest.raises(GuardError, match="is gone"):
        look(home)


@pytest.mark.usefixtures("doubled")
@pytest.mark.parametrize("file", ["key", "vault/*/rows.sealed", "vault/*/manifest.json"])
def test_vault_that_cannot_be_opened_costs_no_look(file: str, home: Home, vault: Path) -> None:
    (path,) = vault.glob(file)
    content = path.read_bytes()
    path.unlink()
    with pytest.raises(GuardError) as caught:
        look(home)
    assert "backup" in caught.value.fix
    assert entries() == ()
    path.write_bytes(content)
    assert look(home)["look"] == 1


@pytest.mark.usefixtures("doubled")
def test_weights_that_are_gone_are_named_with_those_there_are(home: Home) -> None:
    (home.trials("first") / str(winner(home)) / WEIGHTS).unlink()
    with pytest.raises(GuardError, match="are not kept") as caught:
        look(home)
    assert "--trial" in caught.value.fix


@pytest.mark.usefixtures("doubled")
@pytest.mark.parametrize("n_bytes", [0, 7, 100])
def test_weights_that_were_cut_off_cost_no_look(n_bytes: int, home: Home) -> None:
    path = home.trials("first") / str(winner(home)) / WEIGHTS
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(GuardError, match="cannot be read"):
        look(home)
    assert entries() == ()


@pytest.mark.usefixtures("doubled")
def test_default_whose_weights_are_gone_is_not_compared_with(home: Home) -> None:
    assert winner(home) != 0
    (home.trials("first") / "0" / WEIGHTS).unlink()
    report = look(home)
    assert (report["verdict"], report["default"]) == ("CONSISTENT", None)


# Whom it is not for


@pytest.mark.usefixtures("doubled")
def test_study_that_is_searched_now_is_refused(home: Home) -> None:
    with (
        StudyLock(home.lock("first"), "first"),
        pytest.raises(GuardError, match="is being searched"),
    ):
        look(home)


@pytest.mark.usefixtures("doubled")
def test_study_that_was_interrupted_is_refused(home: Home) -> None:
    stored(home).set_user_attr("state", "interrupted")
    with pytest.raises(GuardError, match="but 'first' is interrupted"):
        look(home)


@pytest.mark.usefixtures("doubled")
def test_study_from_before_the_guard_is_refused(home: Home) -> None:
    study = stored(home)
    attribute = next(a for a in study.user_attrs if a == ATTRIBUTE)
    study.set_user_attr(attribute, None)
    with pytest.raises(GuardError, match="were never sealed"):
        look(home)


@pytest.mark.usefixtures("doubled")
def test_tainted_study_keeps_its_rows_shut(home: Home) -> None:
    study = stored(home)
    was = study.user_attrs[ATTRIBUTE]
    study.set_user_attr(ATTRIBUTE, touched(was, 4, "opened rows.csv"))
    report = verify(home, study="first")
    assert (report.exit_code, report.content["verdict"]) == (3, "TAINTED")
    assert report.content["why"] == ["Trial 4 opened rows.csv."]
    assert (report.content["test"], report.content["look"]) == (None, None)
    assert entries() == ()


@pytest.mark.usefixtures("doubled")
def test_call_from_inside_a_search_is_refused(home: Home, tmp_path: Path, tune: Tune) -> None:
    # This process holds a study as a search does, and what it starts descends from it.
    with StudyLock(home.lock("second"), "second"):
        answered = tune("verify", "first")
    assert answered.returncode == 3
    assert "inside a search of second" in answered.stderr
    assert entries() == ()


@pytest.mark.usefixtures("doubled")
def test_unknown_study_is_a_mistake(home: Home) -> None:
    with pytest.raises(InputError, match="no study 'frist'"):
        look(home, "frist")


# New rows


def test_new_rows_are_scored_beside_the_test_result_and_spend_nothing(
    home: Home, tmp_path: Path
) -> None:
    rows(7, 400).to_csv(tmp_path / "new.csv", index=False)
    before = look(home, new=str(tmp_path / "new.csv"))
    assert (before["n_new"], before["test"]) == (400, None)
    assert entries() == ()
    report = look(home)
    after = look(home, new=str(tmp_path / "new.csv"))
    assert (after["test"], after["value"]) == (report["test"], before["value"])
    low, high = after["interval"]
    assert low < after["value"] < high
    assert math.isclose(after["value"] * 400, round(after["value"] * 400), abs_tol=1e-3)


def test_sealed_rows_by_another_name_are_refused(home: Home, tmp_path: Path) -> None:
    rows(0).to_csv(tmp_path / "new.csv", index=False)
    with pytest.raises(GuardError, match="sealed"):
        look(home, new=str(tmp_path / "new.csv"))


# What is printed


def test_report_is_printed_for_a_person_and_for_a_machine(home: Home, tune: Tune) -> None:
    shown = tune("verify", "first")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("CONSISTENT: on 120 sealed test rows first's winner")
    report = json.loads(tune("verify", "first", "--json").stdout)
    wanted = {"verdict", "look", "replayed", "naive", "corrected", "test", "interval", "n_test"}
    assert wanted <= report.keys()
    assert report["replayed"]
    refused = tune("verify", "second", "--json")
    assert refused.returncode == 3
    assert json.loads(refused.stdout)["error"]["exit_code"] == 3


def test_exit_code_is_3_of_a_tainted_study_alone() -> None:
    names = ("TAINTED", "OPTIMISTIC", "SUSPICIOUS", "INCONCLUSIVE", "CONSISTENT")
    assert [Report({"verdict": name}).exit_code for name in names] == [3, 0, 0, 0, 0]
