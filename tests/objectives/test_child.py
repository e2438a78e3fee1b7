"""A child process: its answer, what it fails with, and nothing of it left behind."""

from __future__ import annotations

import os
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from truetune import errors
from truetune.errors import InfrastructureError, InputError, StorageError, TuneError
from truetune.objectives.child import Child

Start = Callable[..., Child]

HEAD = """\
import atexit, os, signal, subprocess, sys, time
from truetune.errors import *
from truetune.objectives.child import answer
from truetune.objectives.findings import DataError
from truetune.spaces.problems import Problem
"""


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Start a child that runs some code, `text` on its standard input."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def run(code: str, *arguments: str, text: str = "") -> Child:
        (tmp_path / "own_child.py").write_text(HEAD + textwrap.dedent(code))
        return Child("own_child", arguments, text)

    return run


def failure(child: Child) -> TuneError:
    with pytest.raises(TuneError) as caught:
        child.result()
    assert "Traceback" not in caught.value.cause
    return caught.value


@pytest.mark.parametrize(
    "value", ["None", "{'a': [1, 2.5, 'ü\\n'], 'b': None}", "'x' * 1_000_000", "0"]
)
def test_what_the_work_returns_is_the_answer(start: Start, value: str) -> None:
    assert start(f"answer(lambda: {value})").result() == eval(value)


def test_it_gets_its_arguments_and_its_text(start: Start) -> None:
    code = "answer(lambda: [*sys.argv[1:], sys.stdin.buffer.read().decode()])"
    long = "ü" * 1_000_000  # more than a pipe holds
    assert start(code, "a", "b c", text=long).result() == ["a", "b c", long]


@pytest.mark.parametrize(
    "noise",
    [
        "print('hello')",
        "print('no end of line', end='')",
        "sys.stdout.write('{\"half\": ')",
        "print('{\"answer\": 1}')",
        "print('a\\rb\\u2028c\\x85d')",
        "os.write(1, b'\\xff\\x00 raw')",
        "subprocess.run(['echo', '-n', 'from a program'])",
        "atexit.register(print, 'goodbye')",
        "atexit.register(os.write, 1, b'goodbye')",
        "print('on standard error', file=sys.stderr)",
    ],
)
def test_what_is_printed_beside_the_answer_does_no_harm(start: Start, noise: str) -> None:
    assert start(f"def work():\n    {noise}\n    return 'sound'\nanswer(work)").result() == "sound"


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("answer(lambda: 1 / 0)", "reading the data failed: ZeroDivisionError: division by zero"),
        ("raise ValueError('two\\nlines')", "reading the data failed: lines"),
        ("import no_such_module", "reading the data failed: ModuleNotFoundError: No module"),
        ("answer(lambda: object())", "reading the data failed: TypeError: Object of type object"),
        ("sys.exit('enough')", "reading the data failed: enough"),
        ("os._exit(0)", "reading the data failed."),
        ("print('only noise')", "reading the data failed."),
        ("os._exit(3)", "reading the data failed."),
    ],
)
def test_what_it_fails_with_becomes_its_last_line(start: Start, code: str, cause: str) -> None:
    error = failure(start(code))
    assert type(error) is TuneError
    assert error.cause.startswith(cause)
    assert "--debug" in error.fix


@pytest.mark.parametrize(
    ("name", "words"), [("SIGKILL", "it was killed: out of memory?"), ("SIGSEGV", "signal 11")]
)
def test_a_killed_child_says_so(start: Start, name: str, words: str) -> None:
    error = failure(start(f"os.kill(os.getpid(), signal.{name})"))
    assert error.cause == f"reading the data failed ({words})."


@pytest.mark.parametrize("kind", [InputError, InfrastructureError, StorageError, TuneError])
def test_an_error_keeps_its_class_its_cause_and_its_fix(start: Start, kind: type) -> None:
    code = f"""
        def work():
            raise {kind.__name__}("a cause\\nof two lines", "a fix")
        answer(work)
    """
    error = failure(start(code))
    assert type(error) is kind
    assert (error.cause, error.fix) == ("a cause\nof two lines", "a fix")


def test_what_is_wrong_with_columns_arrives_as_a_mistake_in_the_input(start: Start) -> None:
    code = """
        def work():
            raise DataError("x.csv", [Problem(("data",), f"bad {i}.", "Mend.") for i in range(2)])
        answer(work)
    """
    error = failure(start(code))
    assert type(error) is InputError
    assert error.cause.splitlines()[1:] == ["  bad 0. Mend.", "  bad 1. Mend."]


def test_every_error_there_is_can_be_told_apart() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert {kind.__name__ for kind in kinds} >= {"InputError", "GuardError", "Interrupted"}


def test_one_that_dies_before_it_reads_is_told_of_when_it_is_asked(start: Start) -> None:
    child = start("sys.exit('too early')", text="x" * 10_000_000)
    assert failure(child).cause == "reading the data failed: too early"


def wait_for(condition: Callable[[], Any], timeout_s: float = 20) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_cancelling_leaves_no_process(start: Start, tmp_path: Path) -> None:
    """Neither it nor what it has started, which would keep its output open."""
    place = tmp_path / "pid"
    code = f"""
        other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        open({str(place)!r} + ".new", "w").write(str(other.pid))
        os.rename({str(place)!r} + ".new", {str(place)!r})
        time.sleep(600)
    """
    child = start(code)
    wait_for(place.exists)
    other = int(place.read_text())
    assert is_running(other)
    child.cancel()
    assert child.process.returncode == -9
    wait_for(lambda: not is_running(other))
    child.cancel()  # once more does no harm


def test_cancelling_after_the_answer_does_no_harm(start: Start) -> None:
    child = start("answer(lambda: 1)")
    assert child.result() == 1
    child.cancel()
    assert child.process.returncode == 0


def test_it_is_in_a_session_of_its_own(start: Start) -> None:
    assert start("answer(lambda: os.getsid(0))").result() != os.getsid(0)


def test_it_reads_a_file_that_it_is_handed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "handed").write_text("what is in it")
    code = "import os, sys; from truetune.objectives.child import answer; "
    work = "os.read(int(sys.argv[1]), 99).decode()"
    (tmp_path / "own.py").write_text(f"{code}answer(lambda: {work})")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with (tmp_path / "handed").open() as file:
        number = file.fileno()
        assert Child("own", [str(number)], "", [number]).result() == "what is in it"


def test_what_has_failed_is_called_what_it_is_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "own.py").write_text("raise SystemExit('enough')")
    child = Child("own", [], "", purpose="counting the rows")
    assert failure(child).cause == "counting the rows failed: enough"
