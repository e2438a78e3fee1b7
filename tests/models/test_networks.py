"""What every architecture of the catalogue keeps to, whatever a row is."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Generator, Tensor, nn
from torch.func import functional_call

from truetune.models import ARCHITECTURES, Choice, build
from truetune.models.inputs import Inputs

SHAPES = [(64,), (8, 8), (1, 8, 8), (3, 16, 16), (2, 2)]

# Drawing the eleven million weights of a resnet18 takes a while.
CASES = [
    (name, shape)
    for name in ARCHITECTURES
    for shape in SHAPES
    if name != "resnet18" or shape in [(64,), (3, 16, 16)]
]


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def rows(shape: tuple[int, ...], n_rows: int = 6) -> Tensor:
    return torch.randn(n_rows, *shape, generator=seeded(9))


def network_of(name: str, shape: tuple[int, ...], seed: int = 1, **parameters: Any) -> nn.Module:
    """Build a network of three outputs that drops what it can."""
    rates = {"dropout", "dropout_last"} & {*ARCHITECTURES[name].parameters}
    return build(name, Inputs(shape), 3, seeded(seed), **dict.fromkeys(rates, 0.2), **parameters)


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_all_that_is_random_is_drawn_from_the_given_generators(
    name: str, shape: tuple[int, ...]
) -> None:
    before = torch.get_rng_state()
    first, again, other = (
        network_of(name, shape, seed)(rows(shape), seeded(7)) for seed in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert first.shape == (6, 3)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_a_gradient_reaches_every_parameter_and_each_is_of_one_layer(
    name: str, shape: tuple[int, ...]
) -> None:
    network = network_of(name, shape)
    network(rows(shape), seeded(7)).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in network.parameters())
    groups = network.groups()
    grouped = [p for layer in groups for part in layer for p in part.parameters()]
    assert [id(p) for p in {id(p): p for p in grouped}.values()] == [id(p) for p in grouped]
    assert {id(p) for p in grouped} == {id(p) for p in network.parameters()}
    assert isinstance(groups[-1][0], nn.Linear)
    assert groups[-1][0].out_features == 3


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_weights_can_be_those_of_another_network(name: str, shape: tuple[int, ...]) -> None:
    x, network, other = rows(shape), network_of(name, shape), network_of(name, shape, seed=2)
    network(x)  # batch norm has an average of its own
    network.eval()
    other.eval()
    expected = network(x)
    with torch.inference_mode():
        assert torch.equal(functional_call(other, network.state_dict(), (x,)), expected)
        assert not torch.equal(other(x), expected)
    other.load_state_dict(network.state_dict())
    assert torch.equal(other(x), expected)


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_evaluation_changes_nothing_and_takes_rows_by_themselves(
    name: str, shape: tuple[int, ...]
) -> None:
    x, network = rows(shape), network_of(name, shape)
    network(x)
    network.eval()
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    together = network(x)
    alone = torch.cat([network(row) for row in x.split(1)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)
    assert all(torch.equal(network.state_dict()[key], before[key]) for key in before)


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        (name, parameter, value)
        for name, architecture in ARCHITECTURES.items()
        for parameter, values in architecture.parameters.items()
        if isinstance(values, Choice)
        for value in values.values
    ],
)
def test_every_choice_runs_on_every_shape(name: str, parameter: str, value: str | bool) -> None:
    for shape in SHAPES:
        network = network_of(name, shape, **{parameter: value})
        assert network(rows(shape), seeded(7)).isfinite().all()


def test_text_is_read_word_by_word_by_recurrent_networks_alone() -> None:
    takers = {name for name, architecture in ARCHITECTURES.items() if architecture.takes_words}
    assert takers == {"lstm", "gru"}
