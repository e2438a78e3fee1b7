"""A linear model: logistic or linear regression, trained by gradient descent.

It is the baseline that every network must beat: one that does not is not worth its
hyperparameters. This one has none.

- the output is linear (logits, or the regression target)
- zero-mean normal weights of standard deviation sqrt(1 / fan_in); biases start at zero
"""

from __future__ import annotations

from torch import Generator, Tensor, nn


class Linear(nn.Module):
    """See the module's docstring. Maps (rows, n_inputs) to (rows, n_outputs)."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.output = linear_layer(n_inputs, n_outputs)

    def initialise(self, generator: Generator) -> None:
        nn.init.kaiming_normal_(self.output.weight, nonlinearity="linear", generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the outputs; the generator of a training step has nothing to draw."""
        output: Tensor = self.output(x.flatten(1))  # (rows, n_outputs); a picture is its pixels
        return output


def linear_layer(n_inputs: int, n_outputs: int) -> nn.Linear:
    """Make a layer without torch's own initialisation, which draws from the global generator."""
    layer = nn.utils.skip_init(nn.Linear, n_inputs, n_outputs)  # type: ignore[no-untyped-call]
    assert isinstance(layer, nn.Linear)
    return layer


def build(n_inputs: int, n_outputs: int, generator: Generator) -> Linear:
    network = Linear(n_inputs, n_outputs)
    network.initialise(generator)
    return network
