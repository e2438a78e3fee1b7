"""The thread that Ray is started from: what it is locked away from, and how long it lives."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Event, Thread

import pytest

from truetune.errors import InfrastructureError
from truetune.objectives.guard import landlock
from truetune.search.executors import cluster
from truetune.search.executors.starter import Starter, lock_with_temporary_files
from truetune.spaces.experiment import Resources

needs_landlock = pytest.mark.skipif(landlock.version() == 0, reason="the kernel has no Landlock")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "rows.csv"
    path.parent.mkdir()
    path.write_text("rows")
    return path


@needs_landlock
def test_what_it_starts_lives_until_the_end_and_is_locked(rows: Path) -> None:
    started: list[subprocess.Popen[str]] = []
    code = f"""
import tempfile
try:
    print(open({str(rows)!r}).read())
except PermissionError:
    print("refused")
with tempfile.NamedTemporaryFile("w+") as file:
    file.write("temporary")
    file.flush()
    print(open(file.name).read(), file.name, flush=True)
input()
"""

    def start() -> None:
        pipe = subprocess.PIPE
        started.append(
            subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True)
        )

    starter = Starter(start, lambda: started[0].kill(), [rows])
    assert starter.result()
    with started[0] as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "refused\n"
        said, where = process.stdout.readline().split()
        assert said == "temporary"
        assert Path(where).parent.is_dir()
        assert Path(where).parent != Path(tempfile.gettempdir())
        assert process.poll() is None
        starter.end()
    assert not Path(where).parent.exists()
    assert rows.read_text() == "rows"
    assert os.environ.get("TMPDIR") != str(Path(where).parent)


def test_where_there_is_no_lock_it_says_so(rows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)
    starter = Starter(lambda: None, lambda: None, [rows])
    assert not starter.result()
    starter.end()


@needs_landlock
def test_a_path_that_turns_out_open_is_told(rows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("truetune.search.executors.starter.lock", lambda denied: True)
    starter = Starter(lambda: None, lambda: None, [rows])
    assert not starter.result()
    starter.end()


def test_what_the_start_raises_is_raised_where_it_is_waited_for(rows: Path) -> None:
    finished = Event()

    def fail() -> None:
        raise InfrastructureError("it does not start.", "Try again.")

    starter = Starter(fail, finished.set, [rows])
    with pytest.raises(InfrastructureError, match="does not start"):
        starter.result()
    assert finished.wait(10)
    starter.end()


def test_an_end_in_the_middle_of_the_start_waits_for_nothing(rows: Path) -> None:
    begun, go_on, finished = Event(), Event(), Event()

    def start() -> None:
        begun.set()
        go_on.wait(10)

    starter = Starter(start, finished.set, [rows])
    begun.wait(10)
    starter.end()
    assert not finished.is_set()
    go_on.set()
    starter.join()
    assert finished.is_set()


@needs_landlock
def test_a_worker_that_locks_itself_still_has_temporary_files(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(rows.parent))
    found: list[object] = []

    def work() -> None:
        found.append(lock_with_temporary_files([rows]))
        found.append(landlock.is_denied(rows))
        with tempfile.NamedTemporaryFile("w+") as file:
            file.write("kept")
            file.seek(0)
            found.append(Path(file.name).read_text() or file.read())

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert found == [True, True, "kept"]


def test_an_error_of_ray_itself_is_raised_in_the_caller(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise ConnectionError("no more ports")

    monkeypatch.setattr("ray.init", fail)
    try:
        with pytest.raises(InfrastructureError, match="no more ports"):
            cluster.start(None, Resources(), [rows])
    finally:
        cluster.stop()


@needs_landlock
def test_ray_starts_locked_again_and_again(rows: Path, tmp_path: Path) -> None:
    import ray

    for _ in range(2):
        assert cluster.start(None, Resources(workers=1), [rows])
        try:
            with pytest.raises(PermissionError):
                ray.get(ray.remote(Path.read_text).remote(rows))
        finally:
            cluster.stop()
    assert not cluster.start(None, Resources(workers=1))
    try:
        assert ray.get(ray.remote(Path.read_text).remote(rows)) == "rows"
    finally:
        cluster.stop()
    assert not ray.is_initialized()


def test_where_ray_could_not_read_its_own_files_nothing_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    asked: list[dict[str, object]] = []
    monkeypatch.setattr("ray.init", lambda **options: asked.append(options))
    assert not cluster.start(None, Resources(), [tmp_path / "ray" / "rows.csv"])
    assert asked[0]["_temp_dir"] == str(tmp_path / "ray")
