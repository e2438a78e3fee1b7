"""What a person sees while a search runs: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Protocol, TextIO

from optuna.trial import FrozenTrial, TrialState

from .accounts import Accounts
from .study import Study
from .trials import parameters_of, value_of

PLAIN_INTERVAL_S = 10.0
LOOK_INTERVAL_S = 0.1


class Progress(Protocol):
    """Shows how a search goes. Called once an epoch; must be cheap."""

    def show(self, study: Study) -> None: ...

    def close(self, study: Study) -> None: ...


class Silent:
    """Shows nothing."""

    def show(self, study: Study) -> None:
        pass

    def close(self, study: Study) -> None:
        pass


class Lines:
    """Plain lines on standard error: each failure, and a summary every ten seconds."""

    def __init__(self, accounts: Accounts, path: str, stream: TextIO | None = None) -> None:
        self.accounts, self.path = accounts, path
        self.stream = stream or sys.stderr
        self.started = self.shown = self.looked = time.monotonic()
        self.failures: set[int] = set()

    def show(self, study: Study) -> None:
        if time.monotonic() - self.looked < LOOK_INTERVAL_S:
            return
        self.looked = time.monotonic()
        self.show_failures(study)
        if time.monotonic() - self.shown >= PLAIN_INTERVAL_S:
            self.shown = time.monotonic()
            self.print(describe(study, self.accounts, self.shown - self.started))

    def show_failures(self, study: Study) -> None:
        for trial in new_failures(study, self.failures):
            self.print(failure_text(trial, self.path))

    def print(self, text: str) -> None:
        print(text, file=self.stream, flush=True)

    def close(self, study: Study) -> None:
        self.show_failures(study)


class Live:
    """One line on a terminal, redrawn in place, with a bar; failures scroll above it."""

    def __init__(self, accounts: Accounts, path: str) -> None:
        from rich.console import Console
        from rich.live import Live as RichLive

        self.accounts, self.path = accounts, path
        self.console = Console(stderr=True)
        self.live = RichLive("", console=self.console, auto_refresh=False, transient=True)
        self.live.start()
        self.started = time.monotonic()
        self.shown = 0.0
        self.failures: set[int] = set()

    def show(self, study: Study) -> None:
        if time.monotonic() - self.shown < LOOK_INTERVAL_S:
            return
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        self.shown = time.monotonic()
        self.show_failures(study)
        grid = Table.grid(padding=(0, 1))
        bar = ProgressBar(study.experiment.budget.trials, study.n_finished, width=24)
        grid.add_row(bar, describe(study, self.accounts, self.shown - self.started))
        self.live.update(grid, refresh=True)

    def show_failures(self, study: Study) -> None:
        for trial in new_failures(study, self.failures):
            text = failure_text(trial, self.path)
            self.console.print(text, style="red", highlight=False, markup=False)

    def close(self, study: Study) -> None:
        self.live.stop()
        self.show_failures(study)


def make(accounts: Accounts, path: str, quiet: bool) -> Progress:
    """Return what suits where standard error goes."""
    if quiet:
        return Silent()
    return Live(accounts, path) if sys.stderr.isatty() else Lines(accounts, path)


def counts(trials: list[FrozenTrial]) -> dict[str, int]:
    """Return how many trials there are in all and in each state."""
    states = Counter(trial.state for trial in trials)
    return {
        "total": len(trials),
        "complete": states[TrialState.COMPLETE],
        "pruned": states[TrialState.PRUNED],
        "failed": states[TrialState.FAIL],
        "running": states[TrialState.RUNNING],
    }


def describe(study: Study, accounts: Accounts, elapsed_s: float) -> str:
    """Return the line: finished of total, how they ended, best, speed, time left.

    The time left assumes that trials go on ending as fast as they have in this run.
    """
    budget = study.experiment.budget.trials
    n = counts(study.optuna.get_trials(deepcopy=False))
    parts = [
        f"{study.n_finished}/{budget} trials",
        f"{n['complete']} done, {n['pruned']} pruned, {n['failed']} failed",
    ]
    best = study.best
    if best is not None:
        metric = study.experiment.objective.metric
        parts.append(f"best {metric} {value_of(best):.4g} (trial {best.number})")
    if study.experiment.objective.others:
        parts.append(f"{len(study.front)} on the front")
    if elapsed_s > 0:
        parts.append(f"{accounts.epochs / elapsed_s:.0f} epochs/s")
    if accounts.ended:
        left = (budget - study.n_finished) * elapsed_s / accounts.ended
        parts.append(f"{duration(left)} left")
    return " | ".join(parts)


def duration(seconds: float) -> str:
    """Return "8.1 s", "5 min 03 s" or "2 h 05 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def new_failures(study: Study, shown: set[int]) -> list[FrozenTrial]:
    """Return failed trials not shown before, and remember them."""
    failed = study.optuna.get_trials(deepcopy=False, states=(TrialState.FAIL,))
    fresh = [trial for trial in failed if trial.number not in shown]
    shown.update(trial.number for trial in fresh)
    return fresh


def failure_text(trial: FrozenTrial, path: str) -> str:
    """Return a failed trial's own traceback, its configuration, and how to run it again."""
    return "\n".join(
        [
            f"trial {trial.number} failed: {trial.user_attrs.get('cause', 'unknown cause')}",
            trial.user_attrs.get("record", {}).get("traceback", "").rstrip(),
            f"  configuration: {parameters_of(trial)}",
            f"  run it again:  tune search {path} --trial {trial.number} --executor inline",
        ]
    ).replace("\n\n", "\n")
