"""The smaller network trained on, and what networks are worth on the validation rows.

It trains on as it was trained, by the same rate and schedule from their start: after pruning that
gives better networks than a few epochs at the last, small rate (Renda, Frankle and Carbin 2020,
arXiv:2003.02389, learning rate rewinding).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from ...spaces.experiment import Experiment
from ..contracts import Assignment, Report
from ..development import Array, Development
from ..metrics import METRICS, plain_name
from ..networks import initial, outputs_of
from ..rowwise import Part, score
from ..scoring import as_tensor, predictions
from ..seeds import fold_seed
from ..single import Trained
from ..trainer import EagerPack

State = Mapping[str, Tensor]


def networks_of(
    experiment: Experiment,
    assignment: Assignment,
    development: Development,
    states: Sequence[State],
) -> list[nn.Module]:
    """Return the networks of a trial's folds with these weights, ready to predict."""
    networks = []
    for i, (inputs, state) in enumerate(zip(development.inputs, states, strict=True)):
        seed, n_outputs = fold_seed(assignment.seed, i), development.description.n_outputs
        network = initial(experiment, assignment.configuration, inputs, n_outputs, seed)
        network.load_state_dict(state)
        networks.append(network.eval())
    return networks


def train_on(
    experiment: Experiment,
    assignment: Assignment,
    development: Development,
    states: Sequence[State],
    device: str,
    show: Callable[[Report], None] = lambda _: None,
) -> Trained:
    """Train networks that begin with these weights, one for each fold, as a trial is trained.

    Raises:
        DivergedError: a metric has left the finite numbers.
    """
    pack = EagerPack(assignment, experiment, development, device)
    for learner, state in zip(pack.learners, states, strict=True):
        learner.network.load_state_dict(state)
    reports: list[Report] = []
    while not reports or reports[-1].kept_epoch is None:
        (report,) = pack.advance()
        show(report)
        reports.append(report)
    return Trained(tuple(reports), pack.results(assignment.number))


def predicted(
    experiment: Experiment, development: Development, networks: Sequence[nn.Module]
) -> Array:
    """Return what networks predict for the validation rows, fold after fold."""
    with torch.inference_mode():
        return np.concatenate(
            [
                predictions(
                    outputs_of(network, as_tensor(fold.x_validation, "cpu")), fold, experiment.task
                )
                for network, fold in zip(networks, development.folds, strict=True)
            ]
        )


def scores(experiment: Experiment, part: Part, predictions: Array) -> dict[str, float]:
    """Return every metric that a task has on validation rows."""
    names = [name for name in METRICS[experiment.task] if name.startswith("validation_")]
    task = experiment.task
    return {name: score(plain_name(name), task, part, predictions) for name in names}


@contextmanager
def threads_of(experiment: Experiment) -> Iterator[None]:
    """Compute on as many threads as a worker does: other numbers of them may round otherwise."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(experiment.resources.cpus)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)
