"""Trial 0 trained as a trial is, with its own optimizer and rate, for some steps of a few rows."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from ...errors import InputError
from ..configurations import training_of
from ..contracts import Assignment
from ..learner import Learner
from ..scoring import as_tensor
from ..seeds import trial_seed
from .cases import Case
from .faults import Fault, fault
from .first_steps import SILENT, First
from .subject import Subject
from .timer import Timer
from .units import watched, worst

N_STEPS = 30


def run(subject: Subject, case: Case, first: First, timer: Timer) -> list[Fault]:
    """Train, and say whether training stays finite and its units alive."""
    try:
        learner = _learner(subject, case)
        return _run(learner, case, first, timer)
    except InputError as error:
        rule, found = "a training step runs", error.cause.rstrip(".")
        return [fault(case, rule, found, error.fix, 1.0, is_error=True)]


def _learner(subject: Subject, case: Case) -> Learner:
    experiment, fold = subject.experiment, subject.fold
    some = replace(
        fold,
        x_train=fold.x_train[subject.places],
        y_train=fold.y_train[subject.places],
        train_rows=fold.train_rows[subject.places],
    )
    training = training_of(experiment, case.configuration)
    seed = trial_seed(experiment.seed, 0)
    assignment = Assignment(0, case.configuration, seed)
    rest = (experiment, training, some, subject.inputs, subject.n_outputs, subject.device)
    return Learner(assignment, seed, *rest)


def _run(learner: Learner, case: Case, first: First, timer: Timer) -> list[Fault]:
    n_epochs = min(learner.training.epochs, -(-N_STEPS // len(learner.sizes)))
    for epoch in range(1, n_epochs + 1):
        loss = learner.train(epoch)
        if not math.isfinite(loss) or not learner.is_finite():
            return [_diverged(learner, case, epoch)]
        if timer.is_up:
            break
    return _killed(learner, case, first)


def _diverged(learner: Learner, case: Case, epoch: int) -> Fault:
    rate = learner.training.learning_rate
    found = f"after {epoch * len(learner.sizes)} steps at a rate of {rate:.3g} it is not"
    fix = "Give `learning_rate` a lower `default:`, or `training: {clip_norm: 1.0}`."
    return fault(case, "training stays finite", found, fix, 0.9)


def _killed(learner: Learner, case: Case, first: First) -> list[Fault]:
    """Tell of rectifiers that training has silenced; those that were so before are told of."""
    learner.network.eval()
    with torch.no_grad(), watched(learner.network) as activations:
        learner.network(as_tensor(learner.fold.x_train, learner.device))
    dead, before = worst([*activations], ("relu",)), worst([*first.activations], ("relu",))
    if dead is None or dead.share < SILENT or (before is not None and before.share >= SILENT):
        return []
    n = round(dead.share * dead.n_units)
    found = f"{n:,} of {dead.n_units:,} units after '{dead.after}' are 0 for every row"
    rate = learner.training.learning_rate
    rule = "rectified units stay above 0 for some rows"
    fix = f"Lower the rate of trial 0 (`default:` below {rate:.3g}), or take `leaky_relu`."
    return [fault(case, rule, f"{found} after a short training", fix, 0.8)]
