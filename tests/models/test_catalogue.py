"""The catalogue of architectures: names without torch, and networks built by name."""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext
from dataclasses import fields
from inspect import signature

import pytest
from torch import Generator

from truetune.models import ARCHITECTURES, build, linear
from truetune.models.mlp import MLPConfig


def test_catalogue_names_the_fields_of_the_configuration() -> None:
    assert [*ARCHITECTURES["mlp"].parameters] == [field.name for field in fields(MLPConfig)]


@pytest.mark.parametrize("name", ARCHITECTURES["mlp"].parameters)
@pytest.mark.parametrize("value", [-1, -0.1, 0, 0.5, 0.999, 1, 1.5, 7])
def test_catalogue_admits_what_the_configuration_does(name: str, value: float) -> None:
    values = ARCHITECTURES["mlp"].parameters[name]
    admitted = values.admits(value)
    if not (isinstance(value, float) and values.is_whole):  # a width of 1.5 is nobody's
        with nullcontext() if admitted else pytest.raises(ValueError, match=name):
            MLPConfig(**{name: value})
    else:
        assert not admitted


@pytest.mark.parametrize("name", ["hidden_units", "dropout"])
@pytest.mark.parametrize("value", [-1, 0, 0.5, 1, 7])
def test_catalogue_admits_the_lists_that_the_configuration_does(name: str, value: float) -> None:
    values = ARCHITECTURES["mlp"].parameters[name]
    first = int(values.low)  # admitted, and 1 or 0
    for entries in ([first, value], (value, first)):
        assert values.admits(entries) == values.admits(value)
        if not (isinstance(value, float) and values.is_whole):
            with nullcontext() if values.admits(value) else pytest.raises(ValueError, match=name):
                MLPConfig(layers=2, **{name: entries})


@pytest.mark.parametrize("name", ["layers", "dropout_last"])
def test_catalogue_admits_no_list_where_the_network_has_one_value(name: str) -> None:
    values = ARCHITECTURES["mlp"].parameters[name]
    assert values.admits(0)
    assert not values.admits([0])


@pytest.mark.parametrize("value", ["64", [[64]], [64, "64"], [True], {64: 64}, None])
def test_catalogue_admits_numbers_and_flat_lists_of_them_alone(value: object) -> None:
    assert not ARCHITECTURES["mlp"].parameters["hidden_units"].admits(value)


def test_range_says_which_values_it_takes() -> None:
    assert [str(values) for values in ARCHITECTURES["mlp"].parameters.values()] == [
        "a whole number from 0",
        "a whole number from 1, or a list of one per hidden layer",
        "a number from 0, less than 1, or a list of one per hidden layer",
        "a number from 0, less than 1",
    ]


def test_linear_model_is_built_from_nothing_but_its_shape_and_generator() -> None:
    assert [*signature(linear.build).parameters] == ["n_inputs", "n_outputs", "generator"]
    assert ARCHITECTURES["linear"].parameters == {}


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


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_unknown_parameter_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match="width"):
        build(name, 3, 2, Generator(), width=5)


def test_linear_model_is_built_by_name() -> None:
    network = build("linear", 3, 2, Generator())
    shapes = [tuple(parameter.shape) for parameter in network.parameters()]
    assert shapes == [(2, 3), (2,)]
