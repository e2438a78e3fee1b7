"""Minibatches: the rows of an epoch in an order of its own, some thousands in memory at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Generator, Tensor, nn

# Numbers gathered at once: an epoch in its order is never copied whole, so that workers that
# map the same rows stay small.
_GATHERED = 500_000


def sizes_of(n_rows: int, batch_size: int, network: nn.Module) -> list[int]:
    """Return how many rows each minibatch of an epoch has.

    Batch norm has no variance to divide a single row by: one that is left over goes with the
    minibatch before it, where the network has such a layer.
    """
    sizes = [batch_size] * (n_rows // batch_size)
    left_over = n_rows % batch_size
    if left_over == 1 and sizes and _has_batch_norm(network):
        return [*sizes[:-1], batch_size + 1]
    return [*sizes, left_over] if left_over else sizes


def _has_batch_norm(network: nn.Module) -> bool:
    return any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in network.modules())


def minibatches(
    x: Tensor, y: Tensor, sizes: Sequence[int], seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield inputs and targets of each minibatch, the rows shuffled by a seed."""
    order = torch.randperm(len(x), generator=Generator().manual_seed(seed)).to(x.device)
    n_gathered = max(1, _GATHERED // (sizes[0] * max(1, x[:1].numel())))
    start = 0
    for first in range(0, len(sizes), n_gathered):
        at_once = list(sizes[first : first + n_gathered])
        rows = order[start : start + sum(at_once)]
        start += len(rows)
        yield from zip(torch.split(x[rows], at_once), torch.split(y[rows], at_once), strict=True)
