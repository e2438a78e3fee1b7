"""What commands print alike: one JSON object; an error as a line of cause and one of fix."""

from __future__ import annotations

import json
import sys

import click

from ..errors import TuneError


def wants_json() -> bool:
    return "--json" in sys.argv[1:]


def print_json(content: object) -> None:
    click.echo(json.dumps(content))


def print_error(error: TuneError) -> None:
    if wants_json():
        content = {"cause": error.cause, "fix": error.fix, "exit_code": error.exit_code}
        print_json({"error": content})
        return
    click.echo(f"tune: {error.cause}", err=True)
    if error.fix:
        click.echo(f"  fix: {error.fix}", err=True)
