"""One trial trained from its first epoch to its last, in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..spaces.experiment import Experiment
from .contracts import Assignment, Report, Results
from .development import Development
from .generators import objective_of


@dataclass(frozen=True)
class Trained:
    """What came of it: every epoch's report once, and the kept weights where there are any."""

    reports: tuple[Report, ...]
    results: Results | None

    @property
    def last(self) -> Report:
        """The report that names the kept epoch and its metrics."""
        return self.reports[-1]


def train(
    experiment: Experiment,
    assignment: Assignment,
    development: Development,
    device: str = "cpu",
    show: Callable[[Report], None] = lambda _: None,
) -> Trained:
    """Train a trial as a worker would, without a verdict between its epochs.

    Args:
        experiment: what to train.
        assignment: its configuration and seed.
        development: training and validation rows.
        device: of torch's.
        show: told of every epoch.

    Raises:
        DivergedError: a metric has left the finite numbers.
    """
    pack = objective_of(experiment).start([assignment], development, device)
    reports: list[Report] = []
    while not reports or reports[-1].kept_epoch is None:
        (report,) = pack.advance()
        if report.repeats:  # it had ended the epoch before, and says so now
            reports.pop()
        else:
            show(report)
        reports.append(report)
    results = pack.results(assignment.number)
    pack.drop(assignment.number)
    return Trained(tuple(reports), results)


def device_here() -> str:
    """Return where a worker of this machine trains: `cuda` where there is a GPU, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
