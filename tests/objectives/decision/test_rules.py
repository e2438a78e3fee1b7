"""From probabilities to answers, against the formulas of Elkan (2001) written out."""

from __future__ import annotations

import json

import numpy as np
import pytest

from truetune.objectives.decision.rules import (
    Costs,
    Likeliest,
    Rule,
    Threshold,
    bayes_threshold,
    rule_of,
    score_of,
)

OF_TWO = np.array([[0.1], [0.4], [0.5], [0.500001], [0.9]])
OF_THREE = np.array([[0.5, 0.3, 0.2], [0.2, 0.45, 0.35], [0.1, 0.2, 0.7], [0.4, 0.2, 0.4]])


@pytest.mark.parametrize(
    ("rule", "probabilities", "answers"),
    [
        (Likeliest(), OF_TWO, [0, 0, 0, 1, 1]),
        (Likeliest(), OF_THREE, [0, 1, 2, 0]),
        (Threshold(1, 0.3), OF_TWO, [0, 1, 1, 1, 1]),
        (Threshold(1, 0.5), OF_TWO, [0, 0, 0, 1, 1]),
        (Threshold(1, 1.0), OF_TWO, [0, 0, 0, 0, 0]),
        (Threshold(0, 0.8), OF_TWO, [0, 1, 1, 1, 1]),  # 1 - 0.1 is above
        (Threshold(2, 0.25), OF_THREE, [2, 2, 2, 2]),  # 0.2 / (0.2 + 0.5) is 0.286
        (Threshold(2, 0.3), OF_THREE, [0, 2, 2, 2]),
        (Threshold(2, 0.5), OF_THREE, [0, 1, 2, 0]),
        (Threshold(2, 0.9), OF_THREE, [0, 1, 1, 0]),  # the likeliest of the others
    ],
)
def test_a_rule_answers(rule: Rule, probabilities: np.ndarray, answers: list[int]) -> None:
    assert rule.answers(probabilities).tolist() == answers
    assert rule_of(json.loads(json.dumps(rule.to_json()))) == rule


def test_costs_answer_what_costs_least() -> None:
    costs = ((0.0, 1.0, 4.0), (2.0, 0.0, 1.0), (9.0, 3.0, 0.0))
    by_hand = []
    for row in OF_THREE:
        expected = [sum(row[i] * costs[i][j] for i in range(3)) for j in range(3)]
        by_hand.append(expected.index(min(expected)))
    assert Costs(costs).answers(OF_THREE).tolist() == by_hand
    assert by_hand != Likeliest().answers(OF_THREE).tolist()
    again = rule_of(json.loads(json.dumps(Costs(costs).to_json())))
    assert again == Costs(costs)


@pytest.mark.parametrize(("miss", "alarm"), [(1, 1), (5, 1), (1, 3), (2, 0), (0, 2), (7.5, 2.5)])
def test_of_two_classes_costs_are_a_threshold(miss: float, alarm: float) -> None:
    costs = ((0.0, alarm), (miss, 0.0))
    threshold = bayes_threshold(costs, 1)
    assert threshold == pytest.approx(alarm / (alarm + miss))
    assert bayes_threshold(costs, 0) == pytest.approx(1 - threshold)
    probabilities = np.random.default_rng(0).uniform(0.001, 0.999, (200, 1))
    by_costs = Costs(costs).answers(probabilities)
    assert (Threshold(1, threshold).answers(probabilities) == by_costs).all()


def test_the_score_of_a_class_is_half_where_another_is_as_likely() -> None:
    rows = np.array([[0.3, 0.3, 0.4], [0.4, 0.2, 0.4], [0.0, 0.0, 1.0]])
    assert score_of(rows, 0) == pytest.approx([3 / 7, 0.5, 0.0])
    tiny = np.array([[1e-300]])
    assert score_of(tiny, 1).tolist() == [1e-300]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Threshold(1, 1.5), "`0 <= threshold <= 1` must hold, but got 1.5"),
        (lambda: Costs(((0.0, 1.0), (1.0,))), "costs are of each class for each"),
        (lambda: Costs(((0.0, -1.0), (1.0, 0.0))), "a cost is a number from 0"),
        (lambda: Costs(((0.0, float("nan")), (1.0, 0.0))), "a cost is a number from 0"),
        (lambda: rule_of({"rule": "guess"}), "but got 'guess'"),
    ],
)
def test_what_is_no_rule_is_refused(make: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()  # type: ignore[operator]
