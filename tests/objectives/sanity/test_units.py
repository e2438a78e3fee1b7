"""Units that say nothing are counted, whoever calls the activation."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from truetune.objectives.sanity.units import Activation, watched


class Calls(nn.Module):
    """Calls an activation after a layer that changes nothing."""

    def __init__(self, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.same, self.activation = nn.Linear(4, 4, bias=False), activation
        nn.init.eye_(self.same.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.same(x))


def seen(activation: Callable[[Tensor], Tensor], x: Tensor) -> Activation:
    network = Calls(activation)
    with torch.no_grad(), watched(network) as found:
        network(x)
    (one,) = found
    return one


ROWS = torch.tensor([[1.0, -1.0, -1.0, 0.0], [-1.0, -1.0, 2.0, 0.0]])


@pytest.mark.parametrize(
    "activation", [torch.relu, nn.functional.relu, nn.ReLU(), nn.ReLU(inplace=True), Tensor.relu]
)
def test_a_rectifier_that_is_0_for_every_row_is_dead(
    activation: Callable[[Tensor], Tensor],
) -> None:
    assert seen(activation, ROWS) == Activation("same", "relu", 0.5, 4)


def test_a_channel_is_dead_where_all_its_pixels_are() -> None:
    pictures = -torch.ones(2, 3, 4, 4)
    pictures[1, 0, 2, 3] = 1.0
    assert seen(torch.relu, pictures) == Activation("same", "relu", pytest.approx(2 / 3), 3)


def test_of_steps_and_features_the_kinder_share_counts() -> None:
    x = -torch.ones(2, 3, 4)  # rows, steps, features
    x[0, 0] = 1.0  # every feature speaks at the first step, and no step after it does
    assert seen(torch.relu, x).share == 0.0


@pytest.mark.parametrize(
    ("activation", "x", "share"),
    [
        (torch.tanh, [[0.0, 9.0, -9.0, 1.0]], 0.5),
        (torch.sigmoid, [[0.0, 9.0, -9.0, 1.0]], 0.5),
        (nn.Sigmoid(), [[0.0, 3.0, -3.0, 1.0]], 0.0),
    ],
)
def test_what_is_near_an_end_of_its_range_is_saturated(
    activation: Callable[[Tensor], Tensor], x: list[list[float]], share: float
) -> None:
    assert seen(activation, torch.tensor(x)).share == share


def test_nothing_is_watched_afterwards() -> None:
    network = Calls(torch.relu)
    with watched(network) as found:
        pass
    network(ROWS)
    assert found == []
    assert not network.same._forward_hooks
