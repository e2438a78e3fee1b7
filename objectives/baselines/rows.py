"""Rows as any model takes them: a line of numbers each, and not too many of them to train on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...models.inputs import Inputs
from ..development import Array, Fold
from ..encoding.word_numbers import FIRST, UNKNOWN

MAX_WORDS = 1_000  # counted one by one, the commonest; all others are counted together
MAX_ROWS = 100_000  # trained on, of all folds together
MIN_ROWS = 2_000  # trained on in a fold, if there are as many
# Rows x inputs x outputs, of all folds together: trees and logistic regression then take about
# ten seconds of a processor.
MAX_WORK = 100_000_000


def plain(fold: Fold, inputs: Inputs, n_rows: int, seed: int) -> Fold:
    """Return a fold whose rows are numbers (rows, inputs): pictures flattened, words counted.

    Args:
        fold: of the search.
        inputs: what a row of it is.
        n_rows: kept of its training rows, drawn at random, if there are more.
        seed: of the draw.
    """
    kept: Array | slice = slice(None)
    if n_rows < len(fold.x_train):
        drawn = np.random.default_rng(seed).choice(len(fold.x_train), n_rows, replace=False)
        kept = np.sort(drawn)  # which is read from disk in one pass
    return replace(
        fold,
        x_train=_numbers(fold.x_train[kept], inputs),
        y_train=fold.y_train[kept],
        train_rows=fold.train_rows[kept],
        x_validation=_numbers(fold.x_validation, inputs),
    )


def rows_kept(n_train: int, inputs: Inputs, n_outputs: int, n_folds: int) -> int:
    """Return how many of a fold's training rows are trained on: all where they are not many."""
    n_columns = n_counted(inputs) if inputs.n_words else inputs.n
    affordable = min(MAX_ROWS, MAX_WORK // (n_columns * n_outputs)) // n_folds
    return min(n_train, max(MIN_ROWS, affordable))


def n_counted(inputs: Inputs) -> int:
    """Return how many counts a text of word numbers becomes: of the commonest words, and one of
    all others."""
    assert inputs.n_words is not None
    return min(MAX_WORDS, max(inputs.n_words - FIRST, 0)) + 1


def _numbers(rows: Array, inputs: Inputs) -> Array:
    return counts(rows, inputs) if inputs.n_words else rows.reshape(len(rows), -1)


def counts(rows: Array, inputs: Inputs) -> Array:
    """Return how often each word is in a row: float32 (rows, words), the commonest word first.

    The last column counts the words that are not among the commonest.
    """
    n = n_counted(inputs)
    words = rows.reshape(len(rows), -1).astype(np.int64)
    columns = np.where(words == UNKNOWN, n - 1, np.minimum(words - FIRST, n - 1))
    row, place = np.nonzero(words >= UNKNOWN)
    found = np.zeros((len(rows), n), np.float32)
    np.add.at(found, (row, columns[row, place]), 1)
    return found
