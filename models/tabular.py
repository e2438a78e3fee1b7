"""A residual network for tables, wide ones and those with categories among them.

The "ResNet" of Gorishniy et al. 2021 (arXiv:2106.11959, section 3.2), in its notation

    ResNet(x)      = Prediction(ResNetBlock(...(ResNetBlock(Linear(x)))))
    ResNetBlock(x) = x + Dropout(Linear(Dropout(ReLU(Linear(BatchNorm(x))))))
    Prediction(x)  = Linear(ReLU(BatchNorm(x)))

- all blocks have one width, and both of a block's dropouts one rate, drawn from a generator the
  caller passes; another rate can stand before the last linear layer
- a category's levels are columns of zeros and a one: the product with a matrix (levels, size) is
  its embedding, a trained vector a level, and zeros where a row has none of the levels
- numbers come first, then the embeddings, which start as standard normal as numbers are
- He initialisation before an activation (or what fits another activation: see `layers.py`); a
  layer that no activation follows takes sqrt(1 / fan_in); biases start at zero
"""

from __future__ import annotations

import itertools
import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Generator, Tensor, nn

from . import check
from .inputs import Inputs
from .layers import ACTIVATIONS, drop, initialise, linear_layer, norm_layer


@dataclass(frozen=True)
class TabularConfig:
    layers: int = 2  # blocks
    hidden_units: int = 128  # width of the blocks
    dropout: float = 0.0  # share of units dropped in a block, after each of its two layers
    dropout_last: float = 0.0  # share of units dropped before the output
    activation: str = "relu"
    norm: str = "batch"
    embedding_size: int | None = None  # numbers that a level is; None: see `embedding_size_of`
    initialization: str = "auto"

    def __post_init__(self) -> None:
        check("tabular", asdict(self))


class Block(nn.Module):
    """ResNetBlock of the module's docstring: (rows, hidden_units) to the same shape."""

    def __init__(self, config: TabularConfig) -> None:
        super().__init__()
        self.norm = norm_layer(config.norm, config.hidden_units, n_dims=1)
        self.first = linear_layer(config.hidden_units, config.hidden_units)
        self.second = linear_layer(config.hidden_units, config.hidden_units)
        self.config = config

    def initialise(self, generator: Generator) -> None:
        method = self.config.initialization
        initialise(self.first, method, self.config.activation, generator)
        initialise(self.second, method, None, generator)

    def forward(self, x: Tensor, generator: Generator | None) -> Tensor:
        units = ACTIVATIONS[self.config.activation](self.first(self.norm(x)))
        units = self.second(drop(units, self.config.dropout, generator))
        return x + drop(units, self.config.dropout, generator)


class Tabular(nn.Module):
    """See the module's docstring. Maps (rows, n_inputs) to (rows, n_outputs)."""

    def __init__(self, inputs: Inputs, n_outputs: int, config: TabularConfig) -> None:
        super().__init__()
        self.categories = inputs.categories
        self.numbers = _between(inputs.categories, inputs.n)
        n_levels = [end - first for first, end in inputs.categories]
        sizes = [config.embedding_size or embedding_size_of(n) for n in n_levels]
        n_numbers = inputs.n - sum(n_levels)
        pairs = zip(n_levels, sizes, strict=True)
        self.embeddings = nn.ModuleList(_embedding_layer(n, size) for n, size in pairs)
        self.input = linear_layer(n_numbers + sum(sizes), config.hidden_units)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = norm_layer(config.norm, config.hidden_units, n_dims=1)
        self.output = linear_layer(config.hidden_units, n_outputs)
        self.config = config

    def initialise(self, generator: Generator) -> None:
        """Draw all weights, in the order of the layers."""
        for embedding in self.embeddings:
            assert isinstance(embedding, nn.Embedding)
            nn.init.normal_(embedding.weight, generator=generator)
        initialise(self.input, self.config.initialization, None, generator)
        for block in self.blocks:
            assert isinstance(block, Block)
            block.initialise(generator)
        initialise(self.output, self.config.initialization, None, generator)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the outputs; with a generator (in training) units are dropped."""
        x = self.input(self._embedded(x.flatten(1)))  # (rows, hidden_units)
        for block in self.blocks:
            x = block(x, generator)
        x = ACTIVATIONS[self.config.activation](self.norm(x))
        output: Tensor = self.output(drop(x, self.config.dropout_last, generator))
        return output

    def _embedded(self, x: Tensor) -> Tensor:
        """Return the numbers of (rows, n_inputs), and after them each category's embedding."""
        if not self.categories:
            return x
        parts = [x[:, first:end] for first, end in self.numbers]
        for (first, end), embedding in zip(self.categories, self.embeddings, strict=True):
            assert isinstance(embedding, nn.Embedding)
            parts.append(x[:, first:end] @ embedding.weight)  # (rows, size)
        return torch.cat(parts, dim=1)

    def groups(self) -> list[list[nn.Module]]:
        """Return the layers from input to output, each with its norm; a block is one."""
        embeddings = [self.embeddings] if self.categories else []
        inner = [[layer] for layer in (*embeddings, self.input, *self.blocks)]
        return [*inner, [self.output, self.norm]]


def embedding_size_of(n_levels: int) -> int:
    """Return how many numbers a category of so many levels becomes.

    The rule of thumb of fastai (Howard and Gugger 2020, arXiv:2002.04688), `emb_sz_rule`.
    """
    return min(600, round(1.6 * math.pow(n_levels, 0.56)))


def _between(categories: tuple[tuple[int, int], ...], n: int) -> list[tuple[int, int]]:
    """Return the first and the end of each run of columns that are no category's."""
    edges = [0, *itertools.chain.from_iterable(sorted(categories)), n]
    runs = zip(edges[::2], edges[1::2], strict=True)
    return [(first, end) for first, end in runs if first < end]


def _embedding_layer(n_levels: int, size: int) -> nn.Embedding:
    layer = nn.utils.skip_init(nn.Embedding, n_levels, size)  # type: ignore[no-untyped-call]
    assert isinstance(layer, nn.Embedding)
    return layer


def build(inputs: Inputs, n_outputs: int, generator: Generator, **parameters: Any) -> Tabular:
    network = Tabular(inputs, n_outputs, TabularConfig(**parameters))
    network.initialise(generator)
    return network
