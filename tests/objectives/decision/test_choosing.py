"""The threshold that meets a goal: against a search by hand, and against fresh rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve

from truetune.errors import InputError
from truetune.objectives.decision import drawing
from truetune.objectives.decision.choosing import Goal, choose
from truetune.objectives.decision.rules import Costs, Threshold, bayes_threshold
from truetune.objectives.decision.sweep import Sweep

EQUAL = Costs(((0.0, 1.0), (1.0, 0.0)))
DEAR = Costs(((0.0, 1.0), (9.0, 0.0)))


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "_RESAMPLES", (60, 120))


def rows(n: int, seed: int, slope: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose probabilities are right where the slope is 1, and too sure where it is more."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(-1, 2, (n, 1))
    targets = rng.uniform(size=(n, 1)) < 1 / (1 + np.exp(-logits))
    return 1 / (1 + np.exp(-slope * logits)), targets.astype(np.float32)


def sweep_of(seed: int, n: int = 300, costs: Costs = EQUAL, slope: float = 1.0) -> Sweep:
    return Sweep.of(*rows(n, seed, slope), 1, costs)


@pytest.mark.parametrize("least", [0.5, 0.9, 1.0])
def test_a_recall_is_kept_at_the_best_precision(least: float) -> None:
    probabilities, targets = rows(300, 3)
    choice = choose(
        Sweep.of(probabilities, targets, 1, EQUAL), Goal("recall", least), np.arange(300)
    )
    precision, recall, _ = precision_recall_curve(targets[:, 0], probabilities[:, 0])
    best = precision[recall >= least].max()
    assert choice.figures["precision"] == pytest.approx(best)
    assert choice.figures["recall"] is not None
    assert choice.figures["recall"] >= least


@pytest.mark.parametrize("least", [0.6, 0.8, 0.95])
def test_a_precision_is_kept_at_the_best_recall(least: float) -> None:
    probabilities, targets = rows(300, 4)
    goal = Goal("precision", least)
    choice = choose(Sweep.of(probabilities, targets, 1, EQUAL), goal, np.arange(300))
    precision, recall, _ = precision_recall_curve(targets[:, 0], probabilities[:, 0])
    assert choice.figures["recall"] == pytest.approx(recall[precision >= least].max())
    assert choice.figures["precision"] is not None
    assert choice.figures["precision"] >= least


def test_a_goal_that_nothing_meets_says_what_can_be_had() -> None:
    sweep = Sweep.of(np.array([[0.9], [0.5], [0.1]]), np.array([[0.0], [1.0], [0.0]]), 1, EQUAL)
    with pytest.raises(InputError, match=r"a precision of 0\.8 .* the most is 0\.5") as error:
        choose(sweep, Goal("precision", 0.8), np.arange(3))
    assert "--precision 0.5 at most" in error.value.fix


def test_costs_of_probabilities_that_are_too_sure_are_least_elsewhere_than_in_theory() -> None:
    bayes = bayes_threshold(DEAR.costs, 1)  # 0.1
    sweep = sweep_of(0, n=5_000, costs=DEAR, slope=4.0)
    choice = choose(sweep, Goal("costs", bayes), np.arange(5_000))
    figures = sweep.figures()
    assert choice.by == "rows"
    assert choice.figures["cost"] == pytest.approx(figures.cost.min())
    # A logit of log(0.1 / 0.9) is right, and is 4 times that here.
    right = 1 / (1 + 9.0**4)
    low, high = choice.interval["threshold"]
    assert low <= right * 3
    assert high >= right / 3
    assert choice.threshold < bayes / 10
    probabilities, targets = rows(50_000, 1, slope=4.0)
    matrix, true = np.array(DEAR.costs), targets[:, 0].astype(int)
    elsewhere = [
        matrix[true, Threshold(1, t).answers(probabilities)].mean()
        for t in (choice.threshold, bayes)
    ]
    assert elsewhere[0] < elsewhere[1]
    assert choice.expected["cost"] == pytest.approx(elsewhere[0], rel=0.1)


def test_of_few_rows_with_right_probabilities_theory_is_kept() -> None:
    bayes = bayes_threshold(DEAR.costs, 1)
    goal, blocks = Goal("costs", bayes), np.arange(60)
    choices = [choose(sweep_of(seed, 60, DEAR), goal, blocks) for seed in range(8)]
    by_theory = [choice for choice in choices if choice.by == "theory"]
    assert len(by_theory) >= 6
    assert all(choice.threshold == bayes for choice in by_theory)
    assert all(choice.interval["threshold"] == (bayes, bayes) for choice in by_theory)
    for choice in by_theory:
        assert choice.expected["cost"] == choice.figures["cost"]


def test_what_is_expected_of_other_rows_is_what_they_show() -> None:
    """The recall that was asked for is met by half of all other rows, and the tool says so."""
    n, n_studies = 120, 20
    here, expected, elsewhere, reached = [], [], [], []
    fresh, targets = rows(20_000, 999)
    for seed in range(n_studies):
        choice = choose(sweep_of(seed, n), Goal("recall", 0.9), np.arange(n), seed)
        here.append(choice.figures["recall"])
        expected.append(choice.expected["recall"])
        answers = Threshold(1, choice.threshold).answers(fresh)
        elsewhere.append(answers[targets[:, 0] == 1].mean())
        reached.append(choice.reached)
    assert np.mean(expected) == pytest.approx(np.mean(elsewhere), abs=0.015)
    assert np.mean(here) > np.mean(elsewhere) + 0.005
    assert np.mean(reached) == pytest.approx(np.mean(np.array(elsewhere) >= 0.9), abs=0.2)


def test_ranges_hold_the_truth_as_often_as_they_say() -> None:
    """Of a threshold that is fixed: recall at Bayes' rule, of right probabilities."""
    fresh, targets = rows(100_000, 999)
    true = Threshold(1, 0.1).answers(fresh)[targets[:, 0] == 1].mean()
    goal = Goal("costs", 0.1)
    held = []
    for seed in range(24):
        choice = choose(sweep_of(seed, 150, DEAR), goal, np.arange(150), seed)
        if choice.by == "theory":
            low, high = choice.interval["recall"]
            held.append(low <= true <= high)
    assert len(held) >= 15
    assert np.mean(held) >= 0.85


def test_a_share_without_a_single_mistake_has_a_range_all_the_same() -> None:
    """Wilson's: of 20 rows, all of them found, the lower end is 20 / (20 + z^2)."""
    probabilities = np.concatenate([np.full((20, 1), 0.9), np.full((40, 1), 0.1)])
    targets = (probabilities > 0.5).astype(np.float32)
    choice = choose(Sweep.of(probabilities, targets, 1, EQUAL), Goal("recall", 1.0), np.arange(60))
    low, high = choice.interval["recall"]
    assert low == pytest.approx(20 / (20 + 1.959964**2), rel=1e-6)
    assert high == 1
    by_block = choose(
        Sweep.of(probabilities, targets, 1, EQUAL), Goal("recall", 1.0), np.arange(60) // 2
    )
    assert by_block.interval["recall"][0] == pytest.approx(10 / (10 + 1.959964**2), rel=1e-6)


def test_the_same_rows_and_seed_choose_the_same() -> None:
    first, again = (choose(sweep_of(2), Goal("recall", 0.9), np.arange(300)) for _ in range(2))
    assert first == again
    assert first.to_json() == again.to_json()
