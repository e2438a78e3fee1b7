"""Fixtures of the tests of how a trial is scored."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def make_layered() -> Callable[[], object]:
    """Make a network of three layers, `first`, `second` with `norm`, and `last`."""
    from torch import Generator, Tensor, nn

    class Layered(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.last = (
                nn.Linear(n_in, n_out) for n_in, n_out in ((4, 3), (3, 3), (3, 2))
            )
            self.norm = nn.BatchNorm1d(3)

        def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
            hidden = self.norm(self.second(self.first(x).relu())).relu()
            outputs: Tensor = self.last(hidden)
            return outputs

        def groups(self) -> list[list[nn.Module]]:
            return [[self.first], [self.second, self.norm], [self.last]]

    return Layered
