"""A study: what Optuna is asked and told. With `storage` and `strategies`, all that knows Optuna.

A trial that was running when its process died, or when the search was interrupted, goes back
to WAITING under its own number, with its parameters. Asked for again, it trains from the same
seed to the same result: nothing is lost, nothing is counted twice, and a sampler that is seeded
by the trial's number goes on as if nothing had happened.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import optuna
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from ..errors import InputError, TuneError, did_you_mean
from ..objectives.contracts import Assignment, Report
from ..objectives.development import Description, Seal
from ..objectives.metrics import direction_of
from ..objectives.seeds import trial_seed
from ..spaces import Experiment
from ..spaces.expressions import ExpressionError
from .broken_store import unreadable
from .carrying import Carry, carried
from .contest import viewed, without_pruned_curves
from .fronts import best_of, front_of
from .guarding import ATTRIBUTE, Guard, begun, touched
from .identity import (
    SETTINGS,
    changed_code,
    check_data,
    check_same,
    code_settings,
    data_settings,
    identity_of,
    weights_settings,
)
from .judging import Judge, Running
from .keeping import Keeping
from .stages import ATTRIBUTE as STAGES
from .staging import Staging
from .storage import DriverStorage, open_store
from .strategies import make_pruner, make_sampler

optuna.logging.set_verbosity(optuna.logging.ERROR)

# A trial whose process dies is given to another worker; one that takes three down is at fault.
MAX_ATTEMPTS = 3

# A dashboard may be this much behind. Many epochs then share a transaction.
FLUSH_INTERVAL_S = 0.1

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


class Study:
    """One study, held by one driver."""

    def __init__(
        self,
        experiment: Experiment,
        description: Description,
        study: optuna.Study,
        storage: DriverStorage,
    ) -> None:
        self.experiment = experiment
        self.description = description
        self.optuna = study
        self.storage = storage
        self.running: dict[int, Running] = {}
        self._flushed = 0.0  # on the monotonic clock
        self.n_finished = 0
        self.changed_code: list[str] = []  # what of the user's own was other code before
        self.default: int | None = None  # number of the trial of the default configuration
        self._judge = Judge(experiment, study, storage)
        self._keeping = Keeping(study.directions)
        self.staging = Staging(experiment.space, study.user_attrs)

    @classmethod
    def open(
        cls,
        experiment: Experiment,
        url: str,
        description: Description,
        carry: Carry | None = None,
        only: Sequence[str] = (),
    ) -> Study:
        """Create the study, or continue it.

        Args:
            experiment: what the file says.
            url: of the store.
            description: of the data.
            carry: the study whose trials are taken over.
            only: names of the parameters that this stage draws, `stages.named`; () for all.

        Raises:
            InputError: the study exists with another identity, or its data has changed, or
                there is nothing to carry over from.
            StorageError: the database cannot be opened.
        """
        directions = [direction_of(each, experiment.task) for each in experiment.objectives]
        try:
            store = open_store(url)
            taken = _taken(carry, store, experiment, description)
            storage = DriverStorage(store)
            study = optuna.create_study(
                storage=storage,
                study_name=experiment.study,
                directions=directions,
                load_if_exists=True,
                pruner=make_pruner(experiment.pruner, experiment.training.epochs),
            )
            attributes = study.user_attrs
        except TuneError:
            raise
        except Exception as error:  # SQLAlchemy's and the driver's own, of many kinds
            raise unreadable(url, error) from error
        if len(study.directions) > 1:
            study = viewed(study, without_pruned_curves, study.directions)
        opened = cls(experiment, description, study, storage)
        has_trials = bool(study.get_trials(deepcopy=False))
        if attributes or has_trials:
            check_same(experiment, attributes)
            check_data(experiment, description, attributes)
            opened._take_up()
        else:
            opened._name_objectives()
            # In one transaction: a kill leaves all of it or nothing.
            study.set_user_attr("identity", identity_of(experiment, description))
        opened._begin(taken)
        opened._stage(only)
        settings = experiment.model_dump(mode="json")
        changeable = {key: settings[key] for key in SETTINGS}
        of_files = data_settings(experiment) | code_settings(experiment)
        of_files |= weights_settings(experiment)
        opened.changed_code = changed_code(attributes, of_files)
        study.set_user_attr("settings", changeable | of_files)
        study.set_user_attr("state", "running")
        return opened

    def _begin(self, taken: list[FrozenTrial]) -> None:
        """Add what is carried over and is not there yet, then the default configuration.

        Trial 0, or the first after those, is what all others are compared with.
        """
        trials = self.optuna.get_trials(deepcopy=False)
        known = [trial.user_attrs.get("carried_from") for trial in trials]
        self.optuna.add_trials(t for t in taken if t.user_attrs["carried_from"] not in known)
        trials = self.optuna.get_trials(deepcopy=False)
        default = self.experiment.space.asked(self.experiment.space.default())
        if all("carried_from" in t.user_attrs and t.params != default for t in trials):
            self.optuna.enqueue_trial(default)
        trials = self.optuna.get_trials(deepcopy=False)
        self.default = default_of(trials, default)
        finished = [trial for trial in trials if trial.state in FINISHED]
        self.n_finished = len(finished)
        self._keeping.begin(trial for trial in finished if trial.state == TrialState.COMPLETE)

    def _name_objectives(self) -> None:
        """Let Optuna's own dashboard call several objectives by their names."""
        if self.experiment.objective.others:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                self.optuna.set_metric_names([each.metric for each in self.experiment.objectives])

    def _stage(self, only: Sequence[str]) -> None:
        """Go on with the last stage, or begin another where there are trials left for one."""
        if self.staging.is_last(only) or self.n_finished >= self.experiment.budget.trials:
            return
        self.staging.begin(only, self.best, len(self.optuna.get_trials(deepcopy=False)))
        stages = [stage.to_json() for stage in self.staging.stages]
        self.optuna.set_user_attr(STAGES, stages)

    def _take_up(self) -> None:
        """Put what an earlier driver left running back in the queue."""
        for trial in self.optuna.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            self._queue_again(trial, "the search was killed")

    @property
    def n_carried(self) -> int:
        """How many trials come from another study."""
        trials = self.optuna.get_trials(deepcopy=False)
        return sum("carried_from" in trial.user_attrs for trial in trials)

    def guard(self, seal: Seal, guard: Guard) -> None:
        """Keep what is known of the sealed rows. Raises GuardError if they are others now."""
        was = self.optuna.user_attrs.get(ATTRIBUTE)
        kept = begun(self.experiment.study, was, seal, guard)
        self.optuna.set_user_attr(ATTRIBUTE, kept)

    def taint(self, number: int, what: str) -> None:
        """Remember that a trial tried to reach sealed rows."""
        was = self.optuna.user_attrs[ATTRIBUTE]
        self.optuna.set_user_attr(ATTRIBUTE, touched(was, number, what))

    # Asking

    @property
    def has_trained(self) -> bool:
        """Whether a trial has ended otherwise than by failing."""
        trained = (TrialState.COMPLETE, TrialState.PRUNED)
        return bool(self.optuna.get_trials(deepcopy=False, states=trained))

    @property
    def is_spent(self) -> bool:
        """Whether every trial of the budget is finished or running, or none is worth asking."""
        used = self.n_finished + len(self.running)
        return used >= self.experiment.budget.trials or self.is_used_up

    @property
    def is_used_up(self) -> bool:
        """Whether the stage has drawn all that there is."""
        return self.staging.is_used_up(self.optuna.get_trials(deepcopy=False))

    def ask(self) -> Assignment:
        """Choose the next configuration: one that waits, else the sampler's."""
        trials = self.optuna.get_trials(deepcopy=False)
        waiting = [trial.number for trial in trials if trial.state == TrialState.WAITING]
        number = waiting[0] if waiting else len(trials)
        seed = trial_seed(self.experiment.seed, number)
        space = self.experiment.space
        held = self.staging.held(number, trials)
        self.optuna.sampler = make_sampler(self.experiment.sampler, space, seed, held)
        trial = self.optuna.ask()
        assert trial.number == number
        try:
            configuration = space.suggest(trial)
        except ExpressionError as error:
            self.optuna.tell(trial, state=TrialState.FAIL)
            raise InputError(error.rule, "Change it, or the ranges that it speaks of.") from error
        if told := space.told(configuration):
            trial.set_user_attr("told", told)
        fixed = self.experiment.training.seed
        seed = seed if fixed is None else fixed
        trial.set_user_attr("seed", seed)
        reported = self._frozen(trial).intermediate_values
        self.running[number] = Running(trial, judged=max(reported, default=1) - 1)
        return Assignment(number, configuration, seed)

    # Telling

    def report(self, report: Report) -> bool:
        """Take in an epoch and say whether the pruner ends the trial here."""
        running = self.running[report.number]
        running.seconds += report.seconds
        if report.repeats:
            return False
        for name, value in report.metrics.items():
            running.curves.setdefault(name, []).append(value)
        running.ended.append(time.time_ns() // 1_000_000)
        return self._judge.ends(running, report, report.number == self.default)

    def complete(self, report: Report, folder: str) -> FrozenTrial:
        assert report.kept_metrics is not None
        metrics = dict(report.kept_metrics)
        values = [metrics[objective.metric] for objective in self.experiment.objectives]
        record = {"kept_epoch": report.kept_epoch} | ({"folder": folder} if folder else {})
        trial = self._tell(report.number, TrialState.COMPLETE, values, metrics, record)
        self._keeping.take(trial, self.default)
        return trial

    def prune(self, number: int, cause: str) -> FrozenTrial:
        running = self.running[number]
        last = {name: values[-1] for name, values in running.curves.items()} | dict(running.costs)
        return self._tell(number, TrialState.PRUNED, None, last, {}, running.breach or cause)

    def fail(self, number: int, cause: str, traceback: str = "") -> FrozenTrial:
        return self._tell(number, TrialState.FAIL, None, {}, {"traceback": traceback}, cause)

    def retry(self, number: int, cause: str) -> bool:
        """Queue a trial whose process died, and say so; False if it has had all its attempts."""
        trial = self._frozen(self.running[number].trial)
        if trial.user_attrs.get("attempts", 1) >= MAX_ATTEMPTS:
            return False
        del self.running[number]
        self._queue_again(trial, cause)
        return True

    def set_aside(self) -> None:
        """Queue everything that runs, for the next time the command is given."""
        for running in self.running.values():
            self._queue_again(self._frozen(running.trial))
        self.running.clear()

    def flush(self) -> None:
        """Write what has been reported, a few times a second at most."""
        if time.monotonic() - self._flushed >= FLUSH_INTERVAL_S:
            self.storage.flush()
            self._flushed = time.monotonic()

    def _tell(
        self,
        number: int,
        state: TrialState,
        values: Sequence[float] | None,
        metrics: dict[str, float],
        record: dict[str, Any],
        cause: str = "",
    ) -> FrozenTrial:
        """End a trial. All of it is on disk when this returns."""
        running = self.running.pop(number)
        record |= {
            "curves": running.curves,
            "ended": running.ended,
            "seconds": round(running.seconds, 4),
        }
        # Each attribute costs a transaction, so what nobody reads alone goes into one.
        for key, attribute in {"metrics": metrics, "record": record, "cause": cause}.items():
            if attribute:
                running.trial.set_user_attr(key, attribute)
        known = metrics if state == TrialState.COMPLETE else running.costs
        self._judge.constrain(running, known)
        self.optuna.tell(running.trial, values, state)
        self.n_finished += 1
        return self._frozen(running.trial)

    def _queue_again(self, trial: FrozenTrial, cause: str = "") -> None:
        if cause:
            attempts = trial.user_attrs.get("attempts", 1) + 1
            self.storage.set_trial_user_attr(trial._trial_id, "attempts", attempts)
            self.storage.set_trial_user_attr(trial._trial_id, "last_cause", cause)
        self.storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)

    def _frozen(self, trial: optuna.Trial) -> FrozenTrial:
        return self.storage.get_trial(trial._trial_id)

    # Looking

    @property
    def seconds_before(self) -> dict[str, float]:
        """The account of all earlier runs."""
        return dict(self.optuna.user_attrs.get("seconds", {}))

    def end(self, state: str, seconds: Mapping[str, float], executor: str) -> None:
        """Write how this run ended."""
        self.storage.flush()
        before = self.seconds_before
        total = {name: value + before.get(name, 0.0) for name, value in seconds.items()}
        self.optuna.set_user_attr("seconds", total)
        self.optuna.set_user_attr("executor", executor)
        self.optuna.set_user_attr("state", state)

    @property
    def best(self) -> FrozenTrial | None:
        """The completed trial with the best value; of equals the first. See `fronts`."""
        return best_of(self._complete, self.optuna.directions)

    @property
    def front(self) -> list[FrozenTrial]:
        """The completed trials that are best in one way or another. See `fronts`."""
        return front_of(self._complete, self.optuna.directions)

    @property
    def _complete(self) -> list[FrozenTrial]:
        return self.optuna.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def default_of(trials: Iterable[FrozenTrial], default: Mapping[str, Any]) -> int | None:
    """Return the number of the first trial that has, or waits with, the default configuration."""
    asked = (t.number for t in trials if default in (t.params, t.system_attrs.get("fixed_params")))
    return next(asked, None)


def _taken(
    carry: Carry | None, store: RDBStorage, experiment: Experiment, description: Description
) -> list[FrozenTrial]:
    """Return what is to be carried over from another study of the same store."""
    if carry is None:
        return []
    names = optuna.get_all_study_names(store)
    if carry.study not in names or carry.study == experiment.study:
        known = [name for name in names if name != experiment.study]
        fix = did_you_mean(carry.study, known) if known else "Search without --from."
        raise InputError(f"there is no other study '{carry.study}' to carry over from.", fix)
    source = optuna.load_study(study_name=carry.study, storage=store)
    identity = identity_of(experiment, description)
    return list(carried(source, experiment, identity, carry.folder))


def is_spent(experiment: Experiment, url: str) -> bool:
    """Return whether a study exists that has used its budget up, without changing anything.

    Raises InputError as `check_same` does.
    """
    try:
        study = optuna.load_study(study_name=experiment.study, storage=open_store(url))
    except KeyError:
        return False
    except Exception as error:
        raise unreadable(url, error) from error
    check_same(experiment, study.user_attrs)
    finished = study.get_trials(deepcopy=False, states=FINISHED)
    return len(finished) >= experiment.budget.trials
