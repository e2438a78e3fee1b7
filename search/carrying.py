"""Trials of another study that fit a new space, carried over instead of trained again.

A trial fits if its configuration is one of the new space and it was trained in the same way on
the same rows; it keeps its value, its epochs, its seed and its files. Carried trials count
towards the budget: they are knowledge that the search need not buy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FixedTrial, FrozenTrial, TrialState

from ..errors import InputError
from ..objectives.files import PREDICTIONS, WEIGHTS
from ..objectives.own_code import KEYS
from ..spaces import Configuration, Experiment, Space
from ..spaces.differences import differences
from .identity import changed_code, code_settings
from .trials import configuration_of

# What may differ between two studies whose trials are comparable.
_MAY_DIFFER = ("parameters", "constraints", "seed")


@dataclass(frozen=True)
class Carry:
    """A study to carry trials over from, and where the files of the new study's trials lie."""

    study: str
    folder: Path


def carried(
    source: optuna.Study, experiment: Experiment, identity: Mapping[str, Any], folder: Path
) -> Iterator[FrozenTrial]:
    """Yield the finished trials of a study that are trials of this experiment too.

    Args:
        source: the study to take them from.
        experiment: what they are carried to.
        identity: the new study's own, with the hashes of its data.
        folder: where the files of the new study's trials lie.

    Raises:
        InputError: the studies differ in more than their spaces, so values cannot be compared.
    """
    was = source.user_attrs.get("identity", {})
    changes = differences(_comparable(was), _comparable(identity))
    for key in changed_code(source.user_attrs, code_settings(experiment)):
        changes.append(f"{'.'.join(KEYS[key])}: its file has changed")
    if changes:
        raise InputError(
            "\n".join(
                [
                    f"no trial of '{source.study_name}' can be carried over; it differs in more "
                    "than its parameters:",
                    *(f"  {line}" for line in changes),
                ]
            ),
            "Undo that change, or search without --from.",
        )
    old = Experiment.model_validate(_as_experiment(source.study_name, was)).space
    for trial in source.get_trials(
        deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED)
    ):
        configuration = experiment.space.fit(configuration_of(trial, old))
        if configuration is not None:
            yield _copy(trial, source.study_name, configuration, experiment.space, folder)


def _comparable(identity: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in identity.items() if key not in _MAY_DIFFER}


def _as_experiment(study: str, identity: Mapping[str, Any]) -> dict[str, Any]:
    content = {key: value for key, value in identity.items() if key in Experiment.model_fields}
    return {"study": study, **content}


def _copy(
    trial: FrozenTrial, study: str, configuration: Configuration, space: Space, folder: Path
) -> FrozenTrial:
    asked = FixedTrial(space.asked(configuration))
    space.suggest(asked)  # which notes what each value is drawn from
    attributes = dict(trial.user_attrs)
    attributes["carried_from"] = {"study": study, "number": trial.number}
    attributes["record"] = _with_files(attributes.get("record", {}), folder, trial.number)
    attributes["told"] = space.told(configuration)
    copied = optuna.trial.create_trial(
        state=trial.state,
        values=trial.values,
        params=asked.params,
        distributions=asked.distributions,
        user_attrs=attributes,
        intermediate_values=trial.intermediate_values,
        constraints=trial.constraints or None,
    )
    copied.datetime_start, copied.datetime_complete = trial.datetime_start, trial.datetime_complete
    return copied


def _with_files(record: Mapping[str, Any], folder: Path, number: int) -> dict[str, Any]:
    """Link a trial's files into the new study's folder, so that either study can be deleted."""
    old = record.get("folder")
    if old is None:
        return dict(record)
    own = folder / f"from-{number}"
    own.mkdir(parents=True, exist_ok=True)
    for name in (WEIGHTS, PREDICTIONS):
        if (Path(old) / name).exists() and not (own / name).exists():
            os.link(Path(old) / name, own / name)
    return {**record, "folder": str(own)}
