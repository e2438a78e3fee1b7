"""Columns that give the target away alone: known after the outcome, or copied from it.

The predictive power of a column is out of fold, between 0 (the best constant guess) and 1
(always right): of classes from the balanced accuracy, of numbers R2 of their ranks, which a long
tail does not decide. Kapoor and Narayanan, "Leakage and the reproducibility crisis in
machine-learning-based science", Patterns 4(9), 2023, call it L2, illegitimate features.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from ...spaces.writing import inline
from ..development import Array
from ..findings import Finding
from . import kinds
from .columns import ids_of
from .kinds import told, write
from .view import View

GIVEN_AWAY = 0.99  # an error
SUSPICIOUS = 0.95  # a warning
OF_ORDER = 0.9  # an error, of ids and dates: they tell when, not what
N_ROWS = 30  # fewer are told apart by anything
N_FOLDS = 3
N_LEAVES = 64  # of a tree; more where there are many classes

PREFILTER = 0.5  # power of the neighbours in a column's order; a leak has nearly 1
N_CELLS = 20_000_000  # that are sorted
N_TRIED = 100  # columns, the best of those that pass


class _Column(NamedTuple):
    name: str
    kind: str
    values: Array  # (rows,), NaN where missing


class _Target(NamedTuple):
    values: Array  # (rows, outputs): class numbers, or ranks
    n_classes: int  # 0 of numbers


def leaks(view: View) -> list[Finding]:
    """Find columns that alone predict the target, or whose being missing does."""
    inputs = view.table.inputs
    if len(view.development) < N_ROWS or inputs.ndim > 2 or not inputs.shape[1]:
        return []  # a pixel is no column
    n_rows = max(min(kinds.N_SAMPLE, N_CELLS // inputs.shape[1]), 500)
    at = kinds.sample(len(view.development), n_rows)
    at = np.random.default_rng(0).permutation(at)  # neither folds nor ties follow the order
    names, values, kind = kinds.encoded(view, at)
    target = _target(view, at)
    ids: dict[str, str] | None = None
    found = []
    for i in _candidates(values, target):
        if names[i] in view.allowed:
            continue
        tried = _Column(names[i], kind[i], values[:, i])
        power, error = _best(tried, target)
        if power - error <= OF_ORDER:
            continue
        if ids is None:
            ids = ids_of(view) if _has_names(view) else {}
        limit = _limit(view, tried, tried.name in ids)
        if power - error > min(limit, SUSPICIOUS):
            level: Literal["error", "warning"] = "error" if power - error > limit else "warning"
            found.append(_finding(view, level, tried, power, target, tried.name in ids))
    return told(found)


def _has_names(view: View) -> bool:
    return not isinstance(view.table.inputs, np.ndarray)


def _target(view: View, at: Array) -> _Target:
    labels = view.labels.reshape(len(view.labels), -1)[at]
    if view.task == "regression":
        ranks = np.stack([kinds.ranks(label) for label in labels.T], axis=1)
        return _Target(ranks / len(ranks), 0)
    present, labels = np.unique(labels, return_inverse=True)
    return _Target(labels.reshape(-1, 1), len(present))


def _limit(view: View, tried: _Column, is_id: bool) -> float:
    """Return the power beyond which a column is an error."""
    # Of rows in the order of time, validation is later than what a date could tell of it.
    is_order = is_id or (tried.kind == "date" and view.table.times is None)
    return OF_ORDER if is_order else GIVEN_AWAY


def _candidates(values: Array, target: _Target) -> Array:
    """Return the columns in whose order neighbours have like targets, the most alike first."""
    n, n_columns = values.shape
    power = np.zeros(n_columns)
    at_once = max(1, N_CELLS // 10 // n)
    for first in range(0, n_columns, at_once):
        block = slice(first, first + at_once)
        order = np.argsort(values[:, block], axis=0, kind="stable")
        for output in target.values.T:
            near = _of_neighbours(output[order], target.n_classes)
            power[block] = np.maximum(power[block], near)
    passed = np.flatnonzero(power > PREFILTER)
    return passed[np.argsort(-power[passed], kind="stable")][:N_TRIED]


def _of_neighbours(targets: Array, n_classes: int) -> Array:
    """Return the power (columns,) of both neighbours for targets (rows, columns) in order."""
    if n_classes:
        if n_classes < 2:
            return np.zeros(targets.shape[1])
        counts = np.bincount(targets[:, 0], minlength=n_classes)
        weights = (1 / (n_classes * counts))[targets[:-1]]
        # Each pair counts for both of its rows, of which half the weight lies on either side.
        agree = (weights * (targets[1:] == targets[:-1])).sum(axis=0)
        power: Array = (agree - 1 / n_classes) / (1 - 1 / n_classes)
        return power
    variance = targets[:, 0].var()
    if variance == 0:
        return np.zeros(targets.shape[1])
    unlike = (np.diff(targets, axis=0) ** 2).mean(axis=0) / 2
    alike: Array = 1 - unlike / variance
    return alike


def _best(tried: _Column, target: _Target) -> tuple[float, float]:
    return max(_power(tried, output, target.n_classes) for output in target.values.T)


def _power(tried: _Column, targets: Array, n_classes: int) -> tuple[float, float]:
    """Return the power of a column out of fold, and its standard error."""
    predicted = np.empty(len(targets))
    folds = np.arange(len(targets)) % N_FOLDS
    predict = _by_level if tried.kind in ("category", "text") else _by_tree
    for fold in range(N_FOLDS):
        train, rest = folds != fold, folds == fold
        predicted[rest] = predict(
            tried.values[train], targets[train], tried.values[rest], n_classes
        )
    if not n_classes:
        losses = (predicted - targets) ** 2 / targets.var()
        return float(1 - losses.mean()), float(losses.std() / np.sqrt(len(losses)))
    counts = np.bincount(targets, minlength=n_classes)
    recall = np.bincount(targets, predicted == targets, n_classes) / counts
    scale = 1 - 1 / n_classes
    error = np.sqrt((recall * (1 - recall) / counts).sum()) / n_classes
    return float((recall.mean() - 1 / n_classes) / scale), float(error / scale)


def _by_tree(values: Array, targets: Array, others: Array, n_classes: int) -> Array:
    """Return what a shallow tree predicts; missing is a value below all others."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    known = values[~np.isnan(values)]
    # As ranks of distinct values: single precision, in which trees compare, holds them.
    steps = np.unique(known)
    x, z = (
        np.where(np.isnan(v), -1, np.searchsorted(steps, v)).reshape(-1, 1)
        for v in (values, others)
    )
    if n_classes:
        n_leaves = max(N_LEAVES, 4 * n_classes)
        tree = DecisionTreeClassifier(
            max_leaf_nodes=n_leaves, class_weight="balanced", random_state=0
        )
    else:
        tree = DecisionTreeRegressor(max_leaf_nodes=N_LEAVES, random_state=0)
    predicted: Array = tree.fit(x, targets).predict(z)
    return predicted


