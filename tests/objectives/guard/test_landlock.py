"""The lock, in threads and processes that end: it can never be taken off."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from truetune.objectives.guard import landlock
from truetune.objectives.guard.landlock import is_denied, lock

needs_landlock = pytest.mark.skipif(landlock.version() == 0, reason="the kernel has no Landlock")


def locked(denied: list[Path], work: Callable[[], Any]) -> Any:
    """Return what work returns, or raises, in a locked thread of its own."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            assert lock(denied)
            outcome.append(work())
        except BaseException as error:
            outcome.append(error)

    thread = Thread(target=run)
    thread.start()
    thread.join()
    return outcome[0]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """`a/secret` and `b/secret/deep/file` beside what is none."""
    for name in ("a/secret", "a/open", "b/secret/deep/file", "b/open/deep/file", "c/file"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


@needs_landlock
def test_denied_files_and_folders_are_shut_and_all_else_is_open(tree: Path) -> None:
    denied = [tree / "a" / "secret", tree / "b" / "secret"]
    files = [path for path in tree.rglob("*") if path.is_file()]
    found = locked(denied, lambda: {str(p.relative_to(tree)) for p in files if is_denied(p)})
    assert found == {"a/secret", "b/secret/deep/file"}
    assert not any(map(is_denied, files))  # this thread is not locked


@needs_landlock
def test_a_denied_folder_is_known_to_be_denied_while_it_is_empty(tree: Path) -> None:
    empty, other = tree / "empty", tree / "other"
    empty.mkdir()
    other.mkdir()
    assert locked([empty], lambda: (is_denied(empty), is_denied(other))) == (True, False)


@needs_landlock
def test_what_is_denied_may_come_later(tree: Path) -> None:
    later = tree / "later" / "rows.csv"

    def make() -> Any:
        later.parent.mkdir()
        try:
            return later.write_text("")
        except PermissionError:
            return "refused"

    assert locked([later], make) == "refused"


@needs_landlock
def test_a_denied_link_denies_what_it_leads_to(tree: Path) -> None:
    link = tree / "c" / "link"
    link.symlink_to(tree / "a" / "secret")
    found = locked([link], lambda: (is_denied(tree / "a" / "secret"), is_denied(link)))
    assert found == (True, True)


@needs_landlock
def test_a_second_name_beside_a_denied_file_is_denied_too(tree: Path) -> None:
    twin = tree / "a" / "twin"
    os.link(tree / "a" / "secret", twin)
    assert locked([tree / "a" / "secret"], lambda: is_denied(twin)) is True


@needs_landlock
def test_a_denied_path_inside_another_changes_nothing(tree: Path) -> None:
    outer, inner = tree / "b" / "secret", tree / "b" / "secret" / "deep" / "file"
    for denied in ([outer, inner], [inner, outer]):
        assert locked(denied, lambda: is_denied(inner)) is True


@needs_landlock
@pytest.mark.parametrize(
    "act",
    [
        lambda tree: (tree / "a/secret").unlink(),
        lambda tree: os.truncate(tree / "a/secret", 0),
        lambda tree: (tree / "a/secret").open("a"),
        lambda tree: (tree / "a/secret").rename(tree / "c/secret"),
        lambda tree: (tree / "a/secret").rename(tree / "a/other"),
        lambda tree: (tree / "a").rename(tree / "d"),
        lambda tree: (tree / "c/file").replace(tree / "a/secret"),
    ],
)
def test_a_denied_file_is_not_changed(tree: Path, act: Callable[[Path], Any]) -> None:
    assert isinstance(locked([tree / "a" / "secret"], lambda: act(tree)), OSError)
    assert (tree / "a" / "secret").read_text() == "a/secret"


@needs_landlock
def test_allowed_folders_can_be_worked_in(tree: Path) -> None:
    def work() -> str:
        made = tree / "c" / "new" / "deep"
        made.mkdir(parents=True)
        (made / "file").write_text("written")
        (made / "file").rename(tree / "b" / "open" / "moved")
        os.link(tree / "b" / "open" / "moved", made / "linked")
        (tree / "b" / "open" / "moved").unlink()
        (made / "linked").rename(made.parent / "kept")
        made.rmdir()
        return (made.parent / "kept").read_text()

    assert locked([tree / "a" / "secret"], work) == "written"


@needs_landlock
def test_pipes_shared_memory_and_files_without_a_name_are_not_shut(tree: Path) -> None:
    def work() -> str:
        reading, writing = os.pipe()
        with open(f"/proc/self/fd/{writing}", "w") as pipe:
            pipe.write("piped")
        memory = os.memfd_create("rows")
        with open(f"/proc/self/fd/{memory}", "w") as file:
            file.write("kept")
        shared = Path(f"/dev/shm/truetune-test-{os.getpid()}")
        shared.write_text("shared")
        try:
            return (
                os.read(reading, 9).decode() + os.pread(memory, 9, 0).decode() + shared.read_text()
            )
        finally:
            shared.unlink()

    assert locked([tree / "a" / "secret"], work) == "pipedkeptshared"


@needs_landlock
def test_programs_inherit_the_lock(tree: Path) -> None:
    def work() -> tuple[int, int]:
        paths = (tree / "a" / "secret", tree / "a" / "open")
        runs = [subprocess.run(["cat", path], capture_output=True) for path in paths]
        return runs[0].returncode, runs[1].returncode

    assert locked([tree / "a" / "secret"], work) == (1, 0)


@needs_landlock
def test_locks_add_up(tree: Path) -> None:
    first, second = tree / "a" / "secret", tree / "b" / "secret" / "deep" / "file"

    def work() -> tuple[bool, ...]:
        assert lock([second])
        return is_denied(first), is_denied(second), is_denied(tree / "c" / "file")

    assert locked([first], work) == (True, True, False)


def test_other_systems_have_no_lock(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    landlock.version.cache_clear()
    try:
        assert (landlock.version(), lock([tree / "a" / "secret"])) == (0, False)
    finally:
        landlock.version.cache_clear()


def test_a_path_that_is_not_there_is_not_denied(tmp_path: Path) -> None:
    assert not is_denied(tmp_path / "none")
