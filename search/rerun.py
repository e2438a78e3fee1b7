"""One trial of a study again, in this process, with nothing recorded: for a debugger."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ..objectives.contracts import Assignment
from ..objectives.preparation import prepare
from .home import Home
from .queries import Studies
from .run import Options, load
from .trials import configuration_of, parameters_of


def rerun(
    path: str | Path, number: int, options: Options, answer: Callable[[object], None] | None
) -> None:
    """Train trial `number` as the study did, from its configuration and seed.

    What it raises is raised here, in the process that called. Epochs are printed as they end,
    or handed to `answer` as one object.
    """
    experiment = load(path, options.overrides).experiment
    studies = Studies(Home.at(options.home), options.storage)
    trial = studies.trial(experiment.study, number)
    configuration = configuration_of(trial, experiment.space)
    assignment = Assignment(number, configuration, trial.user_attrs["seed"])
    development = prepare(experiment)
    from ..objectives.generators import objective_of

    pack = objective_of(experiment).start([assignment], development, "cpu")
    epochs: list[dict[str, Any]] = []
    while True:
        (report,) = pack.advance()
        if not report.repeats:
            epochs.append(dict(report.metrics))
        if answer is None and not report.repeats:
            metrics = "  ".join(f"{name} {value:.6g}" for name, value in report.metrics.items())
            click.echo(f"epoch {report.epoch:3}  {metrics}")
        if report.kept_epoch is not None:
            break
    pack.drop(number)
    if answer is not None:
        answer({"number": number, "parameters": parameters_of(trial), "epochs": epochs})
