"""`tune seal`, `verify` and `ledger`: what is asked for reaches what does it, or is refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from truetune.cli import cli
from truetune.errors import GuardError


@pytest.fixture(autouse=True)
def own_vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


class Asked:
    """Stands in for a module's function: keeps what it was asked for, answers with a report."""

    def __init__(self, exit_code: int = 0) -> None:
        self.exit_code = exit_code
        self.arguments: tuple[Any, ...] = ()

    def __call__(self, *arguments: Any) -> Any:
        self.arguments = arguments
        return SimpleNamespace(
            exit_code=self.exit_code, to_json=lambda: {"a": 1}, to_text=lambda: "told"
        )


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str, exit_code: int = 0) -> Asked:
    asked = Asked(exit_code)
    module = SimpleNamespace(**{name: asked})
    path = {"verify": "truetune.search.verify", "seal": "truetune.search.sealing"}[name]
    monkeypatch.setitem(sys.modules, path, module)  # type: ignore[arg-type]
    return asked


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["verify", "--reopen"], "add --reason TEXT"),
        (["verify", "--reason", "why"], "add --reopen"),
        (["verify", "--reopen", "--reason", ""], "--reason is empty"),
        (["verify", "--reopen", "--reason", " \t"], "--reason is empty"),
        (["verify", "--data", "x.csv", "--dry-run"], "--data opens no sealed rows"),
        (
            ["verify", "--data", "x.csv", "--reopen", "--reason", "w"],
            "--data opens no sealed rows",
        ),
        (["verify", "--trial", "-1"], "x>=0"),
        (["seal", "x.csv", "--retire", " "], "--retire is empty"),
        (["seal", "x.csv", "--set", "x"], "KEY=VALUE"),
        (["seal"], "Missing argument 'DATA'"),
        (["ledger", "delete"], "'show', 'verify'"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 2
    assert words in done.stderr


def test_verify_hands_on_what_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = stand_in(monkeypatch, "verify")
    home, *others = _verified(asked, ["--home", str(tmp_path)])
    assert (home.root, others) == (tmp_path, [None, None, None, None, False, None])
    again = ["digits", "--trial", "3", "--reopen", "--reason", "labels", "--storage", "sqlite://"]
    assert _verified(asked, again)[1:] == ["sqlite://", "digits", 3, None, False, "labels"]
    assert _verified(asked, ["--dry-run"])[1:] == [None, None, None, None, True, None]
    assert _verified(asked, ["--data", "x.csv"])[1:] == [None, None, None, "x.csv", False, None]


def _verified(asked: Asked, arguments: list[str]) -> list[Any]:
    done = CliRunner().invoke(cli, ["verify", *arguments])
    assert (done.exit_code, done.stdout) == (0, "told\n")
    return list(asked.arguments)


def test_a_tainted_study_exits_with_3(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "verify", exit_code=GuardError.exit_code)
    done = CliRunner().invoke(cli, ["verify", "--json"])
    assert (done.exit_code, json.loads(done.stdout)) == (3, {"a": 1})


def test_seal_hands_on_what_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = stand_in(monkeypatch, "seal")
    arguments = [
        "seal",
        "x.csv",
        "--target",
        "y",
        "--set",
        "data.split.test=0.3",
        "--retire",
        "old",
    ]
    done = CliRunner().invoke(cli, arguments)
    assert (done.exit_code, done.stdout) == (0, "told\n")
    assert asked.arguments == ("x.csv", {"data.split.test": 0.3}, "y", "old")
    done = CliRunner().invoke(cli, ["seal", "x.yaml", "--json"])
    assert json.loads(done.stdout) == {"a": 1}
    assert asked.arguments == ("x.yaml", {}, None, None)


def test_nothing_is_sealed_into_the_home_of_stores(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = stand_in(monkeypatch, "seal")
    done = CliRunner().invoke(cli, ["seal", "x.csv", "--home", str(tmp_path)])
    assert (done.exit_code, asked.arguments) == (3, ())
    assert "the vault lies outside" in done.stderr
