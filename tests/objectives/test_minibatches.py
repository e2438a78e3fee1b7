"""Minibatches: every row once an epoch, and no single row where batch norm is."""

from __future__ import annotations

import pytest
import torch
from torch import Generator, nn

from truetune.objectives.minibatches import minibatches, sizes_of

PLAIN, NORMED = nn.Linear(3, 2), nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))


@pytest.mark.parametrize(
    ("n_rows", "batch_size", "plain", "normed"),
    [
        (10, 5, [5, 5], [5, 5]),
        (11, 5, [5, 5, 1], [5, 6]),
        (12, 5, [5, 5, 2], [5, 5, 2]),
        (4, 5, [4], [4]),
        (1, 5, [1], [1]),
        (6, 5, [5, 1], [6]),
        (3, 1, [1, 1, 1], [1, 1, 1]),
    ],
)
def test_single_row_left_over_goes_with_the_minibatch_before_it_where_a_batch_is_normed(
    n_rows: int, batch_size: int, plain: list[int], normed: list[int]
) -> None:
    assert sizes_of(n_rows, batch_size, PLAIN) == plain
    assert sizes_of(n_rows, batch_size, NORMED) == normed


@pytest.mark.parametrize("kind", [nn.BatchNorm1d, nn.BatchNorm2d])
def test_batch_norm_is_found_however_deep(kind: type[nn.Module]) -> None:
    network = nn.Sequential(nn.ModuleDict({"deep": nn.Sequential(kind(2))}))
    assert sizes_of(9, 4, network) == [4, 5]
    assert sizes_of(9, 4, nn.Sequential(nn.GroupNorm(1, 2), nn.LayerNorm(2))) == [4, 4, 1]


def test_every_row_comes_once_in_the_order_of_the_seed() -> None:
    x, y = torch.arange(24.0).reshape(12, 2), torch.arange(12)
    order = torch.randperm(12, generator=Generator().manual_seed(7))
    batches = list(minibatches(x, y, [5, 5, 2], 7))
    assert [len(part) for part, _ in batches] == [5, 5, 2]
    assert torch.equal(torch.cat([part for part, _ in batches]), x[order])
    assert torch.equal(torch.cat([part for _, part in batches]), order)
