"""A study: what Optuna is asked and told. With `storage` and `strategies`, all that knows Optuna.

A trial that was running when its process died, or when the search was interrupted, goes back
to WAITING under its own number, with its parameters. Asked for again, it trains from the same
seed to the same result: nothing is lost, nothing is counted twice, and a sampler that is seeded
by the trial's number goes on as if nothing had happened.
"""

from __future__ import annotations

import bisect
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from ..errors import InputError, StorageError, TuneError, did_you_mean
from ..objectives.contracts import Assignment, Report
from ..objectives.development import Description, Seal
from ..objectives.files import WEIGHTS
from ..objectives.metrics import direction_of
from ..objectives.seeds import trial_seed
from ..spaces import Experiment
from ..spaces.expressions import ExpressionError
from .carrying import Carry, carried
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
from .storage import DriverStorage, open_store
from .strategies import make_pruner, make_sampler

optuna.logging.set_verbosity(optuna.logging.ERROR)

# A trial whose process dies is given to another worker; one that takes three down is at fault.
MAX_ATTEMPTS = 3

# Losers' weights would fill the disk; their predictions stay.
N_WEIGHTS_KEPT = 5

# A dashboard may be this much behind. Many epochs then share a transaction.
FLUSH_INTERVAL_S = 0.1

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


@dataclass
class Running:
    """A trial in training: Optuna's handle, and what it has reported."""

    trial: optuna.Trial
    judged: int  # epochs an earlier attempt was judged on and survived
    curves: dict[str, list[float]] = field(default_factory=dict)  # metric to a value an epoch
    ended: list[int] = field(default_factory=list)  # milliseconds since 1970, of each epoch
    seconds: float = 0.0


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
        self._with_weights: list[tuple[float, int, str]] = []  # the best trials, best first

    @classmethod
    def open(
        cls,
        experiment: Experiment,
        url: str,
        description: Description,
        carry: Carry | None = None,
    ) -> Study:
        """Create the study, or continue it.

        Raises:
            InputError: the study exists with another identity, or its data has changed, or
                there is nothing to carry over from.
            StorageError: the database cannot be opened.
        """
        direction = direction_of(experiment.objective, experiment.task)
        try:
            store = open_store(url)
            taken = _taken(carry, store, experiment, description)
            storage = DriverStorage(store)
            study = optuna.create_study(
                storage=storage,
                study_name=experiment.study,
                direction=direction,
                load_if_exists=True,
                pruner=make_pruner(experiment.pruner, experiment.training.epochs),
            )
            attributes = study.user_attrs
        except TuneError:
            raise
        except Exception as error:  # SQLAlchemy's and the driver's own, of many kinds
            raise unreadable(url, error) from error
        opened = cls(experiment, description, study, storage)
        has_trials = bool(study.get_trials(deepcopy=False))
        if attributes or has_trials:
            check_same(experiment, attributes)
            check_data(experiment, description, attributes)
            opened._take_up()
        else:
            # In one transaction: a kill leaves all of it or nothing.
            study.set_user_attr("identity", identity_of(experiment, description))
        opened._begin(taken)
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
        complete = [trial for trial in finished if trial.state == TrialState.COMPLETE]
        self._with_weights = sorted(map(self._rank, complete))[:N_WEIGHTS_KEPT]

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
    def has_pruned(self) -> bool:
        return bool(self.optuna.get_trials(deepcopy=False, states=(TrialState.PRUNED,)))

    @property
    def is_spent(self) -> bool:
        """Whether every trial of the budget is finished or running."""
        return self.n_finished + len(self.running) >= self.experiment.budget.trials

    def ask(self) -> Assignment:
        """Choose the next configuration: one that waits, else the sampler's."""
        trials = self.optuna.get_trials(deepcopy=False)
        waiting = [trial.number for trial in trials if trial.state == TrialState.WAITING]
        number = waiting[0] if waiting else len(trials)
        seed = trial_seed(self.experiment.seed, number)
        space = self.experiment.space
        self.optuna.sampler = make_sampler(self.experiment.sampler, space, seed)
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
        if not report.is_comparable:
            return False
        if report.epoch > running.judged:
            known = self._frozen(running.trial).intermediate_values
            if report.epoch not in known:
                value = report.metrics[self.experiment.objective.metric]
                running.trial.report(value, step=report.epoch)
        if report.kept_epoch is not None or report.epoch <= running.judged:
            return False
        # The default is trained to its end: everything is compared with it.
        return running.trial.should_prune() and report.number != self.default

    def complete(self, report: Report, folder: str) -> FrozenTrial:
        assert report.kept_metrics is not None
        metrics = dict(report.kept_metrics)
        value = metrics[self.experiment.objective.metric]
        record = {"kept_epoch": report.kept_epoch} | ({"folder": folder} if folder else {})
        trial = self._tell(report.number, TrialState.COMPLETE, value, metrics, record)
        self._keep_weights_of_the_best(trial)
        return trial

    def prune(self, number: int, cause: str) -> FrozenTrial:
        curves = self.running[number].curves
        last = {name: values[-1] for name, values in curves.items()}
        return self._tell(number, TrialState.PRUNED, None, last, {}, cause)

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
        value: float | None,
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
        self.optuna.tell(running.trial, value, state)
        self.n_finished += 1
        return self._frozen(running.trial)

    def _keep_weights_of_the_best(self, trial: FrozenTrial) -> None:
        bisect.insort(self._with_weights, self._rank(trial))
        for _, number, folder in self._with_weights[N_WEIGHTS_KEPT:]:
            if folder and number != self.default:
                (Path(folder) / WEIGHTS).unlink(missing_ok=True)
        del self._with_weights[N_WEIGHTS_KEPT:]

    def _rank(self, trial: FrozenTrial) -> tuple[float, int, str]:
        """Return what completed trials are ordered by, best first, and where their files are."""
        folder = trial.user_attrs.get("record", {}).get("folder", "")
        return *_order(trial, self.optuna.direction), folder

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
        """The completed trial with the best value; of equals the first."""
        complete = self.optuna.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        return best_of(complete, self.optuna.direction)


