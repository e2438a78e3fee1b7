"""Relevance: columns in the order of scikit-learn's own scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import datasets
from sklearn.feature_selection import SelectKBest, f_classif, f_regression

from truetune.objectives import relevance
from truetune.objectives.relevance import ranking


def each(n: int) -> list[list[int]]:
    return [[i] for i in range(n)]


@pytest.mark.parametrize(
    ("name", "task", "score"),
    [
        ("wine", "classification", f_classif),
        ("breast_cancer", "binary", f_classif),
        ("diabetes", "regression", f_regression),
    ],
)
@pytest.mark.parametrize("n_cells", [1, 2000, 16_000_000])
def test_columns_come_in_the_order_of_scikit_learns_scores(
    name: str, task: Any, score: Any, n_cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    x, n = x.astype(np.float32), x.shape[1]
    targets = y.reshape(-1, 1).astype(np.float32) if task != "classification" else y
    monkeypatch.setattr(relevance, "_CELLS_AT_ONCE", n_cells)
    found = ranking(x, targets, each(n), task)
    for k in (1, 3, n):
        best = SelectKBest(score, k=k).fit(x.astype(np.float64), y).get_support(indices=True)
        assert sorted(found[:k]) == best.tolist()


def test_a_columns_score_is_the_greatest_of_its_numbers() -> None:
    x, y = datasets.load_wine(return_X_y=True)
    scores = f_classif(x, y)[0]
    places = [[0, 1, 2], [3], [4, 5], [6, 7, 8, 9], [10, 11], [12]]
    worth = [max(scores[i] for i in own) for own in places]
    expected = sorted(range(len(places)), key=lambda i: -worth[i])
    assert list(ranking(x, y, places, "classification")) == expected


def test_of_several_targets_the_one_best_explained_counts() -> None:
    x, y = datasets.load_linnerud(return_X_y=True)
    best = np.max([f_regression(x, target)[0] for target in y.T], axis=0)
    assert list(ranking(x, y, each(3), "regression")) == np.argsort(-best).tolist()


@pytest.mark.parametrize("task", ["classification", "binary", "regression"])
def test_constant_column_comes_last_and_one_that_tells_all_first(task: Any) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 90)
    x = np.stack([np.full(90, 3.0), rng.normal(size=90), 2.0 * y, rng.normal(size=90)], axis=1)
    found = ranking(x, y, each(4), task)
    assert (found[0], found[-1]) == (2, 0)


def test_columns_that_say_as_much_keep_their_order() -> None:
    y = np.arange(30) % 2
    x = np.repeat((y + np.sin(np.arange(30)))[:, None], 5, axis=1)
    assert ranking(x, y, each(5), "binary") == (0, 1, 2, 3, 4)
