"""`tune`: one thin function a command, one place where errors become lines and exit codes.

Nothing heavy is imported here: `tune --help` should answer at once.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from .errors import InputError, Interrupted, TuneError

HOME_HELP = "Folder of the stores. [default: $TUNE_HOME, else ./mlruns]"


class _Main(click.Group):
    """The one `except`: a cause, a fix, an exit code; a traceback only where asked for."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except TuneError as error:
            if ctx.params.get("debug"):
                raise
            _print_error(error)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            _print_error(Interrupted("interrupted."))
            ctx.exit(Interrupted.exit_code)
        except BrokenPipeError:
            # The reader has gone (`| head -1`); Python would complain again while it exits.
            sys.stdout = None
            ctx.exit(0)
        except click.ClickException as error:
            if not _wants_json():
                raise
            _print_error(_usage_error(error))
            ctx.exit(error.exit_code)


def _usage_error(error: click.ClickException) -> TuneError:
    return InputError(error.format_message(), "See --help.")


def _print_error(error: TuneError) -> None:
    if _wants_json():
        content = {"cause": error.cause, "fix": error.fix, "exit_code": error.exit_code}
        click.echo(json.dumps({"error": content}))
        return
    click.echo(f"tune: {error.cause}", err=True)
    if error.fix:
        click.echo(f"  fix: {error.fix}", err=True)


def _wants_json() -> bool:
    return "--json" in sys.argv[1:]


def _print_json(content: object) -> None:
    click.echo(json.dumps(content))


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


def main() -> None:
    """The console command."""
    if sys.platform == "win32":
        sys.exit("tune: Windows is not supported; use WSL 2.")
    cli(prog_name=Path(sys.argv[0]).name if sys.argv[0].endswith("tune") else "tune")


_home = click.option("--home", type=click.Path(file_okay=False), help=HOME_HELP)
_storage = click.option("--storage", help="Optuna store's URL. [default: optuna.db in the home]")
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_settings = click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Replace a value of the file."
)
_out = click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="The file to write."
)


@cli.command()
@click.argument("data")
@click.option("--target", metavar="COLUMN", help="The column to predict.")
@click.option("--query", metavar="SELECT", help="What to select, where DATA is a database.")
@_out
@_json
def init(
    data: str, target: str | None, query: str | None, out: Path | None, as_json: bool
) -> None:
    """Write a first space for DATA: a file, a folder of pictures, a database, sklearn:iris, ..."""
    from .search.drafts import write_draft

    path, draft = write_draft(data, target, out, query)
    if as_json:
        _print_json({"file": str(path), "task": draft.facts.task, "text": draft.text})
        return
    click.echo(
        "\n".join([f"Wrote {path}.", "", *(f"  {line}" for line in draft.facts.summary()), ""])
    )
    click.echo(f"  tune check {path}    explains it")
    click.echo(f"  tune search {path}   searches")


@cli.command()
@click.argument("space", type=click.Path(path_type=Path))
@click.option("--static", "is_static", is_flag=True, help="Read no data, run no code of yours.")
@click.option("--profile", "with_profile", is_flag=True, help="Draw the rows on a page of HTML.")
@_settings
@_json
def check(
    space: Path, is_static: bool, with_profile: bool, settings: tuple[str, ...], as_json: bool
) -> None:
    """Look SPACE over before a search: the file's mistakes, its data, its parameters."""
    from dataclasses import asdict

    from .search import check as checking

    if is_static and with_profile:
        raise click.UsageError("--profile draws the data, which --static does not read.")
    profile = Path(f"{space.stem}-profile.html") if with_profile else None
    checked = checking.check(
        space, _overrides(settings), is_static, profile, partial(click.echo, err=True)
    )
    if as_json:
        content = {"ok": checked.is_good, "findings": [vars(f) for f in checked.findings]}
        if checked.explanation is not None:
            content["space"] = asdict(checked.explanation)
        if checked.sizes:
            content["data"] = checked.sizes
        if checked.profile is not None:
            content["profile"] = str(checked.profile)
        _print_json(content)
    else:
        click.echo(checking.text(space, checked), err=not checked.is_good)
    sys.exit(0 if checked.is_good else InputError.exit_code)


