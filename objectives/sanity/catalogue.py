"""Every look at a training, in the order of what it costs, within a time.

What the time did not suffice for is said, and is no finding.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ...spaces import Experiment
from ..development import Development
from ..findings import Finding
from . import first_steps, overfit, short_run
from .cases import Case, cases_of
from .faults import Fault, told
from .largest import Largest, Measurement
from .subject import Subject
from .timer import Timer

SECONDS = 10.0  # for everything; what has begun is finished


@dataclass
class Facts:
    """What was seen of sound networks, too; of trial 0 where nothing else is said."""

    n_configurations: int = 0  # that were looked at
    first_loss: float | None = None
    loss_of_nothing: float | None = None
    one_row_steps: int | None = None  # None: not learnt, or not tried
    some_rows: int | None = None  # rows learnt together
    some_rows_steps: int | None = None
    largest: dict[str, Any] | None = None
    left_out: list[str] = field(default_factory=list)  # what the time did not suffice for
    seconds: float = 0.0


def look(
    experiment: Experiment, development: Development, device: str, seconds: float = SECONDS
) -> tuple[list[Finding], Facts]:
    """Look at the training of an experiment's configurations.

    Args:
        experiment: trained by the built-in trainer.
        development: its training and validation rows.
        device: of torch's.
        seconds: for everything.
    """
    started, timer, facts = time.monotonic(), Timer(seconds), Facts()
    measurement = Measurement(experiment, development, device)
    try:
        subject, cases = Subject(experiment, development, device), cases_of(experiment)
        faults = list(_faults(subject, cases, timer, facts))
        largest, too_large = measurement.result()
    finally:
        measurement.cancel()
    facts.largest = None if largest is None else _shown(largest)
    facts.seconds = time.monotonic() - started
    return told([*faults, *too_large], facts.n_configurations), facts


def _faults(subject: Subject, cases: list[Case], timer: Timer, facts: Facts) -> Iterator[Fault]:
    for case in cases:
        if timer.is_up:
            n = len(cases) - facts.n_configurations
            facts.left_out.append(f"{n} of {len(cases)} configurations")
            return
        first, faults = first_steps.take(subject, case)
        facts.n_configurations += 1
        yield from faults
        if case.is_default and first is not None:
            facts.first_loss, facts.loss_of_nothing = first.loss, first.of_nothing
        is_sound = not any(one.finding.level == "error" for one in faults)
        if first is not None and is_sound and case.is_trained:
            yield from _by_heart(subject, case, timer, facts)
            if case.is_default:
                yield from short_run.run(subject, case, first, timer)


def _by_heart(subject: Subject, case: Case, timer: Timer, facts: Facts) -> Iterator[Fault]:
    one, faults = overfit.one_row(subject, case, timer)
    yield from faults
    if not one.is_complete:
        facts.left_out.append(f"one row learnt by heart by {case.name}")
    if faults or not one.is_complete:
        return
    some, faults = overfit.some_rows(subject, case, timer)
    yield from faults
    if some is not None and not some.is_complete:
        facts.left_out.append(f"{some.n_rows} rows learnt by heart by {case.name}")
    if not case.is_default:
        return
    facts.one_row_steps = one.n_steps if one.is_learnt else None
    if some is not None and some.is_learnt:
        facts.some_rows, facts.some_rows_steps = some.n_rows, some.n_steps


def _shown(largest: Largest) -> dict[str, Any]:
    return {
        "configuration": largest.configuration,
        **vars(largest.need),
        "total": largest.need.total,
    }
