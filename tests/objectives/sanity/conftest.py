"""Experiments with networks and costs that have a fault, each known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from truetune.objectives.findings import Finding
from truetune.objectives.preparation import develop
from truetune.objectives.sanity.catalogue import Facts, look
from truetune.spaces import Experiment

CODE = '''
import torch
from torch import nn


def _layers(inputs, n_outputs, width=32, activation=nn.ReLU):
    return [nn.Flatten(), nn.Linear(inputs.n, width), activation(), nn.Linear(width, n_outputs)]


def sound(inputs, n_outputs, width=32):
    return nn.Sequential(*_layers(inputs, n_outputs, width))


def dropping(inputs, n_outputs):
    layers = _layers(inputs, n_outputs)
    return nn.Sequential(*layers[:3], nn.Dropout(0.9), layers[3])


def with_softmax(inputs, n_outputs):
    return nn.Sequential(*_layers(inputs, n_outputs), nn.Softmax(dim=1))


def with_log_softmax(inputs, n_outputs):
    return nn.Sequential(*_layers(inputs, n_outputs), nn.LogSoftmax(dim=1))


def with_sigmoid(inputs, n_outputs):
    return nn.Sequential(*_layers(inputs, n_outputs), nn.Sigmoid())


def with_relu_at_the_end(inputs, n_outputs):
    return nn.Sequential(*_layers(inputs, n_outputs), nn.ReLU())


class Detached(nn.Module):
    def __init__(self, n, n_outputs, everything):
        super().__init__()
        self.first, self.last = nn.Linear(n, 16), nn.Linear(16, n_outputs)
        self.everything = everything

    def forward(self, x):
        outputs = self.last(self.first(x.flatten(1)).relu().detach())
        return outputs.detach() if self.everything else outputs


def detached(inputs, n_outputs):
    return Detached(inputs.n, n_outputs, False)


def all_detached(inputs, n_outputs):
    return Detached(inputs.n, n_outputs, True)


def unused(inputs, n_outputs):
    net = sound(inputs, n_outputs)
    class Spare(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.spare = net, nn.Linear(3, 3)
        def forward(self, x):
            return self.net(x)
    return Spare()


def dead(inputs, n_outputs):
    net = sound(inputs, n_outputs)
    nn.init.constant_(net[1].bias, -100.0)
    return net


def exploding(inputs, n_outputs):
    net = nn.Sequential(nn.Flatten(), nn.Linear(inputs.n, 64), nn.ReLU(), nn.Linear(64, 64),
                        nn.ReLU(), nn.Linear(64, n_outputs))
    for layer in (1, 3, 5):
        nn.init.normal_(net[layer].weight)
    return net


def saturated(inputs, n_outputs):
    net = nn.Sequential(*_layers(inputs, n_outputs, activation=nn.Tanh))
    nn.init.normal_(net[1].weight, std=300.0)
    return net


def vanishing(inputs, n_outputs):
    layers = [nn.Flatten(), nn.Linear(inputs.n, 16), nn.Sigmoid()]
    for _ in range(14):
        layers += [nn.Linear(16, 16), nn.Sigmoid()]
    return nn.Sequential(*layers, nn.Linear(16, n_outputs))


class Blind(nn.Module):
    def __init__(self, n, n_outputs):
        super().__init__()
        self.layer = nn.Linear(n, n_outputs)

    def forward(self, x):
        return self.layer(torch.zeros_like(x.flatten(1)))


def blind(inputs, n_outputs):
    return Blind(inputs.n, n_outputs)


class NotANumber(nn.Module):
    def __init__(self, n, n_outputs):
        super().__init__()
        self.layer = nn.Linear(n, n_outputs)

    def forward(self, x):
        return self.layer(x.flatten(1)) / (x.shape[0] * 0 + 1 if x.shape[0] == 2 else 0.0)


def not_a_number(inputs, n_outputs):
    return NotANumber(inputs.n, n_outputs)


def crashing(inputs, n_outputs, width=32):
    if width > 20:
        raise ValueError(f"width {width} is too large")
    return sound(inputs, n_outputs, width)


def zero_start(inputs, n_outputs):
    """A residual branch that begins as nothing, as is often done."""
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.branch, self.gate = nn.Linear(inputs.n, inputs.n), nn.Linear(inputs.n, inputs.n)
            nn.init.zeros_(self.gate.weight)
            nn.init.zeros_(self.gate.bias)
            self.last = nn.Linear(inputs.n, n_outputs)
        def forward(self, x):
            x = x.flatten(1)
            return self.last(x + self.gate(self.branch(x).relu()))
    return Residual()


def frozen_below(inputs, n_outputs):
    net = sound(inputs, n_outputs)
    net[1].requires_grad_(False)
    return net


def shuffled(outputs, targets):
    return nn.functional.cross_entropy(outputs, targets.roll(1, 0))


def with_margin(outputs, targets):
    return nn.functional.multi_margin_loss(outputs, targets)


def pinball(outputs, targets):
    error = targets - outputs
    return torch.maximum(0.9 * error, -0.1 * error).mean()


def without_gradient(outputs, targets):
    return torch.tensor(outputs.argmax(1).eq(targets).float().mean().item())


def infinite(outputs, targets):
    return (outputs * 0).log().mean()
'''

_REGRESSION = {"data": {"source": "sklearn:diabetes"}, "task": "regression"}
_BINARY = {"data": {"source": "sklearn:breast_cancer"}, "task": "binary"}
_CLASSES = {"data": {"source": "sklearn:wine"}, "task": "classification"}
TASKS = {"classification": _CLASSES, "binary": _BINARY, "regression": _REGRESSION}


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Experiment]:
    """Make an experiment on one of three sets, its model a function of `CODE` if it is named."""
    (tmp_path / "own.py").write_text(CODE)

    def made(task: str = "classification", own: str = "", cost: str = "", **sections: Any) -> Any:
        content: dict[str, Any] = {
            "study": "looked-at",
            **TASKS[task],
            "training": {"epochs": 20, "batch_size": 32},
            "parameters": {"learning_rate": 1e-3},
            **sections,
        }
        if own:
            content["model"] = f"{tmp_path}/own.py:{own}"
        if cost:
            content["training"]["cost"] = f"{tmp_path}/own.py:{cost}"
        return Experiment.model_validate(content)

    return made


@pytest.fixture
def looked() -> Callable[[Experiment], tuple[list[Finding], Facts]]:
    """Look at an experiment's training in this process."""

    def found(experiment: Experiment, seconds: float = 60.0) -> tuple[list[Finding], Facts]:
        return look(experiment, develop(experiment), "cpu", seconds)

    return found
