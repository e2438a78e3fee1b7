"""AUROC: how well predictions rank rows, on the rows there are and on rows drawn again.

The area under the ROC curve is the probability that a row of a class is ranked above one of the
others, ties counting half: Mann and Whitney's U over its maximum (Hanley and McNeil, Radiology
143:29, 1982). Of a binary task it is the second class's; of several classes the mean over each
against the rest, as scikit-learn's `roc_auc_score(multi_class="ovr", average="macro")`. A class
of which there are no rows, or only rows, ranks nothing and is left out; where all are, the value
is .5, which says nothing. A row of a class that no network knows is one of the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .development import Array

METRIC = "auroc"
_MAX_CELLS = 2**17  # of the counts looked at together: 1 MiB as doubles, which a cache holds


@dataclass(frozen=True)
class Ranks:
    """Where the rows of a class stand among all others, by one column of predictions."""

    own: Array  # (own,), the blocks of the class's rows
    rest: Array  # (rest,), the blocks of the others, the lowest ranked first
    below: Array  # (own,), how many of the others are ranked below the row
    up_to: Array  # (own,), how many are ranked below it or like it

    @classmethod
    def of(cls, is_own: Array, predictions: Array, blocks: Array) -> Ranks:
        """Rank rows by predictions (rows,), of which those of the class are told (rows,)."""
        rest = predictions[~is_own]
        order = np.argsort(rest, kind="stable")
        lowest_first, own = rest[order], predictions[is_own]
        below, up_to = (np.searchsorted(lowest_first, own, side) for side in ("left", "right"))
        return cls(blocks[is_own], blocks[~is_own][order], below, up_to)

    @property
    def n_cells(self) -> int:
        return 3 * len(self.own) + len(self.rest)

    def areas(self, counts: Array) -> tuple[Array, Array]:
        """Return the AUROC (resamples,), 0 where it is not defined, and whether it is.

        Args:
            counts: float64 (resamples, blocks), how often each block is drawn.
        """
        own = counts[:, self.own]
        passed = np.zeros((len(counts), len(self.rest) + 1))  # of the others, drawn up to here
        np.cumsum(counts[:, self.rest], axis=1, out=passed[:, 1:])
        # Half of the others passed before a row's ties, and half of those passed after them.
        above = np.einsum("ij,ij->i", own, passed[:, self.below] + passed[:, self.up_to]) / 2
        n_pairs = own.sum(axis=1) * passed[:, -1]
        is_defined = n_pairs > 0
        return above / np.where(is_defined, n_pairs, 1), is_defined


def ranks(targets: Array, predictions: Array, blocks: Array) -> tuple[Ranks, ...]:
    """Return where each class's rows stand; of a binary task the second class's alone.

    Args:
        targets: class numbers (rows,), or 0/1 (rows, 1).
        predictions: class probabilities (rows, classes), or the second class's (rows, 1).
        blocks: (rows,), the numbers of what is drawn together.
    """
    numbers = targets.reshape(-1).astype(np.int64)
    if targets.ndim == 2:
        return (Ranks.of(numbers == 1, predictions[:, 0], blocks),)
    return tuple(
        Ranks.of(numbers == number, column, blocks) for number, column in enumerate(predictions.T)
    )


def area(classes: Sequence[Ranks], counts: Array) -> Array:
    """Return the mean AUROC (resamples,) over the classes, where blocks are drawn so often."""
    n_rows = sum(len(rows) for rows in (classes[0].own, classes[0].rest))
    step = max(1, _MAX_CELLS // max(n_rows, 1))
    parts = (counts[i : i + step] for i in range(0, len(counts), step))
    return np.concatenate([_area(classes, part.astype(np.float64)) for part in parts])


def _area(classes: Sequence[Ranks], counts: Array) -> Array:
    total, n_defined = np.zeros(len(counts)), np.zeros(len(counts))
    for of_class in classes:
        areas, is_defined = of_class.areas(counts)
        total += areas
        n_defined += is_defined
    return np.divide(total, n_defined, out=np.full_like(total, 0.5), where=n_defined > 0)


def score(targets: Array, predictions: Array) -> float:
    """Return the AUROC of predictions; see `ranks` for the arguments."""
    each = np.arange(len(targets))
    once = np.ones((1, len(targets)))
    return float(area(ranks(targets, predictions, each), once)[0])
