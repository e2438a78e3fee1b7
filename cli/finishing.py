"""`tune prune` and `threshold`: the chosen network made smaller, and how it answers."""

from __future__ import annotations

import click

from . import options
from .printing import print_json


@click.command()
@click.argument("study", required=False)
@click.option("--trial", type=click.IntRange(0), help="Another trial than the best.")
@click.option("--amount", type=float, metavar="A", help="Share of each layer's units. [0.5]")
@click.option(
    "--threshold", type=float, metavar="X", help="Units whose weights are under X of the mean."
)
@click.option("--epochs", type=click.IntRange(0), help="To train on. [default: the trial's]")
@click.option(
    "--sparsity", type=float, metavar="S", help="Show it with this share of weights at 0."
)
@options.tracking_uri
@options.storage
@options.home
@options.as_json
def prune(
    study: str | None,
    trial: int | None,
    amount: float | None,
    threshold: float | None,
    epochs: int | None,
    sparsity: float | None,
    tracking_uri: str | None,
    storage: str | None,
    home: str | None,
    as_json: bool,
) -> None:
    """Make a study's winner smaller: take away the units that give least, and train on.

    With --sparsity alone nothing is taken away, and nothing kept.
    """
    from ..objectives.pruning.ranking import AMOUNT, Cut
    from ..search.home import Home
    from ..search.pruning import Request
    from ..search.pruning import prune as pruned

    if amount is None and threshold is None and sparsity is None:
        amount = AMOUNT
    cut = None if amount is None and threshold is None else Cut(amount, threshold)
    if cut is None and epochs is not None:
        raise click.UsageError("--epochs trains on what --amount or --threshold leaves: add one.")
    request = Request(cut, epochs, sparsity)
    outcome = pruned(Home.at(home), storage, study, trial, request, tracking_uri)
    if as_json:
        print_json(outcome.to_json())
    else:
        click.echo(outcome.to_text())


@click.command()
@click.argument("study", required=False)
@click.option("--trial", type=click.IntRange(0), help="Another trial than the best.")
@click.option(
    "--costs",
    multiple=True,
    metavar="CLASS=COST",
    help="What overlooking a class costs; CLASS:ANSWER=COST for one wrong answer. [default: 1]",
)
@click.option("--recall", type=float, metavar="R", help="The least share of a class to be found.")
@click.option("--precision", type=float, metavar="P", help="The least share of answers right.")
@click.option("--class", "of_class", metavar="NAME", help="Whose; of two classes the second.")
@click.option("--clear", is_flag=True, help="Answer with the likeliest class again.")
@options.storage
@options.home
@options.as_json
def threshold(
    study: str | None,
    trial: int | None,
    costs: tuple[str, ...],
    recall: float | None,
    precision: float | None,
    of_class: str | None,
    clear: bool,
    storage: str | None,
    home: str | None,
    as_json: bool,
) -> None:
    """Set how sensitive a study's winner is: the threshold, or the costs, that it answers by.

    Without a goal it shows what thresholds come to, and keeps none.
    """
    from ..search.decision import decide, forget
    from ..search.decision_wishes import Wish
    from ..search.home import Home

    wish = Wish(costs, recall, precision, of_class)
    if clear:
        if wish != Wish() or trial is not None:
            raise click.UsageError("--clear forgets what was chosen: name nothing to choose.")
        name = forget(Home.at(home), storage, study)
        told = f"'{name}' answers with the likeliest class."
        print_json({"study": name, "decided": None}) if as_json else click.echo(told)
        return
    report = decide(Home.at(home), storage, study, trial, wish)
    if as_json:
        print_json(report.to_json())
    else:
        click.echo(report.to_text())
