"""From a source to a Development, in a child process that alone ever holds a test row.

The child reads, splits, fits the preprocessing on the training rows, writes training and
validation rows into a folder, and exits. Run as
`python -m truetune.objectives.preparation FOLDER`, an experiment as JSON on its standard input.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from .child import Child, answer
from .development import Array, Description, Development, Fold
from .features import Features, take
from .locations import without_credentials
from .sizes import check_fits

if TYPE_CHECKING:
    from ..spaces import Experiment, Task
    from .rows import FoldRows, Rows
    from .table import Table

# Ray takes longer to start and is what a search waits for first.
NICENESS = 5
_MANY_CLASSES = 20  # fractions of more values than this measure something


class Preparation:
    """The child at work; started early, because it runs beside everything else that starts."""

    def __init__(self, experiment: Experiment) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="truetune-")  # 0700
        self.child = Child(__name__, [self.folder.name], experiment.model_dump_json())

    def result(self) -> Development:
        """Wait for the child. Raises InputError with what is wrong with the data."""
        try:
            self.child.result()
            return Development.load(Path(self.folder.name))
        finally:
            self.folder.cleanup()  # what is mapped stays

    def interrupt(self) -> None:
        """End the child, as a signal's handler may; `result` then raises TuneError."""
        self.child.kill()

    def cancel(self) -> None:
        self.child.cancel()
        self.folder.cleanup()


def prepare(experiment: Experiment) -> Development:
    """Read and split the data in a child process, and wait for it."""
    preparation = Preparation(experiment)
    try:
        return preparation.result()
    finally:
        preparation.cancel()


def develop(experiment: Experiment) -> Development:
    """Read, split and preprocess, in this process."""
    from . import sources
    from .splits import split_rows

    table = sources.load(experiment.data)
    n_outputs = check_targets(table.targets, experiment.task)
    rows = split_rows(table, experiment.data.split, experiment.task)
    targets = _as_targets(table.targets, experiment.task)
    is_scaled = experiment.data.preprocess.scale == "standard"
    fitted = [Features.fit(take(table.inputs, fold.train), is_scaled) for fold in rows.folds]
    _check_size(table, rows, fitted[0])
    folds = tuple(
        make_fold(table.inputs, targets, parts, of_fold, experiment.task)
        for parts, of_fold in zip(rows.folds, fitted, strict=True)
    )
    description = _describe(experiment, table, rows, folds, n_outputs)
    return Development(folds, description, tuple(of_fold.to_json() for of_fold in fitted))


def _check_size(table: Table, rows: Rows, fitted: Features) -> None:
    """Refuse before the matrices are made what would not fit."""
    n_rows = sum(len(part) for fold in rows.folds for part in fold)
    n_inputs = fitted.n_inputs(table.inputs)
    what = f"{n_rows:,} rows of {n_inputs:,} inputs each"
    check_fits(n_rows * n_inputs * np.dtype(np.float32).itemsize, what)


def make_fold(inputs: Any, targets: Array, rows: FoldRows, fitted: Features, task: Task) -> Fold:
    """Return a fold's rows, transformed by what was fitted on its training rows."""
    y_train = targets[rows.train]
    mean, scale = np.zeros(1, np.float32), np.ones(1, np.float32)
    if task == "regression":
        mean, scale = y_train.mean(axis=0), y_train.std(axis=0)
        scale = np.where(scale > 0, scale, 1).astype(np.float32)
    return Fold(
        x_train=fitted.transform(inputs, rows.train),
        y_train=y_train,
        x_validation=fitted.transform(inputs, rows.validation),
        y_validation=targets[rows.validation],
        train_rows=rows.train,
        validation_rows=rows.validation,
        target_mean=mean,
        target_scale=scale,
    )


