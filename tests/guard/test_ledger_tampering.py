"""Whoever changes the ledger, it says so; whatever tears it, it goes on from its last line."""

from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from truetune.errors import GuardError, StorageError
from truetune.objectives.guard.entries import Entry
from truetune.objectives.guard.ledger import Ledger, looks


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger of four lines."""
    made = Ledger(tmp_path / "ledger.jsonl")
    for i in range(4):
        made.append("look", {"number": i, "reason": "é"})
    return made


def lines_of(ledger: Ledger) -> list[bytes]:
    return ledger.path.read_bytes().splitlines(keepends=True)


def is_broken_at(ledger: Ledger, number: int) -> None:
    """Check that reading and appending name this line, and that the file is left as it is."""
    content = ledger.path.read_bytes()
    for use in (ledger.entries, lambda: ledger.append("look", {})):
        with pytest.raises(GuardError, match=rf": line {number} of the ledger ") as raised:
            use()
        assert raised.value.fix == f"Restore the ledger from a backup: {ledger.path}"
    assert ledger.path.read_bytes() == content


@pytest.mark.parametrize("mask", [0x01, 0x02, 0x20, 0x80, 0xFF])
def test_a_changed_byte_anywhere_is_seen(ledger: Ledger, mask: int) -> None:
    content = ledger.path.read_bytes()
    unseen = []
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= mask
        ledger.path.write_bytes(changed)
        try:
            ledger.entries()
            unseen.append(position)
        except GuardError as error:
            (number,) = re.findall(r": line (\d)", error.cause)
            # A line feed that is changed makes two lines one, a new one makes one line two.
            assert int(number) == content[:position].count(b"\n") + 1
    assert unseen == []


def test_the_last_line_feed_may_be_nothing_else(ledger: Ledger) -> None:
    content = ledger.path.read_bytes()
    for byte in set(range(256)) - {ord("\n")}:
        ledger.path.write_bytes(content[:-1] + bytes([byte]))
        is_broken_at(ledger, 4)


@pytest.mark.parametrize(
    ("order", "number"),
    [
        ([1, 2, 3], 1),
        ([0, 2, 3], 2),
        ([0, 1, 3], 3),
        ([1, 0, 2, 3], 1),
        ([0, 2, 1, 3], 2),
        ([0, 1, 3, 2], 3),
        ([0, 1, 1, 2, 3], 3),
        ([0, 1, 2, 3, 0], 5),
    ],
)
def test_lines_left_out_moved_or_written_twice_are_seen(
    ledger: Ledger, order: list[int], number: int
) -> None:
    lines = lines_of(ledger)
    ledger.path.write_bytes(b"".join(lines[i] for i in order))
    is_broken_at(ledger, number)


@pytest.mark.parametrize(
    "line",
    [b"\n", b"{}\n", b"[]\n", b"null\n", b"\xff\n", b"[" * 100_000 + b"\n", b"1" * 5000 + b"\n"],
)
def test_a_line_that_is_no_entry_is_seen(ledger: Ledger, line: bytes) -> None:
    first, *others = lines_of(ledger)
    ledger.path.write_bytes(first + line + b"".join(others))
    is_broken_at(ledger, 2)


def test_a_line_forged_without_its_hash_is_seen(ledger: Ledger) -> None:
    forged = json.loads(lines_of(ledger)[-1])
    forged |= {"previous": forged["hash"], "content": {"number": 9}}
    text = json.dumps(forged, sort_keys=True, separators=(",", ":"))
    ledger.path.write_bytes(ledger.path.read_bytes() + text.encode() + b"\n")
    is_broken_at(ledger, 5)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('":', '": '),
        lambda text: text[:-1] + ',"kind":"look"}',
        lambda text: text.replace("\\u00e9", "é"),
        lambda text: text.replace('"number":3', '"number":3.0').replace(".0", ".00"),
    ],
)
def test_the_same_content_spelt_otherwise_is_seen(ledger: Ledger, change: object) -> None:
    *others, last = lines_of(ledger)
    changed = change(last.decode().rstrip("\n"))  # type: ignore[operator]
    assert changed.encode() + b"\n" != last
    ledger.path.write_bytes(b"".join(others) + changed.encode() + b"\n")
    is_broken_at(ledger, 4)


def test_an_entry_with_another_field_is_seen(ledger: Ledger) -> None:
    fields = {"kind": "look", "time": "", "who": "", "content": {}, "previous": ledger.head}
    fields["more"] = 1  # type: ignore[assignment]
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    fields["hash"] = hashlib.sha256(text.encode()).hexdigest()
    line = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    ledger.path.write_bytes(ledger.path.read_bytes() + line)
    is_broken_at(ledger, 5)


@pytest.mark.parametrize("n_kept", [0, 1, 2, 3])
def test_a_shortened_ledger_is_seen_against_a_copy_of_its_head(
    ledger: Ledger, n_kept: int
) -> None:
    head = ledger.head
    ledger.check_contains(head)
    ledger.path.write_bytes(b"".join(lines_of(ledger)[:n_kept]))
    assert len(ledger.entries()) == n_kept  # whole in itself
    with pytest.raises(GuardError, match=f"{head[:12]}, is gone") as raised:
        ledger.check_contains(head)
    assert str(ledger.path) in raised.value.fix


def test_a_ledger_written_anew_is_seen_against_a_copy_of_its_head(
    ledger: Ledger, tmp_path: Path
) -> None:
    other = Ledger(tmp_path / "other.jsonl")
    for i in range(5):
        other.append("look", {"number": i, "reason": "another"})
    head = ledger.head
    os.replace(other.path, ledger.path)
    with pytest.raises(GuardError, match="is gone"):
        ledger.check_contains(head)


def test_a_ledger_that_grew_contains_every_head_it_had(ledger: Ledger) -> None:
    heads = ["", *(entry.hash for entry in ledger.entries())]
    ledger.append("done", {})
    for head in heads:
        ledger.check_contains(head)


def test_a_last_line_torn_anywhere_is_cut_off_by_the_next(ledger: Ledger) -> None:
    *whole, last = lines_of(ledger)
    for n_written in range(len(last) + 1):
        ledger.path.write_bytes(b"".join(whole) + last[:n_written])
        # All but the line feed is the whole line.
        n_entries = 4 if n_written >= len(last) - 1 else 3
        before = ledger.entries()
        assert len(before) == n_entries
        added = ledger.append("done", {"look": "x"})
        assert ledger.entries() == (*before, added)
        assert ledger.path.read_bytes().count(b"\n") == n_entries + 1


def test_an_end_of_zeros_is_a_torn_line(ledger: Ledger) -> None:
    """A file system may lengthen a file before it writes the content."""
    content = ledger.path.read_bytes()
    ledger.path.write_bytes(content + b"\0" * 300)
    assert len(ledger.entries()) == 4
    ledger.append("done", {})
    assert ledger.path.read_bytes().startswith(content)
    assert len(ledger.entries()) == 5


def test_a_torn_line_that_something_follows_is_damage(ledger: Ledger) -> None:
    first, second, *others = lines_of(ledger)
    ledger.path.write_bytes(first + second[:50] + b"\n" + b"".join(others))
    is_broken_at(ledger, 2)


def test_a_process_killed_in_the_middle_leaves_a_whole_chain(ledger: Ledger) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from truetune.objectives.guard.ledger import Ledger\n"
        "while True: Ledger(Path(sys.argv[1])).append('look', {'filling': 'x' * 100_000})"
    )
    n_bytes = ledger.path.stat().st_size
    process = subprocess.Popen([sys.executable, "-c", code, str(ledger.path)])
    try:
        deadline = time.monotonic() + 60
        while ledger.path.stat().st_size == n_bytes and time.monotonic() < deadline:
            time.sleep(0.001)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    n_entries = len(ledger.entries())
    assert n_entries >= 4
    ledger.append("done", {})
    assert len(ledger.entries()) == n_entries + 1


@contextmanager
def files_up_to(n_bytes: int) -> Iterator[None]:
    """Let no file grow beyond a size, as a full disk would."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("n_free", [0, 1, 50, 200])
