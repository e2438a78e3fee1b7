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
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError, TuneError
from .development import Array, Description, Development, Fold

if TYPE_CHECKING:
    from ..spaces import Experiment, Task
    from .splits import Rows

# Ray takes longer to start and is what a search waits for first.
NICENESS = 5
_REFUSED = 2  # the child's exit status when the input is at fault; its output says how


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

    table = sources.load(experiment.data.source)
    n_outputs = _count_outputs(table.targets, experiment.task)
    targets = _as_targets(table.targets, experiment.task)
    rows = split_rows(table.targets, experiment.data.split, experiment.task)
    description = Description(
        source=experiment.data.source,
        n_inputs=table.inputs.shape[1],
        n_outputs=n_outputs,
        n_train=len(rows.train),
        n_validation=len(rows.validation),
        n_test=len(rows.test),
        data_sha256=_sha256(table.inputs, table.targets),
        split_sha256=_sha256(rows.train, rows.validation, rows.test),
    )
    fold = _fold(table.inputs, targets, rows, experiment)
    return Development((fold,), description)


def _fold(inputs: Array, targets: Array, rows: Rows, experiment: Experiment) -> Fold:
    x_train, x_validation = inputs[rows.train], inputs[rows.validation]
    if experiment.data.preprocess.scale == "standard":
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler().fit(x_train)
        x_train, x_validation = scaler.transform(x_train), scaler.transform(x_validation)
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


def _count_outputs(targets: Array, task: Task) -> int:
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
    if task == "classification":
        return targets.astype(np.int64)
    return targets.reshape(len(targets), -1).astype(np.float32)


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
