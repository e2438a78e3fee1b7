"""`tune init`, `check` and `schema`: the file before a search."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from ..errors import InputError
from . import options
from .printing import print_json


@click.command()
@click.argument("data")
@click.option("--target", metavar="COLUMN", help="The column to predict.")
@click.option("--query", metavar="SELECT", help="What to select, where DATA is a database.")
@options.out
@options.as_json
def init(
    data: str, target: str | None, query: str | None, out: Path | None, as_json: bool
) -> None:
    """Write a first space for DATA: a file, a folder of pictures, a database, sklearn:iris, ..."""
    from ..search.drafts import write_draft

    path, draft = write_draft(data, target, out, query)
    if as_json:
        print_json({"file": str(path), "task": draft.facts.task, "text": draft.text})
        return
    click.echo(
        "\n".join([f"Wrote {path}.", "", *(f"  {line}" for line in draft.facts.summary()), ""])
    )
    click.echo(f"  tune check {path}    explains it")
    click.echo(f"  tune search {path}   searches")


@click.command()
@click.argument("space", type=click.Path(path_type=Path))
@click.option("--static", "is_static", is_flag=True, help="Read no data, run no code of yours.")
@click.option("--no-training", is_flag=True, help="Train no network for some seconds.")
@click.option("--profile", "with_profile", is_flag=True, help="Draw the rows on a page of HTML.")
@options.settings
@options.as_json
def check(
    space: Path,
    is_static: bool,
    no_training: bool,
    with_profile: bool,
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Look SPACE over before a search: mistakes, its data, its networks, how long it takes."""
    from dataclasses import asdict

    from ..search import check as checking

    if is_static and with_profile:
        raise click.UsageError("--profile draws the data, which --static does not read.")
    profile = Path(f"{space.stem}-profile.html") if with_profile else None
    checked = checking.check(
        space,
        options.overrides(settings),
        is_static,
        profile,
        partial(click.echo, err=True),
        not no_training,
    )
    if as_json:
        content = {"ok": checked.is_good, "findings": [vars(f) for f in checked.findings]}
        if checked.explanation is not None:
            content["space"] = asdict(checked.explanation)
        if checked.sizes:
            content["data"] = checked.sizes
        if checked.tried is not None:
            content |= checked.tried.to_json()
        if checked.profile is not None:
            content["profile"] = str(checked.profile)
        print_json(content)
    else:
        click.echo(checking.text(space, checked), err=not checked.is_good)
    sys.exit(0 if checked.is_good else InputError.exit_code)


@click.command()
def schema() -> None:
    """Print the JSON Schema of an experiment file."""
    from ..spaces.schema import schema_text

    click.echo(schema_text(), nl=False)
