"""The eager trainer: one trial, one epoch at a time, its randomness its own."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from torch import Tensor

from ..spaces.experiment import Experiment
from .configurations import training_of
from .contracts import (
    Assignment,
    DivergedError,
    Objective,
    Pack,
    Report,
    Results,
    check_finite,
)
from .development import Array, Development
from .footprint import measured
from .gradients import PREFIX
from .learner import Learner
from .metrics import FIT, OBJECTIVES, direction_of, plain_name
from .outcomes import measures_of
from .rowwise import Part, score
from .scoring import metrics_of
from .seeds import fold_seed


class EagerObjective:
    """Trains trials one by one, each as a pack of one."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment

    def start(
        self, assignments: Sequence[Assignment], development: Development, device: str
    ) -> EagerPack:
        (assignment,) = assignments
        return EagerPack(assignment, self.experiment, development, device)


class EagerPack:
    """One trial: a network for each fold, trained side by side. See `contracts.Pack`.

    A metric is the mean over the folds, epoch by epoch, so that they are judged, pruned and
    stopped as one; the weights that are kept are those of one epoch in all of them.
    """

    def __init__(
        self,
        assignment: Assignment,
        experiment: Experiment,
        development: Development,
        device: str,
    ) -> None:
        self.number = assignment.number
        self.training = training_of(experiment, assignment.configuration)
        self.metric = experiment.objective.metric
        is_cost = direction_of(experiment.objective, experiment.task) == "minimize"
        self.sign = 1 if is_cost else -1
        self.learners = [
            Learner(
                assignment,
                fold_seed(assignment.seed, i),
                experiment,
                self.training,
                fold,
                inputs,
                development.description.n_outputs,
                device,
            )
            for i, (fold, inputs) in enumerate(
                zip(development.folds, development.inputs, strict=True)
            )
        ]
        # Folds differ in their rows, and hardly in what a network of them costs.
        first = self.learners[0].network
        self.costs = measured(measures_of(experiment), first, development.inputs[0], device)
        self.epoch = 0
        self.best: Report | None = None  # of the epoch whose weights are kept
        self.best_weights: list[dict[str, Tensor]] = []  # of each fold
        self.predicted: Array | None = None  # what they predict, once there is no other epoch

    def advance(self) -> list[Report]:
        started = time.perf_counter()
        self.epoch += 1
        losses = [learner.train(self.epoch) for learner in self.learners]
        metrics = {"training_loss": float(np.mean(losses))}
        self._check_training(metrics["training_loss"])
        of_folds = [learner.validate() for learner in self.learners]
        metrics |= {name: float(np.mean([m[name] for m in of_folds])) for name in of_folds[0]}
        metrics |= self._gradient_norms()
        check_finite(self.number, self.epoch, metrics)
        seconds = time.perf_counter() - started
        is_comparable = self.learners[0].course.ends_period(self.epoch)
        report = Report(
            self.number,
            self.epoch,
            metrics,
            seconds,
            is_comparable=is_comparable,
            costs=self.costs,
        )
        self._keep(report)
        return [self._finish(report) if self._is_last(report) else report]

    def results(self, number: int) -> Results:
        """Return the weights, those of fold 2 as `2.output.bias`, and the predictions of the
        validation rows, fold after fold."""
        kept = self._kept()
        is_one = len(kept) == 1
        weights = {
            name if is_one else f"{i}.{name}": tensor.detach().clone().cpu()
            for i, of_fold in enumerate(kept)
            for name, tensor in of_fold.items()
        }
        return Results(weights, self.predicted if self.predicted is not None else self._predict())

    def _predict(self) -> Array:
        pairs = zip(self.learners, self._kept(), strict=True)
        return np.concatenate([learner.predictions(of_fold) for learner, of_fold in pairs])

    def _fit(self) -> dict[str, float]:
        """Score the kept weights on training rows, by the metric that is optimised.

        The training loss is a mean over an epoch in which weights changed and units were
        dropped: how well rows are learnt, and how much worse others are, this tells.
        """
        pairs = zip(self.learners, self._kept(), strict=True)
        predicted, targets = zip(*(learner.fitted(w) for learner, w in pairs), strict=True)
        folds = [learner.fold for learner in self.learners]
        part = Part.of(targets, [fold.target_scale for fold in folds])
        name, task = plain_name(self.metric), self.learners[0].task
        return {FIT + name: score(name, task, part, np.concatenate(predicted))}

    def _kept(self) -> list[dict[str, Tensor]]:
        """Return the weights that count, of each fold."""
        return self.best_weights or [learner.weights() for learner in self.learners]

    def drop(self, number: int) -> None:
        pass  # a pack of one ends with its trial

    def admit(self, assignment: Assignment) -> bool:
        return False

    def _gradient_norms(self) -> dict[str, float]:
        """Return the mean norm of each layer's gradient, where they are recorded."""
        of_folds = [learner.norms.take() for learner in self.learners if learner.norms]
        names = of_folds[0] if of_folds else {}
        return {name: float(np.mean([norms[name] for norms in of_folds])) for name in names}

    def _check_training(self, training_loss: float) -> None:
        """Raise DivergedError where training has left the finite.

        Once a gradient was not finite, weights are not; yet a unit that they have killed may
        leave the loss as if nothing had happened.
        """
        is_lost = not math.isfinite(training_loss)
        if not is_lost and all(learner.is_finite() for learner in self.learners):
            return
        found = f"training_loss is {training_loss}" if is_lost else "weights are not finite"
        cause = f"{found} in epoch {self.epoch}: exploding gradients; {self._way_out()}"
        raise DivergedError(self.number, self.epoch, cause)

    def _way_out(self) -> str:
        if self.training.clip_norm is None:
            return "`training: {clip_norm: 1.0}` clips them"
        return f"`clip_norm: {self.training.clip_norm}` did not hold them, lower `learning_rate`"

    def _keep(self, report: Report) -> None:
        """Remember the epoch whose weights count: the last, or the best if stopping early."""
        if self.training.early_stopping is None:
            self.best = report
        elif report.is_comparable and (
            self.best is None or self._cost(report) < self._cost(self.best)
        ):
            self.best = report
            self.best_weights = [learner.weights() for learner in self.learners]

    def _cost(self, report: Report) -> float:
        return self.sign * report.metrics[self.metric]

    def _is_last(self, report: Report) -> bool:
        if report.epoch == self.training.epochs:
            return True
        stopping = self.training.early_stopping
        if stopping is None or self.best is None or not report.is_comparable:
            return False
        return report.epoch - self.best.epoch >= stopping.patience

    def _finish(self, report: Report) -> Report:
        """Say which epoch is kept. How long gradients were is a curve, and no quality of it."""
        assert self.best is not None
        metrics = {k: v for k, v in self.best.metrics.items() if not k.startswith(PREFIX)}
        task = self.learners[0].task
        if missing := [name for name in OBJECTIVES[task] if name not in metrics]:
            self.predicted = self._predict()
            folds = [learner.fold for learner in self.learners]
            metrics |= metrics_of(missing, self.predicted, folds, task)
        metrics |= self._fit() | self.costs
        return replace(report, kept_epoch=self.best.epoch, kept_metrics=metrics)


def _conforms(objective: EagerObjective, pack: EagerPack) -> tuple[Objective, Pack]:
    """Let the type checker prove that both keep their contracts."""
    return objective, pack
