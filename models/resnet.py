"""A small residual network for pictures and series (He et al. 2015, arXiv:1512.03385).

- section 4.2, the networks for small pictures: a convolution, stages of blocks, the average of
  each channel, a linear output; a stage has twice the channels of the one before and half its
  sides, by steps of 2 in its first block
- a block adds what two convolutions make of its input to that input (figure 2); where a stage
  begins, a 1 x 1 convolution makes their channels and sides equal (section 3.3, option B)
- a row (inputs,) is a picture one pixel high, and its kernels are: a one-dimensional network
- a convolution that a norm follows has no bias: the norm has one
- dropout of the averages before the output, drawn from a generator the caller passes
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Generator, Tensor, nn

from . import check
from .inputs import Inputs
from .layers import ACTIVATIONS, conv_layer, drop, initialise, linear_layer, norm_layer
from .pictures import Sides, as_pictures, fitted_kernel, halving, picture_shape

_KERNEL_SIZE = 3


@dataclass(frozen=True)
class ResNetConfig:
    stages: int = 2  # of the same channels and sides; each has twice the channels of the last
    blocks: int = 1  # of a stage, two convolutions each
    channels: int = 16  # of the first stage
    dropout_last: float = 0.0  # share of the channels' averages dropped before the output
    activation: str = "relu"
    norm: str = "batch"
    initialization: str = "auto"  # of convolutions; auto: what fits the activation

    def __post_init__(self) -> None:
        check("resnet", asdict(self))


class Block(nn.Module):
    """Two convolutions and a shortcut around them: (rows, n_in, ...) to (rows, n_out, ...)."""

    def __init__(
        self, n_in: int, n_out: int, sides: Sides, stride: Sides, config: ResNetConfig
    ) -> None:
        super().__init__()
        has_bias = config.norm == "none"
        self.left = (-(-sides[0] // stride[0]), -(-sides[1] // stride[1]))
        first, second = (fitted_kernel(_KERNEL_SIZE, seen) for seen in (sides, self.left))
        self.conv1 = conv_layer(n_in, n_out, first, stride, has_bias)
        self.norm1 = norm_layer(config.norm, n_out, n_dims=2)
        self.conv2 = conv_layer(n_out, n_out, second, bias=has_bias)
        self.norm2 = norm_layer(config.norm, n_out, n_dims=2)
        is_same = n_in == n_out  # and has the same sides: both change together
        self.projection = None if is_same else conv_layer(n_in, n_out, (1, 1), stride, has_bias)
        self.norm3 = norm_layer("none" if is_same else config.norm, n_out, n_dims=2)
        self.activation = ACTIVATIONS[config.activation]

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.projection is None else self.norm3(self.projection(x))
        x = self.activation(self.norm1(self.conv1(x)))  # (rows, n_out, *self.left)
        return self.activation(self.norm2(self.conv2(x)) + shortcut)


class ResNet(nn.Module):
    """See the module's docstring. Maps rows of one of its shapes to (rows, n_outputs)."""

    def __init__(self, inputs: Inputs, n_outputs: int, config: ResNetConfig) -> None:
        super().__init__()
        self.config = config
        self.shape = picture_shape(inputs.shape)
        n, sides = config.channels, self.shape[1:]
        kernel = fitted_kernel(_KERNEL_SIZE, sides)
        self.stem = conv_layer(self.shape[0], n, kernel, bias=config.norm == "none")
        self.norm = norm_layer(config.norm, n, n_dims=2)
        self.activation = ACTIVATIONS[config.activation]
        self.blocks = nn.ModuleList()
        for i in range(config.stages * config.blocks):
            is_smaller = i > 0 and i % config.blocks == 0  # a later stage's first block
            n_out, stride = (2 * n, halving(sides)) if is_smaller else (n, (1, 1))
            block = Block(n, n_out, sides, stride, config)
            self.blocks.append(block)
            n, sides = n_out, block.left
        self.output = linear_layer(n, n_outputs)

    def initialise(self, generator: Generator) -> None:
        """Draw all weights, from the input to the output.

        Norms start at scale 1, those that end a block too. A scale of 0 there would make each
        block its input at first (Goyal et al. 2017, arXiv:1706.02677, section 5.1): it helps
        deep networks in very large batches, and leaves both convolutions of every block without
        a gradient in the first step, as if gradients vanished.
        """
        method, activation = self.config.initialization, self.config.activation
        initialise(self.stem, method, activation, generator)
        for block in self.blocks:
            assert isinstance(block, Block)
            initialise(block.conv1, method, activation, generator)
            initialise(block.conv2, method, activation, generator)
            if self.config.norm == "none":
                # Nothing else keeps n sums from doubling the variance n times; so it grows by
                # (1 + 1 / n)^n, less than e (after Zhang et al. 2019, arXiv:1901.09321).
                with torch.no_grad():
                    block.conv2.weight.div_(math.sqrt(len(self.blocks)))
            if block.projection is not None:
                # No activation takes away from what passes by: the input's variance is kept.
                initialise(block.projection, method, None, generator)
        initialise(self.output, method, None, generator)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the outputs; with a generator (in training) averages are dropped."""
        x = as_pictures(x, self.shape)
        x = self.activation(self.norm(self.stem(x)))  # (rows, channels, height, width)
        for block in self.blocks:
            x = block(x)
        x = x.mean((2, 3))  # (rows, the last stage's channels)
        x = drop(x, self.config.dropout_last, generator)
        output: Tensor = self.output(x)  # (rows, n_outputs)
        return output

    def groups(self) -> list[list[nn.Module]]:
        """Return the layers with weights, from the input to the output; a block is one."""
        return [[self.stem, self.norm], *([block] for block in self.blocks), [self.output]]


def build(inputs: Inputs, n_outputs: int, generator: Generator, **parameters: Any) -> ResNet:
    network = ResNet(inputs, n_outputs, ResNetConfig(**parameters))
    network.initialise(generator)
    return network
