"""Fixtures that several folders of tests share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from truetune.objectives.contracts import Assignment
from truetune.objectives.development import Development
from truetune.objectives.files import WEIGHTS, save, save_data
from truetune.objectives.guard.examination import Contestant, Request
from truetune.objectives.guard.places import Places
from truetune.objectives.handing import OpenFiles
from truetune.objectives.preparation import develop, prepare
from truetune.search import run as running
from truetune.search.recorder import NullRecorder
from truetune.search.summary import Summary
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
    "baselines": [],  # each takes longer than the trials
}


@pytest.fixture(autouse=True, scope="session")
def vaults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep what is sealed away from the vault of whoever runs the tests."""
    folder = tmp_path_factory.mktemp("vaults")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_DATA_HOME", str(folder / "shared"))
        yield folder


@pytest.fixture(autouse=True)
def vault(request: pytest.FixtureRequest, vaults: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A test's own vault, beside its folder: the one that `tune` uses there, too."""
    own = str(vaults / str(next(_numbers)))
    if "tmp_path" in request.fixturenames:
        own = vault_of(request.getfixturevalue("tmp_path"))
    monkeypatch.setenv("XDG_DATA_HOME", own)
    return Path(own) / "truetune"


_numbers = count()


def vault_of(folder: Path) -> str:
    """The vault of what runs in a folder: outside of it, and the same whenever it runs again."""
    return f"{folder}-vault"


@pytest.fixture(scope="session")
def quick() -> Experiment:
    """An experiment on iris: six trials of four epochs."""
    return load(FLAT, {**QUICK, "study": "quick"})


@pytest.fixture(scope="session")
def development(quick: Experiment) -> Development:
    return prepare(quick)


class Unrecorded(NullRecorder):
    """A recorder that starts no process: MLflow's takes longer to start than a quick search."""

    def open(self, *_: object) -> None:
        pass

    def cancel(self) -> None:
        pass


class InThisProcess:
    """A preparation without a process of its own, which can be looked into and patched."""

    keeps_files = False

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.files = OpenFiles({})  # so that a search of this can have no baselines

    def result(self) -> Development:
        return develop(*self.arguments)

    def interrupt(self) -> None:
        pass

    def cancel(self) -> None:
        pass


@pytest.fixture
def unrecorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell MLflow nothing of a search."""
    monkeypatch.setattr(running, "MLflowRecorder", Unrecorded)


@pytest.fixture
def prepared_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read, split and seal the data of a search in this process."""
    monkeypatch.setattr(running, "Preparation", InThisProcess)


@pytest.fixture(scope="session")
def search_here() -> Callable[..., Summary]:
    """Run a search in this process, and tell MLflow nothing of it.

    Its stores lie beside its space where no folder for both is given.
    """

    def search(
        space: Path, executor: str = "inline", folder: Path | None = None, **overrides: Any
    ) -> Summary:
        folder = folder or space.parent
        overrides = {"baselines": [], **overrides}
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(running, "MLflowRecorder", Unrecorded)
            patched.setenv("XDG_DATA_HOME", vault_of(folder))
            home = folder / "mlruns"
            options = running.Options(
                home=home, executor=executor, quiet=True, overrides=overrides
            )
            return running.run(space, options)

    return search


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
            env={**clean_environment(), "XDG_DATA_HOME": vault_of(folder), **(env or {})},
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


@dataclass(frozen=True)
class Examinable:
    """A study of two trials, its test rows sealed, and a request to score both on them."""

    experiment: Experiment
    development: Development
    places: Places
    request: Request


def examinable(folder: Path, experiment: Experiment, **chosen: Any) -> Examinable:
    """Seal, train two trials, and write what a study would keep; `chosen` is in both."""
    from truetune.objectives.trainer import EagerPack  # and torch

    places = Places(folder / "vault")
    development = develop(experiment, places)
    save_data(development, folder / "data")
    contestants = []
    for number, name in enumerate(("winner", "default")):
        configuration = {"layers": 1 + number, "hidden_units": 8, "dropout": 0.2, **chosen}
        assignment = Assignment(number, configuration, seed=number)
        pack = EagerPack(assignment, experiment, development, "cpu")
        while pack.advance()[-1].kept_epoch is None:
            pass
        save(pack.results(number), folder / name, with_weights=True)
        weights = str(folder / name / WEIGHTS)
        contestants.append(Contestant(name, number, configuration, number, weights))
    seal = development.seal
    assert seal is not None
    request = Request(
        experiment=experiment.model_dump(mode="json"),
        study_data=str(folder / "data"),
        contestants=tuple(contestants),
        alpha=0.025,
        root=str(places.root),
        seal=seal.id,
        manifest_sha256=seal.manifest_sha256,
    )
    return Examinable(experiment, development, places, request)


@pytest.fixture(scope="session")
def make_examinable() -> Callable[..., Examinable]:
    return examinable
