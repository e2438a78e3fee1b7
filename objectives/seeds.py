"""Randomness that belongs to a trial: every draw is a function of (trial seed, epoch, step)."""

from __future__ import annotations

import numpy as np

# Epochs count from 1, so 0 is free for what is drawn before training: the initial weights.
INITIAL_WEIGHTS = 0


def trial_seed(study_seed: int, number: int) -> int:
    """Return the seed of trial `number` in a study seeded with `study_seed`."""
    return draws(study_seed, number, count=1)[0]


def fold_seed(seed: int, fold: int) -> int:
    """Return the seed of a trial's network on one fold; on the first it is the trial's own."""
    if fold == 0:
        return seed
    state = np.random.SeedSequence(seed, spawn_key=(fold,)).generate_state(1)
    return int(state[0])


def draws(seed: int, index: int, count: int) -> list[int]:
    """Return `count` independent 32-bit seeds, a function of (seed, index) alone.

    An epoch takes one for its shuffle and one for each step. The mixing is NumPy's
    `SeedSequence`, made for deriving streams from small consecutive integers.
    """
    state = np.random.SeedSequence([seed, index]).generate_state(count)
    return [int(word) for word in state]
