"""`tune lr`: the learning rate, before a search draws any."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from ..errors import TuneError
from . import options
from .printing import print_json


@click.command()
@click.argument("space", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder of the picture. [default: this one]",
)
@options.settings
@options.as_json
def lr(space: Path, out: Path, settings: tuple[str, ...], as_json: bool) -> None:
    """Find the learning rates that help SPACE's default configuration: a range test."""
    from ..search.lr import range_test

    tested = range_test(space, options.overrides(settings), out, partial(click.echo, err=True))
    if as_json:
        print_json(tested.to_json())
    else:
        click.echo(tested.to_text())
    sys.exit(0 if tested.marks is not None else TuneError.exit_code)
