"""What thresholds are worth, against scikit-learn and answers given one threshold at a time."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from truetune.objectives.decision.drawing import draws
from truetune.objectives.decision.rules import Costs, Threshold
from truetune.objectives.decision.sweep import Sweep

RNG = np.random.default_rng(1)
COSTS = Costs(((0.0, 1.5), (4.0, 0.0)))


def rows(n: int, decimals: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (rows, 1), many of them equal, and 0/1 targets (rows, 1)."""
    targets = (RNG.uniform(size=(n, 1)) < 0.3).astype(np.float32)
    probabilities = np.clip(RNG.normal(0.35 + 0.3 * targets, 0.2), 0, 1).round(decimals)
    return probabilities, targets


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("decimals", [1, 12])
@pytest.mark.parametrize("counted", [False, True])
def test_every_threshold_is_worth_what_its_answers_are(
    number: int, decimals: int, counted: bool
) -> None:
    probabilities, targets = rows(30, decimals)
    counts = RNG.integers(0, 4, 30) if counted else np.ones(30, np.int64)
    sweep = Sweep.of(probabilities, targets, number, COSTS)
    figures = sweep.figures(counts if counted else None)
    assert len(sweep.thresholds) > 3
    matrix = np.array(COSTS.costs)
    for i, threshold in enumerate(sweep.thresholds):
        answers = Threshold(number, threshold).answers(probabilities)
        is_own, is_answered = targets[:, 0] == number, answers == number
        weighted = {"sample_weight": counts, "zero_division": np.nan}
        found = figures.at(i)
        assert sweep.index(threshold) == i
        assert found["recall"] == pytest.approx(
            metrics.recall_score(is_own, is_answered, **weighted)
        )
        precision = metrics.precision_score(is_own, is_answered, **weighted)
        assert found["precision"] == (None if np.isnan(precision) else pytest.approx(precision))
        assert found["f1"] == pytest.approx(
            metrics.f1_score(is_own, is_answered, sample_weight=counts, zero_division=0)
        )
        assert found["specificity"] == pytest.approx(
            metrics.recall_score(~is_own, ~is_answered, **weighted)
        )
        costs = matrix[targets[:, 0].astype(int), answers]
        assert found["cost"] == pytest.approx(np.average(costs, weights=counts))
        assert found["answered"] == pytest.approx(np.average(is_answered, weights=counts))


def test_of_several_classes_answers_are_swept_alike() -> None:
    targets = RNG.integers(0, 4, 120)
    probabilities = RNG.dirichlet(np.ones(4), 120) + np.eye(4)[targets]
    probabilities = (probabilities / probabilities.sum(axis=1, keepdims=True)).astype(np.float32)
    costs = RNG.uniform(0, 3, (4, 4)) * (1 - np.eye(4))
    sweep = Sweep.of(probabilities, targets, 2, Costs(tuple(map(tuple, costs.tolist()))))
    figures = sweep.figures()
    for i, threshold in enumerate(sweep.thresholds):
        answers = Threshold(2, threshold).answers(probabilities)
        assert figures.cost[i] == pytest.approx(costs[targets, answers].mean())
        assert figures.recall[i] == pytest.approx((answers[targets == 2] == 2).mean())
    assert (figures.recall[0], figures.answered[-1]) == (1.0, 0.0)


def test_between_neighbouring_numbers_nothing_is_rounded_away() -> None:
    lower = 0.25
    upper = np.nextafter(lower, 1)
    sweep = Sweep.of(np.array([[lower], [upper]]), np.array([[0.0], [1.0]]), 1, COSTS)
    figures = sweep.figures()
    place = sweep.index(lower)
    assert (figures.recall[place], figures.precision[place]) == (1.0, 1.0)


def test_a_probability_of_nothing_is_above_no_threshold() -> None:
    sweep = Sweep.of(np.array([[0.0], [0.5], [1.0]]), np.array([[1.0], [0.0], [1.0]]), 1, COSTS)
    assert sweep.thresholds.tolist() == [0.25, 0.75, 1.0]
    assert sweep.figures().recall.tolist() == [0.5, 0.5, 0.0]
    assert [sweep.index(t) for t in (0.0, 0.5, 1.0)] == [0, 1, 2]


def test_rows_of_a_block_are_drawn_together() -> None:
    blocks = np.array([7, 7, 3, 3, 3, 9])
    drawn = np.array(list(draws(blocks)))
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert (drawn[:, 2] == drawn[:, 4]).all()
    assert (drawn[:, [0, 2, 5]].sum(axis=1) == 3).all()
    assert drawn[:, [0, 2, 5]].mean() == pytest.approx(1)
    alone = np.array(list(draws(np.zeros(6, np.int64))))
    assert (alone.sum(axis=1) == 6).all()
    assert not (alone[:, 0] == alone[:, 1]).all()


def test_draws_are_those_of_their_seed() -> None:
    blocks = np.arange(50)
    first, again, other = (np.array(list(draws(blocks, seed))) for seed in (0, 0, 1))
    assert (first == again).all()
    assert not (first == other).all()
