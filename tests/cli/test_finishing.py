"""`tune prune` and `threshold`: what is asked for reaches what does it, or is refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from truetune.cli import cli
from truetune.objectives.pruning.ranking import Cut
from truetune.search import decision, pruning
from truetune.search.decision_wishes import Wish
from truetune.search.pruning import Request


class Asked:
    """Stands in for a function: keeps what it was asked for, answers with a report."""

    def __init__(self) -> None:
        self.arguments: tuple[Any, ...] = ()

    def __call__(self, *arguments: Any) -> Any:
        self.arguments = arguments
        return SimpleNamespace(to_json=lambda: {"a": 1}, to_text=lambda: "told")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Stand in for all that works."""
    stand_in = Asked()
    monkeypatch.setattr(decision, "decide", stand_in)
    monkeypatch.setattr(pruning, "prune", stand_in)
    return stand_in


@pytest.mark.parametrize(
    ("arguments", "request_"),
    [
        ([], Request(Cut(amount=0.5))),
        (["--amount", "0.25"], Request(Cut(amount=0.25))),
        (["--threshold", "2", "--epochs", "0"], Request(Cut(threshold=2), 0)),
        (["--sparsity", "0.8"], Request(None, sparsity=0.8)),
        (["--sparsity", "0.8", "--amount", "0.5"], Request(Cut(amount=0.5), sparsity=0.8)),
    ],
)
def test_what_is_to_go_reaches_what_takes_it(
    arguments: list[str], request_: Request, asked: Asked, tmp_path: Path
) -> None:
    home = ["--home", str(tmp_path)]
    done = CliRunner().invoke(cli, ["prune", "s", "--trial", "3", *home, *arguments])
    assert (done.exit_code, done.output) == (0, "told\n")
    at, storage, study, trial, found, tracking_uri = asked.arguments
    assert (at.root, storage, study, trial, tracking_uri) == (tmp_path, None, "s", 3, None)
    assert found == request_


@pytest.mark.parametrize(
    ("arguments", "wish"),
    [
        ([], Wish()),
        (["--recall", "0.9"], Wish(recall=0.9)),
        (["--precision", "0.9", "--class", "yes"], Wish(precision=0.9, of_class="yes")),
        (["--costs", "yes=2", "--costs", "no=1"], Wish(costs=("yes=2", "no=1"))),
    ],
)
def test_a_wish_reaches_what_decides(arguments: list[str], wish: Wish, asked: Asked) -> None:
    done = CliRunner().invoke(cli, ["threshold", "s", *arguments])
    assert (done.exit_code, done.output) == (0, "told\n")
    assert asked.arguments[1:] == (None, "s", None, wish)


@pytest.mark.parametrize("command", ["prune", "threshold"])
def test_one_object_is_printed(
    command: str, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["tune", command, "s", "--json"])
    done = CliRunner().invoke(cli, [command, "s", "--json"])
    assert json.loads(done.output) == {"a": 1}


def test_what_is_forgotten_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision, "forget", lambda *_: "s")
    done = CliRunner().invoke(cli, ["threshold", "--clear"])
    assert (done.exit_code, done.output) == (0, "'s' answers with the likeliest class.\n")
    as_json = CliRunner().invoke(cli, ["threshold", "--clear", "--json"])
    assert json.loads(as_json.output) == {"study": "s", "decided": None}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["prune", "--amount", "0.5", "--threshold", "1"], "one of them"),
        (["prune", "--amount", "1"], "less than 1, but got 1"),
        (["prune", "--sparsity", "1.5"], "less than 1, but got 1.5"),
        (["prune", "--sparsity", "0.5", "--epochs", "3"], "add one"),
        (["prune", "--epochs", "-1"], "x>=0"),
        (["threshold", "--recall", "2"], "up to 1, but got 2"),
        (["threshold", "--recall", "0.5", "--precision", "0.5"], "for one goal"),
        (["threshold", "--clear", "--recall", "0.5"], "name nothing to choose"),
        (["threshold", "--clear", "--trial", "0"], "name nothing to choose"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    arguments: list[str], words: str, asked: Asked
) -> None:
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 2
    assert words in done.output + done.stderr
    assert asked.arguments == ()
