"""One row learnt by heart, then some rows: a network that cannot is not wired as it should be.

The steps are Adam's, at a few rates, so that no rate of the file's is at fault. Rows are judged
by the loss that validation rows are scored with, whatever the cost that is trained with.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..development import Array
from .cases import Case
from .faults import Fault, fault
from .subject import Plain, Subject, has_batch_norm, is_finite
from .timer import Timer

RATES = (1e-2, 1e-3, 1e-1)
N_STEPS = 200  # at each rate
LEARNT = 0.05  # of the loss of knowing nothing: as good as 0
N_ROWS = 8  # that are learnt together
N_CLASSES = 4  # that they have at most
FAILED = (0.2, 0.5)  # of that loss: what one row, what some rows are not learnt with


@dataclass(frozen=True)
class Learnt:
    """How far a network has come with some rows."""

    n_rows: int
    n_steps: int  # that it took; all of them where it did not learn the rows
    loss: float  # the least there was
    of_nothing: float
    outputs: Tensor  # of the last step
    is_complete: bool  # else the time was up first

    @property
    def is_learnt(self) -> bool:
        return self.loss <= LEARNT * self.of_nothing


def one_row(subject: Subject, case: Case, timer: Timer) -> tuple[Learnt, list[Fault]]:
    """Learn a row, twice where batch norm needs more than one."""
    learnt = _learn(subject, case, subject.places[len(subject.places) // 2 :][:1], timer)
    if learnt.loss <= FAILED[0] * learnt.of_nothing or not learnt.is_complete:
        return learnt, []
    return learnt, [_failed(subject, case, learnt, "one row is learnt by heart", 1.0)]


def some_rows(subject: Subject, case: Case, timer: Timer) -> tuple[Learnt | None, list[Fault]]:
    """Learn a few rows together; nothing where the network is too small or rows too alike."""
    places = _different(subject)
    if places is None or _is_too_small(subject, case, len(places)):
        return None, []
    learnt = _learn(subject, case, places, timer)
    if learnt.loss <= FAILED[1] * learnt.of_nothing or not learnt.is_complete:
        return learnt, []
    rule = f"{learnt.n_rows} rows are learnt by heart"
    return learnt, [_failed(subject, case, learnt, rule, 0.95)]


def _is_too_small(subject: Subject, case: Case, n_rows: int) -> bool:
    """Whether no choice of weights need fit the rows: a row asks for a weight an output."""
    network = subject.plain(case.configuration).network
    n_weights = sum(p.numel() for p in network.parameters() if p.requires_grad)
    return n_weights < 2 * n_rows * subject.n_outputs or subject.inputs.n < n_rows


def _different(subject: Subject) -> Array | None:
    """Return places of rows whose inputs differ, of some classes in turn."""
    flat = subject.x.flatten(1).cpu().numpy()
    _, first = np.unique(flat, axis=0, return_index=True)
    y = subject.y.cpu().numpy()
    if subject.task == "regression":
        by_target = first[np.argsort(y[first, 0], kind="stable")]
        n = min(N_ROWS, len(first))
        chosen = by_target[np.linspace(0, len(by_target) - 1, n).round().astype(int)]
        return subject.places[chosen] if np.ptp(y[chosen], axis=0).min() > 0 else None
    classes = list(dict.fromkeys(y.ravel()[np.sort(first)].tolist()))[:N_CLASSES]
    by_class = [[i for i in np.sort(first) if y.ravel()[i] == c] for c in classes]
    rows = [own[k] for k in range(N_ROWS) for own in by_class if k < len(own)][:N_ROWS]
    return subject.places[np.array(rows)] if len(classes) > 1 else None


def _learn(subject: Subject, case: Case, places: Array, timer: Timer) -> Learnt:
    best: Learnt | None = None
    for rate in RATES:
        learnt = _at_rate(subject, case, places, rate, timer)
        if best is None or learnt.loss < best.loss:
            best = learnt
        if best.is_learnt or not learnt.is_complete:
            break
    assert best is not None
    return best if learnt.is_complete else Learnt(**{**vars(best), "is_complete": False})


def _at_rate(subject: Subject, case: Case, places: Array, rate: float, timer: Timer) -> Learnt:
    plain = subject.plain(case.configuration)
    x, y = subject.rows(places)
    if len(x) == 1 and has_batch_norm(plain.network):
        x, y = x.repeat(2, *[1] * (x.ndim - 1)), y.repeat(2, *[1] * (y.ndim - 1))
    n_rows = len(places)
    of_nothing = _of_nothing(subject, y)
    trained = [p for p in plain.network.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=rate)
    best, outputs, step = float("inf"), torch.zeros(0), 0
    for step in range(N_STEPS + 1):
        outputs = plain.outputs(x)
        loss = subject.judged(outputs.detach(), y)
        best = min(best, loss)
        if best <= LEARNT * of_nothing or not is_finite(outputs.detach()):
            break
        if timer.is_up:
            return Learnt(n_rows, step, best, of_nothing, outputs.detach(), False)
        _step(plain, optimizer, outputs, y)
    return Learnt(n_rows, step, best, of_nothing, outputs.detach(), True)


def _step(plain: Plain, optimizer: torch.optim.Optimizer, outputs: Tensor, y: Tensor) -> None:
    optimizer.zero_grad()
    plain.cost(outputs, y).backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def _of_nothing(subject: Subject, y: Tensor) -> float:
    """Return what knowing nothing costs: a regression's mean, or classes that are all alike."""
    if subject.task != "regression":
        n = 2 if subject.task == "binary" else subject.n_outputs
        return float(np.log(n))
    return max(float(y.square().mean()), 1.0) if len(y) <= 2 else float(y.var(dim=0).mean())


def _failed(subject: Subject, case: Case, learnt: Learnt, rule: str, weight: float) -> Fault:
    cause, fix = _cause(subject, learnt.outputs)
    found = (
        f"after {len(RATES)} times {N_STEPS} steps its loss is {learnt.loss:.3g} still, and "
        f"knowing nothing costs {learnt.of_nothing:.3g}"
    )
    if cause:
        found += f": {cause}"
    is_sure = not subject.has_own_cost or bool(cause)
    return fault(case, rule, found, fix, weight, is_error=is_sure)


def _cause(subject: Subject, outputs: Tensor) -> tuple[str, str]:
    """Return what the outputs of a network that does not learn give away, and what to do."""
    task, is_share = subject.task, bool(((outputs >= 0) & (outputs <= 1)).all())
    if task == "classification" and is_share and _sums_to_one(outputs):
        return "outputs are probabilities, and the cost takes logits", "Remove the softmax."
    if task == "binary" and is_share:
        return "outputs lie between 0 and 1, and the cost takes a logit", "Remove the sigmoid."
    if bool((outputs >= 0).all()) and bool((outputs == 0).any()):
        return "outputs are never below 0", "Remove the ReLU after the last layer."
    if len(outputs) > 2 and bool((outputs == outputs[:1]).all()):
        return "all rows get the same outputs", "Look for inputs that are not used."
    if subject.has_own_cost:
        return "", "Look for targets in another order or unit in the cost of your own."
    return "", "Look for weights that are not used, and for what bounds or overwrites outputs."


def _sums_to_one(outputs: Tensor) -> bool:
    sums = outputs.sum(1)
    return bool(torch.allclose(sums, torch.ones_like(sums), atol=1e-3))
