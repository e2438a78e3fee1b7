"""A cost function of the user's own: called with outputs and targets, it returns one number."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError
from .callables import contained, described, imported

_TASK = "returns the mean cost of a minibatch"


class OwnCost:
    """Calls a function of the user's own, and checks what the first call returns.

    It is given outputs (rows, outputs), which a gradient follows, and the targets as the
    built-in costs have them: class numbers (rows,), 0 and 1 as float (rows, 1), or standard
    targets (rows, outputs).
    """

    def __init__(self, source: str) -> None:
        """Import it. Raises InputError: there is no such function; and what its module raises."""
        self.source = source
        with contained(source):
            self.function = imported(source, _TASK)
        self.is_checked = False

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the cost.

        Raises:
            InputError: the first call returned something else than a number with a gradient.
        """
        if self.is_checked:
            with redirect_stdout(sys.stderr):
                cost: Tensor = self.function(outputs, targets)
            return cost
        with contained(self.source):  # the first call may import what it needs
            cost = self.function(outputs, targets)
        self._check(cost)
        self.is_checked = True
        return cost

    def _check(self, cost: Any) -> None:
        rule = f"{self.source}: a cost is one number with a gradient"
        if not isinstance(cost, Tensor):
            fix = "Return a tensor that torch made of `outputs`."
            raise InputError(f"{rule}, but got {described(cost)}.", fix)
        if cost.ndim > 0:
            fix = "Return the mean: `.mean()`."
            raise InputError(f"{rule}, but got a tensor of shape {tuple(cost.shape)}.", fix)
        if not torch.is_floating_point(cost) or not cost.requires_grad:
            fix = "Make it of `outputs` by torch's operations, without `.item()` or `.detach()`."
            raise InputError(f"{rule}, but got {cost.dtype} without a gradient.", fix)
