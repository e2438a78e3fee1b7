"""What makes a study the same: the file's own part, and the content of its data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..objectives.callables import where
from ..objectives.development import Description
from ..objectives.locations import without_credentials
from ..objectives.own_code import KEYS, named_in
from ..spaces import Experiment
from ..spaces.differences import differences
from ..spaces.extending import PATHS

# What may change between runs, and is recorded.
SETTINGS = ("card", "sampler", "pruner", "budget", "resources", "verify", "baselines")

DATA_KEYS = ("data_sha256", "split_sha256")
WEIGHTS_KEY = "weights_sha256"  # of the file that trials begin with, where there is one


def identity_of(experiment: Experiment, description: Description) -> dict[str, Any]:
    """Return what makes a study the same, its data included, and the weights it begins with."""
    data = {key: getattr(description, key) for key in DATA_KEYS}
    return data | _weights(experiment) | experiment.identity()


def _weights(experiment: Experiment) -> dict[str, str]:
    path = experiment.training.start_from
    if path is None:
        return {}
    with open(path, "rb") as file:
        return {WEIGHTS_KEY: hashlib.file_digest(file, "sha256").hexdigest()}


def data_settings(experiment: Experiment) -> dict[str, Any]:
    """Return what a file says of its data that is no part of the identity: where they lie,
    without passwords, and what may tell the target."""
    data = experiment.data.model_dump(mode="json", include=set(PATHS), exclude_none=True)
    paths = {key: without_credentials(path) for key, path in data.items()}
    return paths | {"allow": list(experiment.data.allow)}


def code_settings(experiment: Experiment) -> dict[str, Any]:
    """Return where the user's own code is that trains, each with a hash of its file.

    What a study says of one that scores its trials is `function` and `function_sha256`.
    """
    settings: dict[str, Any] = {}
    for key, source in named_in(experiment).items():
        content = Path(where(source)).read_bytes()
        settings |= {key: source, f"{key}_sha256": hashlib.sha256(content).hexdigest()}
    return settings


def weights_settings(experiment: Experiment) -> dict[str, Any]:
    """Return where the weights lie that trials begin with."""
    path = experiment.training.start_from
    return {} if path is None else {"start_from": path}


def changed_code(attributes: Mapping[str, Any], settings: Mapping[str, Any]) -> list[str]:
    """Return what was other code when a study with these attributes was last searched."""
    was = attributes.get("settings", {})
    hashes = ((key, was.get(f"{key}_sha256")) for key in KEYS)
    return [key for key, h in hashes if h is not None and h != settings.get(f"{key}_sha256")]


def check_same(experiment: Experiment, attributes: Mapping[str, Any]) -> None:
    """Raise InputError if a study with these attributes is not the one the file describes."""
    if "identity" not in attributes:
        raise InputError(
            f"the study '{experiment.study}' was not made by this program.",
            "Give this search another name with --study.",
        )
    of_files = {*DATA_KEYS, WEIGHTS_KEY}
    was = {key: v for key, v in attributes["identity"].items() if key not in of_files}
    changes = differences(was, experiment.identity())
    if changes:
        head = f"the file differs from the study '{experiment.study}' it would continue:"
        raise InputError(
            "\n".join([head, *(f"  {change}" for change in changes)]),
            "Undo the change, or search under another name: --study NEW, and "
            f"--from {experiment.study} to carry over the trials that fit.",
        )


def check_data(
    experiment: Experiment, description: Description, attributes: Mapping[str, Any]
) -> None:
    """Raise InputError if the data, or the weights that trials begin with, are not those that a
    study with these attributes began with."""
    for key in DATA_KEYS:
        was, found = attributes["identity"][key], getattr(description, key)
        if was != found:
            raise InputError(
                f"the data has changed since the study '{experiment.study}' began: its "
                f"{key} is {found[:12]} and was {was[:12]}.",
                "Restore the data, or give this search another name with --study.",
            )
    was, found = attributes["identity"].get(WEIGHTS_KEY), _weights(experiment).get(WEIGHTS_KEY)
    if was != found:
        raise InputError(
            f"{experiment.training.start_from} has changed since the study '{experiment.study}' "
            "began, and its trials began with those weights.",
            "Restore the file, or give this search another name with --study.",
        )
