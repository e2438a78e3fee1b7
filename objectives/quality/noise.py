"""Targets that all the other rows speak against.

Each row is predicted by those trees of a random forest that did not see it. Classes are then
judged by confident learning (Northcutt, Jiang, Chuang, "Confident learning: estimating
uncertainty in dataset labels", JAIR 70, 2021): a row is an issue if another class reaches the
probability that this class's own rows have of it on average, and the joint counts of given and
likely classes say how many labels are wrong. That supposes that inputs tell the class. Where
they do not, every row near a border is an issue, so nothing is said unless

- the forest is skilled
- it is sure of what it contradicts
- and it is contradicted where it is most certain nearly as often as elsewhere: labels flipped by
  mistake lie anywhere, rows of an overlap near its border

Bounds were chosen so that of 48 draws of a tenth of flipped labels in iris, wine, breast_cancer
and digits 46 are told, of 48 parts of these sets as they ship none; and of 270 drawn sets of
clean, overlapping classes 22 are told by mistake, most of them of few rows.
"""

from __future__ import annotations

import numpy as np

from ..development import Array
from ..findings import Finding
from . import kinds
from .view import View

WRONG = 0.03  # share of labels
SKILL = 0.5  # balanced accuracy between a guess (0) and always right (1)
SURE = 0.5  # by how much another class is more probable
SHARE_OF_SURE = 0.25  # among rows that are contradicted
AMONG_CERTAIN = 0.5  # how often the more certain half is contradicted, to how often all are
OVERLAP = 0.35  # of the more certain half of a class: no mistake, another class just like it
N_ISSUES = 5
MAX_CLASSES = 200
N_FEATURES = 250  # of more columns, such as pixels, every second, third and so on
N_READ = 100_000_000  # cells that it is taken from
N_TREES = 100
N_TREES_OF_MANY = 50  # rows, of which most trees have not seen each
N_ROWS_OF_TREE = 2_500
N_ROWS = 50  # fewer tell nothing

EXPLAINED = 0.6  # R2, below which a residual tells little of a target
DEVIATIONS = 6.0  # of the residuals, robustly
TAIL = 3.0  # and this many times the residual that 5 % exceed
DEVIATIONS_OF_TARGET = 0.5  # and this many of the target itself
SHARE_OF_RESIDUALS = 0.003


def wrong_labels(view: View) -> list[Finding]:
    """Find targets that the others contradict: by share, and with the rows of the worst."""
    if len(view.development) < N_ROWS or len(view.classes) > MAX_CLASSES:
        return []
    at, inputs = _inputs(view)
    if not inputs.shape[1]:
        return []
    if view.task == "regression":
        return _of_numbers(view, at, inputs)
    return _of_classes(view, at, inputs)