@pytest.mark.parametrize("torn", [b"", b'{"content":{"nu'])
def test_a_full_disk_leaves_every_line(ledger: Ledger, n_free: int, torn: bytes) -> None:
    content = ledger.path.read_bytes()
    ledger.path.write_bytes(content + torn)
    with files_up_to(len(content) + n_free), pytest.raises(StorageError) as raised:
        ledger.append("look", {"number": 5})
    assert "cannot be written (File too large)" in raised.value.cause
    assert raised.value.fix.startswith("Free the disk")
    assert ledger.path.read_bytes() == content
    ledger.append("look", {"number": 5})
    assert len(ledger.entries()) == 5


def test_a_disk_full_at_the_first_line_leaves_an_empty_ledger(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    with files_up_to(20), pytest.raises(StorageError):
        ledger.append("look", {})
    assert ledger.entries() == ()
    assert ledger.append("look", {}).previous == ""


def test_a_disk_that_cannot_be_flushed_takes_the_line_back(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    content = ledger.path.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left on device"):
        ledger.append("look", {})
    assert ledger.path.read_bytes() == content


def test_an_entry_cannot_be_made_with_a_hash_of_ones_own() -> None:
    entry = Entry.new("look", {}, "")
    line = entry.to_line().replace(entry.hash.encode(), b"0" * 64)
    with pytest.raises(ValueError, match="changed"):
        Entry.parse(line)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("look", {}),
        ("look", {"number": 1}),
        ("done", {}),
        ("done", {"look": "nobody's", "report": {}}),
        ("done", {"look": [], "report": {}}),
    ],
)
def test_a_line_that_fits_the_chain_and_says_nonsense_is_told(
    ledger: Ledger, kind: str, content: dict[str, object]
) -> None:
    ledger.path.unlink()
    ledger.append("retire", {})
    ledger.append(kind, content)
    with pytest.raises(GuardError, match=f"line 2 of the ledger is a '{kind}'"):
        looks(ledger.entries())
