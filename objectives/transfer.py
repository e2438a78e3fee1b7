"""Transfer learning: weights to begin with, and layers that learn one after the other.

What was learned elsewhere is taken over but for the output layer, where the new task has other
classes. At first the output layer learns alone; then a layer more every so many epochs, from the
output to the input, so that a large error at the start spoils nothing below it (Howard and Ruder,
2018, arXiv:1801.06146, section 3.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import InputError
from .networks import layers_of


class Unfreezing:
    """Says which layers of a network learn in an epoch."""

    def __init__(self, network: nn.Module, every: int | None) -> None:
        """Take the epochs between a layer and the next; None: all learn from the first on."""
        self.layers = layers_of(network) if every is not None else []
        self.every = every or 1

    def begin(self, epoch: int) -> None:
        """Freeze and unfreeze for an epoch, counted from 1.

        A frozen layer keeps its running averages, too: it is what it was elsewhere.
        """
        n_frozen = max(0, len(self.layers) - 1 - (epoch - 1) // self.every)
        for i, layer in enumerate(self.layers):
            for module in layer:
                module.requires_grad_(i >= n_frozen)
                module.train(i >= n_frozen)


def begin_with(network: nn.Module, path: str) -> None:
    """Give a network the weights of a file, all but those of an output layer of another shape.

    Args:
        network: as it is before training; its output layer may keep what it was drawn.
        path: of a safetensors file, or of a state dict that `torch.save` wrote.

    Raises:
        InputError: the file cannot be read, or is of another network.
    """
    own, stored = network.state_dict(), _read(path)
    output = _names_of(network, layers_of(network)[-1])
    for name, tensor in own.items():
        if name in stored and stored[name].shape == tensor.shape:
            tensor.copy_(stored[name])
        elif name not in output:
            raise InputError(
                f"{path} is of another network: {_difference(name, tensor, stored)}.",
                "Fix the model's parameters to those the weights were trained with.",
            )


def _names_of(network: nn.Module, modules: list[nn.Module]) -> set[str]:
    """Return what the weights of some modules are called in a network's state dict."""
    own = {
        id(tensor) for module in modules for tensor in module.state_dict(keep_vars=True).values()
    }
    return {name for name, t in network.state_dict(keep_vars=True).items() if id(t) in own}


def _difference(name: str, tensor: Tensor, stored: Mapping[str, Tensor]) -> str:
    if name not in stored:
        return f"it has no `{name}`, but {', '.join(sorted(stored)[:3])}"
    return f"its `{name}` is {tuple(stored[name].shape)}, not {tuple(tensor.shape)}"


def _read(path: str) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    fix = "Save them with `torch.save(model.state_dict(), path)`, or as safetensors."
    try:
        is_safetensors = Path(path).suffix == ".safetensors"
        content: Any = (
            load_file(path)
            if is_safetensors
            else torch.load(path, map_location="cpu", weights_only=True)
        )
    except FileNotFoundError:
        raise InputError(f"there are no weights at {path}.", "Check `start_from`.") from None
    except Exception as error:  # whatever a damaged or hostile file makes the readers raise
        reason = type(error).__name__
        raise InputError(f"{path} cannot be read as weights ({reason}).", fix) from None
    if isinstance(content, dict):
        content = content.get("state_dict", content)
    if not isinstance(content, dict) or not all(isinstance(t, Tensor) for t in content.values()):
        raise InputError(f"{path} holds something else than weights by their names.", fix)
    return content
