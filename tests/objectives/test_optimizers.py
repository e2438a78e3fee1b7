"""Optimizers: a rate for each layer, and which parameters are decayed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from truetune.objectives.optimizers import optimizer_of, set_rate
from truetune.spaces.experiment import Training


def rates(network: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, float]:
    names = {id(p): name for name, p in network.named_parameters()}
    return {names[id(p)]: g["lr"] for g in optimizer.param_groups for p in g["params"]}


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "rmsprop"])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_rate_falls_by_a_factor_with_each_layer_towards_the_input(
    name: str, decay: float, make_layered: Callable[[], nn.Module]
) -> None:
    network = make_layered()
    training = Training(optimizer=name, learning_rate=0.4, layer_rate=0.5, weight_decay=decay)
    optimizer = optimizer_of(network, training)
    by_layer = {"first": 0.1, "second": 0.2, "norm": 0.2, "last": 0.4}
    expected = {p: by_layer[p.partition(".")[0]] for p, _ in network.named_parameters()}
    assert rates(network, optimizer) == pytest.approx(expected)
    set_rate(optimizer, 0.04)
    halved = {p: rate / 10 for p, rate in expected.items()}
    assert rates(network, optimizer) == pytest.approx(halved)


@pytest.mark.parametrize("layer_rate", [None, 1.0, 0.5])
def test_biases_and_norms_are_not_decayed(
    layer_rate: float | None, make_layered: Callable[[], nn.Module]
) -> None:
    network = make_layered()
    optimizer = optimizer_of(network, Training(layer_rate=layer_rate, weight_decay=0.1))
    names = {id(p): name for name, p in network.named_parameters()}
    decayed = {
        names[id(p)] for g in optimizer.param_groups for p in g["params"] if g["weight_decay"]
    }
    assert decayed == {"first.weight", "second.weight", "last.weight"}
    assert sum(len(g["params"]) for g in optimizer.param_groups) == len(names)


def test_one_rate_for_all_layers_costs_no_more_groups(
    make_layered: Callable[[], nn.Module],
) -> None:
    for layer_rate in (None, 1.0):
        assert len(optimizer_of(make_layered(), Training(layer_rate=layer_rate)).param_groups) == 1
