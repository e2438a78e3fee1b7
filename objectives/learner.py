"""One network on one fold: trained an epoch at a time, validated, its weights kept aside."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Generator, Tensor, nn

from ..models.inputs import Inputs
from ..spaces.experiment import Experiment, Task, Training
from .augmentation import augmenter
from .contracts import Assignment
from .costs import cost_of
from .development import Array, Fold
from .gradients import Norms
from .minibatches import minibatches, sizes_of
from .mixup import mixed
from .networks import initial, outputs_of
from .optimizers import optimizer_of, set_rate
from .schedules import Course
from .scoring import as_tensor, predictions, standard_targets, validation_metrics
from .seeds import draws
from .transfer import Unfreezing, begin_with


class Learner:
    """A network with its optimizer, on the rows of one fold."""

    def __init__(
        self,
        assignment: Assignment,
        seed: int,
        experiment: Experiment,
        training: Training,
        fold: Fold,
        inputs: Inputs,
        n_outputs: int,
        device: str,
    ) -> None:
        self.seed, self.task, self.training, self.fold = seed, experiment.task, training, fold
        self.device = device
        self.extra = (experiment.objective.metric,)  # reported beside what takes no time
        self.x_train = as_tensor(fold.x_train, device)  # (rows, ...)
        self.y_train = _targets(fold.y_train, fold, self.task, device)
        self.x_validation = as_tensor(fold.x_validation, device)
        self.y_validation = _targets(fold.y_validation, fold, self.task, device)
        self.target_scale = as_tensor(fold.target_scale, device)
        self.generator = Generator(device)
        network = initial(experiment, assignment.configuration, inputs, n_outputs, seed)
        if training.start_from is not None:
            begin_with(network, training.start_from)
        self.network = network.to(device)
        self.parameters = list(self.network.parameters())
        self.matrices = [p for p in self.parameters if p.ndim > 1]
        self.optimizer = optimizer_of(self.network, training)
        self.unfreezing = Unfreezing(self.network, training.unfreeze_every)
        self.cost = cost_of(training, self.task, fold.y_train, n_outputs, device)
        self.augment = augmenter(training, inputs.shape)
        self.sizes = sizes_of(len(self.x_train), training.batch_size, self.network)
        self.course = Course(training.schedule, training.epochs, len(self.sizes))
        self.norms = Norms(self.network) if training.gradient_norms else None
        self.factor = 1.0  # of the learning rate, as the optimizer has it
        self.losses: list[float] = []  # of the epochs so far

    def train(self, epoch: int) -> float:
        """Train one epoch and return the mean loss of its rows, without the L1 penalty."""
        self.network.train()
        self.unfreezing.begin(epoch)
        # One tensor: a list of many small ones would keep the heap from shrinking.
        losses = torch.empty(len(self.sizes), device=self.device)
        factors = self.course.factors(epoch, self.losses)
        for i, (x, y, step_seed) in enumerate(self.batches(epoch)):
            self._set_rate(factors[i])
            losses[i] = self.step(x, y, step_seed)
        of_rows = losses * torch.tensor(self.sizes, device=self.device)
        mean = float(of_rows.sum().item() / len(self.x_train))
        self.losses[epoch - 1 :] = [mean]
        return mean

    def step(self, x: Tensor, y: Tensor, seed: int) -> Tensor:
        """Change the weights by a minibatch, and return what it cost before that."""
        for parameter in self.parameters:
            parameter.grad = None  # what zero_grad does, without its 30 us of bookkeeping
        loss = self._loss(x, y, seed)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.norms is not None:
            self.norms.add()
        self._penalise_and_clip()
        self.optimizer.step()
        return loss.detach()

    def batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor, int]]:
        """Yield inputs, targets and a seed for each step, in the epoch's own order."""
        shuffle, *step_seeds = draws(self.seed, epoch, 1 + len(self.sizes))
        batches = minibatches(self.x_train, self.y_train, self.sizes, shuffle)
        for (x, y), step_seed in zip(batches, step_seeds, strict=True):
            yield x, y, step_seed

    def _loss(self, x: Tensor, y: Tensor, seed: int) -> Tensor:
        """Return the cost of a minibatch, all that is drawn for it drawn from its seed."""
        self.generator.manual_seed(seed)
        if self.augment is not None:
            x = self.augment(x, seed)
        if not self.training.mixup:
            return self.cost(self._trained_outputs(x), y)
        x, y, other, share = mixed(x, y, self.training.mixup, self.generator)
        outputs = self._trained_outputs(x)
        return share * self.cost(outputs, y) + (1 - share) * self.cost(outputs, other)

    def _trained_outputs(self, x: Tensor) -> Tensor:
        """Return the outputs in single precision, computed in half where that is asked for.

        bfloat16 has the exponents of float32, so that no gradient has to be scaled.
        """
        if self.training.precision != "bfloat16":
            outputs: Tensor = self.network(x, self.generator)
            return outputs
        with torch.autocast(torch.device(self.device).type, dtype=torch.bfloat16):
            outputs = self.network(x, self.generator)
        return outputs.float()

    def _set_rate(self, factor: float) -> None:
        if factor == self.factor:
            return
        self.factor = factor
        set_rate(self.optimizer, self.training.learning_rate * factor)

    def _penalise_and_clip(self) -> None:
        """Add the gradient of the L1 penalty, and clip what is then there: by value, by norm."""
        training = self.training
        if training.l1:
            for weight in self.matrices:
                if weight.grad is not None:
                    weight.grad.add_(weight.detach().sign(), alpha=training.l1)
        if training.clip_value is not None:
            nn.utils.clip_grad_value_(self.parameters, training.clip_value)
        if training.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.parameters, training.clip_norm)

    def is_finite(self) -> bool:
        """Whether all weights are finite: none is again once a gradient was not.

        A sum is not where one of its numbers is not, and takes an eighth of the time of looking
        at each; weights whose sum is too large for a number are lost anyway.
        """
        sums = [parameter.detach().sum() for parameter in self.parameters]
        return bool(torch.stack(sums).isfinite().all())

    def validate(self) -> dict[str, float]:
        """Return the metrics of the network as it is, on the validation rows."""
        self.network.eval()
        with torch.inference_mode():
            outputs = outputs_of(self.network, self.x_validation)
            return validation_metrics(
                outputs, self.y_validation, self.target_scale, self.task, self.extra
            )

    def weights(self) -> dict[str, Tensor]:
        """Return a copy of the weights as they are."""
        return {name: tensor.clone() for name, tensor in self.network.state_dict().items()}

    def predictions(self, weights: dict[str, Tensor]) -> Array:
        """Return what the network predicts for the validation rows with these weights."""
        return self._predicted(weights, self.x_validation)

    def fitted(self, weights: dict[str, Tensor]) -> tuple[Array, Array]:
        """Return what it predicts for training rows, and their targets.

        They are as many as the validation rows, spread evenly, so that it takes as long as one
        validation. Nothing is dropped or augmented.
        """
        n = min(len(self.x_train), len(self.x_validation))
        places = np.linspace(0, len(self.x_train) - 1, n).round().astype(np.int64)
        rows = torch.from_numpy(places).to(self.device)
        return self._predicted(weights, self.x_train[rows]), self.fold.y_train[places]

    def _predicted(self, weights: dict[str, Tensor], x: Tensor) -> Array:
        self.network.eval()
        with torch.inference_mode():
            outputs = outputs_of(
                lambda rows: torch.func.functional_call(self.network, weights, (rows,)), x
            )
        return predictions(outputs, self.fold, self.task)


def _targets(targets: Array, fold: Fold, task: Task, device: str) -> Tensor:
    return as_tensor(standard_targets(targets, fold, task), device)
