"""A multilayer perceptron: linear layers of one width, ReLU, dropout, a linear output.

- ReLU between layers; the output is linear (logits, or the regression target)
- He initialisation, set explicitly: zero-mean normal of standard deviation sqrt(2 / fan_in);
  the output layer feeds no ReLU and takes sqrt(1 / fan_in); biases start at zero
- dropout after each hidden layer, drawn from a generator the caller passes, never a global one
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn


@dataclass(frozen=True)
class MLPConfig:
    layers: int = 1  # hidden layers; 0 is a linear model
    hidden_units: int = 64  # width of each hidden layer
    dropout: float = 0.0  # share of hidden units dropped in training

    def __post_init__(self) -> None:
        if self.layers < 0:
            raise ValueError(f"`layers >= 0` must hold, but got {self.layers}.")
        if self.hidden_units < 1:
            raise ValueError(f"`hidden_units >= 1` must hold, but got {self.hidden_units}.")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"`0 <= dropout < 1` must hold, but got {self.dropout}.")


class MLP(nn.Module):
    """See the module's docstring. Maps (rows, n_inputs) to (rows, n_outputs)."""

    def __init__(self, n_inputs: int, n_outputs: int, config: MLPConfig) -> None:
        super().__init__()
        widths = [n_inputs] + [config.hidden_units] * config.layers
        pairs = itertools.pairwise(widths)
        self.hidden = nn.ModuleList(_linear(i, o) for i, o in pairs)
        self.output = _linear(widths[-1], n_outputs)
        self.dropout = config.dropout

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
        for layer in self.hidden:
            x = F.relu(layer(x))  # (rows, hidden_units)
            if generator is not None and self.dropout > 0:
                x = drop(x, self.dropout, generator)
        output: Tensor = self.output(x)  # (rows, n_outputs)
        return output


def _linear(n_inputs: int, n_outputs: int) -> nn.Linear:
    """Make a layer without torch's own initialisation, which draws from the global generator."""
    layer = nn.utils.skip_init(nn.Linear, n_inputs, n_outputs)  # type: ignore[no-untyped-call]
    assert isinstance(layer, nn.Linear)
    return layer


def drop(x: Tensor, rate: float, generator: Generator) -> Tensor:
    """Zero each element with probability `rate` and scale the others by 1 / (1 - rate).

    The same as `torch.nn.functional.dropout`, which can only draw from the global generator.
    """
    kept = torch.rand(x.shape, generator=generator, device=x.device).ge_(rate)
    return x * kept.div_(1 - rate)


def build(n_inputs: int, n_outputs: int, generator: Generator, **parameters: float) -> MLP:
    network = MLP(n_inputs, n_outputs, MLPConfig(**parameters))  # type: ignore[arg-type]
    network.initialise(generator)
    return network
