"""A network of one's own for `own-model.yaml`: what `build` returns is a PyTorch module.

It is called with x alone, rows of the shape that `inputs.shape` says. What `build` takes beside
its first two arguments may be fixed under `model:` or vary under `parameters:`.
"""

import torch
from torch import Tensor, nn

from truetune.models import Inputs


class Block(nn.Module):
    """Two convolutions whose input is added to their output: same shape in, same shape out."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.layers(x))


def build(
    inputs: Inputs, n_outputs: int, channels: int = 16, blocks: int = 1, dropout: float = 0.0
) -> nn.Module:
    n_channels = inputs.shape[0]  # rows are (channels, height, width)
    return nn.Sequential(
        nn.Conv2d(n_channels, channels, 3, padding=1),
        *(Block(channels) for _ in range(blocks)),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.LazyLinear(n_outputs),
    )
