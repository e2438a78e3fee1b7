"""Every file that ships in `spaces/` is run for a few trials."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from truetune.search.summary import Summary
from truetune.spaces import load

SPACES = sorted((Path(__file__).resolve().parents[1] / "spaces").glob("*.yaml"))


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.name)
def test_a_shipped_space_trains(
    path: Path, search_here: Callable[..., Summary], tmp_path: Path
) -> None:
    shortened = {"budget.trials": 4, "training.epochs": 3}
    summary = search_here(path, folder=tmp_path, **shortened)
    assert summary.study == load(path).study
    assert (summary.trials["total"], summary.trials["failed"]) == (4, 0)
    assert summary.best is not None
    assert summary.best["value"] > 0
