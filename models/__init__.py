"""What is trained: one architecture a file, torch only.

This catalogue imports no torch, so that a file of parameters can be checked in milliseconds;
`tests/models/test_catalogue.py` holds it against the configurations themselves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Generator, nn


@dataclass(frozen=True)
class Range:
    """The values that a network takes: from `low`, and less than `below`.

    With `per_layer` it takes a list of such values too: see `n_entries` for how many.
    """

    low: float
    below: float = math.inf
    is_whole: bool = True
    per_layer: bool = False

    def admits(self, value: object) -> bool:
        entries = value if self.per_layer and isinstance(value, list | tuple) else [value]
        return all(self._admits_one(entry) for entry in entries)

    def _admits_one(self, value: object) -> bool:
        kinds = int if self.is_whole else (int, float)
        is_number = isinstance(value, kinds) and not isinstance(value, bool)
        return is_number and self.low <= value < self.below  # type: ignore[operator]

    def __str__(self) -> str:
        kind = "a whole number" if self.is_whole else "a number"
        below = f", less than {self.below:g}" if self.below < math.inf else ""
        lists = ", or a list of one per hidden layer" if self.per_layer else ""
        return f"{kind} from {self.low:g}{below}{lists}"


@dataclass(frozen=True)
class Architecture:
    """Where an architecture is defined, and what a space may vary or fix in it."""

    module: str
    parameters: dict[str, Range]


N_LAYERS = 1  # hidden layers where nothing says how many

ARCHITECTURES = {
    "mlp": Architecture(
        "truetune.models.mlp",
        {
            "layers": Range(0),
            "hidden_units": Range(1, per_layer=True),
            "dropout": Range(0, below=1, is_whole=False, per_layer=True),
            "dropout_last": Range(0, below=1, is_whole=False),
        },
    ),
    "linear": Architecture("truetune.models.linear", {}),
}


def n_entries(name: str, parameters: Mapping[str, Any]) -> int:
    """Return how many values a list has that gives one per hidden layer.

    A rate called `dropout_last` is the last layer's, and `dropout` then lists those before it.
    """
    n: int = parameters.get("layers", N_LAYERS)
    return n - (f"{name}_last" in parameters)


def build(
    name: str, n_inputs: int, n_outputs: int, generator: Generator, **parameters: Any
) -> nn.Module:
    """Build a network by name, its weights drawn from `generator`.

    Args:
        name: a key of `ARCHITECTURES`.
        n_inputs: features in a row.
        n_outputs: logits or regression targets.
        generator: the trial's own, on the CPU, so that a GPU starts from the same weights.
        parameters: the architecture's own parameters; what is absent has its default.
    """
    module = import_module(ARCHITECTURES[name].module)
    network: nn.Module = module.build(n_inputs, n_outputs, generator, **parameters)
    return network
