"""The linear model, held against a multilayer perceptron without hidden layers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator, Tensor

from truetune.models import linear, mlp
from truetune.models.inputs import Inputs


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def rows() -> Tensor:
    return torch.randn(50, 4, generator=seeded(9))


def test_linear_equals_a_perceptron_without_hidden_layers_bit_for_bit() -> None:
    network = linear.build(Inputs((4,)), 3, seeded(1))
    reference = mlp.build(Inputs((4,)), 3, seeded(1), layers=0)
    state, reference_state = network.state_dict(), reference.state_dict()
    assert [*state] == [*reference_state]
    assert all(torch.equal(state[name], reference_state[name]) for name in state)
    assert torch.equal(network(rows()), reference(rows()))


def test_linear_is_a_matrix_product_and_a_bias() -> None:
    network = linear.build(Inputs((4,)), 3, seeded(1))
    torch.nn.init.ones_(network.output.bias)
    torch.testing.assert_close(network(rows()), rows() @ network.output.weight.T + 1)


def test_linear_draws_its_weights_from_the_given_generator_alone() -> None:
    before = torch.get_rng_state()
    first, again, other = (
        linear.build(Inputs((4,)), 3, seeded(seed)).output.weight for seed in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_linear_draws_nothing_in_training() -> None:
    network, generator = linear.build(Inputs((4,)), 3, seeded(1)), seeded(7)
    assert torch.equal(network(rows(), generator), network(rows()))
    assert torch.equal(generator.get_state(), seeded(7).get_state())


def test_pictures_are_the_rows_of_their_pixels() -> None:
    network = linear.build(Inputs((2 * 3 * 4,)), 3, seeded(1))
    pictures = torch.randn(10, 2, 3, 4, generator=seeded(9))
    assert torch.equal(network(pictures), network(pictures.reshape(10, 24)))


def test_linear_is_one_layer() -> None:
    network = linear.build(Inputs((4,)), 3, seeded(1))
    assert network.groups() == [[network.output]]


def test_linear_weights_have_the_standard_deviation_of_a_linear_layer() -> None:
    weight = linear.build(Inputs((400,)), 600, seeded(1)).output.weight
    # Four standard errors of a standard deviation over 240,000 weights.
    assert weight.std().item() == pytest.approx(math.sqrt(1 / 400), rel=0.006)
