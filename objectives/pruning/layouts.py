"""Where the units of a network are that can be taken away.

A unit can go where nothing but the next layer reads it. In a residual network every layer adds to
the same numbers, and a state of a recurrent one is read again at every step: there a unit is in
all layers, or all gates, at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from ...errors import InputError
from ...models.selected import Selected
from ..callables import is_callable

# The parameter that says how wide each layer is, of the architectures that have one for each.
WIDTHS = {"mlp": "hidden_units", "cnn": "channels"}

_WHY_NOT = {
    "linear": "a linear model has no hidden units",
    "tabular": "its blocks add to the same units",
    "resnet": "its blocks add to the same channels",
    "resnet18": "its blocks add to the same channels",
    "lstm": "a unit of its state is read by every gate at every step",
    "gru": "a unit of its state is read by every gate at every step",
}
_FIX = "Search an `mlp` or a `cnn`, or see what single weights are worth with --sparsity 0.8."


@dataclass(frozen=True)
class Layout:
    """The hidden layers of a network, by the names of their modules in its state dict."""

    width: str  # the architecture's parameter
    layers: tuple[tuple[str, ...], ...]  # of each: the module with the weights, and its norm
    output: str  # the module that reads the last layer


def check(name: str, parameters: Mapping[str, Any]) -> None:
    """Raise InputError where a network's units cannot be taken away, and say why."""
    if is_callable(name):
        rule = f"units are taken out of networks whose layers are known, but got {name}."
        raise InputError(rule, "See what single weights are worth with --sparsity 0.8.")
    if name not in WIDTHS:
        rule = f"units are taken out of an `mlp` or a `cnn`, but this is a `{name}`"
        raise InputError(f"{rule}: {_WHY_NOT[name]}.", _FIX)
    if parameters.get("residual"):
        raise InputError(
            "units are taken out of an `mlp` whose layers are read by the next one alone, but "
            "this is `residual`: its layers add to the same units.",
            _FIX,
        )
    if parameters.get("layers") == 0:
        raise InputError("an `mlp` of 0 layers has no hidden units.", _FIX)


def layout_of(name: str, network: nn.Module) -> Layout:
    """Return where a network's units are. `check` has let it pass."""
    prefix, inner = (
        ("network.", network.network) if isinstance(network, Selected) else ("", network)
    )
    hidden = inner.hidden
    assert isinstance(hidden, nn.ModuleList)
    of_layer = ("hidden.{}", "norms.{}") if name == "mlp" else ("hidden.{}.conv", "hidden.{}.norm")
    layers = tuple(
        tuple(prefix + module.format(i) for module in of_layer) for i in range(len(hidden))
    )
    return Layout(WIDTHS[name], layers, f"{prefix}output")
