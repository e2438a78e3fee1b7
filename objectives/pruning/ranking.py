"""Which units a layer can do without: those with the smallest incoming weights.

A unit's norm is the sum of the absolute weights that lead into it (Li et al. 2016,
arXiv:1608.08710, section 3.1, of a convolution's filters): what is small gives little, whatever
comes in. Norms are compared within a layer, because layers differ in how many weights they add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...errors import InputError
from .layouts import Layout

AMOUNT = 0.5  # taken away where nothing is said


@dataclass(frozen=True)
class Cut:
    """How much goes: a share of each layer, or all units under a threshold."""

    amount: float | None = None  # share of each layer's units
    threshold: float | None = None  # in mean norms of the layer

    def __post_init__(self) -> None:
        if (self.amount is None) == (self.threshold is None):
            raise InputError(
                "units go by --amount or by --threshold, one of them.",
                "Write --amount 0.5 for half of every layer.",
            )
        if self.amount is not None and not 0 < self.amount < 1:
            rule = f"--amount is a share of units above 0, less than 1, but got {self.amount:g}."
            raise InputError(rule, "Write --amount 0.5 for half of every layer.")
        if self.threshold is not None and not 0 < self.threshold < float("inf"):
            rule = f"--threshold is a number above 0, but got {self.threshold:g}."
            raise InputError(rule, "Write --threshold 0.5 for units under half the mean norm.")

    def n_kept(self, norms: Tensor) -> int:
        """Return how many units of a layer stay: one at least.

        Args:
            norms: of its units, (units,).
        """
        if self.amount is not None:
            return max(1, len(norms) - round(len(norms) * self.amount))
        assert self.threshold is not None
        # Where all norms are 0 none is under a share of their mean: nothing tells them apart.
        return max(1, int((norms >= self.threshold * norms.mean()).sum()))


def norms_of(state: Mapping[str, Tensor], layout: Layout) -> list[Tensor]:
    """Return the norm of each unit (units,), layer by layer.

    Args:
        state: the network's state dict.
        layout: of that network.
    """
    weights = [state[f"{modules[0]}.weight"] for modules in layout.layers]
    return [weight.abs().flatten(1).sum(1) for weight in weights]


def widths_of(of_networks: Sequence[Sequence[Tensor]], cut: Cut) -> list[int]:
    """Return how wide each layer becomes: in the networks of all folds alike.

    Args:
        of_networks: for each network the norms of each layer.
        cut: how much goes.
    """
    layers = zip(*of_networks, strict=True)
    return [max(cut.n_kept(norms) for norms in of_layer) for of_layer in layers]


def kept_of(norms: Sequence[Tensor], widths: Sequence[int]) -> list[Tensor]:
    """Return the units that stay, layer by layer, int64 (width,), in the order they were in.

    Of equal norms the first units stay.
    """
    return [
        torch.argsort(of_layer, descending=True, stable=True)[:n].sort().values
        for of_layer, n in zip(norms, widths, strict=True)
    ]
