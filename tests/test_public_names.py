"""The names a user imports, and that naming them costs nothing until they are used."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import truetune

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("mlflow", "numpy", "optuna", "pydantic", "ray", "rich", "sklearn", "sqlalchemy", "torch")

NAMES = [
    "Experiment",
    "GuardError",
    "InfrastructureError",
    "InputError",
    "Interrupted",
    "Options",
    "StorageError",
    "Summary",
    "TuneError",
    "load",
    "run",
    "verify",
]


def test_the_public_names_are_these() -> None:
    assert truetune.__all__ == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(truetune, name).__name__ == name


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        truetune.nothing  # noqa: B018


@pytest.mark.parametrize("module", ["truetune", "truetune.cli", "truetune.errors"])
def test_what_starts_the_command_imports_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_every_folder_of_the_package_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named = set(project["tool"]["setuptools"]["packages"])
    floors = [ROOT / name for name in ("cli", "models", "objectives", "search", "spaces")]
    folders = {path.parent for floor in floors for path in floor.rglob("__init__.py")}
    assert named == {"truetune"} | {
        "truetune." + ".".join(folder.relative_to(ROOT).parts) for folder in folders
    }
