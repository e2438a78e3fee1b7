"""The catalogue of architectures: names without torch, and networks built by name."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import fields
from inspect import signature
from typing import Any

import pytest
import torch
from torch import Generator, nn

from truetune.models import ARCHITECTURES, Choice, Range, build, linear, n_entries
from truetune.models.cnn import CNNConfig
from truetune.models.inputs import Inputs
from truetune.models.mlp import MLPConfig
from truetune.models.recurrent import RecurrentConfig
from truetune.models.resnet import ResNetConfig
from truetune.models.resnet18 import ResNet18Config
from truetune.models.tabular import TabularConfig

CONFIGS: dict[str, type] = {
    "mlp": MLPConfig,
    "tabular": TabularConfig,
    "cnn": CNNConfig,
    "resnet": ResNetConfig,
    "resnet18": ResNet18Config,
    "lstm": RecurrentConfig,
    "gru": RecurrentConfig,
}

# Small and quick to run; the parameters that an architecture has of these.
SMALL = {"layers": 2, "hidden_units": 4, "channels": 4, "stages": 2, "blocks": 1}

PARAMETERS = [(model, own) for model in ARCHITECTURES for own in ARCHITECTURES[model].parameters]
NUMBERS = [-1, -0.1, 0, 0.5, 0.999, 1, 1.5, 2, 7]
OTHERS = ["relu", "batch", "max", "he", "", True, False]


def values_of(model: str, own: str) -> Range | Choice:
    return ARCHITECTURES[model].parameters[own]


def small(model: str) -> dict[str, int]:
    return {own: value for own, value in SMALL.items() if own in ARCHITECTURES[model].parameters}


def test_every_architecture_but_the_linear_model_has_a_configuration() -> None:
    assert {*CONFIGS, "linear"} == {*ARCHITECTURES}


@pytest.mark.parametrize("model", CONFIGS)
def test_catalogue_names_the_fields_of_the_configuration(model: str) -> None:
    names = {field.name for field in fields(CONFIGS[model])}
    assert {*ARCHITECTURES[model].parameters} == names


@pytest.mark.parametrize("model", CONFIGS)
def test_catalogue_admits_the_defaults_of_the_configuration(model: str) -> None:
    config = CONFIGS[model]()
    for own, values in ARCHITECTURES[model].parameters.items():
        default = getattr(config, own)
        assert default is None or values.admits(default), own


@pytest.mark.parametrize("model", CONFIGS)
def test_catalogue_knows_how_many_layers_there_are_by_default(model: str) -> None:
    if "layers" in ARCHITECTURES[model].parameters:
        assert ARCHITECTURES[model].n_layers == CONFIGS[model]().layers


def is_nobodys(values: Range | Choice, value: object) -> bool:
    """Whether a value is so far off that a configuration need not look for it."""
    if isinstance(values, Choice):
        return False
    return (
        not isinstance(value, int | float)
        or type(value) is bool
        or values.is_whole > (type(value) is int)
    )


@pytest.mark.parametrize(("model", "own"), PARAMETERS)
def test_catalogue_admits_what_the_configuration_does(model: str, own: str) -> None:
    values = values_of(model, own)
    for value in [*NUMBERS, *OTHERS]:
        if is_nobodys(values, value):
            assert not values.admits(value), value
        else:
            with nullcontext() if values.admits(value) else pytest.raises(ValueError, match=own):
                CONFIGS[model](**{own: value})


LISTED = [(model, own) for model, own in PARAMETERS if values_of(model, own).per_layer]


def test_values_may_be_listed_of_networks_of_layers_that_differ() -> None:
    of_cnn = [("cnn", "channels"), ("cnn", "kernel_size"), ("cnn", "dropout")]
    assert [("mlp", "hidden_units"), ("mlp", "dropout"), *of_cnn] == LISTED


@pytest.mark.parametrize(("model", "own"), LISTED)
@pytest.mark.parametrize("value", [-1, 0, 0.5, 1, 2, 7])
def test_catalogue_admits_the_lists_that_the_configuration_does(
    model: str, own: str, value: float
) -> None:
    values = values_of(model, own)
    assert isinstance(values, Range)
    first = int(values.low)  # admitted, and 1 or 0
    for entries in ([first, value], (value, first)):
        assert values.admits(entries) == values.admits(value)
        if not is_nobodys(values, value):
            with nullcontext() if values.admits(value) else pytest.raises(ValueError, match=own):
                CONFIGS[model](layers=2, **{own: entries})


@pytest.mark.parametrize(("model", "own"), [pair for pair in PARAMETERS if pair not in LISTED])
def test_catalogue_admits_no_list_where_the_network_has_one_value(model: str, own: str) -> None:
    values = values_of(model, own)
    one = values.values[0] if isinstance(values, Choice) else values.low
    assert values.admits(one)
    assert not values.admits([one])


@pytest.mark.parametrize("value", ["64", [[64]], [64, "64"], [True], {64: 64}, None])
def test_catalogue_admits_numbers_and_flat_lists_of_them_alone(value: object) -> None:
    assert not values_of("mlp", "hidden_units").admits(value)


@pytest.mark.parametrize(
    ("value", "is_admitted"),
    [(1, True), (3, True), ([3, 5], True), (2, False), ([3, 4], False), (-1, False), (3.0, False)],
)
def test_a_kernel_is_odd(value: object, is_admitted: bool) -> None:
    assert values_of("cnn", "kernel_size").admits(value) is is_admitted


@pytest.mark.parametrize(
    ("value", "is_admitted"),
    [(True, True), (False, True), (1, False), (0, False), ("true", False)],
)
def test_true_and_false_are_no_numbers(value: object, is_admitted: bool) -> None:
    assert values_of("mlp", "residual").admits(value) is is_admitted


@pytest.mark.parametrize(
    ("model", "own", "text"),
    [
        ("mlp", "layers", "a whole number from 0"),
        ("mlp", "hidden_units", "a whole number from 1, or a list of one per hidden layer"),
        ("mlp", "dropout", "a number from 0, less than 1, or a list of one per hidden layer"),
        ("mlp", "dropout_last", "a number from 0, less than 1"),
        ("mlp", "residual", "one of true, false"),
        ("tabular", "norm", "one of none, batch, layer"),
        ("cnn", "kernel_size", "an odd whole number from 1, or a list of one per hidden layer"),
        ("cnn", "pooling", "one of max, average"),
    ],
)
def test_parameter_says_which_values_it_takes(model: str, own: str, text: str) -> None:
    assert str(values_of(model, own)) == text


@pytest.mark.parametrize(
    ("model", "own", "parameters", "n"),
    [
        ("mlp", "hidden_units", {}, 1),
        ("cnn", "channels", {}, 2),
        ("cnn", "channels", {"layers": 3}, 3),
        ("cnn", "dropout", {"layers": 3, "dropout_last": 0.5}, 2),
        ("cnn", "kernel_size", {"layers": 3, "dropout_last": 0.5}, 3),
        ("mlp", "dropout", {"layers": 3, "dropout_last": 0.5}, 2),
        ("mlp", "dropout", {"layers": 3}, 3),
    ],
)
def test_a_list_has_as_many_entries_as_the_configuration_takes(
    model: str, own: str, parameters: Mapping[str, Any], n: int
) -> None:
    assert n_entries(model, own, parameters) == n
    values = values_of(model, own)
    assert isinstance(values, Range)
    CONFIGS[model](**parameters, **{own: [values.low] * n})
    with pytest.raises(ValueError, match=f"`{own}` must have {n} entries"):
        CONFIGS[model](**parameters, **{own: [values.low] * (n + 1)})


def test_linear_model_is_built_from_nothing_but_its_shape_and_generator() -> None:
    assert [*signature(linear.build).parameters] == ["inputs", "n_outputs", "generator"]
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
    network = build("mlp", Inputs((3,)), 2, Generator(), layers=2, hidden_units=5)
    shapes = [tuple(parameter.shape) for parameter in network.parameters()]
    assert shapes == [(5, 3), (5,), (5, 5), (5,), (2, 5), (2,)]


def test_absent_parameters_have_their_defaults() -> None:
    network = build("mlp", Inputs((3,)), 2, Generator())
    shapes = [tuple(parameter.shape) for parameter in network.parameters()]
    assert shapes == [(64, 3), (64,), (2, 64), (2,)]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_unknown_parameter_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match="width"):
        build(name, Inputs((3,)), 2, Generator(), width=5)


def test_linear_model_is_built_by_name() -> None:
    network = build("linear", Inputs((3,)), 2, Generator())
    shapes = [tuple(parameter.shape) for parameter in network.parameters()]
    assert shapes == [(2, 3), (2,)]


@pytest.mark.parametrize("shape", [(6,), (5, 6), (2, 5, 6)])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_network_takes_rows_of_every_shape(name: str, shape: tuple[int, ...]) -> None:
    network = build(name, Inputs(shape), 3, Generator().manual_seed(1), **small(name))
    x = torch.randn(4, *shape, generator=Generator().manual_seed(2))
    network.eval()
    assert network(x).shape == (4, 3)
    assert torch.isfinite(network(x)).all()


CHOICES = [
    (model, own, value)
    for model, own in PARAMETERS
    if isinstance(choice := values_of(model, own), Choice)
    for value in choice.values
]


@pytest.mark.parametrize(("model", "own", "value"), CHOICES)
def test_every_network_is_built_and_trained_with_every_choice(
    model: str, own: str, value: str | bool
) -> None:
    options = {**small(model), own: value}
    network = build(model, Inputs((5, 6)), 3, Generator().manual_seed(1), **options)
    x = torch.randn(4, 5, 6, generator=Generator().manual_seed(2))
    before = torch.get_rng_state()
    outputs = network(x, Generator().manual_seed(3))
    outputs.square().sum().backward()
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.isfinite(parameter.grad).all() for parameter in network.parameters())


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_parameter_is_in_one_group_and_the_last_is_the_output_layer(name: str) -> None:
    network = build(name, Inputs((5, 6)), 3, Generator().manual_seed(1), **small(name))
    groups = network.groups()
    grouped = [id(p) for group in groups for module in group for p in module.parameters()]
    assert sorted(grouped) == sorted(id(parameter) for parameter in network.parameters())
    assert any(isinstance(m, nn.Linear) and m.out_features == 3 for m in groups[-1])


def test_texts_are_read_by_recurrent_networks_alone() -> None:
    assert [name for name, a in ARCHITECTURES.items() if a.takes_words] == ["lstm", "gru"]
    words = torch.tensor([[2, 1, 3, 0], [4, 0, 0, 0]], dtype=torch.float32)
    for name in ("lstm", "gru"):
        network = build(name, Inputs((4,), n_words=5), 3, Generator().manual_seed(1))
        assert network(words).shape == (2, 3)


@pytest.mark.parametrize(("name", "kind"), [("lstm", nn.LSTM), ("gru", nn.GRU)])
def test_a_recurrent_networks_name_says_its_cell(name: str, kind: type[nn.Module]) -> None:
    network = build(name, Inputs((5, 6)), 3, Generator().manual_seed(1))
    assert sum(isinstance(module, kind) for module in network.modules()) == 1
