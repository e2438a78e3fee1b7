"""The ledger: what is appended is read back, in a chain, and looks are counted from it."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from truetune.errors import StorageError
from truetune.objectives.guard import ledger as module
from truetune.objectives.guard.ledger import Ledger, alpha, looks

LOOK = {
    "number": 1,
    "seal": "0123456789abcdef",
    "study": "digits",
    "trial": 7,
    "identity": "f" * 64,
    "n_rows": 360,
    "alpha": 0.025,
    "reason": "",
}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "truetune" / "ledger.jsonl")


def test_a_ledger_that_is_not_there_is_empty(ledger: Ledger) -> None:
    assert (ledger.entries(), ledger.head) == ((), "")
    assert not ledger.path.parent.exists()


def test_what_is_appended_is_read_back(ledger: Ledger) -> None:
    written = [ledger.append("look", LOOK), ledger.append("done", {"look": "x", "report": {}})]
    assert list(ledger.entries()) == list(Ledger(ledger.path).entries()) == written
    assert ledger.head == written[-1].hash
    assert written[0].content == LOOK


def test_a_hash_is_that_of_the_other_fields_with_the_hash_before(ledger: Ledger) -> None:
    for reason in ("one", "twö", "three\n\ud800"):
        ledger.append("retire", {"reason": reason, "seal": "s"})
    previous = ""
    for line in ledger.path.read_text().splitlines():
        fields = json.loads(line)
        claimed = fields.pop("hash")
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        assert claimed == hashlib.sha256(text.encode()).hexdigest()
        assert fields["previous"] == previous
        previous = claimed


def test_an_entry_says_when_and_who(ledger: Ledger) -> None:
    entry = ledger.append("look", LOOK)
    user = subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip()
    assert entry.who.split("@") == [user, os.uname().nodename]
    assert entry.time.endswith("+00:00")


@pytest.mark.parametrize("content", [{"x": float("nan")}, {"x": object()}])
def test_content_that_is_no_json_is_not_written(ledger: Ledger, content: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        ledger.append("look", content)  # type: ignore[arg-type]
    assert ledger.entries() == ()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277])
def test_file_and_folder_are_their_owners_alone(ledger: Ledger, umask: int) -> None:
    before = os.umask(umask)
    try:
        ledger.append("look", LOOK)
        ledger.append("look", LOOK)
    finally:
        os.umask(before)
    paths = [ledger.path.parent, ledger.path, Path(f"{ledger.path}.lock")]
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o700, 0o600, 0o600]


def test_a_folder_that_others_could_enter_is_shut(ledger: Ledger) -> None:
    ledger.path.parent.mkdir(mode=0o755)
    ledger.append("look", LOOK)
    assert stat.S_IMODE(ledger.path.parent.stat().st_mode) == 0o700


def test_check_and_append_are_one(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_TIMEOUT_S", 0.05)
    with ledger.held():
        ledger.append("look", LOOK)  # what holds it may append
        with ledger.held():
            pass
        with pytest.raises(StorageError, match=r"another process has held the ledger .* 0.05 s"):
            Ledger(ledger.path).append("look", LOOK)
    Ledger(ledger.path).append("look", LOOK)
    assert len(ledger.entries()) == 2


def test_two_processes_append_at_the_same_time(ledger: Ledger) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from truetune.objectives.guard.ledger import Ledger\n"
        "for i in range(50): Ledger(Path(sys.argv[1])).append(sys.argv[2], {'i': i})"
    )
    command = [sys.executable, "-c", code, str(ledger.path)]
    both = [subprocess.Popen([*command, name]) for name in ("a", "b")]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    entries = ledger.entries()
    assert len(entries) == 100
    for name in ("a", "b"):
        assert [e.content["i"] for e in entries if e.kind == name] == list(range(50))


@contextmanager
def without_rights() -> Iterator[None]:
    """Be an ordinary user where the tests are run by one who may do all."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_without_permission_is_told(ledger: Ledger) -> None:
    ledger.append("look", LOOK)
    ledger.path.chmod(0o000)
    with without_rights(), pytest.raises(StorageError, match="Permission denied") as raised:
        ledger.append("look", LOOK)
    assert "writable" in raised.value.fix or "owner" in raised.value.fix
    with without_rights(), pytest.raises(StorageError, match="cannot be read"):
        ledger.entries()


def test_a_folder_in_the_ledgers_place_is_told(ledger: Ledger) -> None:
    ledger.path.mkdir(parents=True)
    with pytest.raises(StorageError, match="Is a directory"):
        ledger.append("look", LOOK)


def test_a_file_in_the_folders_place_is_told(ledger: Ledger) -> None:
    ledger.path.parent.touch()
    with pytest.raises(StorageError, match="cannot be written"):
        ledger.append("look", LOOK)


def test_looks_are_joined_with_what_came_of_them(ledger: Ledger) -> None:
    first = ledger.append("look", LOOK)
    second = ledger.append("look", LOOK | {"number": 2, "trial": 9, "reason": "new labels"})
    ledger.append("retire", {"seal": "s", "reason": ""})
    ledger.append("done", {"look": first.hash, "report": {"verdict": "CONSISTENT"}})
    done, crashed = looks(ledger.entries())
    assert (done.number, done.trial, done.report) == (1, 7, {"verdict": "CONSISTENT"})
    assert (crashed.number, crashed.trial, crashed.reason) == (2, 9, "new labels")
    assert [done.is_crashed, crashed.is_crashed] == [False, True]
    assert (done.hash, done.who, done.time) == (first.hash, first.who, first.time)
    assert crashed.hash == second.hash


def test_a_report_is_the_first_one_that_was_made(ledger: Ledger) -> None:
    look = ledger.append("look", LOOK)
    for value in (0.9, 0.99):
        ledger.append("done", {"look": look.hash, "report": {"test": value}})
    assert [done.report for done in looks(ledger.entries())] == [{"test": 0.9}]


def test_the_errors_of_all_looks_add_up_to_one_twentieth() -> None:
    assert (alpha(1), alpha(2), alpha(3)) == pytest.approx((0.025, 0.05 / 6, 0.05 / 12))
    n = 1000
    assert sum(map(alpha, range(1, n + 1))) == pytest.approx(0.05 * n / (n + 1))
