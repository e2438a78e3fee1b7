"""The multilayer perceptron: its function, its initial weights and its dropout."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator, Tensor, nn

from truetune.models.mlp import MLP, MLPConfig, build, drop


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def wide_network() -> MLP:
    """Fan-in and fan-out differ, so that taking one for the other shows."""
    return build(400, 300, seeded(0), layers=2, hidden_units=600)


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


@pytest.mark.parametrize("layers", [0, 1, 2, 3])
def test_forward_equals_a_sequential_network_with_the_same_weights(
    layers: int, rows: Tensor
) -> None:
    network = build(4, 3, seeded(1), layers=layers, hidden_units=8)
    assert len(linear_layers(network)) == layers + 1
    assert torch.equal(network(rows), sequential(network)(rows))


def test_no_hidden_layer_is_a_linear_model(rows: Tensor) -> None:
    network = build(4, 3, seeded(1), layers=0)
    expected = rows @ network.output.weight.T + network.output.bias
    torch.testing.assert_close(network(rows), expected)


def test_hidden_weights_have_the_standard_deviation_of_he_initialisation() -> None:
    for layer, fan_in in zip(wide_network().hidden, (400, 600), strict=True):
        assert layer.weight.std().item() == pytest.approx(math.sqrt(2 / fan_in), rel=0.01)
        assert layer.weight.mean().item() == pytest.approx(0, abs=0.001)


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
    first, again, other = (build(4, 3, seeded(seed)).output.weight for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_weights_are_drawn_from_the_given_generator_alone() -> None:
    before = torch.get_rng_state()
    build(4, 3, seeded(1), layers=2)
    assert torch.equal(torch.get_rng_state(), before)


def test_dropout_preserves_the_mean() -> None:
    dropped = drop(torch.full((1000, 1000), 2.0), 0.3, seeded(0))
    assert dropped.mean().item() == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.9])
def test_dropout_zeroes_its_rate_and_scales_the_others(rate: float) -> None:
    dropped = drop(torch.ones(1000, 1000), rate, seeded(0))
    assert (dropped == 0).float().mean().item() == pytest.approx(rate, abs=0.003)
    torch.testing.assert_close(dropped.unique(), torch.tensor([0.0, 1 / (1 - rate)]))


def test_what_is_dropped_has_no_gradient() -> None:
    x = torch.ones(20, 20, requires_grad=True)
    dropped = drop(x, 0.5, seeded(0))
    dropped.sum().backward()
    assert torch.equal(x.grad, dropped.detach())


def test_nothing_is_dropped_without_a_generator(rows: Tensor) -> None:
    network = build(4, 3, seeded(1), layers=2, hidden_units=8, dropout=0.5)
    assert torch.equal(network(rows), sequential(network)(rows))


def test_a_rate_of_zero_drops_nothing(rows: Tensor) -> None:
    network = build(4, 3, seeded(1), layers=2, hidden_units=8, dropout=0.0)
    assert torch.equal(network(rows, seeded(0)), network(rows))


def test_units_are_dropped_after_every_hidden_layer(rows: Tensor) -> None:
    network = build(4, 3, seeded(1), layers=2, hidden_units=8, dropout=0.5)
    draws, x = seeded(7), rows
    for layer in network.hidden:
        kept = torch.rand(50, 8, generator=draws) >= 0.5
        x = torch.relu(layer(x)) * kept / 0.5
    torch.testing.assert_close(network(rows, seeded(7)), network.output(x))


def test_dropout_is_drawn_from_the_given_generator_alone(rows: Tensor) -> None:
    network = build(4, 3, seeded(1), layers=2, dropout=0.5)
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
    ],
)
def test_impossible_configuration_is_refused(parameter: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{parameter}.* must hold, but got {value}"):
        MLPConfig(**{parameter: value})
