"""Selected: the network inside sees some numbers of a row, and weights say which."""

from __future__ import annotations

import torch
from torch import Generator, nn

from truetune.models.inputs import Inputs
from truetune.models.mlp import build
from truetune.models.selected import Selected

KEPT = (4, 0, 2)


def inner(n: int = 3) -> nn.Module:
    rates = {"hidden_units": 8, "dropout": 0.5}
    return build(Inputs((n,)), 2, Generator().manual_seed(0), **rates)


def test_outputs_are_those_of_the_network_for_the_kept_numbers() -> None:
    x = torch.randn(7, 5, generator=Generator().manual_seed(1))
    network = Selected(inner(), KEPT)
    torch.testing.assert_close(network(x), inner()(x[:, [4, 0, 2]]), rtol=0, atol=0)


def test_other_numbers_change_nothing() -> None:
    x = torch.randn(7, 5, generator=Generator().manual_seed(1))
    changed = x.clone()
    changed[:, [1, 3]] = 1e6
    network = Selected(inner(), KEPT)
    torch.testing.assert_close(network(changed), network(x), rtol=0, atol=0)
    assert not torch.equal(network(x + 1), network(x))


def test_the_generator_reaches_the_network() -> None:
    x = torch.randn(7, 5, generator=Generator().manual_seed(1))
    network = Selected(inner(), KEPT).train()
    expected = inner().train()(x[:, [4, 0, 2]], Generator().manual_seed(9))
    found = network(x, Generator().manual_seed(9))
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    assert not torch.equal(found, network(x))


def test_weights_say_which_numbers_are_kept_and_bring_them_along() -> None:
    x = torch.randn(7, 5, generator=Generator().manual_seed(1))
    network, other = Selected(inner(), KEPT), Selected(inner(), (0, 1, 2))
    stored = network.state_dict()
    assert (stored["kept"].tolist(), stored["kept"].dtype) == ([4, 0, 2], torch.int64)
    assert not torch.equal(other(x), network(x))
    other.load_state_dict(stored)
    torch.testing.assert_close(other(x), network(x), rtol=0, atol=0)
    assert "kept" not in dict(network.named_parameters())


def test_layers_are_the_networks_own() -> None:
    network = Selected(inner(), KEPT)
    assert network.groups() == network.network.groups()  # type: ignore[operator]
