"""Single weights set to 0, the smallest of the whole network first (Han et al. 2015,
arXiv:1506.02626).

The matrices stay as large as they were and are multiplied as before: it tells how much of a
network is needed, and makes nothing smaller or faster.
"""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from ...errors import InputError


def check(share: float) -> None:
    """Raise InputError where a share of weights is none."""
    if not 0 < share < 1:
        rule = f"--sparsity is a share of weights above 0, less than 1, but got {share:g}."
        raise InputError(rule, "Write --sparsity 0.8 to set four of five to 0.")


def sparse(network: nn.Module, share: float) -> dict[str, Tensor]:
    """Return a network's state dict with a share of its weights set to 0. Biases, norms and
    what is no matrix keep all of theirs."""
    thinned = deepcopy(network)
    places = [
        (module, name)
        for module in thinned.modules()
        for name, parameter in module.named_parameters(recurse=False)
        if parameter.ndim > 1
    ]
    prune.global_unstructured(places, pruning_method=prune.L1Unstructured, amount=share)
    for module, name in places:
        prune.remove(module, name)  # type: ignore[no-untyped-call]
    own = network.state_dict()
    found = thinned.state_dict()
    return {name: found[name].detach() for name in own}


def sparsity_of(state: dict[str, Tensor]) -> float:
    """Return the share of zeros among the weights of matrices."""
    matrices = [tensor for tensor in state.values() if tensor.ndim > 1]
    n_zeros = sum(int(torch.count_nonzero(matrix == 0)) for matrix in matrices)
    return n_zeros / max(1, sum(matrix.numel() for matrix in matrices))
