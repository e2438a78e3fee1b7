"""From a source to a Development, in a child process that alone ever holds a test row.

The child reads, splits, seals the test rows, fits the preprocessing on the training rows, writes
training and validation rows into a folder, and exits. Run as
`python -m truetune.objectives.preparation FOLDER`, what it is asked for as JSON on its input.
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
from .guard.blocks import blocks_of
from .guard.places import Places
from .handing import OpenFiles
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

    def __init__(
        self, experiment: Experiment, places: Places | None = None, retire: str | None = None
    ) -> None:
        """Start the child. Test rows are sealed where it is told the vault's place; `retire`
        says why sealed sets whose rows are now trained on are given up."""
        self.folder = tempfile.TemporaryDirectory(prefix="truetune-")  # 0700
        self.keeps_files = False  # whether they are to be handed on to another process
        self.files = OpenFiles({})  # what was read, where they are
        request = {
            "experiment": experiment.model_dump_json(),
            "root": None if places is None else str(places.root),
            "retire": retire,
        }
        self.child = Child(__name__, [self.folder.name], json.dumps(request))

    def result(self) -> Development:
        """Wait for the child.

        Raises:
            InputError: with what is wrong with the data.
            GuardError: sealed rows would be trained on, or the vault is not as it was left.
        """
        try:
            self.child.result()
            if self.keeps_files:
                self.files = OpenFiles.of(Path(self.folder.name))
            return Development.load(Path(self.folder.name))
        finally:
            self.folder.cleanup()  # what is mapped stays

    def interrupt(self) -> None:
        """End the child, as a signal's handler may; `result` then raises TuneError."""
        self.child.kill()

    def cancel(self) -> None:
        self.child.cancel()
        self.files.close()
        self.folder.cleanup()


def prepare(experiment: Experiment) -> Development:
    """Read and split the data in a child process, and wait for it."""
    preparation = Preparation(experiment)
    try:
        return preparation.result()
    finally:
        preparation.cancel()


def develop(
    experiment: Experiment, places: Places | None = None, retire: str | None = None
) -> Development:
    """Read, split, seal and preprocess, in this process. For the arguments see `Preparation`."""
    from . import sources, subset
    from .splits import split_rows

    data = experiment.data
    table = sources.load(data)
    check_targets(table.targets, experiment.task)
    subset.check(experiment, table.inputs)
    rows = split_rows(table, data.split, experiment.task)
    split_sha256 = _sha256(*(part for fold in rows.folds for part in fold), rows.test)
    seal = None
    if places is not None:
        from .guard import sealing

        seal = sealing.seal(table, rows, data, split_sha256, places, retire)
    # From here on no test row is looked at.
    classes, targets = _encoded(table.targets, rows.development, experiment.task)
    fitted = [
        Features.fit(take(table.inputs, fold.train), data.preprocess, data.columns)
        for fold in rows.folds
    ]
    _check_size(table, rows, fitted[0])
    folds = tuple(
        make_fold(table.inputs, targets, parts, of_fold, experiment.task)
        for parts, of_fold in zip(rows.folds, fitted, strict=True)
    )
    description = Description(
        source=without_credentials(data.source),
        n_inputs=int(np.prod(folds[0].x_train.shape[1:])),
        n_outputs=check_targets(table.targets[rows.development], experiment.task),
        n_train=len(folds[0].train_rows),
        n_validation=len(folds[0].validation_rows),
        n_test=len(rows.test),
        data_sha256=content_sha256(table, rows.development),
        split_sha256=split_sha256,
        n_left_out=len(rows.left_out),
        n_folds=len(folds),
        classes=classes,
    )
    blocks = tuple(blocks_of(table, fold.validation) for fold in rows.folds)
    preprocessing = tuple(of_fold.to_json() for of_fold in fitted)
    inputs = tuple(
        subset.ranked(of_fold.describe(table.inputs), fold, experiment)
        for of_fold, fold in zip(fitted, folds, strict=True)
    )
    return Development(folds, description, preprocessing, blocks, seal, inputs)


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


def _encoded(targets: Array, development: Array, task: Task) -> tuple[tuple[Any, ...], Array]:
    """Return the classes, and for all rows numbers as they are or a class's place among them.

    Classes are the development rows': a class that only test rows have is not known of.
    """
    if task == "regression":
        return (), targets.reshape(len(targets), -1).astype(np.float32)
    classes, places = np.unique(targets[development], return_inverse=True)
    encoded = np.zeros(len(targets), np.int64)
    encoded[development] = places
    known = tuple(classes.tolist())
    return known, encoded.reshape(-1, 1).astype(np.float32) if task == "binary" else encoded


def content_sha256(table: Table, rows: Array) -> str:
    """Return a hash of some rows of a source, as read."""
    return _sha256(*_contents(table, rows))


def _contents(table: Table, rows: Array) -> list[Array]:
    """Return all that some rows of a source consist of, as arrays."""
    inputs, targets = take(table.inputs, rows), _as_array(table.targets[rows])
    if isinstance(inputs, np.ndarray):
        return [inputs, targets]
    contents = [_as_bytes(list(inputs.columns))]
    for _, column in inputs.items():
        if column.dtype == "category":
            column = column.cat.remove_unused_categories()  # which other rows may have
            contents += [_as_bytes(list(column.cat.categories)), column.cat.codes.to_numpy()]
        elif column.dtype.kind in "fM":
            contents.append(column.to_numpy())
        else:
            contents.append(_as_bytes(column.astype(object).where(column.notna(), None).tolist()))
    return [*contents, targets]


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

    request = json.loads(sys.stdin.buffer.read())
    experiment = Experiment.model_validate_json(request["experiment"])
    places = None if request["root"] is None else Places(Path(request["root"]))
    answer(lambda: develop(experiment, places, request["retire"]).save(Path(sys.argv[1])))


if __name__ == "__main__":
    _main()
