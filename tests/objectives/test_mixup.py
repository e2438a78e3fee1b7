"""Mixup: the share has the distribution of its paper, and inputs and targets go together."""

from __future__ import annotations

import pytest
import torch
from scipy import stats
from torch import Generator

from truetune.objectives.mixup import mixed

X = torch.arange(24.0).reshape(6, 2, 2)  # (rows, height, width)
Y = torch.arange(6)


@pytest.mark.parametrize("alpha", [0.1, 0.4, 1.0, 8.0])
def test_the_share_is_drawn_from_a_beta_distribution(alpha: float) -> None:
    generator = Generator().manual_seed(3)
    shares = [mixed(X, Y, alpha, generator)[3] for _ in range(2000)]
    assert stats.kstest(shares, stats.beta(alpha, alpha).cdf).pvalue > 0.01
    # The test tells this distribution from its neighbours.
    assert stats.kstest(shares, stats.beta(1.5 * alpha, 1.5 * alpha).cdf).pvalue < 1e-4


@pytest.mark.parametrize("alpha", [1e-6, 1e-3, 1e6])
def test_a_share_is_a_share_whatever_alpha_is(alpha: float) -> None:
    generator = Generator().manual_seed(0)
    assert all(0 <= mixed(X, Y, alpha, generator)[3] <= 1 for _ in range(200))


def test_every_row_is_blended_with_the_row_whose_target_it_takes() -> None:
    x, y, other, share = mixed(X, Y, 1.0, Generator().manual_seed(1))
    assert y is Y
    assert sorted(other.tolist()) == Y.tolist()
    assert other.tolist() != Y.tolist()
    assert 0.05 < share < 0.95
    for i, j in zip(y.tolist(), other.tolist(), strict=True):
        torch.testing.assert_close(x[i], share * X[i] + (1 - share) * X[j])


def test_targets_of_several_numbers_stay_together() -> None:
    targets = torch.stack([Y, 10 * Y], dim=1).float()  # (rows, outputs)
    _, _, other, _ = mixed(X, targets, 1.0, Generator().manual_seed(1))
    torch.testing.assert_close(other[:, 1], 10 * other[:, 0])


def test_every_order_of_rows_is_as_likely() -> None:
    generator = Generator().manual_seed(0)
    orders = [tuple(mixed(X[:3], Y[:3], 1.0, generator)[2].tolist()) for _ in range(1200)]
    counts = [orders.count(order) for order in set(orders)]
    assert len(counts) == 6
    assert stats.chisquare(counts).pvalue > 0.01


def test_all_is_drawn_from_the_generator_alone() -> None:
    before = torch.get_rng_state()
    first = mixed(X, Y, 0.3, Generator().manual_seed(5))
    torch.rand(7)
    again = mixed(X, Y, 0.3, Generator().manual_seed(5))
    other = mixed(X, Y, 0.3, Generator().manual_seed(6))
    assert first[3] == again[3] != other[3]
    assert torch.equal(first[0], again[0])
    torch.set_rng_state(before)
    mixed(X, Y, 0.3, Generator().manual_seed(5))
    assert torch.equal(torch.get_rng_state(), before)
