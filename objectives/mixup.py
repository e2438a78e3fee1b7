"""Mixup: a minibatch blended with itself in another order, inputs and costs alike.

Zhang et al., 2018, arXiv:1710.09412, section 2. The cost is blended in the place of the target:
for cross-entropy, which is linear in the target, that is the same, and it is a cost for any other.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor


def mixed(
    x: Tensor, y: Tensor, alpha: float, generator: Generator
) -> tuple[Tensor, Tensor, Tensor, float]:
    """Blend each row of a minibatch with another, all by one share.

    The cost is `share * cost(outputs, y) + (1 - share) * cost(outputs, other)`.

    Args:
        x: inputs (rows, ...).
        y: targets (rows,) or (rows, outputs).
        alpha: above 0; the share is drawn from Beta(alpha, alpha).
        generator: all that is drawn, on the device of `x` or on the CPU.

    Returns:
        The blended inputs, the targets of the rows, those of what each was blended with, and the
        share of the first.
    """
    share = _share(alpha, generator)
    order = torch.randperm(len(x), generator=generator, device=generator.device).to(x.device)
    return torch.lerp(x[order], x, share), y, y[order], share


def _share(alpha: float, generator: Generator) -> float:
    """Draw from Beta(alpha, alpha) by the inverse of its distribution function.

    Torch draws Beta from its global generator only, and a ratio of two gamma variables in single
    precision is 0 / 0 now and then where alpha is small.
    """
    from scipy.special import betaincinv

    uniform = torch.rand((), generator=generator, device=generator.device).item()
    return float(betaincinv(alpha, alpha, uniform))
