"""Cost functions and validation metrics, by the kind of target.

| task           | cost                               | network's output           |
|----------------|------------------------------------|----------------------------|
| classification | cross-entropy                      | logits (rows, classes)     |
| binary         | binary cross-entropy on the logit  | logit (rows, 1)            |
| regression     | squared error on standard targets  | standard (rows, outputs)   |

A regression's targets are standardised by the training rows' mean and deviation, so the same
learning rates fit any unit: a loss of 1 is what predicting the mean costs. RMSE, MAE and R2
are in the target's own unit; of several targets each is the mean, as in scikit-learn.

The loss of classes is what scikit-learn calls `log_loss`. Balanced accuracy, F1 and AUROC take
longer than an epoch should, so an epoch reports them only where they are optimised; all of them
are found of the epoch that is kept, from its predictions: see `rowwise`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from ..spaces.experiment import Task
from .development import Array, Fold
from .metrics import plain_name
from .rowwise import Part, score

Cost = Callable[[Tensor, Tensor], Tensor]

COSTS: dict[Task, Cost] = {
    "binary": F.binary_cross_entropy_with_logits,
    "classification": F.cross_entropy,
    "regression": F.mse_loss,
}


class Unit(Protocol):
    """What takes targets to their standard unit and back: a `Fold` does."""

    @property
    def target_mean(self) -> Array: ...

    @property
    def target_scale(self) -> Array: ...


def standard_targets(targets: Array, unit: Unit, task: Task) -> Array:
    """Return targets in the unit a network is trained in."""
    if task != "regression":
        return targets
    standard: Array = (targets - unit.target_mean) / unit.target_scale
    return standard


def predictions(outputs: Tensor, unit: Unit, task: Task) -> Array:
    """Return probabilities, or targets in their own unit, from a network's outputs."""
    if task != "regression":
        return _probabilities(outputs.cpu(), task)
    own_unit: Array = outputs.cpu().numpy() * unit.target_scale + unit.target_mean
    return own_unit


def _probabilities(outputs: Tensor, task: Task) -> Array:
    if task == "classification":
        return outputs.softmax(dim=1).numpy()
    # In single precision all that is nearly certain is certain.
    return outputs.double().sigmoid().numpy()


def validation_metrics(
    outputs: Tensor, targets: Tensor, scale: Tensor, task: Task, extra: Sequence[str] = ()
) -> dict[str, float]:
    """Score a network's outputs on the validation rows, by what takes no time.

    Args:
        outputs: (rows, outputs) of the network.
        targets: class numbers (rows,), or standard targets (rows, outputs).
        scale: (outputs,), the targets' standard deviation, to give errors their unit.
        extra: names of metrics that are wanted, too: the one that is optimised.
    """
    loss = COSTS[task](outputs, targets).item()
    if task == "regression":
        return {"validation_loss": loss, **_errors(outputs, targets, scale)}
    if task == "classification":
        is_right = outputs.argmax(dim=1) == targets
    else:
        is_right = (outputs > 0) == (targets > 0.5)
    found = {"validation_loss": loss, "validation_accuracy": is_right.float().mean().item()}
    missing = [name for name in extra if name not in found]
    if not missing:
        return found
    whole = Part.of([targets.cpu().numpy()])
    return found | _scores(missing, task, whole, _probabilities(outputs.cpu(), task))


def metrics_of(
    names: Iterable[str], predictions: Array, folds: Sequence[Fold], task: Task
) -> dict[str, float]:
    """Score what a trial predicts for the validation rows, fold after fold.

    Args:
        names: metrics with their prefix, of classes.
        predictions: as `Results` has them, of all folds.
        folds: whose validation rows they are for.
        task: the kind of target.
    """
    part = Part.of([fold.y_validation for fold in folds])
    return _scores(names, task, part, predictions)


def _scores(names: Iterable[str], task: Task, part: Part, predictions: Array) -> dict[str, float]:
    return {name: score(plain_name(name), task, part, predictions) for name in names}


def _errors(outputs: Tensor, targets: Tensor, scale: Tensor) -> dict[str, float]:
    errors = (outputs - targets) * scale  # (rows, outputs)
    residual = errors.square().sum(dim=0)  # (outputs,)
    total = ((targets - targets.mean(dim=0)) * scale).square().sum(dim=0)
    # As sklearn.metrics.r2_score: a target that does not vary is worth 1 if met, else 0.
    r2 = torch.where(total > 0, 1 - residual / total, (residual == 0).float())
    return {
        "validation_rmse": errors.square().mean(dim=0).sqrt().mean().item(),
        "validation_mae": errors.abs().mean().item(),
        "validation_r2": r2.mean().item(),
    }


def as_tensor(array: Array, device: str) -> Tensor:
    """Return an array as a tensor without a copy on the CPU, read-only arrays included.

    Arrays from Ray's object store are read-only; torch warns of writes, which never happen.
    """
    view = array.view()
    if not view.flags.writeable:
        import warnings

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
            return torch.from_numpy(view).to(device)
    return torch.from_numpy(view).to(device)
