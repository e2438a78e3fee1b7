"""The learning-rate range test: which rates make the loss fall, before a search draws any.

A network of the default configuration trains for some hundred steps, and its rate grows by the
same factor at each (Smith, 2015, arXiv:1506.01186, section 3.3; there it grows by the same
amount). While the rate is too low the loss stays; then it falls; then it rises, and the sweep
ends. Several sweeps, each with other initial weights and minibatches, are averaged: those of the
first trials of a search. They look at training rows of the first fold only.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
from torch import Tensor

from ..errors import InputError
from ..spaces import Experiment
from .configurations import training_of
from .contracts import Assignment
from .development import Development
from .learner import Learner
from .optimizers import set_rate
from .rate_curve import Curve, Smoothing
from .seeds import trial_seed

LOWEST, HIGHEST = 1e-8, 100.0
STEPS_A_DECADE = 20
SWEEPS = 5
SECONDS = 60.0  # once they are spent, no further sweep begins

_RISE = 3.0  # so many times its fall, or its least, has the loss risen once a sweep ends


@dataclass(frozen=True)
class Sweep:
    """What each minibatch cost before its step, until the loss had risen far above its least."""

    losses: tuple[float, ...]
    n_rows: tuple[int, ...]  # of each minibatch


def rates() -> list[float]:
    """Return the rate of each step, in even steps of its logarithm."""
    n_steps = 1 + round(STEPS_A_DECADE * math.log10(HIGHEST / LOWEST))
    return [float(rate) for rate in np.geomspace(LOWEST, HIGHEST, n_steps)]


def run(
    experiment: Experiment,
    development: Development,
    device: str = "cpu",
    n_sweeps: int = SWEEPS,
    show: Callable[[int], None] = lambda _: None,
) -> Curve:
    """Sweep the rate, and return the mean loss at each rate that every sweep has come to.

    Args:
        experiment: whose default configuration is trained; its schedule is not looked at.
        development: its training rows.
        device: of torch's.
        n_sweeps: at most; fewer where each takes long.
        show: told the number of each sweep, from 1, before it begins.

    Raises:
        InputError: the loss is no finite number before any step, or code of the user's own fails.
    """
    sweeps: list[Sweep] = []
    started = time.monotonic()
    while len(sweeps) < n_sweeps:
        if sweeps and time.monotonic() - started >= SECONDS:
            break
        show(len(sweeps) + 1)
        sweeps.append(sweep(experiment, development, len(sweeps), device))
    n_steps = min(len(made.losses) for made in sweeps)
    losses = np.array([made.losses[:n_steps] for made in sweeps])
    return Curve.of(rates()[:n_steps], losses, sweeps[0].n_rows[:n_steps])


def sweep(experiment: Experiment, development: Development, number: int, device: str) -> Sweep:
    """Train a network once through all rates; its seed is that of the trial of this number."""
    learner = _learner(experiment, development, number, device)
    learner.network.train()
    losses: list[float] = []
    n_rows: list[int] = []
    smoothing, first, least = Smoothing(), math.nan, math.inf
    for rate, (x, y, seed) in zip(rates(), _minibatches(learner), strict=False):
        set_rate(learner.optimizer, rate)
        loss = float(learner.step(x, y, seed))
        if not math.isfinite(loss):
            break
        losses.append(loss)
        n_rows.append(len(x))
        smooth = smoothing.add(loss, len(x))
        first, least = losses[0], min(least, smooth)
        if smooth - least > _RISE * max(abs(least), first - least):
            break
    if not losses:
        raise _not_finite()
    return Sweep(tuple(losses), tuple(n_rows))


def _learner(
    experiment: Experiment, development: Development, number: int, device: str
) -> Learner:
    configuration = experiment.space.default()
    seed = trial_seed(experiment.seed, number)
    return Learner(
        Assignment(number, configuration, seed),
        seed,
        experiment,
        training_of(experiment, configuration),
        development.folds[0],
        development.inputs[0],
        development.description.n_outputs,
        device,
    )


def _minibatches(learner: Learner) -> Iterator[tuple[Tensor, Tensor, int]]:
    """Yield minibatches for ever: rows are gone over again in another order once all were seen."""
    for epoch in count(1):
        yield from learner.batches(epoch)


def _not_finite() -> InputError:
    return InputError(
        "the loss is not a finite number before any step: no rate can help.",
        "`tune check` looks for the cause: the data, `initialization`, a cost of your own.",
    )
