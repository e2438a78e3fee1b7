"""A diagnosis of real studies: what is shown, and what is unknown where files are gone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.datasets import load_iris

from truetune.cli import cli
from truetune.objectives.files import PREDICTIONS, VALIDATION
from truetune.search import diagnosis as diagnosing
from truetune.search.diagnosis import STEPS, diagnose
from truetune.search.guarding import WORLD
from truetune.search.home import Home
from truetune.search.queries import Studies
from truetune.search.verify import verify

SPACE = """
card: {purpose: tell flowers apart, human_level: 0.02, published: [{value: 0.04, source: Fisher}]}
data: {source: ./rows.csv, target: species}
task: classification
training: {epochs: 6}
parameters:
  learning_rate: {type: float, low: 0.003, high: 0.03, log: true}
pruner: none
budget: {trials: 6}
"""


def rows() -> pd.DataFrame:
    iris = load_iris(as_frame=True)
    return iris.data.assign(species=iris.target_names[iris.target])


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, search_here: Callable[..., Any]) -> Path:
    folder = tmp_path_factory.mktemp("project")
    rows().to_csv(folder / "rows.csv", index=False)
    (folder / "flowers.yaml").write_text(SPACE)
    summary = search_here(folder / "flowers.yaml")
    (folder / "summary.txt").write_text(summary.to_text("tune search flowers.yaml"))
    (folder / "summary.json").write_text(json.dumps(summary.to_json()))
    return folder


@pytest.fixture
def home(original: Path, tmp_path: Path, vault: Path) -> Home:
    """A copy of the project, with a copy of its vault."""
    shutil.copytree(original, tmp_path, dirs_exist_ok=True)
    shutil.copytree(f"{original}-vault", vault.parent)
    return Home.at(tmp_path / "mlruns")


def diagnosed(home: Home) -> diagnosing.Diagnosis:
    studies = Studies(home)
    return diagnose(studies, studies.load("flowers"))


def status(home: Home, *arguments: str) -> str:
    done = CliRunner().invoke(cli, ["status", *arguments, "--home", str(home.root)])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_status_tells_the_card_the_six_steps_and_what_to_try(home: Home) -> None:
    text = status(home, "flowers")
    assert "tell flowers apart" in text
    assert "human level 0.02; published 0.04 (Fisher)" in text
    at = [text.index(f" {number} {step}") for number, step in enumerate(STEPS, start=1)]
    assert at == sorted(at)
    assert "Try first: step 3, training set" in text
    assert "Write into the file:" in text
    assert max(map(len, text.splitlines())) <= 99


def test_a_status_has_the_same_for_a_machine(home: Home) -> None:
    found = json.loads(status(home, "flowers", "--json"))
    assert [item["step"] for item in found["checklist"]] == list(STEPS)
    assert {item["state"] for item in found["checklist"]} <= {"done", "open", "unknown"}
    assert found["task"]["human_level"] == 0.02
    assert found["diagnosis"]["first_open"] == "training set"
    assert found["diagnosis"]["unknown"] == []
    for finding in found["diagnosis"]["findings"]:
        assert finding.keys() == {
            "step", "cause", "what", "why", "try", "yaml", "command", "then"
        }  # fmt: skip
        assert any(character.isdigit() for character in finding["what"])


def test_without_a_name_no_study_is_diagnosed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosing, "report", None)
    assert "flowers: finished" in status(home)
    assert json.loads(status(home, "--json"))["studies"][0]["study"] == "flowers"


def test_a_search_ends_with_the_first_advice(original: Path) -> None:
    text = (original / "summary.txt").read_text()
    found = json.loads((original / "summary.json").read_text())
    assert "step 3 of 6, training set" in text
    assert "all of it: tune status flowers" in text
    assert found["diagnosis"]["findings"]
    assert len(found["checklist"]) == len(STEPS)


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ("data", "the validation targets cannot be read"),
        ("data/description.json", "description.json cannot be read"),
        (f"data/{VALIDATION}", "the validation targets cannot be read"),
        ("trials", ""),
        (f"trials/0/{PREDICTIONS}", ""),
        (".", "cannot be read"),
    ],
)
def test_what_is_gone_is_unknown_and_no_failure(gone: str, words: str, home: Home) -> None:
    path = home.artifacts / "flowers" / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    found = diagnosed(home)
    assert words in " ".join(found.unknown)
    assert len(found.checklist) == len(STEPS)
    assert not any("diagnosis itself" in told for told in found.unknown)
    assert "Traceback" not in status(home, "flowers")


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe"])
def test_a_file_that_is_damaged_is_unknown(content: bytes, home: Home) -> None:
    for path in (home.data("flowers") / "description.json", home.data("flowers") / VALIDATION):
        path.write_bytes(content)
    for path in home.trials("flowers").glob(f"*/{PREDICTIONS}"):
        path.write_bytes(content)
    found = diagnosed(home)
    assert len(found.unknown) == 2
    assert not any("diagnosis itself" in told for told in found.unknown)


def test_a_vault_that_is_gone_leaves_the_test_unknown(home: Home, vault: Path) -> None:
    shutil.rmtree(vault)
    found = diagnosed(home)
    assert found.checklist[4].state == "unknown"
    assert any("whether the test rows were opened" in told for told in found.unknown)


def test_a_study_of_another_program_is_unknown(home: Home) -> None:
    optuna.create_study(study_name="foreign", storage=home.storage_url)
    text = status(home, "foreign")
    assert "Not known" in text
    assert json.loads(status(home, "foreign", "--json"))["task"] is None


def test_a_look_at_the_test_rows_counts(home: Home) -> None:
    verify(home, study="flowers")
    found = diagnosed(home)
    assert found.checklist[4].detail != "30 test rows, not opened for this winner"
    assert "verify" not in [advice.cause for advice in found.findings]


def test_new_rows_are_remembered_the_last_ones_last(home: Home, tmp_path: Path) -> None:
    new = rows().iloc[::3]
    new.iloc[:, :4] += 0.513  # other flowers
    new.to_csv(tmp_path / "new.csv", index=False)
    for _ in range(2):
        verify(home, study="flowers", new=str(tmp_path / "new.csv"))
    study = Studies(home).load("flowers")
    assert [report["n_new"] for report in study.user_attrs[WORLD]] == [50, 50]
    assert diagnosed(home).checklist[5].detail != "no new rows were scored"


def test_a_diagnosis_that_fails_is_told_and_no_failure(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(diagnosing, "diagnosed", broken)
    assert "ZeroDivisionError: by zero" in status(home, "flowers")
