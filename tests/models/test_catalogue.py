"""The catalogue of architectures: names without torch, and networks built by name."""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext
from dataclasses import fields

import pytest
from torch import Generator

from truetune.models import ARCHITECTURES, build
from truetune.models.mlp import MLPConfig


def test_catalogue_names_the_fields_of_the_configuration() -> None:
    assert [*ARCHITECTURES["mlp"].parameters] == [field.name for field in fields(MLPConfig)]


@pytest.mark.parametrize("name", ARCHITECTURES["mlp"].parameters)
@pytest.mark.parametrize("value", [-1, -0.1, 0, 0.5, 0.999, 1, 1.5, 7])
def test_catalogue_admits_what_the_configuration_does(name: str, value: float) -> None:
    admitted = ARCHITECTURES["mlp"].parameters[name].admits(value)
    if not (isinstance(value, float) and name != "dropout"):  # a width of 1.5 is nobody's
        with nullcontext() if admitted else pytest.raises(ValueError, match=name):
            MLPConfig(**{name: value})
    else:
        assert not admitted


# All of these are imported before the first worker runs, or to check a file in milliseconds.
@pytest.mark.parametrize(
    "module",
    ["truetune.models", "truetune.objectives.requirements", "truetune.search.recorder"],
)
def test_light_modules_import_neither_torch_nor_scikit_learn(module: str) -> None:
    code = f"import sys, {module}; print({{'torch', 'sklearn', {module!r}}} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert loaded.stdout.strip() == str({module}), loaded.stderr


def test_network_has_the_parameters_it_is_built_with() -> None:
    network = build("mlp", 3, 2, Generator(), layers=2, hidden_units=5)
    shapes = [tuple(parameter.shape) for parameter in network.parameters()]
    assert shapes == [(5, 3), (5,), (5, 5), (5,), (2, 5), (2,)]


def test_absent_parameters_have_their_defaults() -> None:
    network = build("mlp", 3, 2, Generator())
    shapes = [tuple(parameter.shape) for parameter in network.parameters()]
    assert shapes == [(64, 3), (64,), (2, 64), (2,)]


def test_unknown_parameter_is_refused() -> None:
    with pytest.raises(TypeError, match="width"):
        build("mlp", 3, 2, Generator(), width=5)
