"""The multilayer perceptron: its function, its initial weights and its dropout."""

from __future__ import annotations

import math
import re

import pytest
import torch
from torch import Generator, Tensor, nn

from truetune.models import ACTIVATION_NAMES, INITIALIZATION_NAMES, NORM_NAMES
from truetune.models.inputs import Inputs
from truetune.models.mlp import MLP, MLPConfig, build


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def wide_network() -> MLP:
    """Fan-in and fan-out differ, so that taking one for the other shows."""
    return build(Inputs((400,)), 300, seeded(0), layers=2, hidden_units=600)


@pytest.fixture
def rows() -> Tensor:
    return torch.randn(50, 4, generator=seeded(9))


def linear_layers(network: MLP) -> list[nn.Linear]:
    return [layer for layer in network.modules() if isinstance(layer, nn.Linear)]


def sequential(network: MLP) -> nn.Sequential:
    """Return the network as a user would write it, with the same weights."""
    first, *others = linear_layers(network)
    parts: list[nn.Module] = [first]
    for layer in others:
        parts += [nn.ReLU(), layer]
    return nn.Sequential(*parts)


def randomised(network: MLP) -> MLP:
    """Give all parameters and running averages values of their own, as training does."""
    draws = seeded(5)
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            noise = torch.randn(tensor.shape, generator=draws)
            tensor.copy_(noise.abs() + 0.5 if name.endswith("running_var") else noise)
    return network


@pytest.mark.parametrize("layers", [0, 1, 2, 3])
def test_forward_equals_a_sequential_network_with_the_same_weights(
    layers: int, rows: Tensor
) -> None:
    network = build(Inputs((4,)), 3, seeded(1), layers=layers, hidden_units=8)
    assert len(linear_layers(network)) == layers + 1
    assert torch.equal(network(rows), sequential(network)(rows))


def test_no_hidden_layer_is_a_linear_model(rows: Tensor) -> None:
    network = build(Inputs((4,)), 3, seeded(1), layers=0)
    expected = rows @ network.output.weight.T + network.output.bias
    torch.testing.assert_close(network(rows), expected)


def test_hidden_weights_have_the_standard_deviation_of_he_initialisation() -> None:
    for layer, fan_in in zip(wide_network().hidden, (400, 600), strict=True):
        assert layer.weight.std().item() == pytest.approx(math.sqrt(2 / fan_in), rel=0.01)
        assert layer.weight.mean().item() == pytest.approx(0, abs=0.001)


@pytest.mark.parametrize("layers", [0, 1, 3])
def test_default_weights_are_drawn_layer_by_layer_as_torch_draws_them(layers: int) -> None:
    network = build(Inputs((4,)), 3, seeded(1), layers=layers, hidden_units=8)
    draws = seeded(1)
    for layer in linear_layers(network):
        expected = torch.empty_like(layer.weight)
        kind = "linear" if layer is network.output else "relu"
        nn.init.kaiming_normal_(expected, nonlinearity=kind, generator=draws)
        assert torch.equal(layer.weight, expected)
    names = [f"hidden.{i}.{kind}" for i in range(layers) for kind in ("weight", "bias")]
    assert [*network.state_dict()] == [*names, "output.weight", "output.bias"]


def test_output_weights_have_the_standard_deviation_of_a_linear_layer() -> None:
    weight = wide_network().output.weight
    assert weight.std().item() == pytest.approx(math.sqrt(1 / 600), rel=0.01)
    assert weight.mean().item() == pytest.approx(0, abs=0.001)


def test_weights_are_normal_and_not_uniform() -> None:
    weight = wide_network().hidden[0].weight
    within_one_deviation = (weight.abs() < math.sqrt(2 / 400)).float().mean().item()
    assert within_one_deviation == pytest.approx(0.6827, abs=0.005)


def test_biases_start_at_zero() -> None:
    biases = [layer.bias for layer in linear_layers(wide_network())]
    assert [bias.abs().max().item() for bias in biases] == [0, 0, 0]


