"""A search rehearsed: the loop, the sampler, the pruner and the store are the real ones; only
the training is played from pilots, and takes no time but a clock's.

The clock goes by what pilots took for an epoch, and by what the driver really takes meanwhile
to ask, judge and store, so that what a search costs beside its training is in it too.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import TuneError
from ..objectives.contracts import Assignment
from ..objectives.development import Description
from ..objectives.pilot import Pilot
from ..spaces import Experiment
from . import loop
from .accounts import Accounts
from .executors.base import Event, Executor, Progress
from .recorder import NullRecorder
from .scripts import Script, Scripts
from .study import FINISHED, Study

LIMIT_S = 4.0  # of a rehearsal; what is left of the search goes on as its second half went
CALL_S = 0.002  # for Ray to send a verdict and bring a report


@dataclass
class Seat:
    """A worker, and the trial that it plays."""

    script: Script | None = None
    epoch: int = 0  # the last that was played
    delay_s: float = 0.0  # before its next epoch: a network to build, a pruned trial to leave
    due: float | None = None  # when its epoch will have been trained


@dataclass
class Stage:
    """Plays scripts in the place of training. See `base.Executor`."""

    scripts: Scripts
    n_slots: int
    name: str = "rehearsal"
    now: float = 0.0  # on the clock of the search that is played
    played: int = 0  # epochs
    seats: list[Seat] = field(default_factory=list)
    _seen: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        self.seats = [Seat() for _ in range(self.n_slots)]

    def submit(self, assignment: Assignment) -> None:
        seat = next(seat for seat in self.seats if seat.script is None)
        seat.script, seat.epoch = self.scripts.of(assignment), 0
        seat.delay_s += seat.script.start_s

    def prune(self, number: int) -> None:
        seat = next(s for s in self.seats if s.script is not None and s.script.number == number)
        seat.delay_s += seat.script.leave_s if seat.script else 0.0
        seat.script = None

    def dispatch(self) -> None:
        self._tick()
        for seat in self.seats:
            if seat.script is not None and seat.due is None:
                lasts = seat.script.seconds(seat.epoch + 1)
                seat.due = self.now + CALL_S + seat.delay_s + lasts
                seat.delay_s = 0.0

    def events(self) -> list[Event]:
        self._tick()
        waiting = [seat for seat in self.seats if seat.due is not None]
        seat = min(waiting, key=lambda s: s.due or 0.0)
        assert seat.due is not None
        assert seat.script is not None
        self.now, seat.due = max(self.now, seat.due), None
        seat.epoch += 1
        self.played += 1
        event = seat.script.event(seat.epoch)
        if not isinstance(event, Progress):
            seat.script = None
        return [event]

    def close(self) -> None:
        pass

    def _tick(self) -> None:
        """Let the clock go on by what the driver has taken since it was last looked at."""
        seen = time.perf_counter()
        self.now, self._seen = self.now + seen - self._seen, seen


@dataclass(frozen=True)
class Rehearsed:
    """How a search went that was played to its end, or is said to have."""

    seconds: float  # from the first trial to the last
    trials: int
    epochs: int
    pruned: int
    is_whole: bool  # it was played to its end, and nothing had to be guessed from its course


def rehearse(
    experiment: Experiment,
    description: Description,
    pilots: Sequence[Pilot],
    n_workers: int,
    limit_s: float = LIMIT_S,
) -> Rehearsed:
    """Play a search of a new study. Its own limit of time is part of the play.

    Raises:
        TuneError: trials fail, as they would in the search.
    """
    stage = Stage(Scripts(experiment, pilots), n_workers)
    course: list[tuple[int, float, int]] = []  # trials finished, when, and epochs by then
    until, begun = experiment.budget.time_s or float("inf"), time.perf_counter()

    def note(study: Study) -> None:
        if not course or study.n_finished > course[-1][0]:
            course.append((study.n_finished, stage.now, stage.played))

    def should_stop() -> bool:
        return stage.now >= until or time.perf_counter() - begun >= limit_s

    with tempfile.TemporaryDirectory(prefix="truetune-") as folder:
        url = f"sqlite:///{Path(folder) / 'optuna.db'}"
        study = Study.open(experiment, url, description)
        stage._tick()
        stage.now = 0.0
        loop.search(study, stage, NullRecorder(), Accounts(), should_stop, note)
        finished = study.optuna.get_trials(deepcopy=False, states=FINISHED)
    note(study)
    n_pruned = sum(trial.state.name == "PRUNED" for trial in finished)
    return _to_its_end(course, n_pruned, experiment.budget.trials, until)


def _to_its_end(
    course: list[tuple[int, float, int]], n_pruned: int, budget: int, until: float
) -> Rehearsed:
    """Let a search that was played in part go on as its second half went."""
    n, seconds, epochs = course[-1]
    if n >= budget or seconds >= until:
        return Rehearsed(seconds, n, epochs, n_pruned, is_whole=True)
    if n == 0:
        raise TuneError("no trial ended in the rehearsal.", "Give the trials fewer epochs.")
    half_n, half_s, half_epochs = course[len(course) // 2] if len(course) > 2 else (0, 0.0, 0)
    each_s = (seconds - half_s) / (n - half_n)
    left = min(float(budget - n), max(0.0, (until - seconds) / each_s))
    return Rehearsed(
        seconds=seconds + left * each_s,
        trials=n + round(left),
        epochs=epochs + round(left * (epochs - half_epochs) / (n - half_n)),
        pruned=round(n_pruned * (n + left) / n),
        is_whole=False,
    )


def _conforms(stage: Stage) -> Executor:
    return stage
