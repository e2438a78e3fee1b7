"""A metric on rows drawn again and again (Efron and Tibshirani, 1993), by blocks of rows.

Blocks are drawn over the whole part, so what is in two folds (the rows that two networks of one
winner are tested on) is drawn in both together. Where a part is a single block, nothing can be
drawn of it, and its rows stand alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...spaces.experiment import Task
from .. import ranking
from ..development import Array
from ..metrics import SHARES
from ..rowwise import Part, score
from .drawn import Fold, Means, Ranked, Scorer
from .intervals import Interval, wilson

N_RESAMPLES = 2_000  # of an interval
MIN_OUTCOMES = 10  # blocks right and blocks wrong: fewer, and the bootstrap is no guide
_MAX_CELLS = 2**22  # of the counts held as doubles: 32 MiB


@dataclass(frozen=True)
class Prepared:
    """Candidates, ready to be scored on whatever is drawn."""

    folds: Sequence[Scorer]
    n_candidates: int

    def values(self, counts: Array) -> Array:
        """Return the metric (resamples, candidates) where blocks are drawn `counts` times.

        A fold of which nothing was drawn is left out; where nothing was drawn at all, NaN.

        Args:
            counts: (resamples, blocks).
        """
        total, n_folds = np.zeros((len(counts), self.n_candidates)), np.zeros((len(counts), 1))
        for fold in self.folds:
            values, is_drawn = fold(counts)
            total += np.where(is_drawn, values, 0)
            n_folds += is_drawn
        return np.divide(total, n_folds, out=np.full_like(total, np.nan), where=n_folds > 0)


class Resampler:
    """Draws the blocks of a part, and scores predictions on what was drawn."""

    def __init__(self, metric: str, task: Task, part: Part):
        numbers, blocks = np.unique(part.blocks, return_inverse=True)
        self.n_blocks = len(numbers)
        if self.n_blocks == 1:
            self.n_blocks = len(part.blocks)
            blocks = np.arange(self.n_blocks)
        kind: type[Means | Ranked] = Ranked if metric == ranking.METRIC else Means
        self._folds: list[Fold] = [
            kind(metric, task, part, i, blocks[rows]) for i, rows in enumerate(part.slices)
        ]

    def draws(self, n_resamples: int, seed: int) -> Iterator[Array]:
        """Yield how often each block is drawn, (resamples, blocks) int32, some at a time."""
        rng = np.random.default_rng(seed)
        step = max(1, _MAX_CELLS // self.n_blocks)
        for start in range(0, n_resamples, step):
            counts = np.empty((min(step, n_resamples - start), self.n_blocks), np.int32)
            for drawn in counts:
                blocks = rng.integers(self.n_blocks, size=self.n_blocks)
                drawn[:] = np.bincount(blocks, minlength=self.n_blocks)
            yield counts

    def n_cells(self, predictions: Array) -> int:
        """Return how many numbers are held of a candidate."""
        return sum(fold.n_cells(predictions) for fold in self._folds)

    def prepare(self, candidates: Iterable[Array]) -> Prepared:
        """Take in what candidates predict, of which one is held at a time."""
        kept = [[fold.read(predictions) for fold in self._folds] for predictions in candidates]
        of_folds = zip(self._folds, zip(*kept, strict=True), strict=True)
        return Prepared([fold.scorer(of_fold) for fold, of_fold in of_folds], len(kept))


def interval(
    metric: str, task: Task, part: Part, predictions: Array, alpha: float, seed: int = 0
) -> Interval:
    """Return a metric and the percentiles between which it lies on 1 - alpha of resamples.

    An accuracy of which few blocks are wrong, or few right, varies too little from resample to
    resample, or not at all: its interval is Wilson's (JASA 22:209, 1927), of as many rows as
    there are blocks. So is that of any share that is 0 or 1, which no resample would change. Of
    another metric, a single row is taken to be as far off as it is large.
    """
    resampler = Resampler(metric, task, part)
    found = score(metric, task, part, predictions)
    n_blocks = resampler.n_blocks
    has_few = metric == "accuracy" and n_blocks * min(found, 1 - found) < MIN_OUTCOMES
    if has_few or (metric in SHARES and found in (0, 1)):
        return wilson(found, n_blocks, alpha)
    if n_blocks == 1:
        return Interval(found, found - abs(found), found + abs(found))
    prepared = resampler.prepare([predictions])
    values = [prepared.values(counts)[:, 0] for counts in resampler.draws(N_RESAMPLES, seed)]
    low, high = np.quantile(np.concatenate(values), (alpha / 2, 1 - alpha / 2)).tolist()
    return Interval(found, low, high)
