"""A convolutional network for small pictures and series (LeCun et al. 1998, section II).

- each layer: convolution, norm, activation, and pooling by 2 along the sides that have 2 pixels
- a picture keeps its sides in a convolution (zeros around it); layers of 3 x 3 kernels see as
  much as one of larger kernels, with fewer weights (Simonyan & Zisserman 2014, arXiv:1409.1556,
  section 2.3)
- a row (inputs,) is a picture one pixel high, and its kernels are: a one-dimensional network
- a kernel is no larger than what is left of the picture, or by one pixel where a side is even
- a convolution that a norm follows has no bias: the norm has one
- dropout of whole channels after each layer; the last rate can stand by itself, as
  `dropout_last`: single numbers of what the output layer reads are then dropped in their place
- the output is linear, of all numbers that are left (flatten) or of each channel's mean (average)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import torch.nn.functional as F
from torch import Generator, Tensor, nn

from . import check
from .inputs import Inputs
from .layers import (
    ACTIVATIONS,
    conv_layer,
    drop,
    drop_channels,
    initialise,
    linear_layer,
    norm_layer,
)
from .pictures import Sides, as_pictures, fitted_kernel, halving, picture_shape

Number = TypeVar("Number", int, float)

_POOLINGS: dict[str, Callable[[Tensor, Sides], Tensor]] = {
    "max": F.max_pool2d,
    "average": F.avg_pool2d,
}


@dataclass(frozen=True)
class CNNConfig:
    layers: int = 2  # convolutions
    channels: int | Sequence[int] = 32  # pictures that a layer makes: every layer, or each
    kernel_size: int | Sequence[int] = 3  # sides of a kernel, odd: of all layers, or of each
    pooling: str = "max"  # what is kept of 2 x 2 pixels: the largest, or their average
    head: str = "flatten"  # what the output layer reads: all numbers, or each channel's average
    dropout: float | Sequence[float] = 0.0  # share of channels dropped after each layer
    dropout_last: float | None = None  # of the numbers before the output; None: as `dropout`
    activation: str = "relu"
    norm: str = "none"  # before the activation
    initialization: str = "auto"  # of convolutions; auto: what fits the activation

    def __post_init__(self) -> None:
        check("cnn", asdict(self))
        n_rates = self.layers - (self.dropout_last is not None)
        lengths = {"channels": self.layers, "kernel_size": self.layers, "dropout": n_rates}
        for name, n in lengths.items():
            value = getattr(self, name)
            if isinstance(value, Sequence) and len(value) != n:
                rule = f"`{name}` must have {n} entries where `layers` is {self.layers}"
                raise ValueError(f"{rule}, but got {value}.")

    @property
    def widths(self) -> tuple[int, ...]:
        """The channels that each layer makes."""
        return _per_layer(self.channels, self.layers)

    @property
    def kernel_sizes(self) -> tuple[int, ...]:
        """The side of each layer's kernel, where the picture is large enough."""
        return _per_layer(self.kernel_size, self.layers)

    @property
    def rates(self) -> tuple[float, ...]:
        """The share of channels dropped after each layer."""
        if self.dropout_last is None:
            return _per_layer(self.dropout, self.layers)
        return (*_per_layer(self.dropout, self.layers - 1), 0.0)


def _per_layer(value: Number | Sequence[Number], n: int) -> tuple[Number, ...]:
    return tuple(value) if isinstance(value, Sequence) else (value,) * n


class Layer(nn.Module):
    """Convolution, norm, activation, pooling: (rows, n_in, *sides) to (rows, n_out, *left)."""

    def __init__(
        self, n_in: int, n_out: int, kernel_size: int, sides: Sides, config: CNNConfig
    ) -> None:
        super().__init__()
        kernel = fitted_kernel(kernel_size, sides)
        self.conv = conv_layer(n_in, n_out, kernel, bias=config.norm == "none")
        self.norm = norm_layer(config.norm, n_out, n_dims=2)
        self.config, self.window = config, halving(sides)
        self.left = (sides[0] // self.window[0], sides[1] // self.window[1])

    def forward(self, x: Tensor) -> Tensor:
        activation, pool = ACTIVATIONS[self.config.activation], _POOLINGS[self.config.pooling]
        x = activation(self.norm(self.conv(x)))  # (rows, n_out, *sides)
        return pool(x, self.window)


class CNN(nn.Module):
    """See the module's docstring. Maps rows of one of its shapes to (rows, n_outputs)."""

    def __init__(self, inputs: Inputs, n_outputs: int, config: CNNConfig) -> None:
        super().__init__()
        self.config = config
        self.shape = picture_shape(inputs.shape)
        n_channels, *sides = self.shape
        self.hidden = nn.ModuleList()
        for n, size in zip(config.widths, config.kernel_sizes, strict=True):
            layer = Layer(n_channels, n, size, (sides[0], sides[1]), config)
            self.hidden.append(layer)
            n_channels, sides = n, [*layer.left]
        n_left = math.prod(sides) if config.head == "flatten" else 1
        self.output = linear_layer(n_channels * n_left, n_outputs)

    def initialise(self, generator: Generator) -> None:
        """Draw all weights, in the order of the layers."""
        method, activation = self.config.initialization, self.config.activation
        for layer in self.hidden:
            assert isinstance(layer, Layer)
            initialise(layer.conv, method, activation, generator)
        initialise(self.output, method, None, generator)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the outputs; with a generator (in training) channels are dropped."""
        x = as_pictures(x, self.shape)
        for layer, rate in zip(self.hidden, self.config.rates, strict=True):
            # (rows, the layer's channels, height, width)
            x = drop_channels(layer(x), rate, generator)
        x = x.flatten(1) if self.config.head == "flatten" else x.mean((2, 3))
        x = drop(x, self.config.dropout_last or 0.0, generator)
        output: Tensor = self.output(x)  # (rows, n_outputs)
        return output

    def groups(self) -> list[list[nn.Module]]:
        """Return the layers with weights, from the input to the output."""
        return [*([layer] for layer in self.hidden), [self.output]]


def build(inputs: Inputs, n_outputs: int, generator: Generator, **parameters: Any) -> CNN:
    network = CNN(inputs, n_outputs, CNNConfig(**parameters))
    network.initialise(generator)
    return network
