"""The largest configuration held against the memory that there is."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass

from ...errors import TuneError
from ...spaces import Experiment
from ...spaces.space import Configuration
from ..child import Child
from ..development import Development
from ..networks import initial
from ..sizes import in_words
from .cases import Case, growth, largest, named
from .faults import Fault, fault
from .memory import Need, free_here, need_of

SECONDS = 40.0  # after which the process is ended: it would have to build what is huge
_SMALL = 5e7  # weights that this process may build
_FIX = "Lower the upper ends of `batch_size` and of the widths, or add a constraint."
_RULE = "a step of the largest configuration fits into memory"


@dataclass(frozen=True)
class Largest:
    """The configuration that takes most, of those that are likely the largest."""

    configuration: Configuration
    need: Need


class Measurement:
    """Measures the largest configurations; in a process of its own, begun at once, where they
    may be too large for this one."""

    def __init__(self, experiment: Experiment, development: Development, device: str) -> None:
        self.experiment, self.development, self.device = experiment, development, device
        self.configurations, self.free = largest(experiment), free_here(device)
        self.is_late, n = False, self._n_weights()
        if n is None:
            self.configurations = []
        is_small = n is None or n < _SMALL
        self.child = None if is_small else self._start()
        self.timer = threading.Timer(SECONDS, self._end)
        self.timer.daemon = True
        if self.child is not None:
            self.timer.start()

    def _n_weights(self) -> float | None:
        """Return how many weights there are at most, as if trial 0's grew with each size; None
        where trial 0 cannot be built, of which those who look at it tell."""
        default = self.experiment.space.default()
        facts = self.development.inputs[0], self.development.description.n_outputs
        try:
            network = initial(self.experiment, default, *facts)
        except Exception:
            return None
        n = sum(parameter.numel() for parameter in network.parameters())
        return n * max(growth(c, default) for c in self.configurations)

    def _start(self) -> Child:
        described = self.development.description
        asked = {
            "experiment": self.experiment.model_dump_json(),
            "configurations": self.configurations,
            "inputs": asdict(self.development.inputs[0]),
            "n_outputs": described.n_outputs,
            "n_train": described.n_train,
            "device": self.device,
        }
        purpose = "measuring the largest configuration"
        return Child(f"{__package__}.memory", [], json.dumps(asked), purpose=purpose)

    def _end(self) -> None:
        self.is_late = True
        if self.child is not None:
            self.child.kill()

    def result(self) -> tuple[Largest | None, list[Fault]]:
        """Wait, and say what does not fit.

        Nothing where the model itself fails: those who look at single configurations say so.
        """
        try:
            needs = self._needs()
        except TuneError as error:
            is_killed = self.is_late or "killed" in error.cause
            return None, [self._died(error)] if is_killed else []
        except Exception:
            return None, []
        if not needs:
            return None, []
        pairs = zip(self.configurations, needs, strict=True)
        found = [Largest(configuration, need) for configuration, need in pairs]
        most = max(found, key=lambda one: (one.need.has_failed, one.need.total))
        return most, self._faults(most)

    def _needs(self) -> list[Need]:
        if self.child is not None:
            return [Need(**need) for need in self.child.result()]
        described, inputs = self.development.description, self.development.inputs[0]
        rest = (inputs, described.n_outputs, described.n_train, self.device)
        return [need_of(self.experiment, c, *rest) for c in self.configurations]

    def cancel(self) -> None:
        self.timer.cancel()
        if self.child is not None:
            self.child.cancel()

    def _faults(self, most: Largest) -> list[Fault]:
        need, case = most.need, Case(named(most.configuration), most.configuration)
        free = f"{in_words(self.free)} are free"
        if need.has_failed or need.total > self.free:
            is_known = need.total > self.free
            takes = f"it takes about {in_words(need.total)}" if is_known else "there is too little"
            return [fault(case, _RULE, f"{takes}, and {free}", _FIX, 0.95, is_error=True)]
        n = self._n_workers()
        if n * need.total <= self.free:
            return []
        rule = "steps of the largest configuration fit into memory, one of each worker"
        found = f"{n} workers take about {in_words(n * need.total)}, and {free}"
        fewer = max(1, int(self.free // need.total))
        return [fault(case, rule, found, f"Search with `--workers {fewer}`. {_FIX}", 0.7)]

    def _died(self, error: TuneError) -> Fault:
        case = Case("the largest configuration", {})
        why = f"it had not ended after {SECONDS:g} s" if self.is_late else error.cause.rstrip(".")
        return fault(case, _RULE, why, _FIX, 0.7)

    def _n_workers(self) -> int:
        """Return how many workers a search would have here; of GPUs each has its own share."""
        if self.device == "cuda":
            return 1
        asked = self.experiment.resources
        n_cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        return asked.workers or max(1, n_cpus // asked.cpus)
