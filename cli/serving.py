"""`tune dashboard`, `ui` and `doctor`: pages on this machine, and the machine itself."""

from __future__ import annotations

import sys

import click

from . import options
from .printing import print_json

_port = click.option("--port", type=click.IntRange(1, 65535), help="[default: the next free one]")


@click.command()
@click.argument("study", required=False)
@_port
@options.storage
@options.home
def dashboard(study: str | None, port: int | None, storage: str | None, home: str | None) -> None:
    """Serve Optuna's dashboard on this machine."""
    from ..search.manage import serve_dashboard

    serve_dashboard(options.studies(home, storage), study, port, click.echo)


@click.command()
@_port
@options.tracking_uri
@options.home
def ui(port: int | None, tracking_uri: str | None, home: str | None) -> None:
    """Serve MLflow's pages on this machine."""
    from ..search.home import Home
    from ..search.manage import serve_mlflow

    serve_mlflow(Home.at(home), tracking_uri, port, click.echo)


@click.command()
@options.home
@options.as_json
def doctor(home: str | None, as_json: bool) -> None:
    """Look over this machine, and say what to mend."""
    from ..search.doctor import examine
    from ..search.home import Home

    findings = examine(Home.at(home))
    if as_json:
        print_json(
            {"ok": all(f.is_good for f in findings), "findings": [vars(f) for f in findings]}
        )
    for finding in [] if as_json else findings:
        click.echo(f"{'ok  ' if finding.is_good else 'FIX '}  {finding.subject}: {finding.found}")
        if not finding.is_good:
            click.echo(f"        fix: {finding.fix}")
    sys.exit(0 if all(finding.is_good for finding in findings) else 5)
