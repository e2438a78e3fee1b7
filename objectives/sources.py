"""Where rows come from: the labelled sets that scikit-learn ships, and tables in a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError, did_you_mean
from . import tables
from .development import Array

if TYPE_CHECKING:
    import pandas as pd

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
    """All rows of a source: inputs (rows, inputs), targets (rows,) or (rows, outputs).

    Inputs are an array of numbers, or what `tables.read` makes of a file.
    """

    inputs: Array | pd.DataFrame
    targets: Array


def built_in_name(source: str) -> str | None:
    """Return `digits` for `sklearn:digits`, and None for what names no built-in set."""
    name = source.removeprefix(PREFIX)
    return name if source.startswith(PREFIX) and name in BUILT_IN else None


def load(source: str, target: str | None) -> Table:
    """Read a source. The processes that split it or draft a file from it call this, no other.

    Raises:
        InputError: there is no such source, or its content cannot be used as it is.
    """
    name = built_in_name(source)
    if name is not None:
        # scikit-learn takes a second to import; nothing but these processes needs it.
        from sklearn import datasets

        known = TARGET_NAMES[BUILT_IN[name]]
        if target is not None and target not in known:
            rule = f"{source} has no target '{target}'."
            raise InputError(rule, did_you_mean(target, known))
        inputs, targets = getattr(datasets, f"load_{name}")(return_X_y=True)
        return Table(np.ascontiguousarray(inputs, dtype=np.float64), np.asarray(targets))
    if not tables.is_table(source):
        raise InputError(
            f"there is no data source '{source}'.",
            f"Use one of sklearn's sets, or a file that ends in {' or '.join(tables.SUFFIXES)}.",
        )
    if target is None:
        rule = f"{source}: a table has a column to predict, but none is named."
        raise InputError(rule, "Name it: `target:` under `data:`, or `--target`.")
    return Table(*tables.read(source, target))
