"""The best trials of a study: one where there is one objective, a Pareto front where several.

A trial is dominated by another that is as good in every objective and better in one; the front is
of those that no other dominates. A trial that breaks an outcome constraint is never among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from optuna.study import StudyDirection
from optuna.trial import FrozenTrial


def violation_of(trial: FrozenTrial) -> float:
    """Return by how much a trial breaks its outcome constraints, together; 0 where it does not."""
    return sum(excess for excess in trial.constraints.values() if excess > 0)


def is_feasible(trial: FrozenTrial) -> bool:
    """Whether a trial keeps to every outcome constraint."""
    return violation_of(trial) == 0


def best_of(
    complete: Iterable[FrozenTrial], directions: Sequence[StudyDirection]
) -> FrozenTrial | None:
    """Return the feasible trial with the best primary value.

    Of equals it is the one that the other objectives prefer, in their order, then the first: so it
    is on the front.
    """
    feasible = filter(is_feasible, complete)
    return min(feasible, key=lambda t: (costs_of(t, directions), t.number), default=None)


def front_of(
    complete: Iterable[FrozenTrial], directions: Sequence[StudyDirection]
) -> list[FrozenTrial]:
    """Return the feasible trials that none dominates, the best in the primary objective first."""
    front: list[FrozenTrial] = []
    feasible = filter(is_feasible, complete)
    # Whoever dominates a trial comes before it in this order.
    for trial in sorted(feasible, key=lambda t: (costs_of(t, directions), t.number)):
        costs = costs_of(trial, directions)
        if not any(_dominates(costs_of(other, directions), costs) for other in front):
            front.append(trial)
    return front


def nearest_of(complete: Iterable[FrozenTrial]) -> FrozenTrial | None:
    """Return the trial that breaks the outcome constraints least; of equals the first."""
    return min(complete, key=lambda trial: (violation_of(trial), trial.number), default=None)


def costs_of(trial: FrozenTrial, directions: Sequence[StudyDirection]) -> tuple[float, ...]:
    """Return a completed trial's values, each turned so that less is better."""
    assert trial.values is not None
    pairs = zip(trial.values, directions, strict=True)
    return tuple(-v if way == StudyDirection.MAXIMIZE else v for v, way in pairs)


def _dominates(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