def _describe(
    experiment: Experiment, table: Table, rows: Rows, folds: tuple[Fold, ...], n_outputs: int
) -> Description:
    parts = [part for fold in rows.folds for part in fold]
    classes = () if experiment.task == "regression" else np.unique(table.targets).tolist()
    return Description(
        source=without_credentials(experiment.data.source),
        n_inputs=int(np.prod(folds[0].x_train.shape[1:])),
        n_outputs=n_outputs,
        n_train=len(folds[0].train_rows),
        n_validation=len(folds[0].validation_rows),
        n_test=len(rows.test),
        data_sha256=_sha256(*_contents(table)),
        split_sha256=_sha256(*parts, rows.test),
        n_left_out=len(rows.left_out),
        n_folds=len(folds),
        classes=tuple(classes),
    )


def check_targets(targets: Array, task: Task) -> int:
    """Return how many outputs a network has. Raises InputError where targets do not fit."""
    _refuse_unfit(targets, task)
    return count_outputs(targets, task)


def _refuse_unfit(targets: Array, task: Task) -> None:
    """Refuse text as numbers, and measurements as classes."""
    if task == "regression":
        if targets.dtype == object:
            rule = f"`task: regression` takes numbers, but the target is text: {targets[0]!r:.40}."
            raise InputError(rule, "Write `task: classification`.")
        return
    is_whole = targets.dtype.kind != "f" or bool((targets % 1 == 0).all())
    n_classes = len(np.unique(targets))
    if not is_whole and n_classes > _MANY_CLASSES:
        raise InputError(
            f"`task: {task}` takes classes, but the target has {n_classes} different numbers "
            "with fractions.",
            "Write `task: regression`.",
        )
    if n_classes < 2:
        rule = f"`task: {task}` takes two classes or more, but the target is {targets[0]} always."
        raise InputError(rule, "Bring rows of another class.")


def count_outputs(targets: Array, task: Task) -> int:
    """Return how many outputs a network has. Raises InputError if a binary task has not two."""
    if task == "regression":
        return 1 if targets.ndim == 1 else int(targets.shape[1])
    classes = len(np.unique(targets))
    if task == "binary" and classes != 2:
        raise InputError(
            f"`task: binary` takes two classes, but the target has {classes}.",
            "Write `task: classification`.",
        )
    return 1 if task == "binary" else classes


def _as_targets(targets: Array, task: Task) -> Array:
    """Return numbers as they are, and classes as their place in sorted order."""
    if task == "regression":
        return targets.reshape(len(targets), -1).astype(np.float32)
    classes = np.unique(targets, return_inverse=True)[1]
    if task == "binary":
        return classes.reshape(-1, 1).astype(np.float32)
    return classes.astype(np.int64)


def _contents(table: Table) -> list[Array]:
    """Return all that a source consists of, as arrays."""
    if isinstance(table.inputs, np.ndarray):
        return [table.inputs, _as_array(table.targets)]
    contents = [_as_bytes(list(table.inputs.columns))]
    for _, column in table.inputs.items():
        if column.dtype == "category":
            contents += [_as_bytes(list(column.cat.categories)), column.cat.codes.to_numpy()]
        elif column.dtype.kind in "fM":
            contents.append(column.to_numpy())
        else:
            contents.append(_as_bytes(column.astype(object).where(column.notna(), None).tolist()))
    return [*contents, _as_array(table.targets)]


def _as_array(targets: Array) -> Array:
    return _as_bytes(targets.tolist()) if targets.dtype == object else targets


def _as_bytes(texts: list[Any]) -> Array:
    return np.frombuffer(json.dumps(texts).encode(), np.uint8)


def _sha256(*arrays: Array) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _main() -> None:
    gc.disable()  # this process is short; collecting takes a tenth of its imports
    os.nice(NICENESS)
    from ..spaces import Experiment

    experiment = Experiment.model_validate_json(sys.stdin.buffer.read())
    answer(lambda: develop(experiment).save(Path(sys.argv[1])))


if __name__ == "__main__":
    _main()