def _inputs(view: View) -> tuple[Array, Array]:
    """Return the positions of a sample, and its inputs as numbers."""
    n_columns = int(np.prod(view.table.inputs.shape[1:]))
    step = max(1, -(-n_columns // N_FEATURES))
    n_rows = max(min(kinds.N_SAMPLE, N_READ // n_columns), 500)
    at = kinds.sample(len(view.development), n_rows)
    _, values, kind = kinds.encoded(view, at, step)
    values = values[:, kind != "text"]
    is_missing = np.isnan(values)
    if is_missing.any():
        with np.errstate(invalid="ignore"):
            least = np.nan_to_num(np.fmin.reduce(values))
        values = np.where(is_missing, least - 1 - np.abs(least), values)
    bound = np.finfo(np.float32).max
    return at, np.clip(values, -bound, bound).astype(np.float32)


def _forest(kind: type, inputs: Array, targets: Array) -> Array:
    """Return what the trees that did not see a row say of it."""
    forest = kind(
        N_TREES if len(targets) <= 2 * N_ROWS_OF_TREE else N_TREES_OF_MANY,
        max_features=1 / 3 if kind.__name__.endswith("Regressor") else "sqrt",
        max_samples=min(N_ROWS_OF_TREE, len(targets)),
        oob_score=True,
        random_state=0,
        n_jobs=1,
    ).fit(inputs, targets)
    name = "oob_decision_function_" if hasattr(forest, "classes_") else "oob_prediction_"
    predictions: Array = getattr(forest, name)
    return predictions


def _of_classes(view: View, at: Array, inputs: Array) -> list[Finding]:
    from sklearn.ensemble import RandomForestClassifier

    present, labels = np.unique(view.labels[at], return_inverse=True)
    if len(present) < 2:
        return []
    probabilities = _forest(RandomForestClassifier, inputs, labels)
    found = contradicted(probabilities, labels)
    if found is None:
        return []
    worst, share = found
    likely = probabilities.argmax(axis=1)
    i = worst[0]
    given, better = (view.classes[present[k]] for k in (labels[i], likely[i]))
    words = (
        f"about {share:.0%} of the labels look wrong to a forest on {len(at):,} rows; "
        f"{len(worst):,} single ones, such as row {view.development[at[i]]}, which is said to be "
        f"'{given}' and looks like '{better}'"
    )
    return [
        _finding(view, at[worst], "a label is what the inputs of other rows say", words, share)
    ]


def _finding(view: View, at: Array, rule: str, words: str, share: float) -> Finding:
    fix = "Look at these rows, the worst first, and correct their targets in the source."
    where = kinds.rows(view.development[at])
    return Finding("warning", where, rule, words, fix, min(0.4 + 2 * share, 1.0))


def contradicted(probabilities: Array, labels: Array) -> tuple[Array, float] | None:
    """Return which labels look wrong, (issues,), the worst first, and the share of all that is;
    None where too little is told to say so.

    Args:
        probabilities: (rows, classes), each row's by a model that did not see it.
        labels: (rows,) class numbers; every class occurs.
    """
    is_issue, share = confident(probabilities, labels)
    likely, own = probabilities.argmax(axis=1), probabilities[np.arange(len(labels)), labels]
    margin = probabilities.max(axis=1) - own
    is_wrong = likely != labels
    n_sure = np.count_nonzero(is_issue & (margin > SURE))
    if share < WRONG or np.count_nonzero(is_issue) < N_ISSUES:
        return None
    if _skill(likely, labels) < SKILL or n_sure < SHARE_OF_SURE * np.count_nonzero(is_wrong):
        return None
    if _among_certain(probabilities, is_wrong) < AMONG_CERTAIN * is_wrong.mean():
        return None
    return np.flatnonzero(is_issue)[np.argsort(-margin[is_issue], kind="stable")], share


def confident(probabilities: Array, labels: Array) -> tuple[Array, float]:
    """Return which labels are issues: (rows,), and the estimated share of wrong ones.

    Args:
        probabilities: (rows, classes), each row's by a model that did not see it.
        labels: (rows,) class numbers; every class occurs.
    """
    n_classes = probabilities.shape[1]
    counts = np.bincount(labels, minlength=n_classes)
    own = probabilities[np.arange(len(labels)), labels]
    thresholds = np.bincount(labels, own, n_classes) / counts
    above = np.where(probabilities >= thresholds, probabilities, -1)
    is_counted, likely = above.max(axis=1) >= 0, above.argmax(axis=1)
    joint = np.zeros((n_classes, n_classes))
    np.add.at(joint, (labels[is_counted], likely[is_counted]), 1)
    of_class = joint.sum(axis=1)
    wrong = 1 - np.diag(joint) / np.maximum(of_class, 1)
    share = (counts / counts.sum() * np.where(of_class > 0, wrong, 0)).sum()
    return is_counted & (likely != labels), float(share)


def _among_certain(probabilities: Array, is_wrong: Array) -> float:
    """Return how often the more certain half of the predictions of each class is contradicted."""
    likely, certainty = probabilities.argmax(axis=1), probabilities.max(axis=1)
    share = 0.0
    for k in np.unique(likely):
        rows = np.flatnonzero(likely == k)
        certain = rows[np.argsort(-certainty[rows], kind="stable")][: (len(rows) + 1) // 2]
        wrong = is_wrong[certain].mean()
        share += len(rows) / len(likely) * (wrong if wrong <= OVERLAP else 0.0)
    return float(share)


def _skill(predictions: Array, labels: Array) -> float:
    counts = np.bincount(labels)
    recall = np.bincount(labels, predictions == labels) / counts
    return float((recall.mean() - 1 / len(counts)) / (1 - 1 / len(counts)))


def _of_numbers(view: View, at: Array, inputs: Array) -> list[Finding]:
    from statistics import NormalDist

    from sklearn.ensemble import RandomForestRegressor

    targets = view.labels.reshape(len(view.labels), -1)[at]
    found = []
    for values in targets.T:
        # As normal scores, in which a long tail of targets has no long tail of residuals.
        places = (kinds.ranks(values) - 0.5) / len(values)
        scores = np.array([NormalDist().inv_cdf(place) for place in places])
        variance = scores.var()
        if variance == 0:
            continue
        residuals = np.abs(scores - _forest(RandomForestRegressor, inputs, scores))
        explained = 1 - (residuals**2).mean() / variance
        spread = 1.4826 * np.median(residuals)
        tail = TAIL * np.quantile(residuals, 0.95)
        is_far = residuals > max(DEVIATIONS * spread, tail, DEVIATIONS_OF_TARGET)
        share = float(is_far.mean())
        if explained < EXPLAINED or share < SHARE_OF_RESIDUALS or is_far.sum() < 2:
            continue
        worst = np.flatnonzero(is_far)[np.argsort(-residuals[is_far], kind="stable")]
        words = (
            f"{len(worst):,} of {len(at):,} rows ({share:.1%}) lie more than {DEVIATIONS:g} "
            f"deviations from what a forest predicts (R2 {explained:.2f}), such as row "
            f"{view.development[at[worst[0]]]} with {values[worst[0]]:g}"
        )
        rule = "a target is near what the inputs of other rows say"
        found.append(_finding(view, at[worst], rule, words, share))
    return found
