"""What a study keeps of its data, and targets as it has numbered them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from ...spaces import Experiment
from ...spaces.experiment import Task
from ..development import Array, Description
from ..features import Features
from ..files import VALIDATION
from .redaction import PlainError


@dataclass(frozen=True)
class KeptData:
    """What `files.save_data` wrote, less the validation rows."""

    experiment: Experiment
    description: Description
    features: tuple[Features, ...]  # of each fold
    mean: Array  # (folds, outputs), of the training rows' targets
    scale: Array

    @classmethod
    def load(cls, experiment: Mapping[str, Any], folder: Path) -> Self:
        """Read a study's folder; `experiment` is as `Experiment.model_dump_json` has it."""
        facts = json.loads((folder / "description.json").read_text(encoding="utf-8"))
        description = Description(**{**facts, "classes": tuple(facts["classes"])})
        paths = [folder / f"features.{i}.json" for i in range(description.n_folds)]
        features = (Features.from_json(path.read_text(encoding="utf-8")) for path in paths)
        with np.load(folder / VALIDATION, allow_pickle=False) as kept:
            mean, scale = kept["mean"], kept["scale"]
        whole = Experiment.model_validate_json(json.dumps(experiment))
        return cls(whole, description, tuple(features), mean, scale)


def class_numbers(targets: Array, description: Description, task: Task) -> tuple[Array, int]:
    """Return targets as development rows have them, and how many are of an unknown class.

    Such a class has the number after the last. Targets of a regression stay numbers.

    Raises:
        InputError: targets are text where numbers are needed, or not one is of a known class.
    """
    if task == "regression":
        return _numbers(targets, description.n_outputs), 0
    places = _places(targets, description.classes)
    n_unknown = int((places < 0).sum())
    if n_unknown == len(targets):
        rule = f"rows are of the {len(description.classes)} classes trained on, but not one is."
        raise PlainError(rule, "Write classes as they were written then.")
    numbers = np.where(places < 0, len(description.classes), places)
    if task == "binary":
        return numbers.reshape(-1, 1).astype(np.float32), n_unknown
    return numbers.astype(np.int64), n_unknown


def _numbers(targets: Array, n_outputs: int) -> Array:
    if targets.dtype == object:
        rule = "`task: regression` takes numbers, but the target of these rows is text."
        raise PlainError(rule, "Save it as numbers.")
    numbers = targets.reshape(len(targets), -1).astype(np.float32)
    if numbers.shape[1] != n_outputs:
        rule = f"a row has {n_outputs} targets, but these have {numbers.shape[1]}."
        raise PlainError(rule, "Save them as the study's rows are saved.")
    return numbers


def _places(targets: Array, classes: tuple[Any, ...]) -> Array:
    """Return each target's place among the classes, -1 where it is none of them."""
    import pandas as pd

    places: Array = pd.Index(classes, dtype=object).get_indexer(pd.Index(targets, dtype=object))
    return places
