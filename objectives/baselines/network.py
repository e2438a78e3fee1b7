"""A network of two hidden layers by the built-in trainer: what there is without any search.

64 ReLU units each, Adam at a rate of 1e-3, about a hundred minibatches an epoch, up to 50 epochs,
and no regularisation but early stopping: like a trial's, its epoch is kept by the validation rows.
"""

from __future__ import annotations

from typing import Any

from ...models.inputs import Inputs
from ...spaces.experiment import Experiment, Task
from ..contracts import Assignment
from ..development import Array, Description, Development, Fold

LAYERS, HIDDEN_UNITS = 2, 64
EPOCHS, PATIENCE = 50, 5
LEARNING_RATE = 1e-3
SMALLEST_BATCH, LARGEST_BATCH = 16, 512
MINIBATCHES = 100  # about as many an epoch, where that is a batch of a size between those two


def predict(fold: Fold, task: Task, n_outputs: int, seed: int) -> Array:
    """See the package's docstring."""
    from ..single import train

    experiment = Experiment.model_validate(_settings(task, len(fold.x_train)))
    assignment = Assignment(0, {"learning_rate": LEARNING_RATE}, seed)
    trained = train(experiment, assignment, _development(fold, n_outputs))
    assert trained.results is not None
    return trained.results.predictions


def batch_size(n_rows: int) -> int:
    """Return the power of two that makes about a hundred minibatches of an epoch.

    >>> batch_size(90), batch_size(6_400), batch_size(100_000)
    (16, 64, 512)
    """
    power = 1 << max(0, (n_rows // MINIBATCHES).bit_length() - 1)
    return min(max(power, SMALLEST_BATCH), LARGEST_BATCH)


def _settings(task: Task, n_rows: int) -> dict[str, Any]:
    return {
        "study": "baseline",
        "data": {"source": "rows"},  # never read: the fold has them
        "task": task,
        "model": {"name": "mlp", "layers": LAYERS, "hidden_units": HIDDEN_UNITS},
        "training": {
            "epochs": EPOCHS,
            "batch_size": batch_size(n_rows),
            "early_stopping": {"patience": PATIENCE},
        },
        "parameters": {"learning_rate": {"type": "float", "low": 1e-4, "high": 1e-2}},
    }


def _development(fold: Fold, n_outputs: int) -> Development:
    description = Description(
        source="rows",
        n_inputs=fold.x_train.shape[1],
        n_outputs=n_outputs,
        n_train=len(fold.x_train),
        n_validation=len(fold.x_validation),
        n_test=0,
        data_sha256="",
        split_sha256="",
    )
    return Development((fold,), description, inputs=(Inputs(fold.x_train.shape[1:]),))
