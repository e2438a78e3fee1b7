"""What each activation of a forward pass has made of some rows: units that say nothing.

A rectifier that is 0 for every row has no gradient, and stays as it is ("dead": Maas et al. 2013,
"Rectifier nonlinearities improve neural network acoustic models", section 2). A tanh or a sigmoid
near one of its ends has nearly none ("saturated": Glorot and Bengio 2010, section 3.2).

What is watched is the operation, so that it counts the same whether a module or a function does
it; it is called by the layer that ran last before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

AT_END = 0.01  # nearer to an end of a tanh's or sigmoid's range, as a share of it, is saturated
_RECTIFIERS = ("relu", "relu_")
_SIGMOIDS = {"tanh": (-1.0, 1.0), "tanh_": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}
_SIGMOIDS["sigmoid_"] = _SIGMOIDS["sigmoid"]


@dataclass(frozen=True)
class Activation:
    """One activation of a forward pass, and the share of it that says nothing."""

    after: str  # the layer that ran before it; "" where none did
    kind: str  # relu, tanh or sigmoid
    share: float  # of units that are 0 for every row, or of values at an end of the range
    n_units: int


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.after = ""
        self.found: list[Activation] = []

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        outputs = function(*args, **(kwargs or {}))
        name = function.overloadpacket.__name__
        if name in _RECTIFIERS:
            self._add(name, *_dead(outputs))
        elif name in _SIGMOIDS:
            self._add(name, _saturated(outputs, *_SIGMOIDS[name]), outputs[:1].numel())
        return outputs

    def _add(self, name: str, share: float, n_units: int) -> None:
        self.found.append(Activation(self.after, name.rstrip("_"), share, n_units))


@contextmanager
def watched(network: nn.Module) -> Iterator[list[Activation]]:
    """Yield a list that every activation of a forward pass inside is added to."""
    watch = _Watch()

    def note(name: str) -> Any:
        def ran(*_: Any) -> None:
            watch.after = name

        return ran

    handles = [
        module.register_forward_hook(note(name))
        for name, module in network.named_modules()
        if name and any(True for _ in module.parameters(recurse=False))
    ]
    try:
        with watch:
            yield watch.found
    finally:
        for handle in handles:
            handle.remove()


def _dead(outputs: Tensor) -> tuple[float, int]:
    """Return the share of units that are 0 for every row, and how many units there are.

    A unit of (rows, channels, height, width) is a channel. Of (rows, a, b) it may be either, and
    the kinder share counts.
    """
    is_on = outputs.detach() > 0
    if is_on.ndim < 2 or not is_on.numel():
        return 0.0, 0
    units = [is_on.flatten(2).any(2).any(0)] if is_on.ndim > 3 else [is_on.any(0)]
    if is_on.ndim == 3:
        units = [is_on.any(2).any(0), is_on.any(1).any(0)]
    return min((1 - float(on.float().mean()), on.numel()) for on in units)


def _saturated(outputs: Tensor, low: float, high: float) -> float:
    values, margin = outputs.detach(), AT_END * (high - low)
    is_at_end = (values < low + margin) | (values > high - margin)
    return float(is_at_end.float().mean()) if values.numel() else 0.0


def worst(activations: list[Activation], kinds: tuple[str, ...]) -> Activation | None:
    """Return the one of some kinds of which the largest share says nothing."""
    own = [a for a in activations if a.kind in kinds]
    return max(own, key=lambda a: a.share, default=None)


def layers_in(network: nn.Module) -> dict[str, list[nn.Parameter]]:
    """Return the parameters of each layer that are trained, from the input to the output."""
    from ..networks import layers_of

    names = {id(module): name for name, module in network.named_modules()}
    layers = {
        names.get(id(modules[0]), "own"): [
            p for module in modules for p in module.parameters() if p.requires_grad
        ]
        for modules in layers_of(network)
    }
    return {name: parameters for name, parameters in layers.items() if parameters}


def gradient_norms(layers: dict[str, list[nn.Parameter]]) -> dict[str, float | None]:
    """Return the length of each layer's gradient; None where it has none at all."""
    norms: dict[str, float | None] = {}
    for name, parameters in layers.items():
        gradients = [p.grad.flatten() for p in parameters if p.grad is not None]
        norms[name] = float(torch.cat(gradients).norm()) if gradients else None
    return norms
