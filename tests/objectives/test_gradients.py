"""Norms of gradients, layer by layer, averaged over steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from truetune.objectives.gradients import Norms


def test_norm_of_a_layer_is_that_of_all_its_numbers_averaged_over_steps(
    make_layered: Callable[[], Any],
) -> None:
    torch.manual_seed(0)
    network = make_layered()
    norms, seen = Norms(network), []
    for _ in range(3):
        network.zero_grad()
        network.norm(network.second(network.first(torch.randn(8, 4)))).square().sum().backward()
        norms.add()
        parts = [network.second.weight, network.second.bias, *network.norm.parameters()]
        squares = [p.grad.square().sum().item() for p in parts if p.grad is not None]
        seen.append(math.sqrt(sum(squares)))
    found = norms.take()
    assert set(found) == {f"gradient_norm.{name}" for name in ("first", "second", "last")}
    assert found["gradient_norm.second"] == pytest.approx(sum(seen) / 3)
    assert found["gradient_norm.last"] == 0  # nothing came to it


def test_what_was_taken_is_forgotten(make_layered: Callable[[], Any]) -> None:
    network = make_layered()
    norms = Norms(network)
    network.first(torch.ones(2, 4)).sum().backward()
    norms.add()
    assert norms.take()["gradient_norm.first"] > 0
    assert set(norms.take().values()) == {0.0}


def test_parameters_of_no_child_are_a_layer_too() -> None:
    class Loose(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(3))

        def groups(self) -> list[list[torch.nn.Module]]:
            layer = torch.nn.Module()
            layer.scale = self.scale
            return [[layer]]

    network = Loose()
    norms = Norms(network)
    (2 * network.scale).sum().backward()
    norms.add()
    assert norms.take() == {"gradient_norm.own": pytest.approx(math.sqrt(12))}
