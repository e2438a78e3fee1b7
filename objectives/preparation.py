"""From a source to a Development, in a child process that alone ever holds a test row.

The child reads, splits, fits the preprocessing on the training rows, writes training and
validation rows to its standard output, and exits. Run as
`python -m truetune.objectives.preparation`, an experiment as JSON on its standard input.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError, TuneError
from .development import Array, Description, Development, Fold

if TYPE_CHECKING:
    import pandas as pd

    from ..spaces import Experiment, Task
    from .sources import Table
    from .splits import Rows

# Ray takes longer to start and is what a search waits for first.
NICENESS = 5
_REFUSED = 2  # the child's exit status when the input is at fault; its output says how
_MANY_CLASSES = 20  # fractions of more values than this measure something


class Preparation:
    """The child at work; started early, because it runs beside everything else that starts."""

    def __init__(self, experiment: Experiment) -> None:
        # A session of its own: Ctrl-C is the driver's to handle.
        self.child = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self.child.stdin is not None
        self.child.stdin.write(experiment.model_dump_json().encode())
        self.child.stdin.close()
        self.child.stdin = None

    def result(self) -> Development:
        """Wait for the child. Raises InputError with what is wrong with the data."""
        output, errors = self.child.communicate()
        if self.child.returncode == 0:
            return Development.from_bytes(output)
        if self.child.returncode == _REFUSED:
            raise InputError(**json.loads(output))
        last = errors.decode(errors="replace").strip().splitlines()[-1:]
        raise TuneError(f"reading the data failed: {''.join(last)}", "Run again with --debug.")

    def cancel(self) -> None:
        self.child.kill()
        self.child.communicate()


def prepare(experiment: Experiment) -> Development:
    """Read and split the data in a child process, and wait for it."""
    return Preparation(experiment).result()


def _develop(experiment: Experiment) -> Development:
    """Read, split and preprocess, in this process."""
    from . import sources
    from .splits import split_rows

    table = sources.load(experiment.data.source, experiment.data.target)
    _check_targets(table.targets, experiment.task)
    n_outputs = count_outputs(table.targets, experiment.task)
    targets = _as_targets(table.targets, experiment.task)
    rows = split_rows(table.targets, experiment.data.split, experiment.task)
    fold = _fold(table.inputs, targets, rows, experiment)
    description = Description(
        source=experiment.data.source,
        n_inputs=fold.x_train.shape[1],
        n_outputs=n_outputs,
        n_train=len(rows.train),
        n_validation=len(rows.validation),
        n_test=len(rows.test),
        data_sha256=_sha256(*_contents(table)),
        split_sha256=_sha256(rows.train, rows.validation, rows.test),
    )
    return Development((fold,), description)


def _fold(
    inputs: Array | pd.DataFrame, targets: Array, rows: Rows, experiment: Experiment
) -> Fold:
    x_train, x_validation = _preprocess(
        _take(inputs, rows.train),
        _take(inputs, rows.validation),
        is_scaled=experiment.data.preprocess.scale == "standard",
    )
    y_train, y_validation = targets[rows.train], targets[rows.validation]
    mean, scale = np.zeros(1, np.float32), np.ones(1, np.float32)
    if experiment.task == "regression":
        mean, scale = y_train.mean(axis=0), y_train.std(axis=0)
        scale = np.where(scale > 0, scale, 1).astype(np.float32)
    return Fold(
        x_train=x_train.astype(np.float32),
        y_train=y_train,
        x_validation=x_validation.astype(np.float32),
        y_validation=y_validation,
        train_rows=rows.train,
        validation_rows=rows.validation,
        target_mean=mean,
        target_scale=scale,
    )


def _take(inputs: Array | pd.DataFrame, rows: Array) -> Any:
    return inputs[rows] if isinstance(inputs, np.ndarray) else inputs.iloc[rows]


def _preprocess(train: Any, validation: Any, is_scaled: bool) -> tuple[Array, Array]:
    """Return both as arrays (rows, inputs), by what is fitted on the first alone."""
    if not isinstance(train, np.ndarray):
        fitted = _of_columns(is_scaled).fit(train)
    elif is_scaled:
        from sklearn.preprocessing import StandardScaler

        fitted = StandardScaler().fit(train)
    else:
        return train, validation
    return fitted.transform(train), fitted.transform(validation)


def _of_columns(is_scaled: bool) -> Any:
    """Return scikit-learn's transformer of a table: numbers first, then an input a level.

    - a missing number is the median; a column that is empty here stays, so that every fold
      has it
    - a missing level is a level; one that is not seen here is zeros
    """
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    median = SimpleImputer(strategy="median", keep_empty_features=True)
    numbers = make_pipeline(median, StandardScaler()) if is_scaled else median
    levels = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (levels, make_column_selector(dtype_include="category")),
    )


def _check_targets(targets: Array, task: Task) -> None:
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
        return [table.inputs, table.targets]
    contents = [_as_bytes(list(table.inputs.columns))]
    for _, column in table.inputs.items():
        if column.dtype == "category":
            contents += [_as_bytes(list(column.cat.categories)), column.cat.codes.to_numpy()]
        else:
            contents.append(column.to_numpy())
    is_text = table.targets.dtype == object
    return [*contents, _as_bytes(table.targets.tolist()) if is_text else table.targets]


def _as_bytes(texts: list[str]) -> Array:
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
    try:
        sys.stdout.buffer.write(_develop(experiment).to_bytes())
    except InputError as error:
        print(json.dumps({"cause": error.cause, "fix": error.fix}))
        sys.exit(_REFUSED)


if __name__ == "__main__":
    _main()
