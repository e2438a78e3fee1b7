"""Some training rows, and networks for them without what keeps rows from being learnt by heart.

Dropout, decay, L1, label smoothing, mixup and augmentation are off: a network that cannot learn
a few rows without them cannot learn with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn

from ...spaces import Experiment, Training
from ..callables import is_callable
from ..configurations import network_of, training_of
from ..costs import cost_of
from ..development import Array, Development
from ..networks import initial
from ..scoring import COSTS, Cost, as_tensor, standard_targets
from ..seeds import draws
from ..transfer import begin_with

N_ROWS = (16, 256)  # that are looked at: at least, at most
_NUMBERS = 2**21  # of inputs, that decide how many
_OFF: dict[str, Any] = {
    "weight_decay": 0.0,
    "label_smoothing": None,
    "mixup": None,
    "l1": None,
    "precision": None,
}
_STREAM = 0  # of a step's draws, by a network of the user's own


@dataclass(frozen=True)
class Plain:
    """A configuration's network before it is trained, and its cost."""

    network: nn.Module
    cost: Cost
    training: Training
    generator: Generator | None  # of a network of the user's own, which may draw

    def outputs(self, x: Tensor) -> Tensor:
        """Return the outputs in training mode, where nothing is dropped."""
        drawn_from = () if self.generator is None else (self.generator,)
        outputs: Tensor = self.network(x, *drawn_from)
        return outputs


class Subject:
    """The rows, and the networks of configurations."""

    def __init__(self, experiment: Experiment, development: Development, device: str) -> None:
        self.experiment, self.development, self.device = experiment, development, device
        self.fold, self.inputs = development.folds[0], development.inputs[0]
        self.n_outputs = development.description.n_outputs
        self.task = experiment.task
        self.places = self._some_rows()
        self.x, self.y = self.rows(self.places)

    def _some_rows(self) -> Array:
        """Return places among the training rows, spread evenly."""
        n_numbers = max(1, self.inputs.n)
        least, most = N_ROWS
        n = min(len(self.fold.x_train), max(least, min(most, _NUMBERS // n_numbers)))
        return np.linspace(0, len(self.fold.x_train) - 1, n).round().astype(np.int64)

    def rows(self, places: Array) -> tuple[Tensor, Tensor]:
        """Return inputs and targets of some training rows, as the trainer has them."""
        y = standard_targets(self.fold.y_train[places], self.fold, self.task)
        x = as_tensor(np.ascontiguousarray(self.fold.x_train[places]), self.device)
        return x, as_tensor(np.ascontiguousarray(y), self.device)

    def plain(self, configuration: Mapping[str, Any], seed: int = 0) -> Plain:
        """Return a configuration's network with its first weights.

        Raises:
            Exception: whatever a model or a cost of the user's own raises.
        """
        experiment = self.experiment
        training = training_of(experiment, configuration).model_copy(update=_OFF)
        network = initial(experiment, configuration, self.inputs, self.n_outputs, seed)
        if training.start_from is not None:
            begin_with(network, training.start_from)
        cost = cost_of(training, self.task, self.fold.y_train, self.n_outputs, self.device)
        own = is_callable(network_of(experiment, configuration)[0])
        generator = Generator(self.device).manual_seed(draws(seed, _STREAM, 1)[0])
        return Plain(
            without_dropout(network.to(self.device)).train(),
            cost,
            training,
            generator if own else None,
        )

    def judged(self, outputs: Tensor, y: Tensor) -> float:
        """Return the loss that validation rows are scored with."""
        return COSTS[self.task](outputs, y).item()

    @property
    def has_own_cost(self) -> bool:
        return self.experiment.training.cost is not None and is_callable(
            self.experiment.training.cost
        )


def without_dropout(network: nn.Module) -> nn.Module:
    """Let the dropout of a network drop nothing. Ours draws from a generator, which it is not
    given; a network of the user's own has modules of torch's."""
    for module in network.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = 0.0
    return network


def has_batch_norm(network: nn.Module) -> bool:
    return any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in network.modules())


def is_finite(*tensors: Tensor) -> bool:
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors)
