"""`tune ledger`: every look is shown with what came of it, and what was changed is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from truetune.cli import cli
from truetune.errors import GuardError
from truetune.objectives.guard.ledger import Ledger
from truetune.objectives.guard.places import Places
from truetune.objectives.preparation import develop
from truetune.search import ledgers
from truetune.spaces import Experiment

LOOK = {
    "number": 1,
    "seal": "0123456789abcdef",
    "study": "digits",
    "trial": 12,
    "identity": "f" * 64,
    "n_rows": 1360,
    "alpha": 0.025,
    "reason": "",
}
REPORT = {
    "verdict": "CONSISTENT",
    "metric": "validation_accuracy",
    "test": 0.96111,
    "interval": [0.935, 0.98],
}


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return Places.here()


@pytest.fixture
def sealed(places: Places, quick: Experiment) -> str:
    """The name of a set whose rows are sealed and have been looked at."""
    seal = develop(quick, places).seal
    assert seal is not None
    ledger = Ledger(places.ledger)
    look = ledger.append("look", {**LOOK, "seal": seal.id})
    ledger.append("done", {"look": look.hash, "report": REPORT})
    return seal.id


def append_looks(places: Places) -> None:
    ledger = Ledger(places.ledger)
    first = ledger.append("look", LOOK)
    ledger.append("done", {"look": first.hash, "report": REPORT})
    second = ledger.append("look", {**LOOK, "number": 2, "reason": "labels mended"})
    ledger.append("done", {"look": second.hash, "report": {"verdict": "INCONCLUSIVE"}})
    ledger.append("look", {**LOOK, "number": 3, "reason": "once more", "study": "digits-2"})


def test_nobody_has_looked_yet(places: Places) -> None:
    shown = ledgers.shown(places)
    assert shown == {"looks": [], "head": ""}
    assert ledgers.shown_text(shown) == "Nobody has looked at sealed test rows yet."
    assert not places.root.exists()


def test_every_look_is_shown_with_what_came_of_it(places: Places) -> None:
    append_looks(places)
    shown = ledgers.shown(places)
    assert [look["state"] for look in shown["looks"]] == ["DONE", "DONE", "CRASHED"]
    assert shown["looks"][0].items() >= REPORT.items()
    assert shown["head"] == Ledger(places.ledger).head
    date = shown["looks"][0]["time"].replace("T", " ")[:16]
    who = shown["looks"][0]["who"]
    lines = ledgers.shown_text(shown).splitlines()
    fields = [line.split() for line in lines]
    digits = [*date.split(), who, "digits", "12", LOOK["seal"], "1,360"]
    assert fields[1] == [*digits, "1", "accuracy", "0.9611", "CONSISTENT"]
    assert fields[2] == [*digits, "2", "INCONCLUSIVE"]
    assert lines[3] == "    reopened: labels mended"
    assert fields[4][-1] == "CRASHED"
    assert lines[5].startswith("    reopened: once more; cut short after the rows were opened")
    assert lines[6] == f"head {shown['head']}"
    starts = {line.index("digits") for line in lines if "digits" in line}
    assert starts == {lines[0].index("study")}


def test_a_damaged_ledger_is_not_shown(places: Places) -> None:
    append_looks(places)
    places.ledger.write_bytes(places.ledger.read_bytes().replace(b"mended", b"minded"))
    with pytest.raises(GuardError, match="line 3 "):
        ledgers.shown(places)


def test_what_is_as_it_was_left_is_good(places: Places, sealed: str) -> None:
    checked = ledgers.checked(places)
    head = Ledger(places.ledger).head
    assert checked == {"ok": True, "problems": [], "entries": 2, "sets": 1, "head": head}
    assert ledgers.checked_text(checked).splitlines() == [
        "All is as it was left. Lines of the ledger: 2. Sealed sets: 1.",
        f"head {head}",
    ]


@pytest.mark.parametrize("name", ["manifest.json", "rows.sealed", "codes.npy", "names.txt"])
@pytest.mark.parametrize("is_gone", [True, False])
def test_a_changed_or_missing_file_of_the_vault_is_named(
    places: Places, sealed: str, name: str, is_gone: bool
) -> None:
    path = places.vault(sealed) / name
    content = bytearray(path.read_bytes())
    path.unlink()
    if not is_gone:
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    checked = ledgers.checked(places)
    assert (checked["ok"], len(checked["problems"])) == (False, 1)
    assert str(places.vault(sealed)) in checked["problems"][0]["cause"]


def test_all_that_is_wrong_is_told_at_once(
    places: Places, sealed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.ledger.write_bytes(places.ledger.read_bytes().replace(b"digits", b"digit5"))
    (places.vault(sealed) / "rows.sealed").write_bytes(b"")
    places.key.unlink()
    done = CliRunner().invoke(cli, ["ledger", "verify"])
    assert done.exit_code == 3
    causes = done.stderr.splitlines()[::2]
    for cause, words in zip(causes, ("line 1 of the ledger", "rows.sealed", "key"), strict=True):
        assert words in cause
    as_json = CliRunner().invoke(cli, ["ledger", "verify", "--json"])
    answer = json.loads(as_json.stdout)
    assert (as_json.exit_code, answer["ok"], len(answer["problems"])) == (3, False, 3)


def test_a_set_that_was_looked_at_and_is_gone_is_told(places: Places) -> None:
    append_looks(places)
    (problem, key) = ledgers.checked(places)["problems"]
    assert LOOK["seal"] in problem["cause"]
    assert "key" in key["cause"]


def test_the_command_shows_by_default(places: Places) -> None:
    append_looks(places)
    expected = ledgers.shown_text(ledgers.shown(places))
    for arguments in (["ledger"], ["ledger", "show"]):
        done = CliRunner().invoke(cli, arguments)
        assert (done.exit_code, done.stdout) == (0, f"{expected}\n")
    done = CliRunner().invoke(cli, ["ledger", "--json"])
    assert json.loads(done.stdout) == ledgers.shown(places)
