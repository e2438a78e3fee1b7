"""Options that several commands have, and what is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..search.queries import Studies

home = click.option(
    "--home",
    type=click.Path(file_okay=False),
    help="Folder of the stores. [default: $TUNE_HOME, else ./mlruns]",
)
storage = click.option("--storage", help="Optuna store's URL. [default: optuna.db in the home]")
tracking_uri = click.option(
    "--tracking-uri", help="MLflow. [default: $MLFLOW_TRACKING_URI, else the home]"
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
settings = click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Replace a value of the file."
)
out = click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="The file to write."
)


def studies(home: str | None, storage: str | None) -> Studies:
    """Open the store that --home and --storage name."""
    from ..search.home import Home
    from ..search.queries import Studies

    return Studies(Home.at(home), storage)


def overrides(settings: tuple[str, ...]) -> dict[str, Any]:
    """Return what --set says: names with dots, and values read as YAML."""
    return dict(map(_setting, settings))


def _setting(text: str) -> tuple[str, Any]:
    from ..spaces.document import parse_scalar

    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.BadParameter(f"a setting reads KEY=VALUE, but got '{text}'.")
    return key, parse_scalar(value)
