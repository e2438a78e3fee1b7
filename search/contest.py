"""Whom a trial is pruned by, where trials differ in what they cost.

Optuna prunes by one curve, and refuses to where there are several objectives: a small network is
worse than a large one in every epoch, and may be what is looked for. Here the file's pruner judges
the curve of the primary objective, but sees only rivals: trials that are at least as good in all
that is known before the first epoch (`n_parameters`, `flops`, latency, as objectives or in outcome
constraints). So a trial is never pruned by one that costs more; where all cost the same, the
verdicts are the pruner's own.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, cast

import optuna
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from ..objectives.metrics import direction_of
from ..objectives.outcomes import measures_of
from ..spaces import Experiment
from ..spaces.outcomes import Outcome
from .trials import COSTS

See = Callable[[FrozenTrial], FrozenTrial | None]


class View:
    """A store in which trials are seen as `see` shows them, and all else is as it is."""

    def __init__(
        self, storage: BaseStorage, see: See, directions: Sequence[StudyDirection]
    ) -> None:
        self.storage, self.see, self.directions = storage, see, directions

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        seen = map(self.see, self.storage.get_all_trials(study_id, deepcopy, states))
        return [trial for trial in seen if trial is not None]

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        return list(self.directions)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.storage, name)


def viewed(study: optuna.Study, see: See, directions: Sequence[StudyDirection]) -> optuna.Study:
    """Return a study whose trials are seen otherwise. What is told it is told the study."""
    storage = cast(BaseStorage, View(study._storage, see, directions))
    return optuna.Study(study.study_name, storage, study.sampler, study.pruner)


def without_pruned_curves(trial: FrozenTrial) -> FrozenTrial:
    """Show what was pruned without what it had reported.

    TPE orders pruned trials by what they have reached, which it refuses where there are several
    objectives; without a curve they are all the same to it: bad.
    """
    if trial.state != TrialState.PRUNED or not trial.intermediate_values:
        return trial
    shown = copy.copy(trial)
    shown.intermediate_values = {}
    return shown


class Contest:
    """Judges the trials of one experiment."""

    def __init__(self, experiment: Experiment) -> None:
        measures = measures_of(experiment)
        self.costs = {
            objective.metric: -1 if direction_of(objective, experiment.task) == "maximize" else 1
            for objective in experiment.objectives
            if objective.metric in measures
        }
        self.outcomes = [o for o in experiment.outcomes if o.metric in measures]
        way = direction_of(experiment.objective, experiment.task)
        self.direction = StudyDirection[way.upper()]
        self.is_needed = bool(measures) or len(experiment.objectives) > 1
        self.ends_early = experiment.pruner.name != "none"

    def is_lost(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Return the verdict of the study's pruner on a trial, among its rivals."""
        see = self._rivals(trial)
        judged = viewed(study, see, [self.direction])
        return study.pruner.prune(judged, trial)

    def breach(self, costs: Mapping[str, float]) -> Outcome | None:
        """Return the first constraint that a trial is known to break before it is trained."""
        if not self.ends_early:
            return None
        known = (outcome for outcome in self.outcomes if outcome.metric in costs)
        return next((outcome for outcome in known if outcome.violation(costs) > 0), None)

    def _rivals(self, trial: FrozenTrial) -> See:
        own = trial.user_attrs.get(COSTS, {})

        def see(other: FrozenTrial) -> FrozenTrial | None:
            is_rival = self._is_as_good(other.user_attrs.get(COSTS, {}), own)
            return other if other.number == trial.number or is_rival else None

        return see

    def _is_as_good(self, costs: Mapping[str, float], own: Mapping[str, float]) -> bool:
        """Whether costs are at least as good as a trial's own, and break no more."""
        if not own.keys() <= costs.keys():
            return False  # nothing is known of a trial that has reported nothing yet
        if any(sign * costs[m] > sign * own[m] for m, sign in self.costs.items() if m in own):
            return False
        return self._violation(costs, own) <= self._violation(own, own)

    def _violation(self, costs: Mapping[str, float], names: Container[str]) -> float:
        known = (outcome for outcome in self.outcomes if outcome.metric in names)
        return sum(max(0.0, outcome.violation(costs)) for outcome in known)
