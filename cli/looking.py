"""`tune status`, `trials`, `best`, `logs`, `export` and `delete`: studies that are there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import options
from .printing import print_json

if TYPE_CHECKING:
    from ..search.diagnosis import StudyReport
    from ..search.queries import Studies


@click.command()
@click.argument("study", required=False)
@options.storage
@options.home
@options.as_json
def status(study: str | None, storage: str | None, home: str | None, as_json: bool) -> None:
    """Show how a study stands; without a name, all of them."""
    studies = options.studies(home, storage)
    names = [study] if study is not None else studies.names()
    states = [studies.status(name) for name in names]
    report = None if study is None else _report(studies, study)
    if as_json:
        more = {} if report is None else report.to_json()
        print_json(states[0] | more if study is not None else {"studies": states})
        return
    if not states:
        click.echo(f"There is no study in {studies.home.root} yet.")
    for state in states:
        n, best = state["trials"], state["best"]
        on_front = f", {len(best)} on the front" if isinstance(best, list) else ""
        best = next(iter(best), None) if isinstance(best, list) else best
        value = f"{best['value']:.4g} (trial {best['number']}){on_front}" if best else "none yet"
        click.echo(
            f"{state['study']}: {state['state']}, {n['complete']} completed, {n['pruned']} "
            f"pruned, {n['failed']} failed, {n['running']} running; best {value}"
        )
    if report is not None:
        click.echo(f"\n{report.to_text()}")


def _report(studies: Studies, study: str) -> StudyReport:
    """Return where one study stands in the six steps."""
    from ..search.diagnosis import report

    return report(studies, studies.load(study))


@click.command()
@click.argument("study", required=False)
@options.storage
@options.home
@options.as_json
def trials(study: str | None, storage: str | None, home: str | None, as_json: bool) -> None:
    """List a study's trials."""
    from ..search.trials import trial_object

    loaded = options.studies(home, storage).load(study)
    rows = [trial_object(trial) for trial in loaded.get_trials(deepcopy=False)]
    if as_json:
        print_json({"study": loaded.study_name, "trials": rows})
        return
    for row in rows:
        value = "" if row["value"] is None else f"{row['value']:.5g}"
        parameters = ", ".join(
            f"{name} {v:.4g}" if isinstance(v, float) else f"{name} {v}"
            for name, v in row["parameters"].items()
        )
        click.echo(f"{row['number']:>5}  {row['state']:<8}  {value:>10}  {parameters}")


@click.command()
@click.argument("study", required=False)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the front's plots."
)
@options.storage
@options.home
@options.as_json
def best(
    study: str | None, out: Path | None, storage: str | None, home: str | None, as_json: bool
) -> None:
    """Show a study's best trial; of several objectives, the trials that none dominates."""
    from ..search.summary import table
    from ..search.trade_offs import front_lines

    studies = options.studies(home, storage)
    front, found = studies.front(study), studies.best(study)
    plots: list[str] = []
    if out is not None:
        from ..search.front_plot import write_front

        plots = [str(path) for path in write_front(studies.load(study), out)]
    if as_json:
        print_json(found if front is None else front | ({"plots": plots} if plots else {}))
        return
    if front is not None:
        told = [f"Wrote {' and '.join(plots)}."] if plots else []
        click.echo("\n".join(front_lines(front["best"]) + told))
        return
    click.echo(f"trial {found['number']}, value {found['value']:.6g}")
    lines = table("configuration", found["parameters"])
    click.echo("\n".join(lines + table("on validation rows", found["metrics"])))


@click.command()
@click.argument("study")
@click.argument("number", type=int)
@options.storage
@options.home
@options.as_json
def logs(study: str, number: int, storage: str | None, home: str | None, as_json: bool) -> None:
    """Show all that is known of one trial: every epoch, and why it ended."""
    from ..search.queries import log_text
    from ..search.trials import trial_object

    trial = options.studies(home, storage).trial(study, number)
    if as_json:
        print_json(trial_object(trial) | {"record": trial.user_attrs.get("record", {})})
    else:
        click.echo(log_text(trial))


@click.command()
@click.argument("study", required=False)
@click.option("--trial", type=click.IntRange(0), help="Another trial than the best.")
@options.out
@options.storage
@options.home
@options.as_json
def export(
    study: str | None,
    trial: int | None,
    out: Path | None,
    storage: str | None,
    home: str | None,
    as_json: bool,
) -> None:
    """Write a study's winner as a file of fixed values that trains to the same numbers."""
    from ..search.drafts import save
    from ..search.exporting import export as exported

    text = exported(options.studies(home, storage), study, trial, out)
    if out is not None:
        save(text, out)
    if as_json:
        print_json({"file": None if out is None else str(out), "text": text})
    else:
        click.echo(text if out is None else f"Wrote {out}.", nl=out is not None)


@click.command()
@click.argument("study")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.storage
@options.home
def delete(study: str, yes: bool, storage: str | None, home: str | None) -> None:
    """Delete a study with its trials' files. Its MLflow runs stay."""
    studies = options.studies(home, storage)
    n_trials = len(studies.load(study).get_trials(deepcopy=False))
    if not yes:
        click.confirm(f"Delete '{study}' with {n_trials} trials?", abort=True)
    studies.delete(study)
    click.echo(f"Deleted '{study}' with {n_trials} trials.")
