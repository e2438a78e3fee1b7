"""Targets: classes that are rare or absent from a part, and numbers of a difficult shape."""

from __future__ import annotations

import numpy as np

from ..development import Array
from ..findings import Finding, shown
from . import kinds
from .values import fences
from .view import View

RARE = 0.05  # share of the rows of the smallest class; of many classes half an equal share
RATIO = 10.0  # rows of the largest class to those of the smallest
FEW = 10  # rows of a class
SKEW = 2.0  # of a positive target: the mean cube of its standard scores
SKEW_OF_LOGARITHM = 1.0


def single(view: View) -> list[Finding]:
    """Find a target that is the same in all rows."""
    labels = view.labels.reshape(len(view.labels), -1)
    if (labels != labels[0]).any(axis=0).all():
        return []
    value = view.table.targets[view.development[0]]
    return [
        Finding(
            "error",
            kinds.column(view.target),
            "a target takes two values or more",
            f"it is {value!s:.40} in all of {len(labels):,} rows",
            "Bring rows with another, or name another target.",
            1.0,
        )
    ]


def imbalance(view: View) -> list[Finding]:
    """Find classes that are rare, among the others or at all."""
    if len(view.classes) < 2:
        return []
    counts = np.bincount(view.labels)
    n, order = int(counts.sum()), np.argsort(counts, kind="stable")
    few = [k for k in order if counts[k] < FEW]
    found = []
    least, most = order[0], order[-1]
    is_rare = counts[least] < min(RARE, 0.5 / len(counts)) * n
    if is_rare or counts[most] >= RATIO * counts[least]:
        found.append(_imbalance(view, int(counts[least]), int(counts[most]), least, most, n))
    if few:
        each = shown([f"{counts[k]} of '{view.classes[k]}'" for k in few])
        words = f"there are {each} among {n:,} development rows"
        fix = "Bring more of them, join them with another class, or leave them out."
        rule = f"a class has {FEW} rows or more"
        weight = 1 - counts[few[0]] / FEW
        where = kinds.column(view.target)
        found.append(Finding("warning", where, rule, words, fix, float(weight)))
    return found


def _imbalance(view: View, n_least: int, n_most: int, least: int, most: int, n: int) -> Finding:
    name, largest = view.classes[least], view.classes[most]
    return Finding(
        "warning",
        kinds.column(view.target),
        f"the smallest class has {RARE:.0%} of the rows, and a {RATIO:g}th of the largest's",
        f"'{name}' has {n_least:,} of {n:,} rows ({n_least / n:.1%}), '{largest}' {n_most:,}, and "
        f"who always says '{largest}' is right in {n_most / n:.1%}",
        f"Bring more rows of '{name}', and judge by `objective: {{metric: validation_loss}}`, "
        "not by accuracy.",
        1 - n_least / n_most,
    )


def absent(view: View) -> list[Finding]:
    """Find classes without a row in a part of a fold."""
    if len(view.classes) < 2:
        return []
    lacks: dict[str, dict[int, list[int]]] = {"training": {}, "validation": {}}
    for number, fold in enumerate(view.rows.folds):
        for part, rows in (("training", fold.train), ("validation", fold.validation)):
            labels = view.labels[kinds.positions(view, rows)]
            counts = np.bincount(labels, minlength=len(view.classes))
            for k in np.flatnonzero(counts == 0):
                lacks[part].setdefault(int(k), []).append(number)
    return [_absent(view, part, lack) for part, lack in lacks.items() if lack]


def _absent(view: View, part: str, lack: dict[int, list[int]]) -> Finding:
    names = shown([f"'{view.classes[k]}'" for k in lack])
    n_folds = len(view.rows.folds)
    affected = sorted({number for numbers in lack.values() for number in numbers})
    words = "" if n_folds == 1 else f", fold {shown(affected)} of {n_folds} (from 0)"
    return Finding(
        "error" if part == "training" else "warning",
        kinds.column(view.target),
        "every class has rows in each part",
        f"{len(lack)} of {len(view.classes)} classes ({names}) have none in {part}{words}",
        "Bring more rows of it, or another split: stratified, or of fewer folds.",
        len(lack) / len(view.classes),
    )


def shape(view: View) -> list[Finding]:
    """Find a numeric target with single values far outside, or with a long upper tail."""
    if view.task != "regression":
        return []
    labels = view.labels.reshape(len(view.labels), -1)
    low, high = fences(labels[kinds.sample(len(labels))], len(labels))
    found = []
    for i in range(labels.shape[1]):
        name = view.target if labels.shape[1] == 1 else f"{view.target} {i}"
        is_far = (labels[:, i] < low[i]) | (labels[:, i] > high[i])
        if is_far.any():
            found.append(_far(name, view.development, labels[:, i], is_far))
        found += _skewed(name, labels[~is_far, i])
    return found


def _far(name: str, development: Array, values: Array, is_far: Array) -> Finding:
    far, rest = values[is_far], values[~is_far]
    return Finding(
        "warning",
        kinds.column(name),
        "targets lie where the spread of the others leads one to expect them",
        f"{shown([f'{value:g}' for value in far])} in {kinds.rows(development[is_far])}, while "
        f"all others lie between {rest.min():g} and {rest.max():g}",
        "Correct these targets, or remove the rows: a squared error is all about them.",
        0.8,
    )


def _skewed(name: str, values: Array) -> list[Finding]:
    if not len(values) or values.min() <= 0 or values.min() == values.max():
        return []
    skew, of_logarithm = _skewness(values), _skewness(np.log(values))
    if skew < SKEW or abs(of_logarithm) > SKEW_OF_LOGARITHM:
        return []
    return [
        Finding(
            "warning",
            kinds.column(name),
            f"a numeric target has a skewness below {SKEW:g}",
            f"it has one of {skew:.1f}, its logarithm one of {of_logarithm:.1f}; half of the "
            f"values lie below {np.median(values):g}, the greatest is {values.max():g}",
            "Save its logarithm as the target, and predict that.",
            min(0.3 + skew / 50, 0.7),
        )
    ]


def _skewness(values: Array) -> float:
    deviation = values.std()
    return float((((values - values.mean()) / deviation) ** 3).mean()) if deviation > 0 else 0.0
