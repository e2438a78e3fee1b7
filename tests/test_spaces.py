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
    n_trials = 2 if path.name == "resnet18.yaml" else 4  # 11 million weights take their time
    shortened = {"budget.trials": n_trials, "training.epochs": 3}
    summary = search_here(path, folder=tmp_path, **shortened)
    assert summary.study == load(path).study
    assert (summary.trials["total"], summary.trials["failed"]) == (n_trials, 0)
    assert summary.best is not None
    assert summary.best["value"] > 0
