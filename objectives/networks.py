"""A trial's network, and what it makes of rows: the same in training and in an examination."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Generator, Tensor, nn

from ..models import build
from ..models.inputs import Inputs
from ..models.selected import Selected
from ..spaces.experiment import Experiment
from . import own_network, subset
from .callables import is_callable
from .configurations import network_of
from .seeds import INITIAL_WEIGHTS, draws

_NUMBERS_AT_ONCE = 2**20  # of inputs whose hidden units are in memory at once


def initial(
    experiment: Experiment,
    configuration: Mapping[str, Any],
    inputs: Inputs,
    n_outputs: int,
    seed: int = 0,
) -> nn.Module:
    """Return a trial's network before it is trained, its weights drawn from a seed."""
    name, parameters = network_of(experiment, configuration)
    generator = Generator().manual_seed(draws(seed, INITIAL_WEIGHTS, 1)[0])
    kept = subset.kept(inputs, configuration)
    seen = inputs if kept is None else subset.narrowed(inputs, kept)
    make = own_network.build if is_callable(name) else build
    network = make(name, seen, n_outputs, generator, **parameters)
    return network if kept is None else Selected(network, kept)


def outputs_of(network: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    """Return a network's outputs (rows, outputs), some rows at a time."""
    at_once = max(1, _NUMBERS_AT_ONCE // max(1, inputs[:1].numel()))
    return torch.cat([network(x) for x in torch.split(inputs, at_once)])


def layers_of(network: nn.Module) -> list[list[nn.Module]]:
    """Return the modules of each layer, from the input to the output, each parameter in one."""
    layers: list[list[nn.Module]] = network.groups()  # type: ignore[operator]
    return layers
