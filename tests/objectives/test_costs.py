"""Costs agree with torch's, with scikit-learn's weights and with the formulas of their papers."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor

from truetune.errors import InputError
from truetune.objectives import scoring
from truetune.objectives.costs import cost_of, focal
from truetune.objectives.development import Array
from truetune.objectives.settings import COST_NAMES
from truetune.spaces import Task, Training

RNG = np.random.default_rng(0)
CLASSES: Array = np.repeat([0, 1, 2], [60, 30, 10])
SIGNS: Array = np.repeat([0.0, 1.0], [80, 20])[:, None].astype(np.float32)
NUMBERS: Array = RNG.normal(size=(100, 2)).astype(np.float32)
STORED: dict[Task, Array] = {"binary": SIGNS, "classification": CLASSES, "regression": NUMBERS}
N_OUTPUTS: dict[Task, int] = {"binary": 1, "classification": 3, "regression": 2}
WEIGHTS = torch.tensor([0.5, 2.0, 3.0])


def outputs_for(task: Task) -> Tensor:
    n_outputs, generator = N_OUTPUTS[task], torch.Generator().manual_seed(1)
    return (2 * torch.randn(100, n_outputs, generator=generator)).requires_grad_()


def costs(task: Task, **training: Any) -> float:
    """Return what the outputs of some network cost."""
    settings = Training.model_validate(training)
    cost = cost_of(settings, task, STORED[task], N_OUTPUTS[task], "cpu")
    return cost(outputs_for(task), torch.from_numpy(STORED[task])).item()


def as_two_classes(outputs: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(outputs), outputs], dim=1)


@pytest.mark.parametrize("task", get_args(Task))
def test_without_settings_the_cost_is_the_function_rows_are_scored_with(task: Task) -> None:
    named = Training(cost=COST_NAMES[task][0])
    nothing = (
        Training(class_weights="none", label_smoothing=0.0) if task != "regression" else named
    )
    for training in (Training(), named, nothing):
        cost = cost_of(training, task, STORED[task], N_OUTPUTS[task], "cpu")
        assert cost is scoring.COSTS[task]


@pytest.mark.parametrize("task", get_args(Task))
def test_every_name_is_a_cost_with_a_gradient(task: Task) -> None:
    for name in COST_NAMES[task]:
        outputs = outputs_for(task)
        cost = cost_of(Training(cost=name), task, STORED[task], N_OUTPUTS[task], "cpu")
        cost(outputs, torch.from_numpy(STORED[task])).backward()
        assert outputs.grad is not None
        assert outputs.grad.abs().sum() > 0


@pytest.mark.parametrize(("said", "delta"), [({}, 1.0), ({"huber_delta": 0.3}, 0.3)])
def test_huber_is_half_the_square_and_linear_from_delta_on(
    said: dict[str, Any], delta: float
) -> None:
    error = np.abs(outputs_for("regression").detach().numpy() - NUMBERS)
    by_hand = np.where(error <= delta, error**2 / 2, delta * (error - delta / 2)).mean()
    assert (error > delta).any()
    assert (error < delta).any()
    assert costs("regression", cost="huber", **said) == pytest.approx(by_hand, rel=1e-5)


def test_mae_is_the_mean_absolute_error() -> None:
    error = outputs_for("regression").detach().numpy() - NUMBERS
    assert costs("regression", cost="mae") == pytest.approx(np.abs(error).mean(), rel=1e-5)


@pytest.mark.parametrize("task", ["binary", "classification"])
def test_balanced_weights_are_those_of_scikit_learn(task: Task) -> None:
    y = STORED[task].ravel().astype(int)
    balanced = compute_class_weight("balanced", classes=np.unique(y), y=y).tolist()
    assert costs(task, class_weights="balanced") == pytest.approx(
        costs(task, class_weights=balanced), rel=1e-5
    )
    assert costs(task, class_weights="balanced") != pytest.approx(costs(task), rel=1e-2)


def test_balanced_weights_are_of_the_classes_that_training_rows_have() -> None:
    present = np.repeat([0, 2], [60, 40])
    balanced = compute_class_weight("balanced", classes=np.array([0, 2]), y=present)
    training = Training(class_weights="balanced", label_smoothing=0.2)
    outputs, targets = outputs_for("classification"), torch.from_numpy(present)
    measured = cost_of(training, "classification", present, 3, "cpu")(outputs, targets)
    weight = torch.tensor([balanced[0], 0.0, balanced[1]], dtype=torch.float32)
    expected = F.cross_entropy(outputs, targets, weight, label_smoothing=0.2)
    assert measured.item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_weighted_cross_entropy_is_by_hand_what_it_is(smoothing: float) -> None:
    log_p = outputs_for("classification").detach().log_softmax(dim=1).numpy()
    wanted = np.eye(3)[CLASSES] * (1 - smoothing) + smoothing / 3
    weight = WEIGHTS.numpy()
    expected = -(wanted * weight * log_p).sum() / weight[CLASSES].sum()
    said = {"class_weights": weight.tolist(), "label_smoothing": smoothing}
    assert costs("classification", **said) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weight", [[1.0, 1.0], [0.5, 4.0]])
def test_binary_cost_is_torchs_with_the_mean_of_weights(
    weight: list[float], smoothing: float
) -> None:
    outputs, y = outputs_for("binary").detach(), torch.from_numpy(SIGNS)
    smoothed = y * (1 - smoothing) + smoothing / 2
    # The weight of a part is that of its class: of 1 (`pos_weight`), against that of 0.
    each = F.binary_cross_entropy_with_logits(
        outputs, smoothed, pos_weight=torch.tensor(weight[1] / weight[0]), reduction="none"
    )
    of_rows = torch.where(y > 0, weight[1], weight[0])
    expected = weight[0] * each.sum() / of_rows.sum()
    said = {"class_weights": weight, "label_smoothing": smoothing}
    assert costs("binary", **said) == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("task", ["binary", "classification"])
@pytest.mark.parametrize("weight", [None, [0.5, 2.0, 3.0]])
@pytest.mark.parametrize("gamma", [0.5, 2.0, 5.0])
def test_focal_cost_is_that_of_its_paper(
    task: Task, weight: list[float] | None, gamma: float
) -> None:
    outputs = outputs_for(task).detach().double()
    logits = as_two_classes(outputs) if task == "binary" else outputs
    y = STORED[task].ravel().astype(int)
    weight = None if weight is None else weight[: logits.shape[1]]
    p = logits.softmax(dim=1).numpy()[np.arange(100), y]  # p_t
    alpha = np.ones(100) if weight is None else np.array(weight)[y]
    expected = (-alpha * (1 - p) ** gamma * np.log(p)).sum() / alpha.sum()  # eq. 5
    said = {"cost": "focal", "focal_gamma": gamma, "class_weights": weight}
    assert costs(task, **said) == pytest.approx(expected, rel=1e-4)
    if gamma == 2:
        assert costs(task, **{**said, "focal_gamma": None}) == costs(task, **said)


@pytest.mark.parametrize("task", ["binary", "classification"])
@pytest.mark.parametrize("said", [{}, {"class_weights": "balanced"}, {"label_smoothing": 0.1}])
def test_focal_cost_without_focus_is_cross_entropy(task: Task, said: dict[str, Any]) -> None:
    both = {**said, "class_weights": said.get("class_weights", "balanced")}
    for settings in (said, both):
        focused = costs(task, cost="focal", focal_gamma=0.0, **settings)
        assert focused == pytest.approx(costs(task, **settings), rel=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 0.1, 0.5, 1.0, 2.0])
def test_gradient_of_a_focal_cost_stays_finite_where_the_network_is_certain(gamma: float) -> None:
    for size in (0.0, 1.0, 20.0, 100.0, 1e4):
        logits = torch.tensor([[size, -size, 0.0]] * 2, requires_grad=True)
        focal(logits, torch.tensor([0, 1]), gamma, label_smoothing=0.1).backward()
        assert logits.grad is not None
        assert logits.grad.isfinite().all()


def test_a_list_of_weights_has_one_a_class() -> None:
    training = Training(class_weights=(1.0, 2.0))
    with pytest.raises(InputError) as caught:
        cost_of(training, "classification", CLASSES, 3, "cpu")
    assert caught.value.cause == "`class_weights` has one weight a class, but got 2 for 3 classes."
    assert caught.value.fix == "Write 3 numbers in the order of the classes, or `balanced`."


def test_weights_are_where_the_outputs_will_be() -> None:
    training = Training(class_weights="balanced", cost="focal")
    cost: Any = cost_of(training, "classification", CLASSES, 3, "meta")
    assert cost.keywords["weight"].device.type == "meta"
