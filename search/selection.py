"""The winner of a study, found again from what its trials predicted for the validation rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from optuna.trial import FrozenTrial, TrialState

from ..errors import GuardError
from ..objectives.development import Array
from ..objectives.files import PREDICTIONS, VALIDATION, WEIGHTS
from ..objectives.guard.correction import Candidate, Correction, correct
from ..objectives.metrics import direction_of, plain_name
from ..objectives.rowwise import Part, score
from ..spaces import Experiment
from .competing import competition
from .fronts import is_feasible
from .home import Home
from .trade_offs import shortfall_of
from .trials import value_of

TOLERANCE = 1e-3  # between a stored value and the same from predictions, relative


@dataclass(frozen=True)
class Selection:
    """What a study picked, and what the picking is worth."""

    part: Part  # the validation rows
    correction: Correction
    winner: int  # number of the trial; of several objectives, the best in the primary one
    folders: dict[int, Path]  # of each completed trial

    def predictions(self, number: int) -> Array:
        """Return what a completed trial predicted for the validation rows."""
        return read(self.folders[number] / PREDICTIONS)


def select(study: Any, experiment: Experiment, home: Home, number: int | None = None) -> Selection:
    """Score every trial again, and correct the best for being the best of so many.

    Args:
        study: Optuna's.
        experiment: what it searches.
        home: where its files are.
        number: a trial of the front, where there are several objectives, that is the best here.

    Raises GuardError where a value that the study stores is not that of its predictions.
    """
    part = read_part(home.data(study.study_name))
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    metric = plain_name(experiment.objective.metric)
    folders: dict[int, Path] = {}
    candidates = []
    picking = competition(study, number)
    could_win = is_feasible if picking is None else picking.has_taken_part
    for trial in trials:
        folder = _folder(trial, home, study.study_name)
        predictions = _predictions(folder, trial, part)
        if trial.state == TrialState.COMPLETE:
            folders[trial.number] = folder
            found = score(metric, experiment.task, part, predictions)
            is_at_least = metric == "loss" and experiment.task != "regression"
            is_at_least &= _is_certain(predictions)
            _check_value(trial, found, is_at_least, study.study_name)
        if not could_win(trial):
            continue  # nobody could have picked it
        read_again = partial(_predictions, folder, trial, part)
        candidates.append(_candidate(trial, read_again, experiment.objective.metric))
    if not folders:
        raise GuardError(
            f"a study's winner is verified, but no trial of '{study.study_name}' has completed.",
            f"See `tune trials {study.study_name}`.",
        )
    if shortfall := shortfall_of(study):
        raise GuardError(f"{shortfall}.", f"See `tune trials {study.study_name}`.")
    direction = direction_of(experiment.objective, experiment.task)
    correction = correct(metric, experiment.task, direction, part, candidates)
    winner = correction.winner if picking is None else picking.picked
    return Selection(part, correction, winner, folders)


def read_part(folder: Path) -> Part:
    """Return the validation rows' targets as a study's folder has them."""
    path = folder / VALIDATION
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return Part(
                targets=arrays["targets"],
                folds=tuple(int(n) for n in arrays["folds"]),
                scale=arrays["scale"],
                blocks=arrays["blocks"],
            )
    except (OSError, EOFError, KeyError, ValueError):
        raise GuardError(
            f"a winner is found again from what {path} holds, but it cannot be read.",
            "Restore it from a backup, or search again under another name.",
        ) from None


def _folder(trial: FrozenTrial, home: Home, study: str) -> Path:
    told = trial.user_attrs.get("record", {}).get("folder")
    own = home.trials(study) / str(trial.number)
    return own if own.exists() or told is None else Path(told)


def _predictions(folder: Path, trial: FrozenTrial, part: Part) -> Array:
    """Return a trial's predictions; none of one that was pruned before it left any."""
    path = folder / PREDICTIONS
    try:
        predictions = read(path)
    except (OSError, EOFError, ValueError):
        if trial.state == TrialState.PRUNED:
            return np.empty((0, 1))
        rule = f"trial {trial.number} is scored again from {path}, but it cannot be read."
        raise GuardError(rule, "Restore it from a backup.") from None
    if len(predictions) != len(part.targets):
        n = len(part.targets)
        rule = f"trial {trial.number} predicts {n:,} validation rows, but {path} has"
        raise GuardError(f"{rule} {len(predictions):,}.", "Restore it from a backup.")
    return predictions


def _is_certain(predictions: Array) -> bool:
    """Whether a probability is 0 or 1: so near to them that no number lies between."""
    return bool(((predictions == 0) | (predictions == 1)).any())


def _check_value(trial: FrozenTrial, found: float, is_at_least: bool, study: str) -> None:
    """Raise GuardError where predictions are not worth a trial's stored value.

    Where a probability was too near to 0 or 1 to be held, the loss is at least what is found.
    """
    value = value_of(trial)
    assert value is not None
    if math.isclose(found, value, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
        return
    if is_at_least and value > found:
        return
    raise GuardError(
        f"trial {trial.number} of '{study}' is stored with the value "
        f"{value:.6g}, but its own predictions are worth {found:.6g}.",
        "Somebody has changed one of them: restore the store or the trial's files.",
    )


def _candidate(trial: FrozenTrial, predictions: Callable[[], Array], metric: str) -> Candidate:
    record = trial.user_attrs.get("record", {})
    curve = tuple(record.get("curves", {}).get(metric, ()))
    is_pruned = trial.state == TrialState.PRUNED
    epoch = len(curve) if is_pruned else record["kept_epoch"]
    return Candidate(trial.number, predictions, is_pruned, epoch, curve)


def read(path: Path) -> Array:
    """Read predictions, one trial's at a time: together they may not fit into memory."""
    predictions: Array = np.load(path, allow_pickle=False)
    return predictions


def has_weights(selection: Selection, number: int) -> bool:
    """Whether a trial was trained to its end, and its weights are kept."""
    return number in selection.folders and (selection.folders[number] / WEIGHTS).exists()


def weights_of(selection: Selection, number: int) -> Path:
    """Return a trial's weights. Raises GuardError where they are not kept, or not whole."""
    path = selection.folders.get(number, Path(str(number))) / WEIGHTS
    if path.exists():
        _check_whole(path)
        return path
    kept = sorted(n for n in selection.folders if has_weights(selection, n))
    listed = ", ".join(map(str, kept)) or "none"
    rule = f"a trial's own weights are scored, but those of trial {number} are not kept"
    raise GuardError(f"{rule} (kept: {listed}).", "Name one of these with --trial.")


def _check_whole(path: Path) -> None:
    """Refuse what cannot be loaded before a look is spent on it."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np"):
            pass
    except (OSError, SafetensorError) as error:
        rule = f"a winner is scored by its weights, but {path} cannot be read ({error})."
        raise GuardError(rule, "Restore it from a backup.") from None
