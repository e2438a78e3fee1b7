"""One driver a study, and the kernel forgets the dead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from truetune.errors import StorageError
from truetune.search.lock import StudyLock, holder_of, is_held

HOLD = """
import sys, time
from pathlib import Path
from truetune.search.lock import StudyLock
with StudyLock(Path(sys.argv[1]), "s"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "s.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_held_lock_refuses_and_names_the_holder(
    tmp_path: Path, other: subprocess.Popen[str]
) -> None:
    with pytest.raises(StorageError, match=f"process {other.pid} on .* holds the study 's'"):
        StudyLock(tmp_path / "s.lock", "s").__enter__()
    assert is_held(tmp_path / "s.lock")
    holder = holder_of(tmp_path / "s.lock")
    assert holder is not None
    assert holder.is_here


def test_a_killed_holder_no_longer_holds(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    holder = holder_of(tmp_path / "s.lock")
    assert holder is not None
    assert not holder.is_here
    assert not is_held(tmp_path / "s.lock")
    with StudyLock(tmp_path / "s.lock", "s"):
        assert is_held(tmp_path / "s.lock")


def test_another_process_with_the_holders_number_is_not_the_holder(tmp_path: Path) -> None:
    path = tmp_path / "s.lock"
    with StudyLock(path, "s"):
        text = path.read_text()
    (tmp_path / "t.lock").write_text(text.replace('"process_started": 1', '"process_started": 2'))
    renumbered = holder_of(tmp_path / "t.lock")
    assert renumbered is not None
    assert not renumbered.is_here


def test_a_lock_that_was_left_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with StudyLock(tmp_path / "s.lock", "s"):
            assert is_held(tmp_path / "s.lock")
        assert not is_held(tmp_path / "s.lock")


def test_there_is_no_holder_of_a_lock_that_is_not_there(tmp_path: Path) -> None:
    assert holder_of(tmp_path / "s.lock") is None
    assert not is_held(tmp_path / "s.lock")
