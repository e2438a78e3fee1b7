"""The names a user imports, and that naming them costs nothing until they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import truetune

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
