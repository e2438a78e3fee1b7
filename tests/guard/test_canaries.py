"""Canaries: nothing that a search leaves, anywhere, holds anything of a sealed row."""

from __future__ import annotations

import json
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from truetune.objectives import sources
from truetune.objectives.guard import sealing
from truetune.objectives.guard.content import with_canaries
from truetune.objectives.guard.places import Places
from truetune.objectives.splits import split_rows
from truetune.spaces import load

N = 300
SPACE = """
data: {source: ./data/rows.csv, target: y, columns: {mark: drop, note: text}}
task: binary
training: {epochs: 3}
parameters:
  learning_rate: {type: float, low: 0.001, high: 0.1, log: true}
budget: {trials: 4}
"""
SHARED_MEMORY, RAY = Path("/dev/shm"), Path("/tmp/ray")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose every row has a word, a level and numbers that no other row has."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=N)
    frame = pd.DataFrame(
        {
            "x": x,
            "z": rng.uniform(1e5, 1e6, N),
            "mark": [f"mark{i:04d}qq" for i in range(N)],
            "note": [f"came late and word{i:04d}zz was nice" for i in range(N)],
            "y": np.where(x + rng.normal(size=N) > 0, "yes", "no"),
        }
    )
    (tmp_path / "data").mkdir()
    frame.to_csv(tmp_path / "data" / "rows.csv", index=False)
    (tmp_path / "space.yaml").write_text(SPACE)
    return tmp_path


def marks_of(project: Path, rows: list[int]) -> list[bytes]:
    """What would show that a row is there: its words, and its numbers as text and as bytes."""
    frame = pd.read_csv(project / "data" / "rows.csv").iloc[rows]
    words = [*frame["mark"], *(note.split()[3] for note in frame["note"])]
    texts = [repr(value) for name in ("x", "z") for value in frame[name]]
    numbers = [struct.pack("<d", value) for name in ("x", "z") for value in frame[name]]
    return [*(text.encode() for text in (*words, *texts)), *numbers]


def canaries_of(vault: Path, frame: pd.DataFrame) -> list[bytes]:
    """The canaries of the one set that is sealed."""
    (name,) = sealing.sets(Places(vault))
    word = sealing.check(Places(vault), name).canary
    numbers = with_canaries(frame, word)["x"].iloc[len(frame) :]
    return [word.encode(), *(struct.pack("<d", number) for number in numbers)]


def files_under(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        for path in folder.rglob("*"):
            with suppress(FileNotFoundError):  # Ray is still cleaning up
                if path.is_file() and not path.is_symlink() and path.stat().st_size:
                    yield path


def hits(marks: list[bytes], *folders: Path) -> list[str]:
    """Return what is found where."""
    found = []
    for path in files_under(*folders):
        with suppress(FileNotFoundError):
            content = path.read_bytes()
            found += [f"{path}: {mark!r}" for mark in marks if mark in content]
    return found


def sessions() -> set[Path]:
    return set(RAY.glob("session_20*")) if RAY.exists() else set()


@pytest.mark.parametrize("executor", ["ray", "inline"])
def test_no_file_that_a_search_leaves_holds_a_test_row(
    executor: str,
    project: Path,
    vault: Path,
    tune: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    before = sessions()
    result = tune("search", "space.yaml", "--executor", executor, "--json")
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["guard_level"] == ("kernel" if executor == "ray" else "audit")
    experiment = load(project / "space.yaml")
    table = sources.load(experiment.data)
    rows = split_rows(table, experiment.data.split, experiment.task)
    assert isinstance(table.inputs, pd.DataFrame)
    canaries = canaries_of(vault, table.inputs.iloc[rows.test])
    test_rows = marks_of(project, rows.test.tolist())
    everywhere = (project / "mlruns", SHARED_MEMORY, *(sessions() - before), vault)
    assert hits(canaries + test_rows, *everywhere[:-1]) == []
    # The canary's name is the manifest's; its numbers, and the rows, are nowhere in clear.
    assert hits(canaries[1:] + test_rows, vault) == []
    # What is looked for would be found: training rows do lie about, as words that were learnt.
    trained = marks_of(project, rows.folds[0].train.tolist())
    assert hits(trained, project / "mlruns")
    assert hits(test_rows, project / "data")
    assert not set(test_rows) & {*result.stdout.encode().split(), *result.stderr.encode().split()}
