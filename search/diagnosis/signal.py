"""Whether validation rows say more of their targets than shuffled targets would.

The inputs hold no signal if the best trial does no better on the true targets than the best of as
many trials does on shuffled ones. Each trial's cost is compared with what it costs on shuffled
targets, in deviations of its own, and the largest of all trials is what counts under every
shuffle, so that picking the best of many is accounted for (maxT: Westfall and Young,
"Resampling-Based Multiple Testing", Wiley, 1993). Rows of one group are shuffled like others,
which can make the p-value too small, never too large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...objectives.development import Array
from ...objectives.rowwise import Part
from ...spaces.experiment import Task

N_SHUFFLES = 200
N_ROWS = 2_000  # more are not needed to see any signal worth having
MAX_CELLS = 10_000_000  # trials x rows x classes
LEVEL = 0.05
_LEAST = 1e-12  # a probability below it costs no more


@dataclass(frozen=True)
class Signal:
    """What the best of the trials costs a row, against shuffled targets."""

    cost: float  # of the trial that stands out most
    shuffled: float  # the same trial's mean on shuffled targets
    p: float  # that shuffled targets do as well
    n_trials: int

    @property
    def is_none(self) -> bool:
        return self.p > LEVEL


def signal(task: Task, part: Part, predictions: Sequence[Array], seed: int = 0) -> Signal | None:
    """Test whether any of the trials has found something.

    Args:
        task: the kind of target.
        part: the validation rows.
        predictions: of each trial, as `rowwise.worth` has them.
        seed: of the shuffles.

    Returns:
        None where there is nothing to test: no predictions, or targets that are all the same.
    """
    rng = np.random.default_rng(seed)
    rows = _sample(part, predictions, rng)
    finite = [p[rows] for p in predictions if np.isfinite(p[rows]).all()]
    if not finite or len(rows) < 2:
        return None
    costs, labels, rest = _costs(task, part.targets[rows], finite)
    folds = np.repeat(np.arange(len(part.folds)), part.folds)[rows]
    observed = rest + _mean(costs, labels)
    draws = (_shuffled(labels, folds, rng) for _ in range(N_SHUFFLES))
    shuffled = rest + np.stack([_mean(costs, drawn) for drawn in draws])
    mean, deviation = shuffled.mean(axis=0), shuffled.std(axis=0)
    varies = deviation > 1e-12 * np.maximum(np.abs(mean), 1e-300)
    if not varies.any():
        return None
    scores = np.where(varies, (mean - observed) / np.where(varies, deviation, 1), -np.inf)
    under = np.where(varies, (mean - shuffled) / np.where(varies, deviation, 1), -np.inf)
    best = int(scores.argmax())
    n_as_good = np.count_nonzero(under.max(axis=1) >= scores[best])
    p = (1 + n_as_good) / (1 + N_SHUFFLES)
    return Signal(float(observed[best]), float(mean[best]), p, len(finite))


def _sample(part: Part, predictions: Sequence[Array], rng: np.random.Generator) -> Array:
    n, n_columns = len(part.targets), max((p.shape[-1] for p in predictions), default=1)
    most = max(50, min(N_ROWS, MAX_CELLS // max(1, len(predictions) * max(n_columns, 2))))
    if n <= most:
        return np.arange(n)
    return np.sort(rng.choice(n, most, replace=False))


def _costs(task: Task, targets: Array, predictions: Sequence[Array]) -> tuple[Array, Array, Array]:
    """Return what makes up each trial's cost: of classes the log loss, of numbers the squared
    error in variances of the target.

    Returns:
        (trials, rows, labels): of a row with each label, or (trials, rows, outputs) what a
            target is to be multiplied with.
        (rows,): labels, or (rows, outputs) targets.
        (trials,): what no shuffle changes.
    """
    if task != "regression":
        labels = targets.reshape(-1).astype(int)
        given = [np.concatenate([1 - p, p], axis=1) if p.shape[1] == 1 else p for p in predictions]
        costs = -np.log(np.maximum(np.stack(given).astype(np.float64), _LEAST))
        return costs, np.minimum(labels, costs.shape[2] - 1), np.zeros(len(costs))
    values = targets.astype(np.float64).reshape(len(targets), -1)
    spread = values.std(axis=0)
    spread = np.where(spread > 0, spread, 1)
    standard = (values - values.mean(axis=0)) / spread
    said = (np.stack(predictions).astype(np.float64) - values.mean(axis=0)) / spread
    return -2 * said, standard, np.square(said).mean(axis=(1, 2)) + np.square(standard).mean()


def _mean(costs: Array, labels: Array) -> Array:
    """Return each trial's mean cost."""
    if labels.ndim == 2:
        return np.asarray(np.einsum("tro,ro->t", costs, labels) / labels.size)
    return np.asarray(costs[:, np.arange(len(labels)), labels].mean(axis=1))


def _shuffled(labels: Array, folds: Array, rng: np.random.Generator) -> Array:
    """Shuffle within each fold: its rows were predicted by a network of its own."""
    shuffled = labels.copy()
    for fold in np.unique(folds):
        rows = np.flatnonzero(folds == fold)
        shuffled[rows] = labels[rng.permutation(rows)]
    return shuffled
