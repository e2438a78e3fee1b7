"""A trial's network, and what it makes of rows: the same in training and in an examination."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Generator, Tensor, nn

from ..models import build
from ..spaces.experiment import Experiment
from .configurations import network_of
from .seeds import INITIAL_WEIGHTS, draws

_AT_ONCE = 16_384  # rows whose hidden units are in memory at once


def initial(
    experiment: Experiment,
    configuration: Mapping[str, Any],
    n_inputs: int,
    n_outputs: int,
    seed: int = 0,
) -> nn.Module:
    """Return a trial's network before it is trained, its weights drawn from a seed."""
    name, parameters = network_of(experiment, configuration)
    generator = Generator().manual_seed(draws(seed, INITIAL_WEIGHTS, 1)[0])
    return build(name, n_inputs, n_outputs, generator, **parameters)


def outputs_of(network: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    """Return a network's outputs (rows, outputs), some rows at a time."""
    return torch.cat([network(x) for x in torch.split(inputs, _AT_ONCE)])
