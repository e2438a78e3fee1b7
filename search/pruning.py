"""`tune prune`: a study's winner made smaller, trained on, and held against what it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import InputError
from ..objectives.configurations import network_of
from ..objectives.contracts import Report
from ..objectives.files import PREDICTIONS, WEIGHTS
from ..objectives.guard.predicting import weights_of_fold
from ..objectives.pruning import layouts, retraining, sparsity
from ..objectives.pruning.ranking import Cut
from . import pruned
from .chosen import Chosen
from .home import Home
from .smaller import Smaller
from .thinning import Thinning


@dataclass(frozen=True)
class Request:
    """How much is to go, and how long what is left trains on."""

    cut: Cut | None  # None: no units go
    epochs: int | None = None  # None: as many as the trial's
    sparsity: float | None = None  # share of single weights to see the network without

    def __post_init__(self) -> None:
        if self.sparsity is not None:
            sparsity.check(self.sparsity)


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    content: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        return dict(self.content)

    def to_text(self) -> str:
        from .pruning_words import text

        return text(self.content)


def prune(
    home: Home,
    storage: str | None,
    name: str | None,
    number: int | None,
    request: Request,
    tracking_uri: str | None = None,
    show: Callable[[Report], None] = lambda _: None,
) -> Outcome:
    """Make a trial's network smaller, and keep the smaller one with the study.

    Args:
        home: where the study's files are.
        storage: where the study is, if not there.
        name: its name; None for the only one there is.
        number: the trial; None for the best.
        request: how much smaller.
        tracking_uri: where MLflow is; None: the environment's, else the home's own.
        show: told of every epoch.

    Raises:
        InputError: there is no such trial, its weights are not kept, or its units cannot go.
        TuneError: training on has left the finite numbers.
    """
    chosen = Chosen.of(home, storage, name, number)
    _refuse_own_function(chosen)
    if request.cut is not None:
        layouts.check(*network_of(chosen.experiment, chosen.configuration))
    with retraining.threads_of(chosen.experiment):
        thinning = Thinning(chosen, chosen.development())
        content = thinning.content()
        if request.sparsity is not None:
            content["sparsity"] = thinning.without_weights(request.sparsity)
        if request.cut is not None:
            started = time.time()
            content |= _smaller(thinning, request, storage, show)
            content |= pruned.keep(chosen, content, tracking_uri, started)
    return Outcome(content)


def _smaller(
    thinning: Thinning, request: Request, storage: str | None, show: Callable[[Report], None]
) -> dict[str, Any]:
    """Take units away, train on what is left, write it; return what it is."""
    assert request.cut is not None
    chosen = thinning.chosen
    width, layers, states = thinning.narrowed(request.cut)
    file = Smaller(chosen, storage, width, tuple(n for _, n in layers), request.epochs)
    untrained = thinning.scores(thinning.untrained(file, states))
    results, kept_epoch = thinning.trained_on(file, states, show)
    folder = chosen.home.pruned(chosen.name) / _name(chosen.trial.number, request)
    pruned.write(folder, results, states, file)
    trained = [weights_of_fold(results.weights, i, len(states)) for i in range(len(states))]
    return {
        "name": folder.name,
        "amount": request.cut.amount,
        "threshold": request.cut.threshold,
        "width": width,
        "layers": [list(pair) for pair in layers],
        "epochs": file.epochs,
        "kept_epoch": kept_epoch,
        "untrained": untrained,
        **thinning.described(file, trained, results.predictions, folder / WEIGHTS),
        "files": {
            "folder": str(folder),
            "weights": str(folder / WEIGHTS),
            "predictions": str(folder / PREDICTIONS),
            "file": str(folder / pruned.FILE),
        },
    }


def _refuse_own_function(chosen: Chosen) -> None:
    function = chosen.experiment.objective.function
    if function is not None:
        raise InputError(
            f"the network of a trial is made smaller, but that of '{chosen.name}' is known to "
            f"{function} alone.",
            "Make it smaller in your own code.",
        )


def _name(number: int, request: Request) -> str:
    """Return what a smaller network is called: the same for the same request."""
    cut = request.cut
    assert cut is not None
    by = f"amount-{cut.amount:g}" if cut.amount is not None else f"threshold-{cut.threshold:g}"
    epochs = "" if request.epochs is None else f"-epochs-{request.epochs}"
    return f"trial-{number}-{by}{epochs}"
