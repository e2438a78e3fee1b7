"""Rows that are there twice, and those of them that are told to be two things at once."""

from __future__ import annotations

import numpy as np

from ..development import Array
from ..findings import Finding
from . import kinds
from .view import View

COPIES = 0.01  # share of the rows that are a copy of another
FURTHER = 0.1  # standard deviations of a numeric target between copies that contradict


def copies(view: View) -> list[Finding]:
    """Find rows that are copies, exactly or nearly, and copies with different targets."""
    from ..duplicates import ties

    development, inputs = view.development, view.table.inputs
    first = ties(inputs[development] if isinstance(inputs, np.ndarray) else view.columns)
    is_copy = first != np.arange(len(first))
    if not is_copy.any():
        return []
    return [*_repeated(development, is_copy), *_contradicting(view, first, is_copy)]


def _repeated(development: Array, is_copy: Array) -> list[Finding]:
    n, share = int(is_copy.sum()), float(is_copy.mean())
    if share < COPIES:
        return []
    return [
        Finding(
            "warning",
            kinds.rows(development[is_copy]),
            f"fewer than {COPIES:.0%} of the rows are copies of another",
            f"{n:,} of {len(is_copy):,} ({share:.1%}) are, exactly or but for rounding, case and "
            "spaces",
            "Remove them if they come from the making of the file. They stay on one side of the "
            "split, but weigh double in training.",
            share,
        )
    ]


def _contradicting(view: View, first: Array, is_copy: Array) -> list[Finding]:
    labels = view.labels.reshape(len(first), -1)
    with_copy = np.unique(first[is_copy])
    low, high = labels.copy(), labels.copy()
    np.minimum.at(low, first, labels)
    np.maximum.at(high, first, labels)
    allowed = FURTHER * labels.std(axis=0) if view.task == "regression" else 0
    is_split = np.any(high - low > allowed, axis=1)
    groups = with_copy[is_split[with_copy]]
    if not len(groups):
        return []
    rows = np.flatnonzero(np.isin(first, groups))
    share = len(rows) / len(first)
    apart = f"targets further apart than {FURTHER:g} of their standard deviation"
    words = apart if view.task == "regression" else "different classes"
    return [
        Finding(
            "warning",
            kinds.rows(view.development[rows]),
            "rows that are alike have the same target",
            f"{len(rows):,} rows ({share:.1%}) in {len(groups):,} groups of copies have {words}",
            "Correct these targets, or bring a column that tells the rows apart: no model can.",
            0.3 + 0.7 * share,
        )
    ]
