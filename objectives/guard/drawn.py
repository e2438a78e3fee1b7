"""One fold's metric on rows drawn again: of means as products of matrices, AUROC by ranks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np

from ...spaces.experiment import Task
from ..development import Array
from ..ranking import Ranks, area, ranks
from ..rowwise import Part, spread, value, worth

# From how often blocks are drawn (resamples, blocks) to the metric (resamples, candidates), and
# whether any row of the fold was drawn (resamples, 1).
Scorer = Callable[[Array], tuple[Array, Array]]

_MAX_CELLS = 2**22  # of means held at once: 32 MiB


class Fold(Protocol):
    """What is known of a fold's rows, and how candidates are scored on some of them."""

    def read(self, predictions: Array) -> Any:
        """Return what is held of a candidate that predicts so for all rows."""
        ...

    def n_cells(self, predictions: Array) -> int:
        """Return how many numbers that is."""
        ...

    def scorer(self, candidates: Sequence[Any]) -> Scorer:
        """Return what scores candidates that were read."""
        ...


class Means:
    """A fold's rows, added up by block, for a metric that is a function of means."""

    def __init__(self, metric: str, task: Task, part: Part, number: int, blocks: Array):
        self.metric, self.task, self.part, self.number = metric, task, part, number
        self.blocks, members = np.unique(blocks, return_inverse=True)  # those it has rows of
        self._order = np.argsort(members, kind="stable")
        self._starts = np.searchsorted(members[self._order], np.arange(len(self.blocks)))
        self._n_rows = np.bincount(members).astype(np.float64)

    def _by_block(self, of_rows: Array) -> Array:
        ordered = of_rows[self._order]
        added: Array = np.add.reduceat(ordered, self._starts, axis=0, dtype=np.float64)
        return added

    def read(self, predictions: Array) -> tuple[Array, int]:
        """Return what each block is worth (blocks, columns), and of how many outputs."""
        of_rows = worth(self.metric, self.task, self.part, self.number, predictions)
        return self._by_block(of_rows), predictions.shape[1]

    def n_cells(self, predictions: Array) -> int:
        return self.read(predictions)[0].size

    def scorer(self, candidates: Sequence[tuple[Array, int]]) -> Scorer:
        (n_outputs,) = {n for _, n in candidates}
        of_targets = spread(self.metric, self.task, self.part, self.number, n_outputs)
        sums = np.stack([worths for worths, _ in candidates], axis=1)
        return partial(self._values, sums, self._by_block(of_targets))

    def _values(self, sums: Array, spreads: Array, counts: Array) -> tuple[Array, Array]:
        step = max(1, _MAX_CELLS // sums[0].size)
        parts = (counts[i : i + step] for i in range(0, len(counts), step))
        values, n_rows = zip(*(self._means(sums, spreads, each) for each in parts), strict=True)
        return np.concatenate(values), np.concatenate(n_rows) > 0

    def _means(self, sums: Array, spreads: Array, counts: Array) -> tuple[Array, Array]:
        """Return the metric (resamples, candidates), and how many rows were drawn."""
        n_blocks, n_candidates, n_columns = sums.shape
        drawn = counts[:, self.blocks].astype(np.float64)
        n_rows = (drawn @ self._n_rows)[:, None]
        each = np.maximum(n_rows, 1)
        worths = (drawn @ sums.reshape(n_blocks, -1)) / each
        of_targets = (drawn @ spreads) / each
        of_candidates = worths.reshape(-1, n_candidates, n_columns)
        return value(self.metric, of_candidates, of_targets[:, None]), n_rows


class Ranked:
    """A fold's rows as predictions rank them, for AUROC."""

    def __init__(self, _: str, __: Task, part: Part, number: int, blocks: Array):
        self.rows, self.blocks = part.slices[number], blocks
        self.targets = part.targets[self.rows]

    def read(self, predictions: Array) -> tuple[Ranks, ...]:
        return ranks(self.targets, predictions[self.rows], self.blocks)

    def n_cells(self, predictions: Array) -> int:
        return sum(of_class.n_cells for of_class in self.read(predictions))

    def scorer(self, candidates: Sequence[tuple[Ranks, ...]]) -> Scorer:
        return partial(self._values, candidates)

    def _values(
        self, candidates: Sequence[tuple[Ranks, ...]], counts: Array
    ) -> tuple[Array, Array]:
        values = np.stack([area(classes, counts) for classes in candidates], axis=1)
        n_drawn = counts[:, self.blocks].sum(axis=1, dtype=np.int64)
        return values, n_drawn[:, None] > 0
