"""Weights set to 0, against sorting all of them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Generator

from truetune.errors import InputError
from truetune.models import build
from truetune.models.inputs import Inputs
from truetune.objectives.pruning.sparsity import check, sparse, sparsity_of


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("mlp", {"layers": 2, "hidden_units": 9, "norm": "batch"}),
        ("cnn", {"channels": 4}),
        ("lstm", {"hidden_units": 5, "bidirectional": True}),
        ("resnet", {"channels": 4}),
    ],
)
@pytest.mark.parametrize("share", [0.25, 0.8])
def test_the_smallest_weights_of_all_are_0(
    name: str, parameters: dict[str, Any], share: float
) -> None:
    network = build(name, Inputs((1, 6, 6)), 3, Generator().manual_seed(0), **parameters)
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    after = sparse(network, share)
    assert [*after] == [*before]
    matrices = {key for key, parameter in network.named_parameters() if parameter.ndim > 1}
    every = torch.cat([before[key].abs().flatten() for key in before if key in matrices])
    border = every.sort().values[round(share * len(every)) - 1]
    for key, tensor in before.items():
        expected = torch.where(tensor.abs() > border, tensor, 0) if key in matrices else tensor
        assert torch.equal(after[key], expected), key
    assert sparsity_of(after) == pytest.approx(share, abs=2 / len(every))
    assert all(torch.equal(network.state_dict()[key], before[key]) for key in before)
    network.load_state_dict(after)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, float("nan")])
def test_a_share_of_nothing_or_all_is_refused(share: float) -> None:
    with pytest.raises(InputError, match="above 0, less than 1"):
        check(share)
