"""A linear model: logistic or linear regression, trained by gradient descent.

It is the baseline that every network must beat: one that does not is not worth its
hyperparameters. This one has none.

- the output is linear (logits, or the regression target)
- zero-mean normal weights of standard deviation sqrt(1 / fan_in); biases start at zero
"""

from __future__ import annotations

from torch import Generator, Tensor, nn

from .inputs import Inputs
from .layers import initialise, linear_layer


class Linear(nn.Module):
    """See the module's docstring. Maps (rows, n_inputs) to (rows, n_outputs)."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.output = linear_layer(n_inputs, n_outputs)

    def initialise(self, generator: Generator) -> None:
        initialise(self.output, "auto", None, generator)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the outputs; the generator of a training step has nothing to draw."""
        output: Tensor = self.output(x.flatten(1))  # (rows, n_outputs); a picture is its pixels
        return output

    def groups(self) -> list[list[nn.Module]]:
        """Return the layers: there is one."""
        return [[self.output]]


def build(inputs: Inputs, n_outputs: int, generator: Generator) -> Linear:
    network = Linear(inputs.n, n_outputs)
    network.initialise(generator)
    return network
