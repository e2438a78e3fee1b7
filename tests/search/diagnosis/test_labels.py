"""Labels that the trials' predictions speak against."""

from __future__ import annotations

import numpy as np
import pytest

from truetune.objectives.rowwise import Part
from truetune.search.diagnosis.labels import doubtful

N = 400


def told(labels: np.ndarray, sure: float, n_classes: int) -> np.ndarray:
    """Predictions that give each row's true class a probability."""
    said = np.full((len(labels), n_classes), (1 - sure) / (n_classes - 1))
    said[np.arange(len(labels)), labels] = sure
    return said


def part(labels: np.ndarray) -> Part:
    return Part(labels, (len(labels),), np.ones((1, 1)), np.arange(len(labels)))


@pytest.mark.parametrize("share", [0.08, 0.15, 0.25])
def test_the_share_of_flipped_labels_is_told(share: float) -> None:
    rng = np.random.default_rng(0)
    true = rng.integers(0, 4, N)
    is_wrong = rng.random(N) < share
    given = np.where(is_wrong, (true + 1) % 4, true)
    found = doubtful("classification", part(given), [told(true, 0.95, 4)])
    assert found is not None
    assert found.n_rows == is_wrong.sum()
    assert found.share == pytest.approx(is_wrong.mean(), abs=0.01)
    assert found.n == N


def test_the_same_holds_of_two_classes() -> None:
    rng = np.random.default_rng(0)
    true = rng.integers(0, 2, N)
    given = np.where(rng.random(N) < 0.15, 1 - true, true).reshape(-1, 1)
    found = doubtful("binary", part(given), [told(true, 0.95, 2)[:, 1:]])
    assert found is not None
    assert found.share == pytest.approx((given[:, 0] != true).mean(), abs=0.01)


def test_rows_of_an_overlap_are_no_wrong_labels() -> None:
    rng = np.random.default_rng(0)
    probability = rng.random((N, 1))
    labels = (rng.random((N, 1)) < probability).astype(int)
    assert doubtful("binary", part(labels), [probability]) is None


def test_right_labels_are_left_alone() -> None:
    labels = np.random.default_rng(0).integers(0, 4, N)
    assert doubtful("classification", part(labels), [told(labels, 0.9, 4)]) is None


@pytest.mark.parametrize(
    ("task", "labels", "predictions"),
    [
        ("regression", np.zeros((N, 1)), [np.zeros((N, 1))]),
        ("classification", np.zeros(N, int), [np.ones((N, 1))]),
        ("classification", np.arange(20) % 2, [np.full((20, 2), 0.5)]),
        ("classification", np.arange(N) % 3, [np.full((N, 2), 0.5)]),
        ("classification", np.arange(N) % 2, [np.full((N, 2), np.nan)]),
        ("classification", np.arange(N) % 2, []),
    ],
)
def test_nothing_is_said_where_nothing_can_be_told(
    task: str, labels: np.ndarray, predictions: list[np.ndarray]
) -> None:
    assert doubtful(task, part(labels), predictions) is None  # type: ignore[arg-type]
