"""Among whom a trial of a front was picked."""

from __future__ import annotations

import optuna
import pytest
from optuna.trial import TrialState, create_trial

from truetune.search.competing import competition

# Loss and size. 0, 1 and 2 are the front; 3 is dominated; 4 breaks a bound; 5 and 6 were pruned.
COMPLETE = [(0.1, 9.0), (0.2, 5.0), (0.4, 1.0), (0.5, 5.0), (0.0, 1.0)]


@pytest.fixture
def study() -> optuna.Study:
    made = optuna.create_study(directions=["minimize", "minimize"])
    objective = [{"metric": "validation_loss"}, {"metric": "n_parameters"}]
    made.set_user_attr("identity", {"objective": objective})
    for number, (loss, size) in enumerate(COMPLETE):
        metrics = {"validation_loss": loss, "n_parameters": size}
        broken = {"a <= 1": 0.5} if number == 4 else None
        attributes = {"metrics": metrics, "costs": {"n_parameters": size}}
        trial = create_trial(values=[loss, size], user_attrs=attributes, constraints=broken)
        made.add_trial(trial)
    for size in (2.0, 7.0):
        attributes = {"costs": {"n_parameters": size}}
        made.add_trial(create_trial(state=TrialState.PRUNED, user_attrs=attributes))
    return made


@pytest.mark.parametrize(
    ("number", "picked", "took_part"),
    [
        (None, 0, [0, 1, 2, 3, 5, 6]),
        (0, 0, [0, 1, 2, 3, 5, 6]),
        (1, 1, [1, 2, 3, 5]),
        (2, 2, [2]),
    ],
)
def test_a_trial_of_a_front_was_picked_among_those_that_cost_no_more(
    number: int | None, picked: int, took_part: list[int], study: optuna.Study
) -> None:
    found = competition(study, number)
    assert found is not None
    assert found.picked == picked
    assert [t.number for t in study.trials if found.has_taken_part(t)] == took_part


def test_a_dominated_trial_was_not_picked(study: optuna.Study) -> None:
    assert competition(study, 3) is None


def test_with_one_objective_there_is_no_front_to_pick_from() -> None:
    study = optuna.create_study()
    study.add_trial(create_trial(value=1.0))
    assert competition(study, None) is None
