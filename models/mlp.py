"""A multilayer perceptron: linear layers, ReLU, dropout, a linear output.

- ReLU between layers; the output is linear (logits, or the regression target)
- He initialisation, set explicitly: zero-mean normal of standard deviation sqrt(2 / fan_in);
  the output layer feeds no ReLU and takes sqrt(1 / fan_in); biases start at zero
- dropout after each hidden layer, drawn from a generator the caller passes, never a global one
- a width or a rate is one number for all hidden layers, or a list of one for each; the last
  layer's rate can stand by itself, as `dropout_last`, and the list is then of those before it
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from . import N_LAYERS
from .linear import linear_layer


@dataclass(frozen=True)
class MLPConfig:
    layers: int = N_LAYERS  # hidden layers; 0 is a linear model
    hidden_units: int | Sequence[int] = 64  # width of the hidden layers: of all, or of each
    dropout: float | Sequence[float] = 0.0  # share of hidden units dropped in training
    dropout_last: float | None = None  # the share after the last hidden layer; None: `dropout`

    def __post_init__(self) -> None:
        if self.layers < 0:
            raise ValueError(f"`layers >= 0` must hold, but got {self.layers}.")
        last = self.dropout_last
        self._check_length("hidden_units", self.hidden_units, self.layers)
        self._check_length("dropout", self.dropout, self.layers - (last is not None))
        for width in _entries(self.hidden_units):
            if width < 1:
                raise ValueError(f"`hidden_units >= 1` must hold, but got {width}.")
        for rate in _entries(self.dropout):
            if not 0 <= rate < 1:
                raise ValueError(f"`0 <= dropout < 1` must hold, but got {rate}.")
        if last is not None and not 0 <= last < 1:
            raise ValueError(f"`0 <= dropout_last < 1` must hold, but got {last}.")

    @property
    def widths(self) -> tuple[int, ...]:
        """The width of each hidden layer."""
        if isinstance(self.hidden_units, Sequence):
            return tuple(self.hidden_units)
        return (self.hidden_units,) * self.layers

    @property
    def rates(self) -> tuple[float, ...]:
        """The share of units dropped after each hidden layer."""
        last = () if self.dropout_last is None else (self.dropout_last,)
        if isinstance(self.dropout, Sequence):
            return (*self.dropout, *last)
        rates = (self.dropout,) * (self.layers - len(last)) + last
        return rates[: self.layers]  # without a hidden layer there is no last one

    def _check_length(self, name: str, value: float | Sequence[float], n: int) -> None:
        if isinstance(value, Sequence) and len(value) != n:
            raise ValueError(
                f"`{name}` must have {n} entries where `layers` is {self.layers}, but got {value}."
            )


def _entries(value: float | Sequence[float]) -> Sequence[float]:
    """Return what was given, to be checked even where no layer uses it."""
    return value if isinstance(value, Sequence) else (value,)


class MLP(nn.Module):
    """See the module's docstring. Maps (rows, n_inputs) to (rows, n_outputs)."""

    def __init__(self, n_inputs: int, n_outputs: int, config: MLPConfig) -> None:
        super().__init__()
        widths = (n_inputs, *config.widths)
        pairs = itertools.pairwise(widths)
        self.hidden = nn.ModuleList(linear_layer(i, o) for i, o in pairs)
        self.output = linear_layer(widths[-1], n_outputs)
        self.rates = config.rates

    def initialise(self, generator: Generator) -> None:
        """Draw all weights, in the order of the layers."""
        for layer in self.hidden:
            assert isinstance(layer, nn.Linear)
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
            nn.init.zeros_(layer.bias)
        nn.init.kaiming_normal_(self.output.weight, nonlinearity="linear", generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the outputs; with a generator (in training) hidden units are dropped."""
        x = x.flatten(1)  # a picture is its pixels
        for layer, rate in zip(self.hidden, self.rates, strict=True):
            x = F.relu(layer(x))  # (rows, the layer's width)
            if generator is not None and rate > 0:
                x = drop(x, rate, generator)
        output: Tensor = self.output(x)  # (rows, n_outputs)
        return output


def drop(x: Tensor, rate: float, generator: Generator) -> Tensor:
    """Zero each element with probability `rate` and scale the others by 1 / (1 - rate).

    The same as `torch.nn.functional.dropout`, which can only draw from the global generator.
    """
    kept = torch.rand(x.shape, generator=generator, device=x.device).ge_(rate)
    return x * kept.div_(1 - rate)


def build(n_inputs: int, n_outputs: int, generator: Generator, **parameters: Any) -> MLP:
    network = MLP(n_inputs, n_outputs, MLPConfig(**parameters))
    network.initialise(generator)
    return network
