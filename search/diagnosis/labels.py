"""Labels that the trials' own predictions speak against.

No trial was trained on validation rows, so confident learning may judge their labels by what the
best trials predict on average. See `quality.noise`, which does the same with a forest before
a search; what it takes to say anything is the same, and one thing more. A network's probabilities
may be right where a class is a matter of chance: its most certain rows are then seldom
contradicted, but as often as others where labels were flipped by mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...objectives.development import Array
from ...objectives.quality import noise
from ...objectives.rowwise import Part
from ...spaces.experiment import Task
from .advice import Advice
from .evidence import Evidence
from .pieces import piece

CERTAIN = 0.25  # of the rows: those whose class is told most certainly
AMONG_CERTAIN = 0.5  # how often these are contradicted, to how often all are
N_TRIALS = 10  # whose mean is taken; the best are last to be wrong together


@dataclass(frozen=True)
class Doubtful:
    """Labels that look wrong."""

    share: float  # of all, as confident learning estimates it
    n_rows: int  # single ones
    n: int  # validation rows that were looked at


def doubtful(task: Task, part: Part, predictions: Sequence[Array]) -> Doubtful | None:
    """Return how many validation labels look wrong; None where that is few, or not to be told.

    Args:
        task: the kind of target.
        part: the validation rows.
        predictions: of the trials, the best first; class probabilities, (rows, classes) or
            (rows, 1).
    """
    if task == "regression" or not predictions or len(part.targets) < noise.N_ROWS:
        return None
    mean = np.mean([p.astype(np.float64) for p in predictions[:N_TRIALS]], axis=0)
    if not np.isfinite(mean).all():
        return None
    probabilities = np.concatenate([1 - mean, mean], axis=1) if mean.shape[1] == 1 else mean
    given = part.targets.reshape(-1).astype(int)
    present, labels = np.unique(given, return_inverse=True)
    if len(present) < 2 or present[-1] >= probabilities.shape[1]:
        return None
    found = noise.contradicted(probabilities[:, present], labels)
    if found is None:
        return None
    rows, share = found
    if not _lie_anywhere(probabilities[:, present], labels):
        return None
    return Doubtful(share, len(rows), len(given))


def _lie_anywhere(probabilities: Array, labels: Array) -> bool:
    """Whether what is predicted most certainly is contradicted nearly as often as the rest."""
    is_wrong = probabilities.argmax(axis=1) != labels
    order = np.argsort(-probabilities.max(axis=1), kind="stable")
    certain = order[: max(1, round(CERTAIN * len(labels)))]
    return bool(is_wrong[certain].mean() >= AMONG_CERTAIN * is_wrong.mean())


def advice(evidence: Evidence, found: Doubtful, is_biased: bool) -> Advice:
    """Return what to do about labels that look wrong, at the step that they hold back."""
    folds = evidence.experiment.data.split.folds
    held = "training and validation rows alike" if is_biased else "validation rows"
    scale: dict[str, Any] = {"training": {"label_smoothing": round(min(found.share, 0.3), 2)}}
    return Advice(
        "training set" if is_biased else "validation set",
        "labels",
        f"About {found.share:.0%} of the labels look wrong: the best trials contradict "
        f"{found.n_rows:,} of {found.n:,} validation rows{', of all folds,' if folds else ''} "
        "confidently.",
        f"Wrong labels are learnt by heart and held against what is right; no network gets "
        f"{held} below their share.",
        "Look at these rows with `tune check` and correct them in the source; until then, smooth "
        "the labels.",
        piece(evidence.experiment, scale),
        "tune check SPACE",
    )
