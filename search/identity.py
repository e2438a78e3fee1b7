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
from ..spaces import Experiment
from ..spaces.differences import differences
from ..spaces.extending import PATHS

# What may change between runs, and is recorded.
SETTINGS = ("card", "sampler", "pruner", "budget", "resources", "verify")

DATA_KEYS = ("data_sha256", "split_sha256")


def identity_of(experiment: Experiment, description: Description) -> dict[str, Any]:
    """Return what makes a study the same, its data included."""
    return {key: getattr(description, key) for key in DATA_KEYS} | experiment.identity()


def data_settings(experiment: Experiment) -> dict[str, Any]:
    """Return what a file says of its data that is no part of the identity: where they lie,
    without passwords, and what may tell the target."""
    data = experiment.data.model_dump(mode="json", include=set(PATHS), exclude_none=True)
    paths = {key: without_credentials(path) for key, path in data.items()}
    return paths | {"allow": list(experiment.data.allow)}


def function_settings(experiment: Experiment) -> dict[str, Any]:
    """Return where the function is that scores the trials, and a hash of its file; nothing
    where none is the user's own."""
    function = experiment.objective.function
    if function is None:
        return {}
    content = Path(where(function)).read_bytes()
    return {"function": function, "function_sha256": hashlib.sha256(content).hexdigest()}


def has_other_code(attributes: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    """Whether a study with these attributes was scored by other code than these settings say."""
    was = attributes.get("settings", {}).get("function_sha256")
    return was is not None and was != settings.get("function_sha256")


def check_same(experiment: Experiment, attributes: Mapping[str, Any]) -> None:
    """Raise InputError if a study with these attributes is not the one the file describes."""
    if "identity" not in attributes:
        raise InputError(
            f"the study '{experiment.study}' was not made by this program.",
            "Give this search another name with --study.",
        )
    was = {key: v for key, v in attributes["identity"].items() if key not in DATA_KEYS}
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
    """Raise InputError if the data are not those that a study with these attributes began with."""
    for key in DATA_KEYS:
        was, found = attributes["identity"][key], getattr(description, key)
        if was != found:
            raise InputError(
                f"the data has changed since the study '{experiment.study}' began: its "
                f"{key} is {found[:12]} and was {was[:12]}.",
                "Restore the data, or give this search another name with --study.",
            )
