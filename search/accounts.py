"""Where a search's time goes, in seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ..objectives.contracts import Report


class Stopwatch:
    """Adds up the time spent in its `with` blocks."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> None:
        self._started = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._started


@dataclass
class Accounts:
    """The seconds of one run of a search."""

    started: float = field(default_factory=time.perf_counter)
    startup: Stopwatch = field(default_factory=Stopwatch)
    asking: Stopwatch = field(default_factory=Stopwatch)
    storing: Stopwatch = field(default_factory=Stopwatch)
    recording: Stopwatch = field(default_factory=Stopwatch)
    baselines: Stopwatch = field(default_factory=Stopwatch)
    looping: Stopwatch = field(default_factory=Stopwatch)
    training: float = 0.0
    epochs: int = 0
    ended: int = 0  # trials

    def trained(self, report: Report) -> None:
        self.training += report.seconds
        self.epochs += not report.repeats

    def seconds(self, n_slots: int) -> dict[str, float]:
        """Return the account.

        `training` is summed over the workers, and `waiting` is the time they stood idle in the
        loop: for a verdict, for a next trial, for each other's end. `recording` and `baselines`
        are the waits for MLflow and for the baselines at the end; before that they run beside
        the training.
        """
        return {
            "wall": time.perf_counter() - self.started,
            "startup": self.startup.seconds,
            "training": self.training,
            "waiting": max(0.0, n_slots * self.looping.seconds - self.training),
            "asking": self.asking.seconds,
            "storing": self.storing.seconds,
            "recording": self.recording.seconds,
            "baselines": self.baselines.seconds,
        }
