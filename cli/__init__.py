"""`tune`: one thin function a command, one place where errors become lines and exit codes.

| file        | commands                                                |
|-------------|---------------------------------------------------------|
| `spaces`    | `init`, `check`, `schema`                               |
| `tuning`    | `lr`                                                    |
| `searching` | `search`, `stop`                                        |
| `looking`   | `status`, `trials`, `best`, `logs`, `export`, `delete`  |
| `guarding`  | `seal`, `verify`, `ledger`                              |
| `finishing` | `prune`, `threshold`                                    |
| `learning`  | `learning-curve`                                        |
| `serving`   | `dashboard`, `ui`, `doctor`                             |

Nothing heavy is imported here: `tune --help` should answer at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ..errors import InputError, Interrupted, TuneError
from .finishing import prune, threshold
from .guarding import ledger, seal, verify
from .learning import learning_curve
from .looking import best, delete, export, logs, status, trials
from .printing import print_error, wants_json
from .searching import search, stop
from .serving import dashboard, doctor, ui
from .spaces import check, init, schema
from .tuning import lr


class _Main(click.Group):
    """The one `except`: a cause, a fix, an exit code; a traceback only where asked for."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except TuneError as error:
            if ctx.params.get("debug"):
                raise
            print_error(error)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            print_error(Interrupted("interrupted."))
            ctx.exit(Interrupted.exit_code)
        except BrokenPipeError:
            # The reader has gone (`| head -1`); Python would complain again while it exits.
            sys.stdout = None
            ctx.exit(0)
        except click.ClickException as error:
            if not wants_json():
                raise
            print_error(_usage_error(error))
            ctx.exit(error.exit_code)


def _usage_error(error: click.ClickException) -> TuneError:
    return InputError(error.format_message(), "See --help.")


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"truetune {version('truetune')}")
        ctx.exit()


@click.group(cls=_Main, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Search hyperparameters and architectures; report the number you will see."""


for _command in (
    *(init, check, schema),
    *(lr,),
    *(search, stop),
    *(status, trials, best, logs, export, delete),
    *(seal, verify, ledger),
    *(prune, threshold),
    learning_curve,
    *(dashboard, ui, doctor),
):
    cli.add_command(_command)


def main() -> None:
    """The console command."""
    if sys.platform == "win32":
        sys.exit("tune: Windows is not supported; use WSL 2.")
    cli(prog_name=Path(sys.argv[0]).name if sys.argv[0].endswith("tune") else "tune")
