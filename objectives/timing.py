"""How long configurations of a space take to train, measured side by side as in a search.

As many processes as there will be workers train pilots at the same time, because what one
worker has alone (memory, caches, a core's second thread) many share. Each is run as
`python -m truetune.objectives.timing FOLDER`, the training and validation rows in the folder
and what it is asked for as JSON on its standard input. As of a search's workers, the kernel keeps
it from the vault and the source, where it can: it runs code of the user's own.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from ..errors import TuneError
from ..spaces.space import Configuration, Space
from .child import Child, answer
from .contracts import Assignment, Objective
from .development import Development
from .guard import landlock
from .guard.levels import denied_paths
from .guard.places import Places
from .pilot import Flight, Pilot, shrunk
from .seeds import trial_seed

if TYPE_CHECKING:
    from ..spaces import Experiment

LIMIT_S = 8.0  # of training pilots
N_PILOTS = 8  # configurations of which each is trained for an epoch before any is trained on
MAX_PILOTS = 32
MAX_AT_ONCE = 16  # processes; a machine of more workers is timed with these

_FEW_ROWS = 128  # that the first look is at
_SHARE_OF_LIMIT = 1 / 4  # that one epoch of a process's pilots may take


@dataclass(frozen=True)
class Timings:
    """What pilots took and reported."""

    pilots: tuple[Pilot, ...]  # the first has the default configuration
    share: float  # of the rows that they were trained on
    ready_s: float  # until a process had imported all that trains, and trained once

    def to_json(self) -> dict[str, Any]:
        pilots = [pilot.to_json() for pilot in self.pilots]
        return {"pilots": pilots, "share": self.share, "ready_s": self.ready_s}

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Timings:
        pilots = tuple(map(Pilot.of, content["pilots"]))
        return cls(pilots, content["share"], content["ready_s"])


def measure(
    experiment: Experiment,
    development: Development,
    n_workers: int,
    limit_s: float = LIMIT_S,
) -> Timings:
    """Train pilots in as many processes as a search has workers, and wait for them.

    Args:
        experiment: what to train.
        development: training and validation rows.
        n_workers: that the search will have.
        limit_s: seconds of training, after which nothing new is begun.

    Raises:
        TuneError: a process failed. A configuration that does is a pilot that says so.
    """
    n_processes = min(n_workers, MAX_AT_ONCE)
    with tempfile.TemporaryDirectory(prefix="truetune-") as folder:
        development.save(Path(folder))
        children: list[Child] = []
        try:
            for i in range(n_processes):
                children.append(_child(experiment, folder, i, n_processes, limit_s))
            found = [Timings.of(child.result()) for child in children]
        finally:
            for child in children:
                child.cancel()
    together = itertools.zip_longest(*(timings.pilots for timings in found))
    return Timings(
        pilots=tuple(pilot for row in together for pilot in row if pilot is not None),
        share=min(timings.share for timings in found),
        ready_s=max(timings.ready_s for timings in found),
    )


def _child(experiment: Experiment, folder: str, i: int, n: int, limit_s: float) -> Child:
    request = {
        "experiment": experiment.model_dump_json(),
        "process": i,
        "n_processes": n,
        "limit_s": limit_s,
        "started": time.time(),
    }
    return Child(__name__, [folder], json.dumps(request), purpose="timing the training")


def measure_here(
    experiment: Experiment,
    development: Development,
    process: int = 0,
    n_processes: int = 1,
    limit_s: float = LIMIT_S,
    started: float | None = None,
) -> Timings:
    """Do one process's part in this process: every `n_processes`-th pilot.

    `started` is when the process was, in seconds since 1970.
    """
    from .generators import objective_of
    from .single import device_here

    objective, device = objective_of(experiment), device_here()
    configurations = _configurations(experiment, process, n_processes)
    n_first = -(-N_PILOTS // n_processes)
    share = _share(experiment, objective, development, device, limit_s / n_first)
    rows = development if share == 1.0 else shrunk(development, share)
    ready_s = 0.0 if started is None else time.time() - started
    deadline = time.perf_counter() + limit_s
    pilots: list[Pilot] = []
    flights: list[Flight] = []
    while len(pilots) < MAX_PILOTS / n_processes and (
        not pilots or time.perf_counter() < deadline
    ):
        for _ in range(n_first if not pilots else 1):
            number, configuration = next(configurations)
            seed = trial_seed(experiment.seed, number)
            flight = Flight(objective, Assignment(number, configuration, seed), rows, device)
            pilots.append(flight.pilot)
            flights.append(flight)
        flights = _fly(flights, 1 / share, deadline)
    return Timings(tuple(pilots), share, ready_s)


def _fly(flights: list[Flight], scale: float, deadline: float) -> list[Flight]:
    """Advance all in turn until each has ended, or time is up. Return those that have not."""
    while flights:
        for flight in flights:
            is_first = not flight.pilot.reports
            if flight.pack is not None and (is_first or time.perf_counter() < deadline):
                flight.advance(scale)
        flights = [flight for flight in flights if flight.pack is not None]
        if time.perf_counter() >= deadline:
            break
    return flights


def _share(
    experiment: Experiment,
    objective: Objective,
    development: Development,
    device: str,
    limit_s: float,
) -> float:
    """Return the share of the rows with which an epoch takes a part of the limit at most.

    The first look also does what only a process's first epoch has to do.
    """
    n_rows = sum(len(fold.x_train) for fold in development.folds)
    share = min(1.0, _FEW_ROWS / max(1, n_rows))
    few = shrunk(development, share)
    assignment = Assignment(0, experiment.space.default(), experiment.seed)
    flight = Flight(objective, assignment, few, device)
    for _ in range(2):
        if flight.pack is not None:
            flight.advance(1 / share)
    if not flight.pilot.seconds:
        return share  # the pilots will say what is wrong with it
    return min(1.0, max(share, limit_s * _SHARE_OF_LIMIT / flight.pilot.seconds[-1]))


def _configurations(
    experiment: Experiment, process: int, n_processes: int
) -> Iterator[tuple[int, Configuration]]:
    """Yield a process's own of the space's default and then of uniform draws, numbered."""
    space = experiment.space
    drawn = itertools.chain([space.default()], _feasible(space, experiment.seed))
    return itertools.islice(enumerate(drawn), process, None, n_processes)


def _feasible(space: Space, seed: int) -> Iterator[Configuration]:
    """Yield uniform draws that meet the constraints, for as long as they are found."""
    n_failed = 0
    for configuration, is_feasible in space.feasible(Random(seed)):
        n_failed = 0 if is_feasible else n_failed + 1
        if is_feasible:
            yield configuration
        elif n_failed > space.max_draws:
            yield space.default()


def _main() -> None:
    gc.disable()  # a worker of Ray's collects little either, and this process is short
    request = json.loads(sys.stdin.buffer.read())
    from ..spaces import Experiment

    experiment = Experiment.model_validate_json(request["experiment"])
    os.environ["OMP_NUM_THREADS"] = str(experiment.resources.cpus)
    if denied := denied_paths(experiment, Places.here()):
        landlock.lock(denied)  # before torch has threads
    import torch

    torch.set_num_threads(experiment.resources.cpus)
    development = Development.load(Path(sys.argv[1]))

    def work() -> dict[str, Any]:
        try:
            part = (request[key] for key in ("process", "n_processes", "limit_s", "started"))
            return measure_here(experiment, development, *part).to_json()
        except (MemoryError, RuntimeError) as error:  # torch's own, for memory too
            raise TuneError(f"a configuration cannot be trained: {error}", "") from error

    answer(work)


if __name__ == "__main__":
    _main()
