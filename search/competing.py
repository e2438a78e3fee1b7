"""Among whom a trial was picked, so that it can be corrected for being the best of so many.

With one objective those are all trials that anybody could have picked. A trial of a front is the
best in the primary objective among those that are at least as good in all others: these it was
picked among, and the best in the primary objective alone among all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from .fronts import costs_of, front_of, is_feasible
from .trade_offs import has_several, objectives_of
from .trials import COSTS


@dataclass(frozen=True)
class Competition:
    """A trial of a front, and who competed with it."""

    picked: int
    has_taken_part: Callable[[FrozenTrial], bool]


def competition(study: optuna.Study, number: int | None) -> Competition | None:
    """Return how a trial was picked, the best in the primary objective where none is named.

    None where there is one objective, no feasible trial, or the trial is not on the front: its
    value then counts as it does with one objective.
    """
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    front = front_of(complete, study.directions) if has_several(study) else []
    if not front:
        return None
    if number is None or number == front[0].number:
        return Competition(front[0].number, is_feasible)
    picked = next((trial for trial in front if trial.number == number), None)
    return None if picked is None else Competition(number, _beside(study, picked))


def _beside(study: optuna.Study, picked: FrozenTrial) -> Callable[[FrozenTrial], bool]:
    """Return whether a trial is at least as good as the picked one in all but the primary
    objective. What is not known of a pruned trial does not speak against it."""
    others = [objective["metric"] for objective in objectives_of(study)][1:]
    own = costs_of(picked, study.directions)[1:]
    ways = study.directions[1:]

    def has_taken_part(trial: FrozenTrial) -> bool:
        is_complete = trial.state == TrialState.COMPLETE
        known = trial.user_attrs.get("metrics" if is_complete else COSTS, {})
        return is_feasible(trial) and all(
            _cost(known[metric], way) <= least
            for metric, way, least in zip(others, ways, own, strict=True)
            if metric in known
        )

    return has_taken_part


def _cost(value: float, way: StudyDirection) -> float:
    return -value if way == StudyDirection.MAXIMIZE else value