def default_of(trials: Iterable[FrozenTrial], default: Mapping[str, Any]) -> int | None:
    """Return the number of the first trial that has, or waits with, the default configuration."""
    asked = (t.number for t in trials if default in (t.params, t.system_attrs.get("fixed_params")))
    return next(asked, None)


def best_of(complete: list[FrozenTrial], direction: StudyDirection) -> FrozenTrial | None:
    """Return the trial with the best value; of equals the first."""
    return min(complete, key=lambda trial: _order(trial, direction), default=None)


def _order(trial: FrozenTrial, direction: StudyDirection) -> tuple[float, int]:
    """Return what puts the better of two completed trials first, and the first of equals."""
    assert trial.value is not None
    return (-trial.value if direction == StudyDirection.MAXIMIZE else trial.value), trial.number


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


@contextmanager
def store_errors(study: Study) -> Iterator[None]:
    """Turn what a store raises in mid-search (a full disk, a lost server) into a StorageError."""
    try:
        yield
    except optuna.exceptions.StorageInternalError as error:
        cause = str(error.__cause__ or error).splitlines()[0]
        raise StorageError(
            f"the Optuna store failed in mid-search ({cause}).",
            "Free the disk or bring the server back; the same command then goes on.",
        ) from error


def unreadable(url: str, error: Exception) -> StorageError:
    """Return the error for a database that cannot be opened."""
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    return StorageError(
        f"the Optuna store {_without_password(url)} cannot be opened ({reason}).",
        "Restore it from a backup, or give another place with --home or --storage.",
    )


def _without_password(url: str) -> str:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "at an address that cannot be read"  # and may hold a password all the same
