"""A network that sees some of a row's numbers only."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn


class Selected(nn.Module):
    """Hands the numbers at some places of a row to a network. Maps as that network does.

    The places are in the state dict, as `kept`, so that stored weights say which they were.
    """

    kept: Tensor  # int64 (numbers,)

    def __init__(self, network: nn.Module, kept: Sequence[int]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("kept", torch.tensor(list(kept), dtype=torch.int64))

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the outputs for rows (rows, inputs)."""
        outputs: Tensor = self.network(x[:, self.kept], generator)
        return outputs

    def groups(self) -> list[list[nn.Module]]:
        """Return the network's own layers, from input to output."""
        groups: list[list[nn.Module]] = self.network.groups()  # type: ignore[operator]
        return groups
