"""Which row goes where: drawn once from the split's own seed, before anything is computed.

- at random, rows that are copies of each other (`duplicates`) stand on one side
- by group, all rows of a group do
- by time, validation rows are later than training rows, and test rows later still
- a row that would be trained on within an embargo, or while a copy of it validates or tests, is
  left out
"""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..spaces.experiment import Split, Task
from .rows import FoldRows, Rows
from .splitting.at_random import AtRandom, labels_of, mask
from .splitting.by_group import ByGroup
from .splitting.by_time import ByTime
from .table import Table


def split_rows(table: Table, split: Split, task: Task) -> Rows:
    """Split rows into test rows and one fold of training and validation rows, or several.

    Without copies the test part has ceil(share x rows) rows, as in scikit-learn, the validation
    part the nearest whole number. With groups the parts come as near to their shares as whole
    groups allow.

    Raises:
        InputError: too few rows, groups or times, or a class that a part has to have and has not.
    """
    splitter = ByTime if split.by_time else ByGroup if split.groups else AtRandom
    by = splitter(table, split, task)
    development, test = by.apart_from_test()
    if split.folds:
        folds = tuple(by.folds(np.sort(development), split.folds))
    else:
        folds = (FoldRows(*map(np.sort, by.apart(development, by.n_validation))),)
    used = mask(len(table), test, *(part for fold in folds for part in fold))
    rows = Rows(folds, test, np.flatnonzero(~used))
    _check_rows(rows)
    _check_classes(table, rows, split, task)
    return rows


def _check_rows(rows: Rows) -> None:
    for i, fold in enumerate(rows.folds, start=1):
        if min(map(len, fold)) == 0:
            purpose = "validate" if len(fold.train) else "train"
            where = f" in fold {i} of {len(rows.folds)}" if len(rows.folds) > 1 else ""
            raise InputError(
                f"no row is left to {purpose} on{where}.",
                "Bring more rows, ask for fewer folds, or shorten the embargo.",
            )


def _check_classes(table: Table, rows: Rows, split: Split, task: Task) -> None:
    """Refuse a fold that validates on a class which it never trains on.

    Where the file says `stratify: false`, whoever wrote it knows.
    """
    if task == "regression" or (split.stratify is False and not (split.by_time or split.groups)):
        return
    labels = labels_of(table.targets)
    for train, validation in rows.folds:
        counts = [
            np.bincount(labels[part], minlength=labels.max() + 1) for part in (train, validation)
        ]
        absent = np.flatnonzero((counts[0] == 0) & (counts[1] > 0))
        if len(absent):
            first = table.targets[np.argmax(labels == absent[0])]
            named = f"class {first}" + (f" and {len(absent) - 1} more" * (len(absent) > 1))
            raise InputError(
                f"rows of {named} are to be predicted, but no training row is of it.",
                "Bring more rows of it, leave it out, or split in another way.",
            )
