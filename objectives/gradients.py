"""How long the gradient of each layer is: what tells a layer that learns from one that cannot."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .networks import layers_of

PREFIX = "gradient_norm."  # of a metric, before the layer's name


class Norms:
    """The Euclidean norm of each layer's gradient, averaged over steps."""

    def __init__(self, network: nn.Module) -> None:
        names = {id(module): name for name, module in network.named_modules()}
        # A network of the user's own may have parameters that are no child's.
        self.layers = {
            names.get(id(modules[0]), "own"): [p for m in modules for p in m.parameters()]
            for modules in layers_of(network)
        }
        self._forget()

    def _forget(self) -> None:
        self.n_steps, self.sums = 0, [torch.zeros(()) for _ in self.layers]

    def add(self) -> None:
        """Take in the gradients that there are now. Of a frozen layer it is 0."""
        self.n_steps += 1
        norms = [_norm(parameters) for parameters in self.layers.values()]
        self.sums = [total + norm.cpu() for total, norm in zip(self.sums, norms, strict=True)]

    def take(self) -> dict[str, float]:
        """Return the mean of each layer since the last time, by `gradient_norm.LAYER`."""
        pairs = zip(self.layers, self.sums, strict=True)
        means = {PREFIX + name: float(total) / max(1, self.n_steps) for name, total in pairs}
        self._forget()
        return means


def _norm(parameters: list[nn.Parameter]) -> Tensor:
    gradients = [p.grad for p in parameters if p.grad is not None]
    if not gradients:
        return torch.zeros(())
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    return norm
