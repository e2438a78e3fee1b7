"""A trial's networks with less in them: without units, or with weights set to 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ..errors import InputError, TuneError
from ..objectives.configurations import network_of
from ..objectives.contracts import Assignment, DivergedError, Report, Results
from ..objectives.development import Array, Development
from ..objectives.guard.predicting import weights_of_fold
from ..objectives.pruning import layouts, retraining, sparsity
from ..objectives.pruning.ranking import Cut, kept_of, norms_of, widths_of
from ..objectives.pruning.shrinking import shrunk
from ..objectives.rowwise import Part
from ..objectives.single import device_here
from ..spaces import Experiment
from .chosen import Chosen
from .comparing import difference, measured
from .selection import read_part
from .smaller import Smaller

State = Mapping[str, Tensor]


class Thinning:
    """A trial with its networks, one for each fold, and the rows to train and score them on."""

    def __init__(self, chosen: Chosen, development: Development) -> None:
        from safetensors.torch import load_file

        self.chosen, self.development = chosen, development
        self.experiment, self.device = chosen.experiment, device_here()
        weights = load_file(chosen.weights)
        n_folds = len(development.folds)
        self.states = [weights_of_fold(weights, i, n_folds) for i in range(n_folds)]
        self.networks = self._networks(self.experiment, chosen.assignment, self.states)
        self.predicted = self._predict(self.networks)

    @cached_property
    def part(self) -> Part:
        """The validation rows, as the study keeps their targets."""
        return read_part(self.chosen.home.data(self.chosen.name))

    @property
    def metric(self) -> str:
        """What is compared: the objective's metric, or the loss where that is a cost of use."""
        name = self.experiment.objective.metric
        return name if name.startswith("validation_") else "validation_loss"

    def content(self) -> dict[str, Any]:
        """Return what is known before anything is taken away."""
        return {
            "study": self.chosen.name,
            "trial": self.chosen.trial.number,
            "metric": self.metric,
            "device": self.device,
            "before": self._described(self.networks, self.predicted, self.chosen.weights),
            "sparsity": None,
        }

    def without_weights(self, share: float) -> dict[str, Any]:
        """Return what the networks are worth with their smallest weights set to 0."""
        states = [sparsity.sparse(network, share) for network in self.networks]
        networks = self._networks(self.experiment, self.chosen.assignment, states)
        predicted = self._predict(networks)
        return {
            "share": sparsity.sparsity_of(states[0]),
            "metrics": self.scores(predicted),
            "difference": self._difference(predicted),
        }

    def narrowed(self, cut: Cut) -> tuple[str, list[tuple[int, int]], list[dict[str, Tensor]]]:
        """Return the parameter that says how wide layers are, how wide each was and becomes, and
        the weights that are left, of each fold."""
        name, _ = network_of(self.experiment, self.chosen.configuration)
        layout = layouts.layout_of(name, self.networks[0])
        norms = [norms_of(state, layout) for state in self.states]
        widths = widths_of(norms, cut)
        states = [
            shrunk(state, layout, kept_of(of_network, widths))
            for state, of_network in zip(self.states, norms, strict=True)
        ]
        pairs = zip(map(len, norms[0]), widths, strict=True)
        return layout.width, [*pairs], states

    def described(
        self, file: Smaller, states: Sequence[State], predicted: Array, weights: Path
    ) -> dict[str, Any]:
        """Return what smaller networks cost and are worth, and the difference to what they were.

        Args:
            file: that trains them.
            states: of each fold's network.
            predicted: for the validation rows.
            weights: their file.
        """
        networks = self._networks(file.experiment, file.assignment, states)
        return {
            "after": self._described(networks, predicted, weights),
            "difference": self._difference(predicted),
        }

    def untrained(self, file: Smaller, states: Sequence[State]) -> Array:
        """Return what smaller networks predict as they are left, before they train on."""
        return self._predict(self._networks(file.experiment, file.assignment, states))

    def trained_on(
        self, file: Smaller, states: Sequence[State], show: Callable[[Report], None]
    ) -> tuple[Results, int]:
        """Return the smaller networks trained on, and the epoch they are of: 0 where none is
        wanted.

        Raises:
            TuneError: a metric has left the finite numbers.
        """
        if file.epochs == 0:
            return Results(_together(states), self.untrained(file, states)), 0
        arguments = (file.experiment, file.assignment, self.development, states, self.device, show)
        try:
            trained = retraining.train_on(*arguments)
        except DivergedError as error:
            rule = f"the smaller network did not train on: {error.cause}."
            raise TuneError(rule, "Take away less, or see it untrained with --epochs 0.") from None
        assert trained.results is not None
        assert trained.last.kept_epoch is not None
        return trained.results, trained.last.kept_epoch

    def _networks(
        self, experiment: Experiment, assignment: Assignment, states: Sequence[State]
    ) -> list[nn.Module]:
        try:
            return retraining.networks_of(experiment, assignment, self.development, states)
        except RuntimeError:
            raise InputError(
                f"{self.chosen.weights} holds the weights of another network than trial "
                f"{self.chosen.trial.number}'s.",
                "Restore it from a backup, or name another --trial.",
            ) from None

    def _predict(self, networks: Sequence[nn.Module]) -> Array:
        return retraining.predicted(self.experiment, self.development, networks)

    def scores(self, predicted: Array) -> dict[str, float]:
        return retraining.scores(self.experiment, self.part, predicted)

    def _described(
        self, networks: Sequence[nn.Module], predicted: Array, weights: Path
    ) -> dict[str, Any]:
        return {
            **measured(networks[0], self.development.inputs[0], self.device),
            "bytes": weights.stat().st_size,
            "metrics": self.scores(predicted),
        }

    def _difference(self, predicted: Array) -> dict[str, float]:
        task = self.experiment.task
        return difference(self.metric, task, self.part, self.predicted, predicted)


def _together(states: Sequence[State]) -> dict[str, Tensor]:
    """Return the weights of all folds' networks as one file has them: see `weights_of_fold`."""
    if len(states) == 1:
        return dict(states[0])
    numbered = enumerate(states)
    return {f"{i}.{name}": tensor for i, state in numbered for name, tensor in state.items()}
