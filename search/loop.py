"""The search, on one screen: ask, train, judge, tell, until the budget is spent."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import TuneError
from .accounts import Accounts
from .executors.base import Diverged, Executor, Failed, Finished, Lost, Progress, Touched
from .recorder import Recorder
from .study import Study

# After so many failures in a row it is not the configurations that are at fault.
MAX_FAILURES_IN_A_ROW = 5


def search(
    study: Study,
    executor: Executor,
    recorder: Recorder,
    accounts: Accounts,
    should_stop: Callable[[], bool],
    show: Callable[[Study], None],
) -> None:
    """Run trials until the budget is spent or `should_stop` says so.

    No epoch starts before the verdict on the last: a trial trains on when `dispatch` is called
    again, by which time the pruner has judged what it reported.
    """
    failures_in_a_row = 0
    while not should_stop():
        with accounts.asking:
            while len(study.running) < executor.n_slots and not study.is_spent:
                executor.submit(study.ask())
        executor.dispatch()
        if not study.running:
            return
        with accounts.storing:
            study.flush()  # while the workers train
        show(study)
        for event in executor.events():
            with accounts.storing:
                match event:
                    case Progress(report):
                        accounts.trained(report)
                        if not study.report(report):
                            continue
                        executor.prune(report.number)
                        trial = study.prune(report.number, f"pruned in epoch {report.epoch}")
                    case Touched(number, what):
                        study.taint(number, what)
                        continue
                    case Finished(report, folder):
                        accounts.trained(report)
                        study.report(report)
                        trial = study.complete(report, folder)
                        failures_in_a_row = 0
                    case Diverged(number, epoch, cause) if epoch > 1:
                        trial = study.prune(number, cause)
                    case Diverged(number, _, cause):
                        trial = study.fail(number, cause)
                    case Lost(number, cause):
                        if study.retry(number, cause):
                            continue
                        trial = study.fail(number, cause)
                        failures_in_a_row += 1
                    case Failed(number, cause, traceback):
                        trial = study.fail(number, cause, traceback)
                        failures_in_a_row += 1
            accounts.ended += 1
            recorder.record(trial)
            if failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
                raise TuneError(
                    f"{failures_in_a_row} trials in a row failed, the last with: {cause}",
                    f"See `tune logs {study.experiment.study} {trial.number}`, then run again.",
                )
