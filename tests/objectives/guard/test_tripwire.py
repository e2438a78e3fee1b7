"""What a tripwire notes of the code that runs while it is armed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from truetune.objectives.guard.tripwire import Tripwire


def noted(denied: Sequence[Path], work: Callable[[], Any]) -> list[str]:
    tripwire = Tripwire(denied)
    with tripwire.armed(), suppress(OSError, sqlite3.Error):
        work()
    return tripwire.take()


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.npy"
    np.save(path, np.zeros(3))
    return path


@pytest.mark.parametrize(
    ("work", "what"),
    [
        (lambda path: open(path).close(), "opened {path}"),
        (lambda path: path.read_bytes(), "opened {path}"),
        (lambda path: os.close(os.open(path, os.O_RDONLY)), "opened {path}"),
        (lambda path: open(os.fsencode(path)).close(), "opened {path}"),
        (lambda path: np.load(path), "opened {path}"),
        (lambda path: shutil.copy(path, path.parent / "copy"), "opened {path}"),
        (lambda path: sqlite3.connect(path).close(), "opened {path}"),
        (lambda path: os.link(path, path.parent / "link"), "linked {path}"),
        (lambda path: (path.parent / "link").symlink_to(path), "linked {path}"),
        (lambda path: path.rename(path.parent / "moved"), "renamed {path}"),
        (lambda path: subprocess.run(["true", path]), "started a program with {path}"),
        (lambda path: os.system(f"true <'{path}'"), "started a program with {path}"),
    ],
)
def test_whatever_touches_a_denied_file_is_noted(
    rows: Path, work: Callable[[Path], Any], what: str
) -> None:
    assert noted([rows], lambda: work(rows)) == [what.format(path=rows)]


def test_other_names_of_a_denied_file_are_seen_through(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    symbolic, hard = rows.parent / "symbolic", rows.parent / "hard"
    symbolic.symlink_to(rows)
    os.link(rows, hard)
    (rows.parent / "folder").symlink_to(rows.parent)
    monkeypatch.chdir(rows.parent)
    for name in ("symbolic", "hard", "folder/rows.npy", "./folder/../rows.npy"):
        assert noted([rows], lambda name=name: open(name).close()) == [f"opened {name}"]


def test_all_in_a_denied_folder_is_denied_and_nothing_beside_it(tmp_path: Path) -> None:
    vault, beside = tmp_path / "vault", tmp_path / "vault-of-mine"
    for folder in (vault, beside):
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "file").write_text("")
    assert noted([vault], (vault / "deep" / "file").read_text) != []
    assert noted([vault], (vault / "not-there").read_text) != []
    assert noted([vault], (beside / "deep" / "file").read_text) == []


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (["tune", "verify", "digits"], ["started `tune verify`"]),
        (["truetune", "--home", "runs", "verify"], ["started `truetune verify`"]),
        ([sys.executable, "-m", "truetune.cli", "ledger"], ["started `truetune.cli ledger`"]),
        (["/usr/bin/tune", "seal", "rows.csv"], ["started `tune seal`"]),
        (["sh", "-c", "cd x && tune verify digits"], ["started `tune verify`"]),
        (["tune", "status", "digits"], []),
        (["fortune", "verify"], []),
        (["echo", "tuned", "verify"], []),
    ],
)
def test_commands_that_open_sealed_rows_are_noted(
    command: list[str], what: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for start in (
        lambda: subprocess.run(command, executable="/bin/true"),
        lambda: os.waitpid(os.posix_spawn("/bin/true", command, {}), 0),
    ):
        assert noted([tmp_path / "none"], start) == what


def test_a_shell_that_runs_such_a_command_is_noted(tmp_path: Path) -> None:
    assert noted([tmp_path], lambda: os.system("true tune verify")) == ["started `tune verify`"]


def test_threads_are_watched(rows: Path) -> None:
    def work() -> None:
        thread = Thread(target=rows.read_bytes)
        thread.start()
        thread.join()

    assert noted([rows], work) == [f"opened {rows}"]


def test_nothing_is_noted_before_and_after(rows: Path) -> None:
    tripwire = Tripwire([rows])
    rows.read_bytes()
    with tripwire.armed():
        pass
    rows.read_bytes()
    assert tripwire.take() == []


def test_a_thing_is_noted_once_until_it_is_taken(rows: Path) -> None:
    tripwire = Tripwire([rows])
    with tripwire.armed():
        for _ in range(3):
            rows.read_bytes()
        assert tripwire.take() == [f"opened {rows}"]
        rows.read_bytes()
    assert tripwire.take() == [f"opened {rows}"]
    assert tripwire.take() == []


def test_odd_arguments_are_left_to_whom_they_are_for(rows: Path) -> None:
    def work() -> None:
        with pytest.raises(ValueError, match="null"):
            os.open("a\0b", os.O_RDONLY)
        with pytest.raises(TypeError):
            os.open(object(), os.O_RDONLY)  # type: ignore[call-overload]
        with open(os.open(os.devnull, os.O_RDONLY)) as file:  # by its number
            file.read()

    assert noted([rows], work) == []
