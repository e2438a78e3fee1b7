"""What is trained: one architecture a file, torch only.

This catalogue imports no torch, so that a file of parameters can be checked in milliseconds;
`tests/models/test_catalogue.py` holds it against the configurations themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Generator, nn


@dataclass(frozen=True)
class Range:
    """The values that a network takes: from `low`, and less than `below`."""

    low: float
    below: float = math.inf
    is_whole: bool = True

    def admits(self, value: object) -> bool:
        kinds = int if self.is_whole else (int, float)
        is_number = isinstance(value, kinds) and not isinstance(value, bool)
        return is_number and self.low <= value < self.below  # type: ignore[operator]

    def __str__(self) -> str:
        kind = "a whole number" if self.is_whole else "a number"
        return f"{kind} from {self.low:g}" + (
            f", less than {self.below:g}" if self.below < math.inf else ""
        )


@dataclass(frozen=True)
class Architecture:
    """Where an architecture is defined, and what a space may vary or fix in it."""

    module: str
    parameters: dict[str, Range]


ARCHITECTURES = {
    "mlp": Architecture(
        "truetune.models.mlp",
        {
            "layers": Range(0),
            "hidden_units": Range(1),
            "dropout": Range(0, below=1, is_whole=False),
        },
    ),
}


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
