"""What a network is trained to make small, by the kind of target and by the name in a file.

| task           | `cost`               | a row costs                         | options       |
|----------------|----------------------|-------------------------------------|---------------|
| classification | cross_entropy        | -log p of its class                 | of classes    |
| classification | focal                | (1 - p)^gamma times that            | `focal_gamma` |
| binary         | binary_cross_entropy | -log p, the sigmoid of one logit    | of classes    |
| binary         | focal                | (1 - p)^gamma times that            | `focal_gamma` |
| regression     | mse                  | the squared error                   |               |
| regression     | huber                | half of it, linear beyond the delta | `huber_delta` |
| regression     | mae                  | the absolute error                  |               |
| any            | ./file.py:name       | what the function says              |               |

The first of each task is the default, and without options it is the very function that
validation rows are scored with. Options of classes, which focal has too, are `class_weights` and
`label_smoothing`. Errors of a regression are in standard deviations of the target.

A minibatch costs the mean of its rows: with weights, their sum divided by the sum of the weights
of the rows' own classes, as in torch's cross-entropy, for all costs of classes. So the weights'
scale does not change the learning rate, focal cost is cross-entropy where gamma is 0, and a
binary task costs what it would cost as a classification with two classes.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError
from ..spaces.experiment import Task, Training
from .callables import is_callable
from .development import Array
from .own_cost import OwnCost
from .scoring import COSTS, Cost
from .settings import COST_NAMES


def cost_of(training: Training, task: Task, y_train: Array, n_outputs: int, device: str) -> Cost:
    """Return the function that a network is trained with.

    Args:
        training: of the trial; its `cost` is one of the task's.
        task: the kind of target.
        y_train: targets of the fold's training rows as they are stored: class numbers (rows,),
            or 0 and 1 (rows, 1). Balanced weights are of these.
        n_outputs: of the network.
        device: where the outputs will be.

    Raises:
        InputError: there are more or fewer class weights than classes, or a function of the
            user's own is not there.
    """
    name = training.cost or COST_NAMES[task][0]
    if is_callable(name):
        return OwnCost(name)
    assert name in COST_NAMES[task], name
    if task == "regression":
        return _of_numbers(name, training)
    n_classes = 2 if task == "binary" else n_outputs
    weight = _weight(training, y_train, n_classes, device)
    smoothing = training.label_smoothing or 0.0
    if name == "focal":
        gamma = 2.0 if training.focal_gamma is None else training.focal_gamma
        cost: Cost = partial(focal, gamma=gamma, weight=weight, label_smoothing=smoothing)
    elif weight is None and smoothing == 0:
        return COSTS[task]
    else:
        cost = partial(F.cross_entropy, weight=weight, label_smoothing=smoothing)
    return partial(_as_two_classes, cost=cost) if task == "binary" else cost


def focal(
    outputs: Tensor,
    targets: Tensor,
    gamma: float,
    weight: Tensor | None = None,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return the focal cost, which counts rows less the surer the network is of their class.

    Lin et al., 2017, arXiv:1708.02002: `-(1 - p)^gamma log p` (eq. 4), times the weight of the
    class (eq. 5, where it is called alpha). A smoothed label is a little of every class, and each
    part costs what it would cost alone.

    Args:
        outputs: logits (rows, classes).
        targets: class numbers (rows,).
        gamma: from 0, which is cross-entropy.
        weight: (classes,).
        label_smoothing: the share of a row that is given to all classes evenly.
    """
    log_p = outputs.log_softmax(dim=1)  # (rows, classes)
    of_each = label_smoothing / outputs.shape[1]
    wanted = torch.full_like(log_p, of_each)
    wanted.scatter_(1, targets[:, None], 1 - label_smoothing + of_each)
    # The power of 0 has no finite gradient where gamma is less than 1.
    doubt = (-torch.expm1(log_p)).clamp_min(torch.finfo(log_p.dtype).tiny)  # 1 - p
    costs = -wanted * doubt**gamma * log_p  # (rows, classes)
    if weight is None:
        return costs.sum(dim=1).mean()
    return (costs * weight).sum() / weight[targets].sum()


def _of_numbers(name: str, training: Training) -> Cost:
    if name == "huber":
        delta = 1.0 if training.huber_delta is None else training.huber_delta
        return partial(F.huber_loss, delta=delta)
    return F.l1_loss if name == "mae" else COSTS["regression"]


def _as_two_classes(outputs: Tensor, targets: Tensor, cost: Cost) -> Tensor:
    """Return the cost of logits (rows, 1) and targets (rows, 1), taken as two classes.

    The softmax of the logits (0, z) is the sigmoid of z.
    """
    logits = torch.cat([torch.zeros_like(outputs), outputs], dim=1)  # (rows, 2)
    return cost(logits, targets[:, 0].long())


def _weight(training: Training, y_train: Array, n_classes: int, device: str) -> Tensor | None:
    said = training.class_weights
    if said is None or said == "none":
        return None
    weights = _balanced(y_train, n_classes) if said == "balanced" else np.array(said)
    if len(weights) != n_classes:
        rule = f"`class_weights` has one weight a class, but got {len(weights)} for {n_classes}"
        fix = f"Write {n_classes} numbers in the order of the classes, or `balanced`."
        raise InputError(f"{rule} classes.", fix)
    return torch.tensor(weights, dtype=torch.float32, device=device)


def _balanced(y_train: Array, n_classes: int) -> Array:
    """Return n / (k * count) of each of the k classes that training rows have, as scikit-learn.

    A class that only validation rows have gets 0: nothing is known of its share.
    """
    counts = np.bincount(y_train.ravel().astype(np.int64), minlength=n_classes)
    balanced = counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, 1))
    weights: Array = np.where(counts > 0, balanced, 0.0)
    return weights
