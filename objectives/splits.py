"""Which row goes where: drawn once from the split's own seed, before anything is computed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..spaces.experiment import Split, Task
from .development import Array


@dataclass(frozen=True)
class Rows:
    """Row numbers of each part, sorted. Together they are every row, none twice."""

    train: Array
    validation: Array
    test: Array


def split_rows(targets: Array, split: Split, task: Task) -> Rows:
    """Split rows into training, validation and test.

    The test part has ceil(share x rows) rows, as in scikit-learn, the validation part the
    nearest whole number.

    Raises:
        InputError: too few rows, or a class too rare to stand in every part.
    """
    from sklearn.model_selection import train_test_split

    n = len(targets)
    n_test, n_validation = math.ceil(split.test * n), round(split.validation * n)
    if min(n_validation, n - n_test - n_validation) < 1:
        raise InputError(
            f"{n} rows are too few for {split.validation:g} of them to validate on and "
            f"{split.test:g} to test on.",
            "Bring more rows, or change the shares in `data: split:`.",
        )
    stratify = task != "regression" if split.stratify is None else split.stratify
    if stratify:
        _check_classes(targets, smallest_part=min(n_test, n_validation))

    def part(rows: Array, size: int) -> tuple[Array, Array]:
        classes = targets[rows] if stratify else None
        rest, taken = train_test_split(
            rows, test_size=size, random_state=split.seed, stratify=classes
        )
        return rest, taken

    try:
        development, test = part(np.arange(n), n_test)
        train, validation = part(development, n_validation)
    except ValueError as error:
        raise InputError(
            f"the rows cannot be split so that each part has every class ({error}).",
            "Bring more rows, change the shares, or write `stratify: false`.",
        ) from None
    return Rows(np.sort(train), np.sort(validation), np.sort(test))


def _check_classes(targets: Array, smallest_part: int) -> None:
    classes, counts = np.unique(targets, return_counts=True)
    if counts.min() < 3:
        rare = classes[counts.argmin()]
        raise InputError(
            f"a stratified split needs 3 rows of every class, but class {rare} has "
            f"{counts.min()}.",
            "Bring more rows of it, or write `stratify: false`.",
        )
    if smallest_part < len(classes):
        raise InputError(
            f"a part of {smallest_part} rows cannot hold each of {len(classes)} classes.",
            "Give `data: split:` larger shares, or write `stratify: false`.",
        )
