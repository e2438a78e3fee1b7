"""The one process that opens sealed rows: what comes out of it are numbers about all of them.

It makes inputs of the rows as the study did, has another process predict, and scores. Run as
`python -m truetune.objectives.guard.examination`, a request as JSON on its standard input.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...spaces.parameters import Scalar
from ..child import Child, answer
from ..development import Array
from .places import Places
from .redaction import PURPOSE, redacted, shut_up

if TYPE_CHECKING:
    from ..features import Features
    from ..rowwise import Part
    from .content import Sealed
    from .kept import KeptData


@dataclass(frozen=True)
class Contestant:
    """A trial whose own weights are scored."""

    name: str  # "winner" or "default"
    number: int
    configuration: dict[str, Scalar]
    seed: int
    weights: str  # path of weights.safetensors


@dataclass(frozen=True)
class Request:
    """What is to be scored, and on which rows."""

    experiment: dict[str, Any]  # as `Experiment.model_dump(mode="json")` has it
    study_data: str  # folder of what `files.save_data` wrote
    contestants: tuple[Contestant, ...]
    alpha: float  # that an interval may miss
    root: str  # of `Places`
    seal: str
    manifest_sha256: str
    new: str | None = None  # a source of new rows, in the place of the sealed ones


def examine(request: Request) -> dict[str, Any]:
    """Open the rows in a child process, and wait for what it found.

    Returns:
        `n_rows`; `metrics` of each contestant; `interval` of each, the objective's `[value, low,
        high]`; `n_unknown`, rows of a class that no training row has; `blocks`, what an interval
        takes rows together by; `shift` as `_shift` has it, and `n_copies`, rows that development
        rows have too, both None where these cannot be read any more; `seconds`.

    Raises:
        GuardError: vault or key are not as they were left, or new rows are sealed ones.
        InputError: weights or new rows cannot be used.
    """
    child = Child(__name__, [], json.dumps(asdict(request)), purpose=PURPOSE)
    try:
        answered: dict[str, Any] = child.result()
        return answered
    finally:
        child.cancel()


def examined(request: Request) -> dict[str, Any]:
    """Do it in this process."""
    from .kept import KeptData, class_numbers
    from .retracing import developed

    started = time.perf_counter()
    study = KeptData.load(request.experiment, Path(request.study_data))
    # First: to read a source may run the user's code, and the rows are not open yet.
    known = developed(study.experiment, study.description)
    rows = _rows(request, study)
    targets, n_unknown = class_numbers(rows.targets, study.description, study.experiment.task)
    return {
        "n_rows": len(rows),
        **_scores(request, study, rows, targets),
        "n_unknown": n_unknown,
        "blocks": rows.blocks_are,
        "shift": None if known is None else _shift(known, rows, study.features[0]),
        "n_copies": None if known is None else _n_copies(known, rows, Places(Path(request.root))),
        "seconds": time.perf_counter() - started,
    }


def _rows(request: Request, study: KeptData) -> Sealed:
    from . import sealing
    from .newcomers import Newcomers, refuse_sealed

    places = Places(Path(request.root))
    if request.new is None:
        return sealing.open_rows(places, request.seal, request.manifest_sha256)
    sealing.check_whole(places, request.seal, request.manifest_sha256)
    data, features, description = study.experiment.data, study.features[0], study.description
    newcomers = Newcomers(request.new, data, features, description)
    rows = newcomers.read()
    refuse_sealed(rows, newcomers.shown, request.seal, places)
    return rows


def _scores(request: Request, study: KeptData, rows: Sealed, targets: Array) -> dict[str, Any]:
    """Return metrics and intervals of all contestants.

    Of several folds there are several networks: a metric is the mean of each one's.
    """
    from ..metrics import OBJECTIVES, plain_name
    from ..rowwise import score
    from .resampling import interval

    experiment = study.experiment
    task, names = experiment.task, list(OBJECTIVES[experiment.task])
    part = _part(study, rows, targets)
    metrics, intervals = {}, {}
    for contestant, predicted in zip(
        request.contestants, _predictions(request, study, rows), strict=True
    ):
        shown = map(plain_name, names)
        metrics[contestant.name] = {name: score(name, task, part, predicted) for name in shown}
        judged = plain_name(experiment.objective.metric)
        found = interval(judged, task, part, predicted, request.alpha)
        intervals[contestant.name] = [found.value, found.low, found.high]
    return {"metrics": metrics, "interval": intervals}


def _part(study: KeptData, rows: Sealed, targets: Array) -> Part:
    from ..rowwise import Part

    n_networks = len(study.features)
    return Part(
        targets=np.concatenate([targets] * n_networks),
        folds=(len(rows),) * n_networks,
        scale=study.scale,
        blocks=np.tile(rows.blocks, n_networks),
    )


def _predictions(request: Request, study: KeptData, rows: Sealed) -> list[Array]:
    from .predicting import Network, Unit, predictions_of

    every = np.arange(len(rows))
    return predictions_of(
        [Network(c.number, c.configuration, c.weights) for c in request.contestants],
        (features.transform(rows.inputs, every) for features in study.features),
        [features.describe(rows.inputs) for features in study.features],
        [Unit(mean, scale) for mean, scale in zip(study.mean, study.scale, strict=True)],
        study.experiment,
        study.description.n_outputs,
    )


def _shift(known: Sealed, rows: Sealed, features: Features) -> dict[str, Any] | None:
    """Return how well the rows can be told from development rows, None where there are few.

    `columns` are the names and AUC of those that differ most, `directions` says whether their
    values are higher or lower now, or just other ones.
    """
    from .shift import Side, shift

    ordered = {name for name, role in features.roles().items() if role in ("number", "date")}
    sides = Side.of(known, features), Side.of(rows, features)
    found = shift(*sides, features.origins(known.inputs), ordered)
    if found is None:
        return None
    return {
        "auc": found.auc,
        "interval": [found.low, found.high],
        "columns": [[changed.name, changed.auc] for changed in found.columns],
        "directions": [changed.direction for changed in found.columns],
    }


def _n_copies(known: Sealed, rows: Sealed, places: Places) -> int:
    """Return how many rows have the inputs of a development row, whatever their targets."""
    from . import keys
    from .fingerprints import Fingerprint, fingerprint, n_shared

    key = keys.read(places)
    whole = fingerprint(rows.inputs, rows.targets, key)
    inputs = Fingerprint(whole.names[:-1], whole.codes[:, :-1])  # the target's is the last
    return n_shared(known.inputs, known.targets, key, [inputs])[0]


def _main() -> None:
    shut_up()
    asked = json.loads(sys.stdin.buffer.read())
    contestants = tuple(Contestant(**contestant) for contestant in asked["contestants"])
    request = Request(**{**asked, "contestants": contestants})
    answer(lambda: redacted(lambda: examined(request)))


if __name__ == "__main__":
    _main()
