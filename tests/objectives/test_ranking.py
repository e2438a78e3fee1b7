"""AUROC: that of scikit-learn, on rows as they are and on rows drawn again."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from truetune.objectives import ranking
from truetune.objectives.development import Array
from truetune.objectives.ranking import area, ranks, score


def table(seed: int, n_classes: int) -> tuple[Array, Array]:
    """Return class numbers, and probabilities of which many are tied; some classes are absent."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 60))
    targets = rng.integers(0, n_classes - seed % 2, size=n)
    return targets, rng.dirichlet(np.ones(n_classes), size=n).round(1)


def plain(targets: Array, predictions: Array, weights: Array | None = None) -> float:
    """Return the mean of scikit-learn's AUROC over the classes that have one."""
    weights = np.ones(len(targets)) if weights is None else weights
    drawn = weights > 0
    targets, predictions, weights = targets[drawn], predictions[drawn], weights[drawn]
    areas = [
        roc_auc_score(targets == k, predictions[:, k], sample_weight=weights)
        for k in range(predictions.shape[1])
        if len(np.unique(targets == k)) == 2
    ]
    return float(np.mean(areas)) if areas else 0.5


def binary(targets: Array) -> Array:
    return targets[:, None].astype(np.float32)


@pytest.mark.parametrize("seed", range(20))
def test_area_of_two_classes_is_scikit_learns(seed: int) -> None:
    targets, predictions = table(seed, 3)
    found = score(binary(targets == 1), predictions[:, 1:2])
    if len(np.unique(targets == 1)) == 2:
        assert found == pytest.approx(roc_auc_score(targets == 1, predictions[:, 1]))
    else:
        assert found == 0.5


def test_area_of_several_classes_is_scikit_learns_mean_of_each_against_the_rest() -> None:
    rng = np.random.default_rng(0)
    targets, predictions = rng.integers(0, 5, size=200), rng.dirichlet(np.ones(5), size=200)
    expected = roc_auc_score(targets, predictions, multi_class="ovr", average="macro")
    assert score(targets, predictions) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("n_classes", [2, 5])
def test_class_without_rows_is_left_out(n_classes: int, seed: int) -> None:
    targets, predictions = table(seed, n_classes)
    assert score(targets, predictions) == pytest.approx(plain(targets, predictions))


@pytest.mark.parametrize("seed", range(20))
def test_rows_drawn_so_often_are_rows_of_that_weight(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets, predictions = table(seed, 4)
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 1 + len(targets) // 2, size=len(targets))
    counts = rng.integers(0, 3, size=(9, blocks.max() + 1)).astype(np.uint8)
    classes = ranks(targets, predictions, blocks)
    found = area(classes, counts)
    expected = [plain(targets, predictions, drawn[blocks]) for drawn in counts]
    assert found == pytest.approx(expected)
    monkeypatch.setattr(ranking, "_MAX_CELLS", 1)
    assert area(classes, counts).tolist() == found.tolist()


@pytest.mark.parametrize("target", [0, 1])
def test_rows_of_one_class_rank_nothing(target: int) -> None:
    assert score(binary(np.full(3, target)), np.array([[0.1], [0.5], [0.9]])) == 0.5


def test_class_that_no_network_knows_is_one_of_the_rest() -> None:
    targets, predictions = np.array([0, 1, 1, 2]), np.array([[0.2], [0.4], [0.9], [0.6]])
    expected = roc_auc_score(targets == 1, predictions[:, 0])
    assert score(binary(targets), predictions) == pytest.approx(expected) == 0.75
    shares = np.concatenate([1 - predictions, predictions], axis=1)
    assert score(targets, shares) == pytest.approx(plain(targets, shares))
