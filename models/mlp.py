"""A multilayer perceptron: linear layers, activations, dropout, a linear output.

- the activation is ReLU unless another is named; the output is linear (logits, or the
  regression target)
- He initialisation, set explicitly: zero-mean normal of standard deviation sqrt(2 / fan_in);
  the output layer feeds no ReLU and takes sqrt(1 / fan_in); biases start at zero. Another
  activation has what fits it: see `layers.py`
- a norm, where one is named, between a linear layer and its activation (Ioffe and Szegedy 2015,
  arXiv:1502.03167, section 3.2)
- dropout after each hidden layer, drawn from a generator the caller passes, never a global one
- a residual network adds each hidden layer's input to what dropout leaves of its units (He et
  al. 2015, arXiv:1512.03385, equations 1 and 2: a projection where the widths differ)
- a width or a rate is one number for all hidden layers, or a list of one for each; the last
  layer's rate can stand by itself, as `dropout_last`, and the list is then of those before it
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Generator, Tensor, nn

from . import N_LAYERS, check
from .inputs import Inputs
from .layers import ACTIVATIONS, drop, initialise, linear_layer, norm_layer


@dataclass(frozen=True)
class MLPConfig:
    layers: int = N_LAYERS  # hidden layers; 0 is a linear model
    hidden_units: int | Sequence[int] = 64  # width of the hidden layers: of all, or of each
    dropout: float | Sequence[float] = 0.0  # share of hidden units dropped in training
    dropout_last: float | None = None  # the share after the last hidden layer; None: `dropout`
    activation: str = "relu"
    norm: str = "none"  # before the activation
    residual: bool = False  # whether a hidden layer's input is added to its output
    initialization: str = "auto"  # of hidden layers; auto: what fits the activation

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
        choices = ("activation", "norm", "residual", "initialization")
        check("mlp", {name: getattr(self, name) for name in choices})

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
        pairs = [*itertools.pairwise(widths)]
        self.hidden = nn.ModuleList(linear_layer(i, o) for i, o in pairs)
        # What has no parameters leaves no name in a file of weights.
        self.norms = nn.ModuleList(norm_layer(config.norm, o, n_dims=1) for _, o in pairs)
        self.shortcuts = nn.ModuleList(_shortcut(i, o) for i, o in pairs if config.residual)
        self.output = linear_layer(widths[-1], n_outputs)
        self.rates, self.config = config.rates, config

    def initialise(self, generator: Generator) -> None:
        """Draw all weights, in the order of the layers."""
        for layer in self.hidden:
            assert isinstance(layer, nn.Linear)
            initialise(layer, self.config.initialization, self.config.activation, generator)
        for layer in self.shortcuts:
            if isinstance(layer, nn.Linear):
                initialise(layer, self.config.initialization, None, generator)
        initialise(self.output, self.config.initialization, None, generator)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the outputs; with a generator (in training) hidden units are dropped."""
        x = x.flatten(1)  # a picture is its pixels
        activation = ACTIVATIONS[self.config.activation]
        # In a small network a module that does nothing costs as much as a layer's arithmetic.
        is_normed, is_residual = self.config.norm != "none", self.config.residual
        shortcuts = iter(self.shortcuts)
        for layer, norm, rate in zip(self.hidden, self.norms, self.rates, strict=True):
            units = layer(x)  # (rows, the layer's width)
            units = drop(activation(norm(units) if is_normed else units), rate, generator)
            x = next(shortcuts)(x) + units if is_residual else units
        output: Tensor = self.output(x)  # (rows, n_outputs)
        return output

    def groups(self) -> list[list[nn.Module]]:
        """Return the layers from input to output, each with its norm and its projection."""
        hidden = itertools.zip_longest(self.hidden, self.norms, self.shortcuts)
        layers = [[part for part in layer if part is not None] for layer in hidden]
        return [*layers, [self.output]]


def _shortcut(n_inputs: int, n_outputs: int) -> nn.Module:
    """Make what brings a layer's input to the width of its output."""
    if n_inputs == n_outputs:
        return nn.Identity()
    return linear_layer(n_inputs, n_outputs, bias=False)


def build(inputs: Inputs, n_outputs: int, generator: Generator, **parameters: Any) -> MLP:
    network = MLP(inputs.n, n_outputs, MLPConfig(**parameters))
    network.initialise(generator)
    return network
