"""A metric on rows drawn again and again (Efron and Tibshirani, 1993), by blocks of rows.

Blocks are drawn over the whole part, so what is in two folds (the rows that two networks of one
winner are tested on) is drawn in both together. Where a part is a single block, nothing can be
drawn of it, and its rows stand alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ...spaces.experiment import Task
from ..development import Array
from .intervals import Interval, wilson
from .rowwise import Part, score, spread, value, worth

N_RESAMPLES = 2_000  # of an interval
MIN_OUTCOMES = 10  # blocks right and blocks wrong: fewer, and the bootstrap is no guide
_MAX_CELLS = 2**22  # of the counts held as doubles: 32 MiB


class Resampler:
    """Draws the blocks of a part, and scores predictions on what was drawn."""

    def __init__(self, metric: str, task: Task, part: Part):
        self.metric, self.task, self.part = metric, task, part
        numbers, blocks = np.unique(part.blocks, return_inverse=True)
        self.n_blocks = len(numbers)
        if self.n_blocks == 1:
            self.n_blocks = len(part.blocks)
            blocks = np.arange(self.n_blocks)
        self._folds = [_Fold(self, i, blocks[rows]) for i, rows in enumerate(part.slices)]

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

    def sums(self, candidates: Iterable[Array]) -> list[Array]:
        """Return for each fold what its blocks are worth, (blocks, candidates, outputs)."""
        worths = [[fold.sums(predictions) for fold in self._folds] for predictions in candidates]
        return [np.stack(of_fold, axis=1) for of_fold in zip(*worths, strict=True)]

    def resampled(self, counts: Array, sums: Sequence[Array]) -> Array:
        """Return the metric (resamples, candidates) where blocks are drawn `counts` times.

        A fold of which nothing was drawn is left out; where nothing was drawn at all, NaN.

        Args:
            counts: (resamples, blocks).
            sums: what `sums` returned.
        """
        total, n_folds = np.zeros((len(counts), sums[0].shape[1])), np.zeros((len(counts), 1))
        for fold, of_fold in zip(self._folds, sums, strict=True):
            values, is_drawn = fold.values(counts, of_fold)
            total += np.where(is_drawn, values, 0)
            n_folds += is_drawn
        return np.divide(total, n_folds, out=np.full_like(total, np.nan), where=n_folds > 0)


class _Fold:
    """One fold's rows, added up by block."""

    def __init__(self, resampler: Resampler, number: int, blocks: Array):
        self.resampler, self.number = resampler, number
        self.blocks, members = np.unique(blocks, return_inverse=True)  # those it has rows of
        self._order = np.argsort(members, kind="stable")
        self._starts = np.searchsorted(members[self._order], np.arange(len(self.blocks)))
        self._n_rows = np.bincount(members).astype(np.float64)
        self._spread = self._by_block(spread(resampler.metric, resampler.part, number))

    def _by_block(self, of_rows: Array) -> Array:
        added: Array = np.add.reduceat(of_rows[self._order], self._starts, axis=0)
        return added

    def sums(self, predictions: Array) -> Array:
        """Return what each block is worth, (blocks, outputs)."""
        of = self.resampler
        return self._by_block(worth(of.metric, of.task, of.part, self.number, predictions))

    def values(self, counts: Array, sums: Array) -> tuple[Array, Array]:
        """Return the metric (resamples, candidates), and whether rows were drawn at all."""
        n_blocks, n_candidates, n_outputs = sums.shape
        drawn = counts[:, self.blocks].astype(np.float64)
        n_rows = (drawn @ self._n_rows)[:, None]
        each = np.maximum(n_rows, 1)
        worths = (drawn @ sums.reshape(n_blocks, -1)) / each
        spreads = (drawn @ self._spread) / each
        of_candidates = worths.reshape(-1, n_candidates, n_outputs)
        return value(self.resampler.metric, of_candidates, spreads[:, None]), n_rows > 0


def interval(
    metric: str, task: Task, part: Part, predictions: Array, alpha: float, seed: int = 0
) -> Interval:
    """Return a metric and the percentiles between which it lies on 1 - alpha of resamples.

    An accuracy of which few blocks are wrong, or few right, varies too little from resample to
    resample, or not at all: its interval is Wilson's (JASA 22:209, 1927), of as many rows as
    there are blocks. Of another metric, a single row is taken to be as far off as it is large.
    """
    resampler = Resampler(metric, task, part)
    found = score(metric, task, part, predictions)
    n_blocks = resampler.n_blocks
    if metric == "accuracy" and n_blocks * min(found, 1 - found) < MIN_OUTCOMES:
        return wilson(found, n_blocks, alpha)
    if n_blocks == 1:
        return Interval(found, found - abs(found), found + abs(found))
    sums = resampler.sums([predictions])
    values = [
        resampler.resampled(counts, sums)[:, 0] for counts in resampler.draws(N_RESAMPLES, seed)
    ]
    low, high = np.quantile(np.concatenate(values), (alpha / 2, 1 - alpha / 2)).tolist()
    return Interval(found, low, high)
