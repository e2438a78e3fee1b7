"""From an experiment file to a finished search: what starts, in which order, and ends.

Three things take seconds and do not need each other: Ray, the child process that reads, splits
and seals the data, and the process that imports MLflow. They start side by side.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Interrupted, TuneError
from ..objectives import requirements
from ..objectives.development import Development
from ..objectives.files import save_data
from ..objectives.guard.levels import denied_paths, reasons_for_audit
from ..objectives.guard.places import Places
from ..objectives.handing import OpenFiles
from ..objectives.own_code import files_of, named_in
from ..objectives.preparation import Preparation
from ..spaces import Experiment, Loaded, load_with_document, raise_problems
from .accounts import Accounts
from .baselines import Baselines
from .extra_runs import closing
from .guarding import Guard, attempts_of, level_of, reasons_of
from .home import Home
from .lock import StudyLock, is_held
from .recorder import Delivery, Destination, MLflowRecorder, describe
from .stages import named

if TYPE_CHECKING:
    from .executors.base import Executor
    from .study import Study
    from .summary import Summary


@dataclass(frozen=True)
class Options:
    """What the command line or a caller adds to a file. None: the environment, else a default."""

    home: str | Path | None = None
    storage: str | None = None
    tracking_uri: str | None = None
    executor: str = "ray"
    address: str | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    carry_from: str | None = None  # a study whose trials are taken over where they fit
    only: Sequence[str] = ()  # parameters that are drawn, the rest as it is best; () for all
    quiet: bool = False


class Stop:
    """Why a running search should end before its budget of trials is spent.

    The first signal asks the search to stop, the second ends the program. A closed terminal
    (SIGHUP) and a polite kill (SIGTERM) count like Ctrl-C.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.deadline: float | None = None  # on the monotonic clock
        self.signal: int | None = None
        self.interrupt: Callable[[], None] = lambda: None  # ends what would not look at this
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        return self.signal is not None or self.is_late

    @property
    def is_late(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline

    def __enter__(self) -> Stop:
        self.listen()
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def listen(self) -> None:
        """Take the signals over. To be called again after what takes them over itself."""
        if threading.current_thread() is not threading.main_thread():
            return  # Python delivers signals to the main thread only
        for number in self.SIGNALS:
            self._before.setdefault(number, signal.getsignal(number))
            signal.signal(number, self._handle)

    def _handle(self, number: int, _: object) -> None:
        if self.signal is not None:
            raise Interrupted("interrupted twice; what was finished is kept.")
        self.signal = number
        self.interrupt()


def load(path: str | Path, overrides: Mapping[str, Any]) -> Loaded:
    """Read a file and hold it against the data, the model and the trainer it names."""
    loaded = load_with_document(path, overrides)
    raise_problems(loaded.document, requirements.problems(loaded.experiment))
    return loaded


def run(path: str | Path, options: Options = Options()) -> Summary:
    """Run or continue the search that a file describes.

    Raises:
        TuneError: see `errors` for which mistake is which class. What was finished is kept.
    """
    accounts = Accounts()
    with ExitStack() as stack:
        stop = stack.enter_context(Stop())
        with accounts.startup:
            loaded = load(path, options.overrides)
            experiment = loaded.experiment
            options = replace(options, only=named(experiment.space, options.only))
            home = Home.at(options.home)
            home.check()
            places = Places.here()
            places.check(home.root, Path(path).parent)
            _refuse_if_held(home, experiment.study)
            destination = Destination.of(home, experiment.study, options.tracking_uri)
            if not options.quiet:
                for warning in loaded.document.warnings:
                    print(
                        f"{warning.place}: warning: {warning.rule} {warning.fix}", file=sys.stderr
                    )
                for file in files_of(experiment):
                    print(f"{experiment.study}: runs code of {file}", file=sys.stderr)
                print(f"{experiment.study}: starting up", file=sys.stderr, flush=True)
            recorder = MLflowRecorder()
            stack.callback(recorder.cancel)
            preparation = Preparation(experiment, places)
            preparation.keeps_files = bool(experiment.baselines)
            stack.callback(preparation.cancel)
            with _interruptible(stop, preparation):
                study, executor = _start(loaded, options, home, preparation, stack)
            stop.listen()  # Ray has put its own handlers in the place of ours
            about = describe(experiment, study.description, loaded.document.text)
            recorder.open(destination, about)
            rows = preparation.files if experiment.baselines else OpenFiles({})
            trials = home.trials(experiment.study)
            baselines = Baselines(experiment, study.optuna, rows, trials)
            stack.callback(baselines.cancel)
        if experiment.budget.time_s is not None:
            left = experiment.budget.time_s - study.seconds_before.get("wall", 0.0)
            stop.deadline = time.monotonic() + left
        return _search(study, executor, recorder, baselines, accounts, stop, options, str(path))


@contextmanager
def _interruptible(stop: Stop, preparation: Preparation) -> Iterator[None]:
    """End the reading of the data with the first signal: it may take minutes."""
    stop.interrupt = preparation.interrupt
    try:
        yield
    except TuneError as error:
        if stop.signal is None or isinstance(error, Interrupted):
            raise
        cause = "interrupted before the first trial; nothing was begun."
        raise Interrupted(cause, "Run the command again.") from None
    finally:
        stop.interrupt = lambda: None


def _refuse_if_held(home: Home, study: str) -> None:
    """Say so at once, before anything is started for nothing. The lock itself comes later."""
    if is_held(home.lock(study)):
        with StudyLock(home.lock(study), study):
            pass  # it was let go of just now


def _check_strategies(loaded: Loaded) -> None:
    from . import strategies  # imports Optuna, now that the child processes are on their way

    raise_problems(loaded.document, strategies.problems(loaded.experiment))


def _start(
    loaded: Loaded,
    options: Options,
    home: Home,
    preparation: Preparation,
    stack: ExitStack,
) -> tuple[Study, Executor]:
    """Open the study while the executor's processes start."""
    _check_strategies(loaded)
    if options.carry_from is not None:
        from .queries import Studies

        Studies(home, options.storage).load(options.carry_from)  # or say that there is none
    experiment = loaded.experiment
    url = options.storage or home.storage_url
    trials = str(home.trials(experiment.study))

    def open_study(known: Development, guard: Guard) -> Study:
        """Create what a search leaves: only now, when nothing can be wrong with its input."""
        from .carrying import Carry
        from .study import Study

        home.create()
        stack.enter_context(StudyLock(home.lock(experiment.study), experiment.study))
        carry = Carry(options.carry_from, Path(trials)) if options.carry_from else None
        study = Study.open(experiment, url, known.description, carry, options.only)
        assert known.seal is not None
        study.guard(known.seal, guard)
        save_data(known, home.data(experiment.study))
        for key in () if options.quiet else study.changed_code:
            told = f"{named_in(experiment).get(key)} has changed since the study began; its trials"
            print(f"{experiment.study}: warning: {told} may not be comparable.", file=sys.stderr)
        if carry is not None and not options.quiet:
            told = f"{study.n_carried} trials of {carry.study} fit and are carried over"
            print(f"{experiment.study}: {told}", file=sys.stderr, flush=True)
        if not options.quiet and (stage := study.staging.last(options.only)):
            print(f"{experiment.study}: {stage.sentence}", file=sys.stderr, flush=True)
        return study

    reasons = reasons_for_audit(experiment, options.executor, options.address, home.root)
    denied = denied_paths(experiment, Places.here(), home.root)
    is_spent = _is_spent(experiment, url, options, home)
    if options.executor == "inline" or is_spent:
        from .executors.inline import InlineExecutor

        development = preparation.result()
        # Where nothing is left to train, nothing can reach a test row.
        guard = Guard("kernel") if is_spent else Guard("audit", reasons)
        inline = InlineExecutor(experiment, development, trials, denied)
        return open_study(development, guard), inline
    home.create_root(stack)  # what is made once Ray runs, its processes may not be able to read
    executor, known, is_locked = _on_ray(experiment, options, trials, denied, preparation, stack)
    if is_locked and not reasons:
        guard = Guard("kernel")
    else:
        guard = Guard("audit", reasons or ("the kernel refused to lock Ray's processes.",))
    return open_study(known, guard), executor  # the actors import torch meanwhile


def _on_ray(
    experiment: Experiment,
    options: Options,
    trials: str,
    denied: tuple[Path, ...],
    preparation: Preparation,
    stack: ExitStack,
) -> tuple[Executor, Development, bool]:
    """Start Ray while the data are read, and hand them over: only the workers hold rows then.

    Say, too, whether the kernel keeps all that Ray starts away from vault and source.
    """
    from .executors import cluster

    with ThreadPoolExecutor(1) as beside:
        reading = beside.submit(preparation.result)
        stack.callback(cluster.stop)
        is_locked = cluster.start(options.address, experiment.resources, denied)
        n_workers, gpus_each = cluster.share_out(experiment.resources)
        development = reading.result()
    from .executors.ray_actors import RayExecutor

    executor = RayExecutor(
        experiment,
        development,
        trials,
        n_workers,
        gpus_each,
        denied,
        locks_itself=options.address is not None,
    )
    return executor, development.without_rows(), is_locked


def _is_spent(experiment: Experiment, url: str, options: Options, home: Home) -> bool:
    """Whether there is nothing left to train, so that no worker need start.

    A study that the file no longer fits is refused here, before anything is started for it.
    """
    if options.storage is None and not home.optuna_db.exists():
        return False
    from .study import is_spent

    return is_spent(experiment, url)


def _search(
    study: Study,
    executor: Executor,
    recorder: MLflowRecorder,
    baselines: Baselines,
    accounts: Accounts,
    stop: Stop,
    options: Options,
    path: str,
) -> Summary:
    """Search, then close everything and sum up, whichever way the search ended."""
    from . import loop, progress
    from .broken_store import store_errors

    shown = progress.make(accounts, path, options.quiet)

    def show(study: Study) -> None:
        if accounts.epochs:  # not before: nothing keeps the first epoch waiting
            baselines.start()
        shown.show(study)

    failure: TuneError | None = None
    with store_errors():
        try:
            with accounts.looping:
                loop.search(study, executor, recorder, accounts, stop, show)
        except TuneError as error:
            failure = error
        finally:
            shown.close(study)
        study.set_aside()
        outcome = _outcome(study, stop, failure, options.only)
        with accounts.baselines:
            waits = outcome[0] == "finished"
            is_closed = _finish(baselines, waits, executor, stop, options.quiet)
        with accounts.recording:
            baselines.record(recorder)
            delivery = _deliver(study, recorder, outcome[0], None if is_closed else executor)
        seconds = accounts.seconds(executor.n_slots)
        study.end(outcome[0], seconds, options.executor)
    if failure is not None:
        raise failure
    return _summary(study, options, outcome, seconds, accounts.epochs, delivery)


def _summary(
    study: Study,
    options: Options,
    outcome: tuple[str, str],
    seconds: dict[str, float],
    epochs: int,
    delivery: Delivery,
) -> Summary:
    from .diagnosis import after_search
    from .held_against import held_against
    from .progress import counts
    from .summary import Summary
    from .trade_offs import front_objects, objectives_of, shortfall_of
    from .trials import best_object

    experiment, stored = study.experiment, study.optuna
    has_several = bool(experiment.objective.others)
    return Summary(
        study=experiment.study,
        metric=experiment.objective.metric,
        state=outcome[0],
        direction=stored.directions[0].name.lower(),
        executor=options.executor,
        guard_level=level_of(stored.user_attrs),
        guard_reasons=reasons_of(stored.user_attrs),
        trials=counts(stored.get_trials(deepcopy=False)),
        best=best_object(study.best),
        objectives=tuple(objectives_of(stored)) if has_several else (),
        front=tuple(front_objects(stored)) if has_several else (),
        shortfall=shortfall_of(stored),
        seconds=seconds,
        epochs=epochs,
        reason=outcome[1],
        delivery=delivery,
        n_folds=study.description.n_folds,
        touched=attempts_of(stored.user_attrs),
        stage=study.staging.last(options.only),
        held=held_against(Home.at(options.home), experiment, stored, study.best),
        diagnosis=after_search(Home.at(options.home), stored, experiment, outcome[0]),
    )


def _finish(
    baselines: Baselines, waits: bool, executor: Executor, stop: Stop, is_quiet: bool
) -> bool:
    """End the baselines, or wait for them, which a first signal ends; the search has ended.

    Say whether the executor was closed, so that its processors are theirs.
    """
    if not waits:
        baselines.finish(False, is_quiet)
        return False
    baselines.start()
    stop.interrupt = baselines.interrupt
    is_closing = baselines.is_at_work
    if is_closing:
        executor.close()
    baselines.finish(True, is_quiet)
    stop.interrupt = lambda: None
    return is_closing


def _deliver(
    study: Study, recorder: MLflowRecorder, state: str, executor: Executor | None
) -> Delivery:
    """Let MLflow have what it lacks, while the executor ends if it has not yet."""
    from .study import FINISHED
    from .trials import best_object

    about = closing(state, best_object(study.best), level_of(study.optuna.user_attrs))
    trials = study.optuna.get_trials(deepcopy=False, states=FINISHED)
    with ThreadPoolExecutor(1) as beside:
        delivering = beside.submit(recorder.close, trials, about)
        if executor is not None:
            executor.close()  # Ray's processes take a second to end
        delivery: Delivery = delivering.result()
    return delivery


def _outcome(
    study: Study, stop: Stop, failure: TuneError | None, only: Sequence[str]
) -> tuple[str, str]:
    budget = study.experiment.budget
    if failure is not None:
        return "failed", failure.cause
    if study.n_finished >= budget.trials or study.is_used_up:
        if not study.has_trained:
            return "failed", "every trial failed"
        return "finished", _what_is_done(study, only)
    if stop.signal is not None:
        return "interrupted", f"interrupted after {study.n_finished} of {budget.trials} trials"
    return "finished", f"the time of {budget.time} is spent"


def _what_is_done(study: Study, only: Sequence[str]) -> str:
    n_trials = study.experiment.budget.trials
    if study.n_finished < n_trials:
        return f"there is nothing left to try where {study.staging.stages[-1].sentence}"
    if not only or study.staging.is_last(only):
        return f"all {n_trials} trials are done"
    wanted = f"none is left to draw only {', '.join(only)} (--trials asks for more)"
    return f"all {n_trials} trials are done, {wanted}"
