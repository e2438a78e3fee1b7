"""A run beside a study's trials (a baseline, a smaller copy of the winner), told to MLflow.

While a search runs, `Recorder.record_extra` takes it in; afterwards `deliver` opens the study's
run again, or begins it where MLflow was not there, and leaves it as it ended.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..objectives.development import Description
from ..spaces import Experiment
from ..spaces.writing import experiment_text
from .home import Home
from .lock import is_held
from .recorder import Delivery, Destination, MLflowRecorder, describe

if TYPE_CHECKING:
    import optuna

STATUS = {"finished": "FINISHED", "interrupted": "KILLED", "failed": "FAILED"}


@dataclass(frozen=True)
class Extra:
    """A run that is no trial. Of one kind and name a study has one; a second changes nothing."""

    kind: str  # of a word: `baseline`, `pruned`
    name: str
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str] = field(default_factory=dict)
    started: int = 0  # milliseconds since 1970
    ended: int = 0

    @property
    def key(self) -> str:
        """What it is known by in its study."""
        return f"{self.kind}:{self.name}"


def closing(state: str, best: dict[str, Any] | None, level: str) -> dict[str, Any]:
    """Return what the study's own run is closed with.

    Args:
        state: of the search: finished, interrupted or failed.
        best: the `best` object of the study, None where no trial has completed.
        level: how the sealed rows were guarded.
    """
    tags = {"guard_level": level}
    if best is None:
        return {"status": STATUS[state], "metrics": {}, "tags": tags}
    metrics = {f"best.{name}": value for name, value in best["metrics"].items()}
    tags |= {f"best.{name}": str(value) for name, value in best["parameters"].items()}
    return {
        "status": STATUS[state],
        "metrics": metrics,
        "tags": {"best": str(best["number"]), **tags},
    }


def deliver(
    home: Home,
    experiment: Experiment,
    study: optuna.Study,
    tracking_uri: str | None,
    extra: Extra,
) -> Delivery:
    """Record a run of a study that is not being searched, and the trials still missing there.

    It is never an error: where it cannot be recorded, `Delivery` says why, and the same call
    delivers it another time.

    Args:
        home: where the study's files are.
        experiment: what it searches.
        study: Optuna's.
        tracking_uri: where MLflow is; None: the environment's, else the home's own.
        extra: the run.
    """
    if is_held(home.lock(experiment.study)):
        return Delivery(1, "a search of the study is running")
    try:
        content = json.loads((home.data(experiment.study) / "description.json").read_text())
        description = Description(**{**content, "classes": tuple(content["classes"])})
        home.create()
    except (OSError, ValueError, TypeError, KeyError) as error:
        return Delivery(1, f"the study's own files cannot be read: {error}")
    recorder = MLflowRecorder()
    about = describe(experiment, description, experiment_text(experiment))
    recorder.open(Destination.of(home, experiment.study, tracking_uri), about)
    recorder.record_extra(extra)
    return recorder.close(_finished(study), _left_as_it_was(study))


def _finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    from .study import FINISHED

    return study.get_trials(deepcopy=False, states=FINISHED)


def _left_as_it_was(study: optuna.Study) -> dict[str, Any]:
    """Return what a search that has ended closed its study's run with, its time included."""
    from .guarding import level_of

    attributes = study.user_attrs
    state = attributes.get("state", "finished")
    closed = closing(
        state if state in STATUS else "interrupted",  # killed, it had no chance to say so
        _best(study),
        level_of(attributes),
    )
    ended = [t.datetime_complete for t in _finished(study) if t.datetime_complete is not None]
    return closed | ({"ended": int(max(ended).timestamp() * 1000)} if ended else {})


def _best(study: optuna.Study) -> dict[str, Any] | None:
    from .fronts import best_of
    from .trials import best_object

    complete = [trial for trial in _finished(study) if trial.state.name == "COMPLETE"]
    return best_object(best_of(complete, study.directions))
