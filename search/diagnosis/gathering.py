"""From a stored study to the evidence: whatever cannot be read is named, and nothing fails."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from ...errors import TuneError
from ...objectives.development import Description
from ...objectives.guard import sealing
from ...objectives.guard.ledger import Ledger
from ...objectives.guard.places import Places
from ...objectives.rowwise import Part
from ...spaces import Experiment
from ..guarding import ATTRIBUTE, WORLD, attempts_of
from ..held_against import Held, held_against
from ..home import Home
from ..selection import read_part
from ..study import default_of
from ..trials import configuration_of
from .evidence import Evidence, Tried

_STATES: dict[TrialState, Literal["complete", "pruned", "failed"]] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


def gather(
    home: Home, study: optuna.Study, experiment: Experiment, state: str, best: int | None
) -> Evidence:
    """Read what is stored of a study.

    Args:
        home: where its files lie.
        study: as Optuna has it.
        experiment: as a file would say it.
        state: running, finished, interrupted or failed.
        best: number of its best trial.
    """
    unknown: list[str] = []
    frozen = study.get_trials(deepcopy=False, states=tuple(_STATES))
    trials = tuple(_tried(trial, experiment, home, study.study_name) for trial in frozen)
    direction = study.directions[0]
    return Evidence(
        study=study.study_name,
        state=state,
        experiment=experiment,
        direction="maximize" if direction == StudyDirection.MAXIMIZE else "minimize",
        trials=trials,
        best=next((trial for trial in trials if trial.number == best), None),
        default=_default(frozen, experiment),
        description=_description(home.data(study.study_name), unknown),
        part=_part(home.data(study.study_name), unknown),
        baselines=_mapping(study.user_attrs.get("baselines")),
        held=_held(home, experiment, study, frozen, best),
        test=_test(study, best, unknown),
        world=_world(study, best),
        attempts=attempts_of(study.user_attrs),
        unknown=tuple(unknown),
    )


def _tried(trial: FrozenTrial, experiment: Experiment, home: Home, study: str) -> Tried:
    attributes = trial.user_attrs
    record = attributes.get("record", {})
    own = home.trials(study) / str(trial.number)
    told = record.get("folder")
    return Tried(
        number=trial.number,
        state=_STATES[trial.state],
        configuration=_configuration(trial, experiment),
        value=trial.values[0] if trial.state == TrialState.COMPLETE and trial.values else None,
        metrics=attributes.get("metrics", {}),
        curves=record.get("curves", {}),
        kept_epoch=record.get("kept_epoch"),
        cause=attributes.get("cause", ""),
        folder=own if own.exists() or told is None else Path(told),
    )


def _configuration(trial: FrozenTrial, experiment: Experiment) -> dict[str, Any]:
    try:
        return configuration_of(trial, experiment.space)
    except Exception:  # of another space, or a trial that failed as it was asked for
        return dict(trial.params)


def _default(trials: Iterable[FrozenTrial], experiment: Experiment) -> int | None:
    try:
        return default_of(trials, experiment.space.asked(experiment.space.default()))
    except Exception:  # an expression that has no value for the defaults
        return None


def _description(folder: Path, unknown: list[str]) -> Description | None:
    path = folder / "description.json"
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Description(**{**said, "classes": tuple(said.get("classes", ()))})
    except (OSError, ValueError, TypeError, AttributeError):
        unknown.append(f"the data's size: {path} cannot be read.")
        return None


def _part(folder: Path, unknown: list[str]) -> Part | None:
    try:
        return read_part(folder)
    except (TuneError, OSError, ValueError, EOFError, BadZipFile):
        unknown.append("what the predictions say: the validation targets cannot be read.")
        return None


def _held(
    home: Home,
    experiment: Experiment,
    study: optuna.Study,
    trials: Iterable[FrozenTrial],
    best: int | None,
) -> tuple[Held, ...]:
    trial = next((trial for trial in trials if trial.number == best), None)
    if trial is None or not study.user_attrs.get("baselines"):
        return ()
    try:
        return held_against(home, experiment, study, trial)
    except Exception:  # whatever has become of their files: their values are known all the same
        return ()


def _test(study: optuna.Study, best: int | None, unknown: list[str]) -> dict[str, Any] | None:
    """Return the last report on the best trial, from the ledger."""
    guard = study.user_attrs.get(ATTRIBUTE)
    if guard is None or best is None:
        return None
    try:
        places = Places.here()
        known = sealing.fingerprint_of(places, guard["id"])
        looks = sealing.looks_at(known, Ledger(places.ledger), places)
    except (TuneError, OSError, ValueError, KeyError, TypeError) as error:
        told = error.cause if isinstance(error, TuneError) else str(error)
        unknown.append(f"whether the test rows were opened: {told}")
        return None
    of_best = [look for look in looks if (look.study, look.trial) == (study.study_name, best)]
    return next((look.report for look in reversed(of_best) if look.report is not None), None)


def _mapping(value: Any) -> Mapping[str, Mapping[str, Any]]:
    return value if isinstance(value, Mapping) else {}


def _world(study: optuna.Study, best: int | None) -> Mapping[str, Any] | None:
    """Return the last report of the best trial on new rows."""
    reports = study.user_attrs.get(WORLD)
    known = [r for r in reports if isinstance(r, Mapping)] if isinstance(reports, list) else []
    return next((report for report in reversed(known) if report.get("trial") == best), None)
