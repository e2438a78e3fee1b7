"""Answers paid for by class, against scikit-learn's reports."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from truetune.objectives.decision.pricing import priced, saving
from truetune.objectives.decision.rules import Costs

RNG = np.random.default_rng(0)
N = 400
TARGETS = RNG.integers(0, 3, N)
PROBABILITIES = RNG.dirichlet([0.6, 0.6, 0.6], N)
PROBABILITIES = (PROBABILITIES + 0.7 * np.eye(3)[TARGETS]) / 1.7
COSTS = Costs(((0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (20.0, 20.0, 0.0)))


def test_answers_are_paid_for() -> None:
    answers = PROBABILITIES.argmax(axis=1)
    found = priced(TARGETS, answers, np.array(COSTS.costs))
    recall = metrics.recall_score(TARGETS, answers, average=None)
    precision = metrics.precision_score(TARGETS, answers, average=None)
    assert found.recall == pytest.approx(recall)
    assert found.precision == pytest.approx(precision)
    assert found.accuracy == pytest.approx(metrics.accuracy_score(TARGETS, answers))
    confusion = metrics.confusion_matrix(TARGETS, answers)
    assert found.cost == pytest.approx((confusion * np.array(COSTS.costs)).sum() / N)


def test_a_class_that_is_never_answered_has_no_precision() -> None:
    found = priced(np.array([0, 1]), np.array([0, 0]), np.ones((3, 3)))
    assert (found.recall, found.precision) == ((1.0, 0.0, None), (0.5, None, None))


def test_answers_by_cost_save_where_a_mistake_is_dear() -> None:
    found = saving(PROBABILITIES, TARGETS, COSTS, np.arange(N))
    assert found.saved == pytest.approx(found.likeliest.cost - found.by_cost.cost)
    assert found.low < found.saved < found.high
    assert found.low > 0
    assert found.rule_is_better
    assert found.by_cost.recall[2] > found.likeliest.recall[2]  # type: ignore[operator]


def test_nothing_is_saved_where_probabilities_are_less_sure_than_right() -> None:
    unsure = (1 + 0.4 * np.eye(3)[TARGETS]) / 3.4  # the likeliest class is right every time
    found = saving(unsure, TARGETS, COSTS, np.arange(N))
    assert found.likeliest.cost == 0
    assert found.by_cost.cost == pytest.approx((TARGETS != 2).mean())
    assert not found.rule_is_better


def test_nothing_is_saved_where_all_mistakes_cost_the_same() -> None:
    equal = Costs(tuple(tuple(float(i != j) for j in range(3)) for i in range(3)))
    found = saving(PROBABILITIES, TARGETS, equal, np.arange(N))
    assert (found.saved, found.rule_is_better) == (0, False)
