"""`tune search` and `stop`: a search begun, continued, ended."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from . import options
from .printing import print_json


@click.command()
@click.argument("space", type=click.Path(path_type=Path))
@click.option("--trials", type=click.IntRange(1), help="Budget: trials in all.")
@click.option("--timeout", metavar="30m", help="Budget: time in all, over all runs.")
@click.option("--workers", type=click.IntRange(1), help="Trials trained side by side.")
@click.option("--executor", type=click.Choice(["ray", "inline"]), default="ray", show_default=True)
@click.option("--address", envvar="RAY_ADDRESS", help="Head node of a Ray cluster.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="The study's seed.")
@options.settings
@click.option("--study", help="The study's name.")
@click.option("--from", "carry_from", metavar="STUDY", help="Take over its trials that fit.")
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="Draw this parameter alone, the rest as it is best so far. May be given again.",
)
@click.option("--trial", type=click.IntRange(0), help="Train one trial again, recording nothing.")
@options.storage
@options.tracking_uri
@options.home
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@options.as_json
def search(
    space: Path,
    trials: int | None,
    timeout: str | None,
    workers: int | None,
    executor: str,
    address: str | None,
    seed: int | None,
    settings: tuple[str, ...],
    study: str | None,
    carry_from: str | None,
    only: tuple[str, ...],
    trial: int | None,
    storage: str | None,
    tracking_uri: str | None,
    home: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run or continue the search that SPACE describes."""
    from ..search.run import Options, run

    flags = {
        "budget.trials": trials,
        "budget.time": timeout,
        "resources.workers": workers,
        "seed": seed,
        "study": study,
    }
    overrides = options.overrides(settings)
    overrides |= {key: value for key, value in flags.items() if value is not None}
    chosen = Options(
        home=home,
        storage=storage,
        tracking_uri=tracking_uri,
        executor=executor,
        address=address,
        overrides=overrides,
        carry_from=carry_from,
        only=only,
        quiet=quiet,
    )
    if trial is not None and only:
        raise click.UsageError(
            "--trial trains a trial that there is, and --only chooses new ones."
        )
    if trial is not None:
        from ..search.rerun import rerun

        rerun(space, trial, chosen, print_json if as_json else None)
        return
    summary = run(space, chosen)
    if as_json:
        print_json(summary.to_json())
    else:
        click.echo(summary.to_text(" ".join(["tune", *sys.argv[1:]])))
    sys.exit(summary.exit_code)


@click.command()
@click.argument("study", required=False)
@options.storage
@options.home
def stop(study: str | None, storage: str | None, home: str | None) -> None:
    """Ask a running search to stop, as Ctrl-C would."""
    from ..search.manage import stop_search

    click.echo(stop_search(options.studies(home, storage), study))
