"""How long a search will take, and what it will cost, told before it begins.

Pilots of the space are timed side by side (`objectives/timing.py`), and the search is rehearsed
with them (`rehearsal`): the same loop, sampler and pruner. What a search does besides, starting
Ray, importing and ending all of it, is work of a processor like the imports that the timing had
to do, so that it is told in multiples of those. Held against searches by benchmarks/forecast.py.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import TuneError
from ..objectives.development import Description, Development
from ..objectives.timing import Timings, measure
from ..spaces import Experiment
from ..spaces.experiment import Resources
from .executors.cluster import n_cpus
from .progress import duration
from .rehearsal import rehearse

# In multiples of the time that a timing process takes until it has trained a first time.
STARTING = 2.6  # Ray, and beside it reading the rows
LOADING = 1.5  # the workers' imports
ENDING = 0.8  # the workers, Ray, and what MLflow has not taken in yet

WITHIN = 1.5  # factor that a search is mostly within

_GPUS = Path("/proc/driver/nvidia/gpus")


@dataclass(frozen=True)
class Forecast:
    """What a search of a new study is going to take. The baselines at its end are not in it."""

    seconds: float = 0.0  # from the command to its end
    beside: float = 0.0  # of them to start and to end
    trials: int = 0  # that will have ended
    pruned: int = 0
    epochs: int = 0
    workers: int = 0
    price: float | None = None  # of all workers, where the file has a price
    is_late: bool = False  # whether the time of the budget ends it, not the trials
    n_pilots: int = 0  # configurations timed
    share: float = 1.0  # of the rows that they were timed on
    cause: str = ""  # why there is no forecast

    def to_json(self) -> dict[str, Any]:
        """Return it as an object; only `cause` where there is no forecast."""
        if self.cause:
            return {"cause": self.cause}
        content = asdict(self)
        del content["cause"]
        rounded = {key: round(content[key], 3) for key in ("seconds", "beside", "share")}
        return content | rounded | {"within": WITHIN}

    def lines(self) -> list[str]:
        """Return it in words, as a section of what `tune check` says."""
        if self.cause:
            return ["  The search", f"    how long it takes cannot be told: {self.cause}"]
        workers = f"{self.workers} worker{'s' * (self.workers > 1)}"
        ends = ", where its time is spent" if self.is_late else ""
        lines = [
            "  The search",
            f"    about {duration(self.seconds)} with {workers}{ends}, of it "
            f"{duration(self.beside)} to start and to end",
            f"    {self.trials:,} trials, some {self.pruned:,} of them pruned; "
            f"{self.epochs:,} epochs",
        ]
        if self.price is not None:
            lines.append(f"    price {self.price:.3g}, in the currency of `price_per_hour`")
        rows = "" if self.share == 1.0 else f" on {100 * self.share:.2g} % of the rows"
        told = f"told from {self.n_pilots} configurations trained for a moment{rows}; mostly right"
        return [*lines, f"    {told} within a factor of {WITHIN:g}"]


def of(experiment: Experiment, development: Development) -> Forecast:
    """Time configurations on rows that have been read, and forecast. Takes about twenty seconds.

    Never raises a TuneError: a forecast that cannot be made says why.
    """
    try:
        timings = measure(experiment, development, n_workers(experiment.resources))
    except TuneError as error:
        return Forecast(cause=error.cause)
    return forecast(experiment, development.description, timings)


def forecast(experiment: Experiment, description: Description, timings: Timings) -> Forecast:
    """Forecast the search of a new study from timings that were taken.

    Args:
        experiment: what is to be searched.
        description: of its data.
        timings: of `measure`, taken with `n_workers` processes.
    """
    workers = n_workers(experiment.resources)
    try:
        played = rehearse(experiment, description, timings.pilots, workers)
    except TuneError as error:
        return Forecast(cause=error.cause)
    beside = (STARTING + LOADING + ENDING) * timings.ready_s
    seconds = beside + played.seconds
    price = experiment.resources.price_per_hour
    return Forecast(
        seconds=seconds,
        beside=beside,
        trials=played.trials,
        pruned=played.pruned,
        epochs=played.epochs,
        workers=workers,
        price=None if price is None else price * workers * seconds / 3600,
        is_late=played.trials < experiment.budget.trials,
        n_pilots=len(timings.pilots),
        share=timings.share,
    )


def n_workers(resources: Resources) -> int:
    """Return how many workers a search on this machine has.

    What `cluster.share_out` finds out from Ray, which is not started for it.
    """
    by_cpu = max(1, n_cpus() // resources.cpus)
    n = n_gpus() if resources.gpus != 0 else 0
    if resources.workers is not None or n == 0:
        return resources.workers or by_cpu
    each = 1.0 if resources.gpus == "auto" else float(resources.gpus)
    return max(1, min(by_cpu, int(n / each)))


def n_gpus() -> int:
    """Return how many of NVIDIA's GPUs this process may see."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([device for device in visible.split(",") if device.strip() not in ("", "-1")])
    return len(list(_GPUS.iterdir())) if _GPUS.is_dir() else 0
