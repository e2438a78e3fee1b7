"""The weights that are left when units have gone, as a smaller network has them.

A unit is a row of its layer's weights, a number of its bias and its norm, and a column of the next
layer's weights; of the output layer behind a flattened picture it is as many columns as that has
pixels. Where a unit's outgoing weights are 0 the outputs stay what they were, unless a layer norm
has averaged over it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from .layouts import Layout


def shrunk(
    state: Mapping[str, Tensor], layout: Layout, kept: Sequence[Tensor]
) -> dict[str, Tensor]:
    """Return the state dict of the smaller network.

    Args:
        state: of the network as it was trained.
        layout: where its units are.
        kept: the units of each layer that stay, int64 (width,).
    """
    smaller = dict(state)
    before: Tensor | None = None  # what stays of the layer before; of the inputs all does
    for modules, units in zip(layout.layers, kept, strict=True):
        for name in _names(state, modules):
            smaller[name] = _rows(smaller[name], units)
        if before is not None:
            weights = f"{modules[0]}.weight"
            smaller[weights] = smaller[weights].index_select(1, before)
        before = units
    assert before is not None
    output = f"{layout.output}.weight"
    width = len(state[f"{layout.layers[-1][0]}.weight"])
    columns = _columns(before, state[output].shape[1] // width)
    smaller[output] = smaller[output].index_select(1, columns)
    return {name: tensor.contiguous() for name, tensor in smaller.items()}


def _names(state: Mapping[str, Tensor], modules: Sequence[str]) -> list[str]:
    return [name for name in state if name.rpartition(".")[0] in modules]


def _rows(tensor: Tensor, units: Tensor) -> Tensor:
    """Take some units; how many minibatches a norm has seen is of none of them."""
    return tensor if tensor.ndim == 0 else tensor.index_select(0, units)


def _columns(units: Tensor, n_each: int) -> Tensor:
    """Return the inputs that units are, `n_each` of them side by side."""
    return (units[:, None] * n_each + torch.arange(n_each)).flatten()
