"""The executor on Ray: a pool of long-lived actors, each holding the data and torch.

The development rows go to the object store once and are mapped, not copied, by every actor of
a node. One call a worker carries drops, admissions and the next epoch. With `cluster`, all
that knows Ray.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayActorError, RayError

from ...errors import InfrastructureError
from ...objectives.contracts import Assignment
from ...objectives.development import Development
from ...spaces import Experiment
from . import cluster
from .base import Event, Executor, Lost, ended
from .worker import Worker

POLL_S = 0.5  # how long a signal or a spent budget may go unnoticed
GET_TIMEOUT_S = 60  # for a result that Ray has said is there
LEAVE_TIMEOUT_S = 10  # for the last pruned trials to write what they leave


@dataclass
class Seat:
    """One actor, the trial it trains, and what it is to be told with the next call."""

    actor: Any
    number: int | None = None
    drops: list[int] = field(default_factory=list)
    admissions: list[Assignment] = field(default_factory=list)
    call: Any = None


class RayExecutor:
    """See `base.Executor`."""

    name = "ray"

    def __init__(
        self,
        experiment: Experiment,
        development: Development,
        trials: str,
        n_workers: int,
        gpus_each: float,
        denied: Sequence[Path] = (),
        locks_itself: bool = False,
    ) -> None:
        self.n_slots = n_workers
        self.arguments = (experiment, ray.put(development), trials, denied, locks_itself)
        self.actor_class = ray.remote(Worker).options(
            num_cpus=experiment.resources.cpus, num_gpus=gpus_each
        )
        self.seats = [Seat(self._new_actor()) for _ in range(n_workers)]

    def _new_actor(self) -> Any:
        return self.actor_class.remote(*self.arguments)

    def submit(self, assignment: Assignment) -> None:
        seat = next(seat for seat in self.seats if seat.number is None)
        seat.number = assignment.number
        seat.admissions.append(assignment)

    def prune(self, number: int) -> None:
        seat = self._seat_of(number)
        seat.drops.append(number)
        seat.number = None

    def dispatch(self) -> None:
        for seat in self.seats:
            if seat.call is None and (seat.number is not None or seat.drops):
                seat.call = seat.actor.advance.remote(seat.drops, seat.admissions)
                seat.drops, seat.admissions = [], []

    def events(self) -> list[Event]:
        seats = {seat.call: seat for seat in self.seats if seat.call is not None}
        done, _ = ray.wait(list(seats), num_returns=1, timeout=POLL_S)
        return [event for call in done for event in self._collect(seats[call])]

    def _collect(self, seat: Seat) -> list[Event]:
        call, seat.call = seat.call, None
        try:
            events: list[Event] = ray.get(call, timeout=GET_TIMEOUT_S)
        except RayActorError as error:
            return self._replace(seat, error)
        except (GetTimeoutError, RayError) as error:
            reason = str(error).splitlines()[0]
            raise InfrastructureError(
                f"Ray failed: {reason}.", "Run the command again: the search goes on."
            ) from error
        if seat.number in map(ended, events):
            seat.number = None
        return events

    def _replace(self, seat: Seat, error: RayActorError) -> list[Event]:
        """Put a new actor in the seat of one that died, and say which trial was lost."""
        number, seat.number = seat.number, None
        seat.actor = self._new_actor()
        seat.drops, seat.admissions = [], []
        cause = f"its worker died ({type(error).__name__})"
        return [] if number is None else [Lost(number, cause)]

    def _seat_of(self, number: int) -> Seat:
        return next(seat for seat in self.seats if seat.number == number)

    def close(self) -> None:
        leaving = [seat for seat in self.seats if seat.number is None]  # with pruned trials
        for seat in leaving:
            if seat.call is None and seat.drops:
                seat.call = seat.actor.advance.remote(seat.drops, [])
        calls = [seat.call for seat in leaving if seat.call is not None]
        if calls:
            with suppress(RayError):
                ray.wait(calls, num_returns=len(calls), timeout=LEAVE_TIMEOUT_S)
        cluster.stop()  # ends the actors with it


def _conforms(executor: RayExecutor) -> Executor:
    return executor