@cli.command()
@click.argument("space", type=click.Path(path_type=Path))
@click.option("--trials", type=click.IntRange(1), help="Budget: trials in all.")
@click.option("--timeout", metavar="30m", help="Budget: time in all, over all runs.")
@click.option("--workers", type=click.IntRange(1), help="Trials trained side by side.")
@click.option("--executor", type=click.Choice(["ray", "inline"]), default="ray", show_default=True)
@click.option("--address", envvar="RAY_ADDRESS", help="Head node of a Ray cluster.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="The study's seed.")
@_settings
@click.option("--study", help="The study's name.")
@click.option("--from", "carry_from", metavar="STUDY", help="Take over its trials that fit.")
@click.option("--trial", type=click.IntRange(0), help="Train one trial again, recording nothing.")
@_storage
@click.option("--tracking-uri", help="MLflow. [default: $MLFLOW_TRACKING_URI, else the home]")
@_home
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@_json
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
    trial: int | None,
    storage: str | None,
    tracking_uri: str | None,
    home: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run or continue the search that SPACE describes."""
    from .search.run import Options, run

    flags = {
        "budget.trials": trials,
        "budget.time": timeout,
        "resources.workers": workers,
        "seed": seed,
        "study": study,
    }
    overrides = _overrides(settings)
    overrides |= {key: value for key, value in flags.items() if value is not None}
    options = Options(
        home=home,
        storage=storage,
        tracking_uri=tracking_uri,
        executor=executor,
        address=address,
        overrides=overrides,
        carry_from=carry_from,
        quiet=quiet,
    )
    if trial is not None:
        from .search.rerun import rerun

        rerun(space, trial, options, _print_json if as_json else None)
        return
    summary = run(space, options)
    if as_json:
        _print_json(summary.to_json())
    else:
        click.echo(summary.to_text(" ".join(["tune", *sys.argv[1:]])))
    sys.exit(summary.exit_code)


def _overrides(settings: tuple[str, ...]) -> dict[str, Any]:
    return dict(map(_setting, settings))


def _setting(text: str) -> tuple[str, Any]:
    from .spaces.document import parse_scalar

    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.BadParameter(f"a setting reads KEY=VALUE, but got '{text}'.")
    return key, parse_scalar(value)


@cli.command()
@click.argument("study", required=False)
@_storage
@_home
@_json
def status(study: str | None, storage: str | None, home: str | None, as_json: bool) -> None:
    """Show how a study stands; without a name, all of them."""
    studies = _studies(home, storage)
    names = [study] if study is not None else studies.names()
    states = [studies.status(name) for name in names]
    if as_json:
        _print_json(states[0] if study is not None else {"studies": states})
        return
    if not states:
        click.echo(f"There is no study in {studies.home.root} yet.")
    for state in states:
        n, best = state["trials"], state["best"]
        value = f"{best['value']:.4g} (trial {best['number']})" if best else "none yet"
        click.echo(
            f"{state['study']}: {state['state']}, {n['complete']} completed, {n['pruned']} "
            f"pruned, {n['failed']} failed, {n['running']} running; best {value}"
        )


@cli.command()
@click.argument("study", required=False)
@_storage
@_home
@_json
def trials(study: str | None, storage: str | None, home: str | None, as_json: bool) -> None:
    """List a study's trials."""
    from .search.trials import trial_object

    loaded = _studies(home, storage).load(study)
    rows = [trial_object(trial) for trial in loaded.get_trials(deepcopy=False)]
    if as_json:
        _print_json({"study": loaded.study_name, "trials": rows})
        return
    for row in rows:
        value = "" if row["value"] is None else f"{row['value']:.5g}"
        parameters = ", ".join(
            f"{name} {v:.4g}" if isinstance(v, float) else f"{name} {v}"
            for name, v in row["parameters"].items()
        )
        click.echo(f"{row['number']:>5}  {row['state']:<8}  {value:>10}  {parameters}")


@cli.command()
@click.argument("study", required=False)
@_storage
@_home
@_json
def best(study: str | None, storage: str | None, home: str | None, as_json: bool) -> None:
    """Show a study's best trial."""
    from .search.summary import table

    found = _studies(home, storage).best(study)
    if as_json:
        _print_json(found)
        return
    click.echo(f"trial {found['number']}, value {found['value']:.6g}")
    lines = table("configuration", found["parameters"])
    click.echo("\n".join(lines + table("on validation rows", found["metrics"])))


@cli.command()
@click.argument("study")
@click.argument("number", type=int)
@_storage
@_home
@_json
def logs(study: str, number: int, storage: str | None, home: str | None, as_json: bool) -> None:
    """Show all that is known of one trial: every epoch, and why it ended."""
    from .search.queries import log_text
    from .search.trials import trial_object

    trial = _studies(home, storage).trial(study, number)
    if as_json:
        _print_json(trial_object(trial) | {"record": trial.user_attrs.get("record", {})})
    else:
        click.echo(log_text(trial))


@cli.command()
@click.argument("study", required=False)
@click.option("--trial", type=click.IntRange(0), help="Another trial than the best.")
@_out
@_storage
@_home
@_json
def export(
    study: str | None,
    trial: int | None,
    out: Path | None,
    storage: str | None,
    home: str | None,
    as_json: bool,
) -> None:
    """Write a study's winner as a file of fixed values that trains to the same numbers."""
    from .search.drafts import save
    from .search.exporting import export as exported

    text = exported(_studies(home, storage), study, trial, out)
    if out is not None:
        save(text, out)
    if as_json:
        _print_json({"file": None if out is None else str(out), "text": text})
    else:
        click.echo(text if out is None else f"Wrote {out}.", nl=out is not None)


@cli.command()
@click.argument("study", required=False)
@_storage
@_home
def stop(study: str | None, storage: str | None, home: str | None) -> None:
    """Ask a running search to stop, as Ctrl-C would."""
    from .search.manage import stop_search

    click.echo(stop_search(_studies(home, storage), study))


@cli.command()
@click.argument("study")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_storage
@_home
def delete(study: str, yes: bool, storage: str | None, home: str | None) -> None:
    """Delete a study with its trials' files. Its MLflow runs stay."""
    studies = _studies(home, storage)
    n_trials = len(studies.load(study).get_trials(deepcopy=False))
    if not yes:
        click.confirm(f"Delete '{study}' with {n_trials} trials?", abort=True)
    studies.delete(study)
    click.echo(f"Deleted '{study}' with {n_trials} trials.")


_port = click.option("--port", type=click.IntRange(1, 65535), help="[default: the next free one]")


@cli.command()
@click.argument("study", required=False)
@_port
@_storage
@_home
def dashboard(study: str | None, port: int | None, storage: str | None, home: str | None) -> None:
    """Serve Optuna's dashboard on this machine."""
    from .search.manage import serve_dashboard

    serve_dashboard(_studies(home, storage), study, port, click.echo)


@cli.command()
@_port
@click.option("--tracking-uri", help="MLflow. [default: $MLFLOW_TRACKING_URI, else the home]")
@_home
def ui(port: int | None, tracking_uri: str | None, home: str | None) -> None:
    """Serve MLflow's pages on this machine."""
    from .search.home import Home
    from .search.manage import serve_mlflow

    serve_mlflow(Home.at(home), tracking_uri, port, click.echo)


@cli.command()
def schema() -> None:
    """Print the JSON Schema of an experiment file."""
    from .spaces.schema import schema_text

    click.echo(schema_text(), nl=False)


@cli.command()
@_home
@_json
def doctor(home: str | None, as_json: bool) -> None:
    """Look over this machine, and say what to mend."""
    from .search.doctor import examine
    from .search.home import Home

    findings = examine(Home.at(home))
    if as_json:
        _print_json(
            {"ok": all(f.is_good for f in findings), "findings": [vars(f) for f in findings]}
        )
    for finding in [] if as_json else findings:
        click.echo(f"{'ok  ' if finding.is_good else 'FIX '}  {finding.subject}: {finding.found}")
        if not finding.is_good:
            click.echo(f"        fix: {finding.fix}")
    sys.exit(0 if all(finding.is_good for finding in findings) else 5)


def _studies(home: str | None, storage: str | None) -> Any:
    from .search.home import Home
    from .search.queries import Studies

    return Studies(Home.at(home), storage)


if __name__ == "__main__":
    main()
