"""Whether two sets of rows are of one population: a classifier tries to tell them apart.

Its area under the ROC curve (AUC) is the probability that it ranks a row of the second set above
one of the first: .5 where it cannot tell them apart, 1 where it always can (Lopez-Paz and Oquab,
"Revisiting classifier two-sample tests", ICLR 2017). Each row is ranked by a classifier that has
not seen it, nor a row of its block.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..development import Array

if TYPE_CHECKING:
    from ..features import Features
    from .content import Sealed

N_MIN = 30  # rows a side; fewer say nothing
N_MAX = 2_000  # rows a side; more only take longer
N_FOLDS = 5
MAX_INPUTS = 200  # that the classifier looks at: those that vary most
N_COLUMNS = 3
# Small trees, and few: what shifts is seldom subtle, and more of them learn the noise.
_TREES = {"max_iter": 30, "max_leaf_nodes": 8}
_Z = 1.959963984540054  # of a two-sided 95 % interval

Direction = Literal["higher", "lower", "other"]


@dataclass(frozen=True)
class Side:
    """Rows of one set as a network takes them, and which of them are dependent."""

    inputs: Array  # (rows, inputs)
    blocks: Array  # (rows,): see `blocks`

    @classmethod
    def of(cls, rows: Sealed, features: Features) -> Side:
        """Prepare rows, some of them where there are many."""
        chosen = np.sort(np.random.default_rng(0).permutation(len(rows))[:N_MAX])
        inputs = features.transform(rows.inputs, chosen)
        return cls(inputs.reshape(len(chosen), -1), rows.blocks[chosen])


@dataclass(frozen=True)
class Changed:
    """A column by which the sets can be told apart."""

    name: str
    auc: float  # of its values: above .5 where the second set's are higher
    direction: Direction  # `other` where values have no order


@dataclass(frozen=True)
class Shift:
    auc: float
    low: float  # of a 95 % interval
    high: float
    columns: tuple[Changed, ...]  # those that differ most, the first one most


def shift(
    first: Side, second: Side, origins: Sequence[str] = (), ordered: Collection[str] = ()
) -> Shift | None:
    """Compare two sets of rows, or say by None that there are too few.

    Args:
        first: rows that were developed on.
        second: rows that were scored.
        origins: the column that each input is made of; none where columns have no names.
        ordered: columns whose values have an order, of which their first input has it too.
    """
    n_rows = min(len(side.inputs) for side in (first, second))
    n_blocks = min(len(np.unique(side.blocks)) for side in (first, second))
    if n_rows < N_MIN or n_blocks < N_FOLDS:
        return None
    auc, deviation = _told_apart(first, second)
    low, high = (min(max(auc + sign * _Z * deviation, 0.0), 1.0) for sign in (-1, 1))
    return Shift(auc, low, high, _columns(first.inputs, second.inputs, origins, ordered))


def _told_apart(first: Side, second: Side) -> tuple[float, float]:
    """Return the mean AUC over the folds, and its standard error.

    Rows of different folds are ranked by different classifiers, so only those of one fold are
    held against each other. Folds share most of what they train on, and the error of their mean
    is larger for it (Nadeau and Bengio, Machine Learning 52:239, 2003).
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(0)
    inputs = _most_varied(np.concatenate([first.inputs, second.inputs]))
    is_second = np.repeat([False, True], [len(first.inputs), len(second.inputs)])
    folds = np.concatenate([_folds(side.blocks, rng) for side in (first, second)])
    aucs, parts = [], np.zeros(len(inputs))
    # Threads that wait for each other on a busy machine take fifty times as long as one.
    with threadpool_limits(1, "openmp"):
        for fold in range(N_FOLDS):
            tested = folds == fold
            classifier = HistGradientBoostingClassifier(**_TREES, random_state=0)
            classifier.fit(inputs[~tested], is_second[~tested])
            scores = classifier.predict_proba(inputs[tested])[:, 1]
            auc, components = auc_and_components(scores, is_second[tested])
            aucs.append(auc)
            parts[tested] = components / N_FOLDS
    sides = ((first.blocks, parts[~is_second]), (second.blocks, parts[is_second]))
    variance = sum(_variance(*side) for side in sides) * (1 + N_FOLDS / (N_FOLDS - 1))
    return float(np.mean(aucs)), math.sqrt(variance)


def _folds(blocks: Array, rng: np.random.Generator) -> Array:
    """Return a fold (rows,) for each row: a block's rows have one, and each has as many blocks."""
    numbers = np.unique(blocks, return_inverse=True)[1]
    return rng.permutation(np.arange(numbers.max() + 1) % N_FOLDS)[numbers]


def auc_and_components(scores: Array, is_second: Array) -> tuple[float, Array]:
    """Return the AUC of scores (rows,), and how far each row (rows,) moves it from its mean.

    The latter are the structural components of DeLong, DeLong and Clarke-Pearson (Biometrics
    44:837, 1988), less the AUC and divided by the rows of their side, found from ranks as Sun
    and Xu do (IEEE Signal Processing Letters 21:1389, 2014).
    """
    from scipy.stats import rankdata

    n_second = int(is_second.sum())
    n_first = len(scores) - n_second
    ranks = rankdata(scores)
    above = np.empty(len(scores))  # share of the other side that a row is on the right side of
    above[is_second] = (ranks[is_second] - rankdata(scores[is_second])) / n_first
    above[~is_second] = 1 - (ranks[~is_second] - rankdata(scores[~is_second])) / n_second
    auc = float(above[is_second].mean())
    return auc, (above - auc) / np.where(is_second, n_second, n_first)


def _variance(blocks: Array, parts: Array) -> float:
    """Return the variance of a sum over rows of which those of a block are dependent (Obuchowski,
    Biometrics 53:567, 1997; DeLong's own where each row stands alone)."""
    sums = np.bincount(np.unique(blocks, return_inverse=True)[1], weights=parts)
    return float((sums**2).sum() * len(sums) / (len(sums) - 1))


def _most_varied(inputs: Array) -> Array:
    if inputs.shape[1] <= MAX_INPUTS:
        return inputs
    order = np.argsort(-inputs.var(axis=0), kind="stable")
    chosen: Array = inputs[:, np.sort(order[:MAX_INPUTS])]
    return chosen


def _columns(
    first: Array, second: Array, origins: Sequence[str], ordered: Collection[str]
) -> tuple[Changed, ...]:
    """Return the columns that differ most; one of several inputs by the one that differs most."""
    if not origins:
        return ()
    aucs = _aucs(first, second)
    found: dict[str, Changed] = {}
    for name, auc in zip(origins, aucs.tolist(), strict=True):
        if name not in ordered:
            auc = max(auc, 1 - auc)
            if name not in found or auc > found[name].auc:
                found[name] = Changed(name, auc, "other")
        elif name not in found:
            found[name] = Changed(name, auc, "higher" if auc > 0.5 else "lower")
    most = sorted(found.values(), key=lambda changed: -abs(changed.auc - 0.5))
    return tuple(most[:N_COLUMNS])


def _aucs(first: Array, second: Array) -> Array:
    """Return, for each input, the probability that it is higher in a row of the second set,
    ties counting half: Mann and Whitney's U over its maximum."""
    from scipy.stats import rankdata

    n_first, n_second = len(first), len(second)
    ranks = rankdata(np.concatenate([first, second]), axis=0)[n_first:].sum(axis=0)
    aucs: Array = (ranks - n_second * (n_second + 1) / 2) / (n_first * n_second)
    return aucs
