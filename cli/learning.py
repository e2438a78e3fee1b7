"""`tune learning-curve`: what more rows would bring."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from . import options
from .printing import print_json


@click.command("learning-curve")
@click.argument("study", required=False)
@click.option("--trial", type=click.IntRange(0), help="Its number. [default: the best]")
@click.option(
    "--sizes", type=click.IntRange(5, 20), default=6, show_default=True, help="Shares of the rows."
)
@click.option(
    "--seeds", type=click.IntRange(2, 50), default=3, show_default=True, help="Runs of each share."
)
@click.option("--target", type=float, help="A value of the metric: say how many rows it takes.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the picture. [default: that of the trial's files]",
)
@options.storage
@options.home
@options.as_json
def learning_curve(
    study: str | None,
    trial: int | None,
    sizes: int,
    seeds: int,
    target: float | None,
    out: Path | None,
    storage: str | None,
    home: str | None,
    as_json: bool,
) -> None:
    """Say whether more rows are the cure: a trial on growing shares of its training rows."""
    from ..search.chosen import Chosen
    from ..search.home import Home
    from ..search.learning_curve import learning_curve as draw

    chosen = Chosen.of(Home.at(home), storage, study, trial)
    drawn = draw(chosen, sizes, seeds, target, out, partial(click.echo, err=True))
    if as_json:
        print_json(drawn.to_json())
    else:
        click.echo(drawn.to_text())
