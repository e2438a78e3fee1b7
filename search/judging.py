"""Trials in training: what they have reported, and whether they are trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import optuna

from ..objectives.contracts import Report
from ..spaces import Experiment
from .contest import Contest
from .storage import DriverStorage
from .trials import COSTS


@dataclass
class Running:
    """A trial in training: Optuna's handle, and what it has reported."""

    trial: optuna.Trial
    judged: int  # epochs an earlier attempt was judged on and survived
    curves: dict[str, list[float]] = field(default_factory=dict)  # metric to a value an epoch
    ended: list[int] = field(default_factory=list)  # milliseconds since 1970, of each epoch
    costs: Mapping[str, float] = field(default_factory=dict)  # known before the first epoch
    breach: str = ""  # of an outcome constraint, known from these
    seconds: float = 0.0


class Judge:
    """Tells Optuna of each epoch, and asks its pruner."""

    def __init__(
        self, experiment: Experiment, study: optuna.Study, storage: DriverStorage
    ) -> None:
        self.experiment, self.study, self.storage = experiment, study, storage
        self.contest = Contest(experiment)

    def ends(self, running: Running, report: Report, is_default: bool) -> bool:
        """Take in an epoch, and say whether the trial ends here.

        The default is trained to its end: everything is compared with it.
        """
        self._note_costs(running, report)
        is_last = report.kept_epoch is not None
        if not is_last and not is_default and self._is_in_breach(running):
            return True
        if not report.is_comparable or report.epoch <= running.judged:
            return False
        self._note_value(running.trial, report)
        return not is_last and self._is_lost(running.trial) and not is_default

    def constrain(self, running: Running, known: Mapping[str, float]) -> None:
        """Tell by how much a trial breaks each outcome constraint; at 0 and below it does not."""
        for outcome in self.experiment.outcomes:
            if outcome.metric in known:
                running.trial.set_constraint(str(outcome), outcome.violation(known))

    def _note_costs(self, running: Running, report: Report) -> None:
        """Keep what a trial's network costs, once."""
        if running.costs or not report.costs:
            return
        running.costs = report.costs
        running.trial.set_user_attr(COSTS, dict(report.costs))

    def _is_in_breach(self, running: Running) -> bool:
        """Whether what a trial's network costs breaks a constraint; say which."""
        broken = self.contest.breach(running.costs)
        if broken is not None:
            found = running.costs[broken.metric]
            running.breach = f"`{broken}` is broken whatever it learns: {found:.6g}"
        return broken is not None

    def _note_value(self, trial: optuna.Trial, report: Report) -> None:
        if report.epoch in self.storage.get_trial(trial._trial_id).intermediate_values:
            return
        value = report.metrics[self.experiment.objective.metric]
        if len(self.study.directions) == 1:
            trial.report(value, step=report.epoch)
        else:  # which Optuna refuses; the pruner that judges it sees one objective: see `contest`
            self.storage.set_trial_intermediate_value(trial._trial_id, report.epoch, value)

    def _is_lost(self, trial: optuna.Trial) -> bool:
        """Return the pruner's verdict."""
        if self.contest.is_needed:
            return self.contest.is_lost(self.study, self.storage.get_trial(trial._trial_id))
        return trial.should_prune()
