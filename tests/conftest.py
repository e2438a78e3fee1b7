"""Fixtures that several folders of tests share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from truetune.objectives.development import Development
from truetune.objectives.preparation import prepare
from truetune.spaces import Experiment, load

ROOT = Path(__file__).resolve().parents[1]
FLAT = ROOT / "tests" / "flat.yaml"

# Small enough to train a trial in milliseconds, on data whose every mistake would show.
QUICK = {
    "data.source": "sklearn:iris",
    "training.epochs": 4,
    "training.early_stopping": None,
    "parameters.batch_size": {"type": "categorical", "choices": [16, 32]},
    "parameters.hidden_units": {"type": "int", "low": 4, "high": 16, "log": True},
    "budget.trials": 6,
}


@pytest.fixture(scope="session")
def quick() -> Experiment:
    """An experiment on iris: six trials of four epochs."""
    return load(FLAT, {**QUICK, "study": "quick"})


@pytest.fixture(scope="session")
def development(quick: Experiment) -> Development:
    return prepare(quick)


@pytest.fixture(scope="session")
def tune_in() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line as a process of its own, in a folder."""

    def run(
        folder: Path,
        *arguments: str | Path,
        timeout_s: float = 120,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "truetune.cli", *map(str, arguments)],
            cwd=folder,
            env={**clean_environment(), **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            stdin=subprocess.DEVNULL,
        )

    return run


@pytest.fixture
def tune(
    tmp_path: Path, tune_in: Callable[..., subprocess.CompletedProcess[str]]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in an empty folder."""
    return partial(tune_in, tmp_path)


def clean_environment() -> dict[str, str]:
    """The environment without what would lead a search elsewhere."""
    redirecting = ("TUNE_HOME", "RAY_ADDRESS", "MLFLOW_TRACKING_URI")
    return {k: v for k, v in os.environ.items() if k not in redirecting}


@pytest.fixture
def write_space(tmp_path: Path) -> Callable[..., Path]:
    """Write the quick experiment as YAML, with whole sections replaced. JSON is YAML."""

    def write(name: str = "quick.yaml", **sections: Any) -> Path:
        settings = load(FLAT, QUICK).model_dump(mode="json", exclude={"study"})
        settings["training"] = {"epochs": 4}
        path = tmp_path / name
        path.write_text(json.dumps(settings | sections, indent=1))
        return path

    return write
