"""What a file must agree on where it has several objectives, or bounds on their metrics."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from ..spaces import Experiment, Problem
from ..spaces.outcomes import Outcome
from .metrics import FOOTPRINT, SHARES, named_outcome, outcomes_of, plain_name, refused_name

_KEY = "outcome_constraints"


def measures_of(experiment: Experiment) -> tuple[str, ...]:
    """Return what of a trial's network is measured, by name: what the file names of `FOOTPRINT`.

    What a function of the user's own trains is not known to be a network.
    """
    if experiment.objective.function is not None:
        return ()
    metrics = {objective.metric for objective in experiment.objectives}
    metrics |= {outcome.metric for outcome in experiment.outcomes}
    return tuple(name for name in FOOTPRINT if name in metrics)


def problems(experiment: Experiment) -> list[Problem]:
    """Return what is wrong with the objectives beside the first, and with the bounds."""
    return [*_of_objectives(experiment), *_of_bounds(experiment), *_between(experiment.outcomes)]


def where_of(experiment: Experiment, i: int) -> tuple[str | int, ...]:
    """Return where the objective of that number stands in the file."""
    return ("objective", i) if experiment.objective.others else ("objective",)


def _of_objectives(experiment: Experiment) -> Iterator[Problem]:
    if experiment.objective.function is not None:
        return  # see `own_objective`
    known = outcomes_of(experiment.task)
    for i, objective in enumerate(experiment.objective.others, start=1):
        metric, direction = objective.metric, objective.direction
        where = where_of(experiment, i)
        if metric not in known:
            rule = f"a {experiment.task} has no metric '{metric}' to optimise."
            yield Problem((*where, "metric"), rule, named_outcome(metric, experiment.task))
        elif direction not in (None, known[metric]):
            rule = f"`{direction}` would look for the worst {metric}."
            fix = f"Write `direction: {known[metric]}`, or leave it out."
            yield Problem((*where, "direction"), rule, fix)


def _of_bounds(experiment: Experiment) -> Iterator[Problem]:
    is_own = experiment.objective.function is not None
    known = outcomes_of(experiment.task)
    for i, outcome in enumerate(experiment.outcomes):
        where, metric = (_KEY, i), outcome.metric
        if is_own:
            if refusal := refused_name(metric):
                yield Problem(where, refusal, "Give it another name.")
        elif metric not in known:
            rule = f"a {experiment.task} has no metric '{metric}' to bound."
            yield Problem(where, rule, named_outcome(metric, experiment.task))
        elif plain_name(metric) in SHARES and not 0 <= outcome.bound <= 1:
            rule = f"{metric} is a share from 0 to 1, but got {outcome.bound:.12g}."
            is_percent = 1 < outcome.bound <= 100
            fix = f"Write `{outcome.bound / 100:.12g}`." if is_percent else ""
            yield Problem(where, rule, fix)
        elif metric in FOOTPRINT and outcome.sense == "<=" and outcome.bound <= 0:
            rule = f"no network has {metric} of {outcome.bound:.12g} or less."
            yield Problem(where, rule, "Raise the bound.")


def _between(outcomes: tuple[Outcome, ...]) -> Iterator[Problem]:
    """Yield each pair of bounds that no trial can keep."""
    for (_, one), (i, other) in itertools.combinations(enumerate(outcomes), 2):
        if one.metric != other.metric or one.sense == other.sense:
            continue
        least, most = (one, other) if one.sense == ">=" else (other, one)
        if least.bound > most.bound:
            rule = f"no number is both `{least}` and `{most}`."
            yield Problem((_KEY, i), rule, "Remove one of them.")