def test_same_seed_draws_the_same_weights_and_another_seed_draws_others() -> None:
    first, again, other = (
        build(Inputs((4,)), 3, seeded(seed)).output.weight for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_weights_are_drawn_from_the_given_generator_alone() -> None:
    before = torch.get_rng_state()
    build(Inputs((4,)), 3, seeded(1), layers=2)
    assert torch.equal(torch.get_rng_state(), before)


def test_nothing_is_dropped_without_a_generator(rows: Tensor) -> None:
    network = build(Inputs((4,)), 3, seeded(1), layers=2, hidden_units=8, dropout=0.5)
    assert torch.equal(network(rows), sequential(network)(rows))


def test_a_rate_of_zero_drops_nothing(rows: Tensor) -> None:
    network = build(Inputs((4,)), 3, seeded(1), layers=2, hidden_units=8, dropout=0.0)
    assert torch.equal(network(rows, seeded(0)), network(rows))


def test_units_are_dropped_after_every_hidden_layer(rows: Tensor) -> None:
    network = build(Inputs((4,)), 3, seeded(1), layers=2, hidden_units=8, dropout=0.5)
    draws, x = seeded(7), rows
    for layer in network.hidden:
        kept = torch.rand(50, 8, generator=draws) >= 0.5
        x = torch.relu(layer(x)) * kept / 0.5
    torch.testing.assert_close(network(rows, seeded(7)), network.output(x))


def test_units_are_dropped_at_the_rate_of_their_layer(rows: Tensor) -> None:
    rates = (0.2, 0.0, 0.7)  # a rate of zero draws nothing
    network = build(Inputs((4,)), 3, seeded(1), layers=3, hidden_units=[8, 5, 6], dropout=rates)
    draws, x = seeded(7), rows
    for layer, rate in zip(network.hidden, rates, strict=True):
        x = torch.relu(layer(x))
        if rate > 0:
            x = x * (torch.rand(x.shape, generator=draws) >= rate) / (1 - rate)
    torch.testing.assert_close(network(rows, seeded(7)), network.output(x))


def test_the_last_rate_alone_drops_only_before_the_output(rows: Tensor) -> None:
    network = build(Inputs((4,)), 3, seeded(1), layers=2, hidden_units=8, dropout_last=0.5)
    first, second = network.hidden
    x = torch.relu(second(torch.relu(first(rows))))
    kept = torch.rand(50, 8, generator=seeded(7)) >= 0.5
    torch.testing.assert_close(network(rows, seeded(7)), network.output(x * kept / 0.5))


@pytest.mark.parametrize(
    ("layers", "rates"), [(0, ()), (1, (0.4,)), (2, (0.1, 0.4)), (3, (0.1, 0.1, 0.4))]
)
def test_the_last_rate_takes_the_place_of_the_common_one_after_the_last_hidden_layer(
    layers: int, rates: tuple[float, ...]
) -> None:
    assert MLPConfig(layers=layers, dropout=0.1, dropout_last=0.4).rates == rates


def test_a_last_rate_of_zero_is_not_the_absence_of_one() -> None:
    assert MLPConfig(layers=2, dropout=0.1, dropout_last=0).rates == (0.1, 0)
    assert MLPConfig(layers=2, dropout=0.1, dropout_last=None).rates == (0.1, 0.1)


@pytest.mark.parametrize("kind", [list, tuple])
def test_layers_have_the_widths_of_the_list(kind: type) -> None:
    network = build(Inputs((4,)), 3, seeded(1), layers=3, hidden_units=kind([8, 5, 6]))
    shapes = [tuple(layer.weight.shape) for layer in linear_layers(network)]
    assert shapes == [(8, 4), (5, 8), (6, 5), (3, 6)]


def test_layers_of_different_widths_equal_a_sequential_network(rows: Tensor) -> None:
    network = build(
        Inputs((4,)), 3, seeded(1), layers=3, hidden_units=[8, 5, 6], dropout=[0.5, 0.1, 0.2]
    )
    assert torch.equal(network(rows), sequential(network)(rows))


@pytest.mark.parametrize("layers", [0, 1, 3])
def test_lists_of_one_value_equal_that_value_bit_for_bit(layers: int, rows: Tensor) -> None:
    common = build(Inputs((4,)), 3, seeded(1), layers=layers, hidden_units=8, dropout=0.3)
    listed = build(
        Inputs((4,)),
        3,
        seeded(1),
        layers=layers,
        hidden_units=[8] * layers,
        dropout=(0.3,) * layers,
    )
    for ours, reference in zip(listed.parameters(), common.parameters(), strict=True):
        assert torch.equal(ours, reference)
    assert torch.equal(listed(rows), common(rows))
    assert torch.equal(listed(rows, seeded(7)), common(rows, seeded(7)))


def test_dropout_is_drawn_from_the_given_generator_alone(rows: Tensor) -> None:
    network = build(Inputs((4,)), 3, seeded(1), layers=2, dropout=0.5)
    before = torch.get_rng_state()
    first, again, other = (network(rows, seeded(seed)) for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("layers", -1),
        ("hidden_units", 0),
        ("dropout", -0.1),
        ("dropout", 1.0),
        ("dropout", math.nan),
        ("dropout_last", -0.1),
        ("dropout_last", 1.0),
        ("dropout_last", math.nan),
    ],
)
def test_impossible_configuration_is_refused(parameter: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{parameter}.* must hold, but got {value}"):
        MLPConfig(**{parameter: value})


@pytest.mark.parametrize(
    ("parameter", "values", "wrong"),
    [
        ("hidden_units", [8, 0], "0"),
        ("hidden_units", (-3, 8), "-3"),
        ("dropout", [0.5, -0.1], "-0.1"),
        ("dropout", (1.0, 0.5), "1.0"),
        ("dropout", [0.5, math.nan], "nan"),
    ],
)
def test_impossible_entry_of_a_list_is_refused(
    parameter: str, values: list[float], wrong: str
) -> None:
    with pytest.raises(ValueError, match=f"{parameter}.* must hold, but got {wrong}\\.$"):
        MLPConfig(layers=2, **{parameter: values})


@pytest.mark.parametrize("parameter", ["hidden_units", "dropout"])
@pytest.mark.parametrize(("layers", "length"), [(0, 1), (1, 0), (2, 1), (2, 3)])
def test_list_of_another_length_than_the_layers_is_refused(
    parameter: str, layers: int, length: int
) -> None:
    values = [{"hidden_units": 8, "dropout": 0.5}[parameter]] * length
    message = f"`{parameter}` must have {layers} entries where `layers` is {layers}, but got"
    with pytest.raises(ValueError, match=re.escape(message)):
        MLPConfig(layers=layers, **{parameter: values})


def test_last_rate_follows_a_list_of_the_rates_before_it() -> None:
    assert MLPConfig(layers=3, dropout=[0.1, 0.2], dropout_last=0.3).rates == (0.1, 0.2, 0.3)


@pytest.mark.parametrize("rates", [[0.1, 0.2], []])
def test_list_that_names_the_last_rate_a_second_time_is_refused(rates: list[float]) -> None:
    with pytest.raises(ValueError, match="`dropout` must have 1 entries where `layers` is 2"):
        MLPConfig(layers=2, dropout=rates, dropout_last=0.2)


@pytest.mark.parametrize(("parameter", "value"), [("hidden_units", 0), ("dropout", 1.0)])
def test_impossible_value_is_refused_even_where_no_layer_is_hidden(
    parameter: str, value: float
) -> None:
    with pytest.raises(ValueError, match=f"{parameter}.* must hold, but got {value}"):
        MLPConfig(layers=0, **{parameter: value})


@pytest.mark.parametrize("layers", [0, 2])
def test_pictures_are_the_rows_of_their_pixels(layers: int) -> None:
    network = build(Inputs((2 * 3 * 4,)), 3, seeded(1), layers=layers, hidden_units=8)
    pictures = torch.randn(10, 2, 3, 4, generator=seeded(9))
    assert torch.equal(network(pictures), network(pictures.reshape(10, 24)))


ACTIVATION_MODULES: dict[str, nn.Module] = {
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(0.01),
    "elu": nn.ELU(),
    "selu": nn.SELU(),
    "gelu": nn.GELU(),
    "silu": nn.SiLU(),
    "tanh": nn.Tanh(),
}


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
def test_a_network_of_another_activation_equals_a_sequential_one(
    activation: str, rows: Tensor
) -> None:
    network = build(Inputs((4,)), 3, seeded(1), layers=2, hidden_units=8, activation=activation)
    first, second, output = linear_layers(network)
    act = ACTIVATION_MODULES[activation]
    reference = nn.Sequential(first, act, second, act, output)
    assert torch.equal(network(rows), reference(rows))


@pytest.mark.parametrize("norm", ["batch", "layer"])
@pytest.mark.parametrize("training", [True, False])
def test_a_norm_comes_between_a_linear_layer_and_its_activation(
    norm: str, training: bool, rows: Tensor
) -> None:
    network = build(Inputs((4,)), 3, seeded(1), layers=2, hidden_units=[8, 5], norm=norm)
    kind = nn.BatchNorm1d if norm == "batch" else nn.LayerNorm
    first, second = kind(8), kind(5)
    first.load_state_dict(randomised(network).norms[0].state_dict())
    second.load_state_dict(network.norms[1].state_dict())
    layers, act = linear_layers(network), nn.ReLU()
    reference = nn.Sequential(layers[0], first, act, layers[1], second, act, layers[2])
    network.train(training)
    reference.train(training)
    torch.testing.assert_close(network(rows), reference(rows))
    for ours, theirs in zip(network.norms, (first, second), strict=True):
        for name, tensor in theirs.state_dict().items():
            torch.testing.assert_close(ours.state_dict()[name], tensor)


def test_running_averages_follow_training_rows_alone(rows: Tensor) -> None:
    network = build(Inputs((4,)), 3, seeded(1), hidden_units=8, norm="batch")
    network.eval()
    network(rows)
    averages = network.norms[0]
    assert torch.equal(averages.running_mean, torch.zeros(8))
    network.train()
    network(rows, seeded(7))
    units = network.hidden[0](rows)
    torch.testing.assert_close(averages.running_mean, 0.1 * units.mean(0))
    torch.testing.assert_close(averages.running_var, 0.9 + 0.1 * units.var(0))


def test_a_norm_has_names_of_its_own_beside_those_of_the_layers() -> None:
    with_norm = build(Inputs((4,)), 3, seeded(1), layers=2, norm="layer").state_dict()
    without = build(Inputs((4,)), 3, seeded(1), layers=2).state_dict()
    added = with_norm.keys() - without.keys()
    assert added == {f"norms.{i}.{kind}" for i in (0, 1) for kind in ("weight", "bias")}
    assert all(torch.equal(with_norm[name], tensor) for name, tensor in without.items())


def test_a_residual_network_adds_a_layers_input_to_its_output(rows: Tensor) -> None:
    network = build(
        Inputs((4,)), 3, seeded(1), layers=3, hidden_units=[4, 6, 6], residual=True, norm="layer"
    )
    randomised(network)
    first, second, third = network.hidden
    norms, projection = network.norms, network.shortcuts[1].weight  # from 4 to 6 units
    x = rows + torch.relu(norms[0](first(rows)))
    x = x @ projection.T + torch.relu(norms[1](second(x)))
    x = x + torch.relu(norms[2](third(x)))
    torch.testing.assert_close(network(rows), network.output(x))
    names = [name for name in network.state_dict() if name.startswith("shortcuts")]
    assert names == ["shortcuts.1.weight"]


def test_dropout_leaves_what_is_added_to_a_residual_layers_output(rows: Tensor) -> None:
    network = build(
        Inputs((4,)), 3, seeded(1), layers=2, hidden_units=4, residual=True, dropout=0.5
    )
    draws, x = seeded(7), rows
    for layer in network.hidden:
        kept = torch.rand(50, 4, generator=draws) >= 0.5
        x = x + torch.relu(layer(x)) * kept / 0.5
    torch.testing.assert_close(network(rows, seeded(7)), network.output(x))


def test_a_projection_has_the_standard_deviation_of_a_linear_layer() -> None:
    network = build(Inputs((400,)), 3, seeded(0), hidden_units=600, residual=True)
    weight = network.shortcuts[0].weight
    assert weight.std().item() == pytest.approx(math.sqrt(1 / 400), rel=0.01)
    assert weight.mean().item() == pytest.approx(0, abs=0.001)


@pytest.mark.parametrize(
    ("initialization", "activation", "deviation"),
    [
        ("auto", "tanh", 5 / 3 * math.sqrt(2 / 1000)),
        ("auto", "selu", math.sqrt(1 / 400)),
        ("auto", "gelu", math.sqrt(2 / 400)),
        ("glorot", "tanh", 5 / 3 * math.sqrt(2 / 1000)),
        ("lecun", "relu", math.sqrt(1 / 400)),
        ("he", "tanh", math.sqrt(2 / 400)),
    ],
)
def test_hidden_weights_have_the_deviation_of_their_initialisation(
    initialization: str, activation: str, deviation: float
) -> None:
    options = {"initialization": initialization, "activation": activation}
    network = build(Inputs((400,)), 300, seeded(0), hidden_units=600, **options)
    assert network.hidden[0].weight.std().item() == pytest.approx(deviation, rel=0.01)
    assert network.output.weight.std().item() == pytest.approx(math.sqrt(1 / 600), rel=0.01)


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
@pytest.mark.parametrize("norm", NORM_NAMES)
@pytest.mark.parametrize("residual", [True, False])
def test_a_gradient_reaches_every_parameter_and_each_is_of_one_layer(
    activation: str, norm: str, residual: bool, rows: Tensor
) -> None:
    options = {"activation": activation, "norm": norm, "residual": residual}
    network = build(Inputs((4,)), 3, seeded(1), layers=2, hidden_units=[8, 5], **options)
    network(rows, seeded(7)).square().sum().backward()
    parameters = dict(network.named_parameters())
    # Batch norm takes the mean away, and with it the bias of the layer before.
    gone = {"hidden.0.bias", "hidden.1.bias"} if norm == "batch" else set()
    assert {n for n, p in parameters.items() if p.grad.abs().max() < 1e-4} == gone
    grouped = [id(p) for layer in network.groups() for part in layer for p in part.parameters()]
    assert sorted(grouped) == sorted(id(p) for p in parameters.values())
    assert [layer[0] for layer in network.groups()] == [*network.hidden, network.output]
    assert len(network.groups()[-1]) == 1


@pytest.mark.parametrize("initialization", INITIALIZATION_NAMES)
def test_all_of_a_network_is_drawn_from_the_given_generators(
    initialization: str, rows: Tensor
) -> None:
    options = {"initialization": initialization, "norm": "batch", "residual": True, "dropout": 0.5}
    before = torch.get_rng_state()
    first, again, other = (
        build(Inputs((4,)), 3, seeded(seed), **options)(rows, seeded(7)) for seed in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        (
            "activation",
            "sigmoid",
            "`activation` is one of relu, leaky_relu, elu, selu, gelu, silu, tanh, "
            "but got 'sigmoid'.",
        ),
        ("norm", "group", "`norm` is one of none, batch, layer, but got 'group'."),
        ("residual", 1, "`residual` is one of true, false, but got 1."),
        (
            "initialization",
            "uniform",
            "`initialization` is one of auto, he, glorot, lecun, orthogonal, but got 'uniform'.",
        ),
    ],
)
def test_unknown_name_is_refused_with_those_that_there_are(
    parameter: str, value: object, message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        MLPConfig(**{parameter: value})