def _by_level(values: Array, targets: Array, others: Array, n_classes: int) -> Array:
    """Return the mean, or the class of most weight, of each level; missing is a level."""
    codes, seen = (np.nan_to_num(v, nan=-1).astype(np.int64) + 1 for v in (values, others))
    n_levels = int(max(codes.max(), seen.max())) + 1
    if not n_classes:
        counts = np.bincount(codes, minlength=n_levels)
        sums = np.bincount(codes, targets, n_levels)
        means: Array = np.where(counts > 0, sums / np.maximum(counts, 1), targets.mean())
        return means[seen]
    counts = np.bincount(codes * n_classes + targets, minlength=n_levels * n_classes)
    weights = 1 / np.maximum(np.bincount(targets, minlength=n_classes), 1)
    of_level: Array = (counts.reshape(n_levels, n_classes) * weights).argmax(axis=1)
    return of_level[seen]


def _finding(
    view: View,
    level: Literal["error", "warning"],
    tried: _Column,
    power: float,
    target: _Target,
    is_id: bool,
) -> Finding:
    missing = np.isnan(tried.values).astype(float)
    by_missing = _best(tried._replace(kind="number", values=missing), target)[0]
    what = "whether it is missing" if by_missing > SUSPICIOUS else "it"
    score = "balanced accuracy" if target.n_classes else "R2 of the ranks"
    words = (
        f"{what} alone predicts '{view.target}' out of fold with {power:.4f} between a guess (0) "
        f"and always right (1): {score} at {len(missing):,} rows"
    )
    if is_id or tried.kind == "date":
        words += f"; the target follows {'the order of the rows' if is_id else 'time'}"
    where = kinds.column(tried.name) if _has_names(view) else tried.name
    rule = "no single column gives the target away"
    return Finding(level, where, rule, words, _fix(view, tried), min(power, 1.0))


def _fix(view: View, tried: _Column) -> str:
    if not _has_names(view):
        return "Save the inputs without it, unless it is really known before the outcome."
    first = write("drop", tried.name)
    if tried.kind == "date" and view.table.times is None:
        first = f"Write `split: {inline({'time': tried.name})}` under `data:`, or drop it."
    allow = inline({"allow": [tried.name]})[1:-1]
    return f"{first} If it is known before the outcome, write `{allow}` under `data:`."
