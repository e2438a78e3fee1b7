"""Rows drawn again, with replacement: whole blocks of them where they belong together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..development import Array

_MOST_ROWS = 20_000_000  # drawn in all, a few seconds' worth
_RESAMPLES = (100, 500)  # at least, at most


def draws(blocks: Array, seed: int = 0) -> Iterator[Array]:
    """Yield how often each row is drawn, int64 (rows,), fewer times where there are many rows.

    Args:
        blocks: (rows,), rows of one number are drawn together. A single block is none: nothing
            could be drawn of it.
        seed: of all draws.
    """
    numbers, places = np.unique(blocks, return_inverse=True)
    n_blocks = len(numbers)
    if n_blocks == 1:
        n_blocks, places = len(blocks), np.arange(len(blocks))
    rng = np.random.default_rng(seed)
    for _ in range(int(np.clip(_MOST_ROWS // len(blocks), *_RESAMPLES))):
        drawn = np.bincount(rng.integers(n_blocks, size=n_blocks), minlength=n_blocks)
        yield drawn[places.reshape(-1)]
