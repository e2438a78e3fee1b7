"""Where rows come from: the labelled sets that scikit-learn ships."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .development import Array

# Name, and whether its target is a class or a number.
BUILT_IN = {
    "breast_cancer": "classes",
    "diabetes": "numbers",
    "digits": "classes",
    "iris": "classes",
    "linnerud": "numbers",
    "wine": "classes",
}
PREFIX = "sklearn:"
# scikit-learn calls every target `target`; `label` is what a set of classes is called elsewhere.
TARGET_NAMES = {"classes": ("target", "label"), "numbers": ("target",)}


@dataclass(frozen=True)
class Table:
    """All rows of a source: inputs (rows, inputs), targets (rows,) or (rows, outputs)."""

    inputs: Array
    targets: Array


def built_in_name(source: str) -> str | None:
    """Return `digits` for `sklearn:digits`, and None for what names no built-in set."""
    name = source.removeprefix(PREFIX)
    return name if source.startswith(PREFIX) and name in BUILT_IN else None


def load(source: str) -> Table:
    """Read a source. Only the child process that splits it calls this."""
    name = built_in_name(source)
    if name is None:
        raise InputError(f"there is no data source '{source}'.", "Use one of sklearn's sets.")
    # scikit-learn takes a second to import; nothing but this process needs it.
    from sklearn import datasets

    inputs, targets = getattr(datasets, f"load_{name}")(return_X_y=True)
    return Table(np.ascontiguousarray(inputs, dtype=np.float64), np.asarray(targets))
