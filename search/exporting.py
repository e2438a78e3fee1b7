"""The winner of a study as a file: fixed values and its seed, which train to the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial

from ..errors import InputError
from ..objectives import subset
from ..objectives.configurations import own_name, parameters_of
from ..spaces import Configuration, Experiment
from ..spaces.experiment import Training
from ..spaces.space import MODEL
from ..spaces.writing import experiment_text
from .drafts import path_from
from .queries import Studies
from .trials import configuration_of


def export(studies: Studies, name: str | None, number: int | None, out: Path | None) -> str:
    """Return a trial as the text of an experiment file.

    Args:
        studies: where the study is.
        name: the study; None for the only one there is.
        number: the trial; None for the best.
        out: the file that will hold it, to which the path of the data is then relative.

    Raises:
        InputError: there is no such trial, or it has not been trained to its end.
    """
    study = studies.load(name)
    best = studies.best(study.study_name)
    trial = studies.trial(study.study_name, best["number"] if number is None else number)
    if trial.state.name != "COMPLETE":
        raise InputError(
            f"trial {trial.number} of '{study.study_name}' was not trained to its end.",
            f"See `tune trials {study.study_name}`; its best is trial {best['number']}.",
        )
    content = fixed(studies, study, trial, out)
    metrics = ", ".join(f"{k} {v:.6g}" for k, v in trial.user_attrs["metrics"].items())
    head = f"# Trial {trial.number} of {study.study_name}: {metrics}.\n"
    return head + experiment_text(Experiment.model_validate(content))


def fixed(
    studies: Studies, study: optuna.Study, trial: FrozenTrial, out: Path | None
) -> dict[str, Any]:
    """Return a completed trial as a file says it that trains it alone.

    Args:
        studies: where the study is.
        study: the trial's.
        trial: what all values are fixed to.
        out: the file that will hold it; None leaves paths as they are.
    """
    content = studies.experiment_content(study)
    experiment = Experiment.model_validate(content)
    configuration = configuration_of(trial, experiment.space)
    training = _with_paths(content["training"], ("cost", "start_from"), out)
    if "model" in content:
        content["model"] = _model(content["model"], out)
    return content | {
        "study": f"{study.study_name}-trial-{trial.number}",
        "data": {**content["data"], **_paths(content["data"], out)},
        "objective": _objective(content["objective"], out),
        "training": training | {"seed": trial.user_attrs["seed"]},
        "parameters": _as_lists(_consumed(experiment, configuration)),
        "constraints": [],
        "sampler": "random",
        "pruner": "none",
        "budget": {"trials": 1},
    }


def _paths(data: dict[str, Any], out: Path | None) -> dict[str, str]:
    """Return where the data lie, as the new file says it."""
    keys = ["source", "test"]
    if str(data.get("target")).endswith(".npy"):  # otherwise it is a column, whatever its name
        keys.append("target")
    return {key: path_from(out, data[key]) for key in keys if data.get(key) is not None}


def _with_paths(
    section: dict[str, Any], keys: tuple[str, ...], out: Path | None
) -> dict[str, Any]:
    """Return a section with the files that it names as the new file says them."""
    named = {key: section[key] for key in keys if section.get(key) is not None}
    return section | {key: path_from(out, path) for key, path in named.items()}


def _objective(objective: Any, out: Path | None) -> Any:
    if isinstance(objective, list):
        return [_objective(each, out) for each in objective]
    return _with_paths(objective, ("function",), out)


def _model(model: Any, out: Path | None) -> Any:
    if isinstance(model, dict):
        return _with_paths(model, ("name",), out)
    return path_from(out, model)


def _consumed(experiment: Experiment, configuration: Configuration) -> Configuration:
    """Leave out what only the space's own expressions used, which are no longer there.

    What a function of the user's own makes use of is known to it alone.
    """
    if experiment.objective.function is not None:
        return configuration
    model = str(configuration.get(MODEL, experiment.model.name))
    users = {MODEL, *Training.model_fields, *parameters_of(experiment, model)}

    def is_used(name: str) -> bool:
        _, own = own_name(name, (model,))
        is_known = own in users or own.rpartition(".")[0] in users
        return is_known or subset.is_used(name)

    return {name: value for name, value in configuration.items() if is_used(name)}


def _as_lists(configuration: Configuration) -> dict[str, Any]:
    """Write the elements of a repeated parameter as one list, which is how a file fixes them."""
    parameters: dict[str, Any] = {}
    for name, value in configuration.items():
        base, _, index = name.rpartition(".")
        if index.isdigit():
            parameters.setdefault(base, []).append(value)
        else:
            parameters[name] = value
    return parameters
