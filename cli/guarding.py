"""`tune seal`, `verify` and `ledger`: test rows shut away, opened once, and every look counted."""

from __future__ import annotations

import sys

import click

from ..errors import GuardError
from . import options
from .printing import print_json


@click.command()
@click.argument("data")
@click.option("--target", metavar="COLUMN", help="The column to predict, of data.")
@options.settings
@click.option("--retire", metavar="REASON", help="Give up sealed sets whose rows train now.")
@options.home
@options.as_json
def seal(
    data: str,
    target: str | None,
    settings: tuple[str, ...],
    retire: str | None,
    home: str | None,
    as_json: bool,
) -> None:
    """Shut away the test rows of DATA, an experiment file or data, before any search."""
    _refuse_empty("--retire", retire)
    from ..objectives.guard.places import Places
    from ..search.home import Home
    from ..search.sealing import seal as sealed

    Places.here().check(Home.at(home).root)
    report = sealed(data, options.overrides(settings), target, retire)
    if as_json:
        print_json(report.to_json())
    else:
        click.echo(report.to_text())


@click.command()
@click.argument("study", required=False)
@click.option("--trial", type=click.IntRange(0), help="Another trial than the winner.")
@click.option("--data", "new", metavar="NEW", help="Score new rows; the sealed ones stay shut.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and open nothing.")
@click.option("--reopen", is_flag=True, help="Look again at rows that have been looked at.")
@click.option("--reason", metavar="TEXT", help="Why, for the ledger.")
@options.storage
@options.home
@options.as_json
def verify(
    study: str | None,
    trial: int | None,
    new: str | None,
    dry_run: bool,
    reopen: bool,
    reason: str | None,
    storage: str | None,
    home: str | None,
    as_json: bool,
) -> None:
    """Score a study's winner on its sealed test rows: one look, which the ledger keeps."""
    _refuse_at_odds(new, dry_run, reopen, reason)
    from ..search.home import Home
    from ..search.verify import verify as verified

    report = verified(Home.at(home), storage, study, trial, new, dry_run, reason)
    if as_json:
        print_json(report.to_json())
    else:
        click.echo(report.to_text())
    sys.exit(report.exit_code)


@click.command()
@click.argument("what", type=click.Choice(["show", "verify"]), default="show")
@options.as_json
def ledger(what: str, as_json: bool) -> None:
    """Show every look at sealed rows; `verify` whether ledger and vault are as they were left."""
    from ..objectives.guard.places import Places
    from ..search import ledgers

    if what == "show":
        content, text, is_good = ledgers.shown(Places.here()), ledgers.shown_text, True
    else:
        content, text = ledgers.checked(Places.here()), ledgers.checked_text
        is_good = content["ok"]
    if as_json:
        print_json(content)
    else:
        click.echo(text(content), err=not is_good)
    sys.exit(0 if is_good else GuardError.exit_code)


def _refuse_at_odds(new: str | None, dry_run: bool, reopen: bool, reason: str | None) -> None:
    if reopen and reason is None:
        raise click.UsageError(
            "--reopen looks again, and the ledger keeps why: add --reason TEXT."
        )
    if reason is not None and not reopen:
        raise click.UsageError("--reason says why rows are looked at again: add --reopen.")
    _refuse_empty("--reason", reason)
    if new is not None and (reopen or dry_run):
        raise click.UsageError("--data opens no sealed rows: leave out --reopen and --dry-run.")


def _refuse_empty(option: str, text: str | None) -> None:
    if text is not None and not text.strip():
        raise click.UsageError(f"{option} is empty: the ledger keeps a reason that can be read.")
