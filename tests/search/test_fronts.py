"""The Pareto front: checked by hand, and against Optuna's own."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import optuna
import pytest
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from truetune.search.fronts import best_of, front_of, nearest_of, violation_of

LESS, MORE = StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE


def trials(*values: Sequence[float], broken: Sequence[float] = ()) -> list[FrozenTrial]:
    """Return completed trials, numbered from 0; `broken` is by how much each breaks a bound."""
    made = []
    for number, of_one in enumerate(values):
        excess = broken[number] if broken else None
        constraints = None if excess is None else {"a <= 1": excess}
        trial = create_trial(values=list(of_one), constraints=constraints)
        trial.number = number
        made.append(trial)
    return made


# Loss and size, by hand. A picture of it, sizes to the right:
#
#   0.5   4
#   0.4      0        2          4 and 0 and 1 and 3 make the front;
#   0.3         1     5  6       2 is no better than 1 in anything, 5 has 1's loss and is larger,
#   0.2                  3       6 has 3's size and a larger loss
#         1  2  3  5  6
BY_HAND = [(0.4, 2), (0.3, 3), (0.4, 6), (0.2, 7), (0.5, 1), (0.3, 5), (0.3, 7)]


def test_the_front_is_that_found_by_hand() -> None:
    found = front_of(trials(*BY_HAND), [LESS, LESS])
    assert [trial.number for trial in found] == [3, 1, 0, 4]


def test_more_is_better_where_a_direction_says_so() -> None:
    mirrored = [(1 - loss, size) for loss, size in BY_HAND]
    found = front_of(trials(*mirrored), [MORE, LESS])
    assert [trial.number for trial in found] == [3, 1, 0, 4]


def test_a_trial_that_breaks_a_bound_is_never_on_the_front_and_dominates_nobody() -> None:
    broken = [0.0, -1.0, 0.0, 0.5, 0.0, 0.0, 0.0]  # trial 3 is the best in loss
    found = front_of(trials(*BY_HAND, broken=broken), [LESS, LESS])
    assert [trial.number for trial in found] == [1, 0, 4]
    best = best_of(trials(*BY_HAND, broken=broken), [LESS, LESS])
    assert best is not None
    assert best.number == 1


def test_equal_trials_are_on_the_front_together() -> None:
    found = front_of(trials((1, 2), (1, 2), (1, 3)), [LESS, LESS])
    assert [trial.number for trial in found] == [0, 1]


def test_of_equal_primary_values_the_best_is_one_that_is_not_dominated() -> None:
    best = best_of(trials((1, 3), (1, 2), (2, 1)), [LESS, LESS])
    assert best is not None
    assert best.number == 1


def test_of_one_objective_the_best_is_the_first_of_equals() -> None:
    for way, expected in ((LESS, 1), (MORE, 0)):
        best = best_of(trials((3,), (1,), (1,), (3,)), [way])
        assert best is not None
        assert best.number == expected


def test_without_trials_there_is_no_best() -> None:
    assert front_of([], [LESS, LESS]) == []
    assert best_of([], [LESS]) is None
    assert nearest_of([]) is None


def test_the_nearest_to_what_is_asked_for_breaks_it_least() -> None:
    made = trials((1,), (2,), (3,), broken=[0.5, 0.2, 0.2])
    assert best_of(made, [LESS]) is None
    nearest = nearest_of(made)
    assert nearest is not None
    assert nearest.number == 1


def test_violations_add_up_and_what_is_kept_to_makes_up_for_nothing() -> None:
    trial = create_trial(value=1.0, constraints={"a": 0.5, "b": -3.0, "c": 0.25})
    assert violation_of(trial) == 0.75


@pytest.mark.parametrize("n_objectives", [2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_the_front_is_optunas_own(n_objectives: int, seed: int) -> None:
    random = Random(seed)
    ways = [random.choice(["minimize", "maximize"]) for _ in range(n_objectives)]
    study = optuna.create_study(directions=ways)
    for _ in range(60):
        values = [random.randint(0, 9) / 10 for _ in ways]
        bound = {"a <= 1": random.choice([-1.0, 0.0, 0.1])}
        study.add_trial(create_trial(values=values, constraints=bound))
    complete = study.get_trials(states=(TrialState.COMPLETE,))
    numbers = [trial.number for trial in front_of(complete, study.directions)]
    assert sorted(numbers) == sorted(trial.number for trial in study.best_trials)
    best = best_of(complete, study.directions)
    assert best is not None
    assert best.number == numbers[0]
