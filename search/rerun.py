"""One trial of a study again, in this process, with nothing recorded: for a debugger."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from ..objectives.contracts import Assignment, Report
from ..objectives.preparation import prepare
from ..objectives.single import train
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
    show = _show if answer is None else lambda _: None
    trained = train(experiment, assignment, prepare(experiment), show=show)
    if answer is not None:
        epochs = [dict(report.metrics) for report in trained.reports]
        answer({"number": number, "parameters": parameters_of(trial), "epochs": epochs})


def _show(report: Report) -> None:
    metrics = "  ".join(f"{name} {value:.6g}" for name, value in report.metrics.items())
    click.echo(f"epoch {report.epoch:3}  {metrics}")
