"""Every file that ships in `spaces/` is run for a few trials."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from truetune.spaces import load

SPACES = sorted((Path(__file__).resolve().parents[1] / "spaces").glob("*.yaml"))


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.name)
def test_a_shipped_space_trains(
    path: Path, tune: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    flags = ("--trials", 4, "--set", "training.epochs=3", "--executor", "inline", "--json")
    done = tune("search", path, *flags)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["study"] == load(path).study
    assert (summary["trials"]["total"], summary["trials"]["failed"]) == (4, 0)
    assert summary["best"]["value"] > 0
