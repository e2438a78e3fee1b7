"""A network of the user's own, built and called like ours.

It is a PyTorch module called with x alone, that may draw from torch's global generator, as
dropout does. Here a trial's randomness is the trial's: that generator is seeded from the trial's
own for the time of a call, and is afterwards what it was before.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import torch
from torch import Generator, Tensor, nn

from ..models.inputs import Inputs
from .callables import contained, described, imported
from .forking import seeded

Build = Callable[..., Any]


class OwnNetwork(nn.Module):
    """Calls a module of the user's own. Maps (rows, ...) to (rows, n_outputs).

    It has no parameters, buffers and children but the module's own, under the names that they
    have there: weights that were stored from the module itself load here.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self._own_module = (module,)  # in a tuple, so that it is no child of this one
        self._parameters, self._buffers = module._parameters, module._buffers
        self._modules = module._modules
        self._non_persistent_buffers_set = module._non_persistent_buffers_set

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the outputs; with a generator (in training) what is drawn is drawn from it."""
        (module,) = self._own_module
        randomness = nullcontext() if generator is None else _seeded(generator, x.device)
        with redirect_stdout(sys.stderr), randomness:
            outputs: Tensor = module(x)
        return outputs

    def train(self, mode: bool = True) -> Self:
        (module,) = self._own_module
        module.train(mode)
        self.training = mode
        return self

    def groups(self) -> list[list[nn.Module]]:
        """Return the children that have parameters, in their order; lists and sequences of them
        as what is in them. Those that share a parameter are one, where the last of them stands."""
        groups: list[list[nn.Module]] = []
        for layer in self._layers():
            own = {id(parameter) for parameter in layer.parameters()}
            shared = [g for g in groups if own & {id(p) for m in g for p in m.parameters()}]
            groups = [group for group in groups if group not in shared]
            groups.append([*(module for group in shared for module in group), layer])
        return groups

    def _layers(self) -> Iterator[nn.Module]:
        if any(parameter is not None for parameter in self._parameters.values()):
            loose = nn.Module()  # parameters that the module itself has beside its children
            loose._parameters = self._parameters
            yield loose
        for child in self.children():
            is_list = isinstance(child, nn.Sequential | nn.ModuleList)
            for layer in child.children() if is_list else (child,):
                if any(True for _ in layer.parameters()):
                    yield layer


def build(
    source: str, inputs: Inputs, n_outputs: int, generator: Generator, **parameters: Any
) -> OwnNetwork:
    """Build a network of the user's own, its weights drawn from a seed that `generator` draws.

    Raises:
        TypeError: what the function returns is no module, or the module returns no tensor.
        ValueError: its outputs have another shape, or it has nothing to train.
        Exception: whatever the function or the module raises.
    """
    name = Path(source).name
    with contained(source), _seeded(generator, torch.device("cpu")):
        module = _function(source)(inputs, n_outputs, **parameters)
        if not isinstance(module, nn.Module):
            raise TypeError(f"{name} returns an nn.Module, but got {described(module)}.")
        module.eval()
        with torch.no_grad():
            outputs = module(_two_rows(inputs))
    _check(name, outputs, n_outputs)
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise ValueError(f"{name} returns a module to train, but it has no parameters.")
    return OwnNetwork(module.train())


def _two_rows(inputs: Inputs) -> Tensor:
    """Return rows to try a module with; a text has a word that is unknown, and not none."""
    return torch.full((2, *inputs.shape), 0.0 if inputs.n_words is None else 1.0)


def _check(name: str, outputs: Any, n_outputs: int) -> None:
    if not isinstance(outputs, Tensor):
        rule = f"the module of {name} returns a tensor (rows, {n_outputs})"
        raise TypeError(f"{rule}, but got {described(outputs)}.")
    shape = tuple(outputs.shape)
    if shape != (2, n_outputs):
        rule = f"the module of {name} maps two rows to outputs of shape (2, {n_outputs})"
        raise ValueError(f"{rule}, but got {shape}.")


@lru_cache(maxsize=8)
def _function(source: str) -> Build:
    """Import the function, once in a process: what it is at first it stays."""
    return imported(source, "returns an nn.Module")


def _seeded(generator: Generator, device: torch.device) -> AbstractContextManager[None]:
    """Seed torch's global generators with a draw from `generator` for the time of a call."""
    seed = int(torch.randint(2**62, (1,), generator=generator, device=generator.device))
    return seeded(seed, device)
