"""Looking at studies without taking part in them: status, trials, best, logs; and deleting one."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from ..errors import InputError, StorageError, did_you_mean
from ..spaces import Experiment
from ..spaces.extending import PATHS
from .broken_store import unreadable
from .fronts import best_of
from .guarding import attempts_of, level_of
from .home import Home
from .lock import Holder, StudyLock, holder_of, is_held
from .progress import counts
from .storage import open_store
from .trade_offs import front_objects, has_several, objectives_of, shortfall_of
from .trials import best_object, parameters_of


class Studies:
    """The studies of one store."""

    def __init__(self, home: Home, storage: str | None = None) -> None:
        self.home = home
        self.url = storage or home.storage_url
        self.is_there = storage is not None or home.optuna_db.exists()
        if self.is_there:
            try:
                self.store = open_store(self.url)
            except Exception as error:
                raise unreadable(self.url, error) from error

    def names(self) -> list[str]:
        if not self.is_there:
            return []
        return sorted(optuna.get_all_study_names(self.store))

    def load(self, name: str | None) -> optuna.Study:
        """Open a study; without a name, the only one there is."""
        known = self.names()
        if not known:
            raise InputError(
                f"there is no study in {self.home.root} yet.",
                "Run `tune search spaces/mlp.yaml`, or point at another place with --home.",
            )
        if name is None and len(known) == 1:
            name = known[0]
        if name is None:
            raise InputError("there are several studies.", f"Name one: {', '.join(known)}.")
        if name not in known:
            raise InputError(f"there is no study '{name}'.", did_you_mean(name, known))
        return optuna.load_study(study_name=name, storage=self.store)

    def status(self, name: str | None) -> dict[str, Any]:
        """Return the `status` object of a study."""
        study = self.load(name)
        attributes = study.user_attrs
        trials = study.get_trials(deepcopy=False)
        complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
        return {
            "study": study.study_name,
            "state": self.state(study),
            "direction": study.directions[0].name.lower(),
            "executor": attributes.get("executor", ""),
            "guard_level": level_of(attributes),
            "tainted": list(attempts_of(attributes)),
            "trials": counts(trials),
            "best": best_object(best_of(complete, study.directions)),
            "seconds": attributes.get("seconds", {}),
        } | self._trade_offs(study)

    def _trade_offs(self, study: optuna.Study) -> dict[str, Any]:
        """Return what a status says otherwise where there are several objectives."""
        if not has_several(study):
            return {}
        return {"objectives": objectives_of(study), "best": front_objects(study)}

    def state(self, study: optuna.Study) -> str:
        """Return running, finished, interrupted or failed.

        A search that was killed had no chance to write how it ended.
        """
        if is_held(self.home.lock(study.study_name)):
            return "running"
        written: str = study.user_attrs.get("state", "finished")
        return "interrupted" if written == "running" else written

    def best(self, name: str | None) -> dict[str, Any]:
        """Return the `best` object of a study: of several objectives, by the primary one."""
        study = self.load(name)
        complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        best = best_object(best_of(complete, study.directions))
        if best is None:
            cause = shortfall_of(study) or f"no trial of '{study.study_name}' has completed"
            raise InputError(f"{cause}.", f"See `tune trials {study.study_name}`.")
        return best

    def front(self, name: str | None) -> dict[str, Any] | None:
        """Return the front of a study for a machine; None where it has one objective.

        Raises InputError as `best` does.
        """
        study = self.load(name)
        if not has_several(study):
            return None
        self.best(study.study_name)
        return {
            "study": study.study_name,
            "objectives": objectives_of(study),
            "best": front_objects(study),
        }

    def trial(self, name: str | None, number: int) -> FrozenTrial:
        study = self.load(name)
        trials = study.get_trials(deepcopy=False)
        if not 0 <= number < len(trials):
            raise InputError(
                f"'{study.study_name}' has no trial {number}.",
                f"Its trials are 0 to {len(trials) - 1}." if trials else "It has no trials yet.",
            )
        return trials[number]

    def experiment_content(self, study: optuna.Study) -> dict[str, Any]:
        """Return the experiment of a study, as a file would say it."""
        identity, settings = study.user_attrs.get("identity"), study.user_attrs.get("settings")
        if identity is None or settings is None:
            raise InputError(
                f"the study '{study.study_name}' was not made by this program.", "Name another."
            )
        known = {k: v for k, v in {**settings, **identity}.items() if k in Experiment.model_fields}
        kept = {key: settings[key] for key in (*PATHS, "allow") if key in settings}
        known["data"] = identity["data"] | kept
        return {**_with_places(known, settings), "study": study.study_name}

    def holder(self, name: str | None) -> Holder | None:
        """Return the process that searches now, None if there is none."""
        path = self.home.lock(self.load(name).study_name)
        return holder_of(path) if is_held(path) else None

    def delete(self, name: str) -> None:
        """Delete a study and its trials' files. Its MLflow runs stay.

        Raises StorageError while a search holds it.
        """
        study = self.load(name)
        with StudyLock(self.home.lock(name), name):
            optuna.delete_study(study_name=study.study_name, storage=self.store)
            home = self.home
            for folder in (home.trials(name), home.data(name), home.pruned(name)):
                try:
                    shutil.rmtree(folder)
                except FileNotFoundError:
                    pass  # no trial had finished
                except OSError as error:
                    rule = f"{error.filename} cannot be deleted."
                    raise StorageError(rule, "Delete it.") from None


def _with_places(content: dict[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Say where the files of code and of weights lie that an identity knows by name only."""
    placed = dict(content)
    if "function" in settings:
        placed["objective"] = _with_function(content["objective"], settings["function"])
    if "model" in settings:
        options = content["model"] if isinstance(content["model"], dict) else {}
        placed["model"] = {**options, "name": settings["model"]}
    paths = {key: settings[key] for key in ("cost", "start_from") if key in settings}
    return {**placed, "training": {**content["training"], **paths}}


def _with_function(objective: Any, function: str) -> Any:
    if isinstance(objective, list):
        return [_with_function(objective[0], function), *objective[1:]]
    return {**objective, "function": function}


def log_text(trial: FrozenTrial) -> str:
    """Return all that is known of a trial: configuration, every epoch, and why it ended."""
    record = trial.user_attrs.get("record", {})
    lines = [f"trial {trial.number}: {trial.state.name}"]
    if "cause" in trial.user_attrs:
        lines.append(f"  {trial.user_attrs['cause']}")
    lines += [f"  {name}: {value}" for name, value in parameters_of(trial).items()]
    lines.append(f"  seed: {trial.user_attrs.get('seed')}")
    curves: dict[str, list[float]] = record.get("curves", {})
    if curves:
        lines += ["", "epoch  " + "  ".join(f"{name:>20}" for name in curves)]
        for epoch, values in enumerate(zip(*curves.values(), strict=True), start=1):
            kept = "  kept" if epoch == record.get("kept_epoch") else ""
            lines.append(f"{epoch:5}  " + "  ".join(f"{v:20.6g}" for v in values) + kept)
    if record.get("traceback"):
        lines += ["", record["traceback"].rstrip()]
    if record.get("folder"):
        lines += ["", f"weights and predictions: {record['folder']}"]
    return "\n".join(lines)
