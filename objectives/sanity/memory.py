"""What a training step of the largest configuration takes, before a search runs out of memory.

    weights + their gradients + what the optimizer keeps (a number a weight for SGD with momentum
    and RMSprop, two for Adam) + a copy where the best epoch is kept + what the backward pass needs

The last is measured: every tensor that autograd keeps in the forward pass of 2 rows and of 4,
from which a minibatch follows, as it grows by the row. Where it fits and takes little time, a
real step is taken, too. All in a process of its own, that the kernel (on Linux) gives no more
memory than is free, so that an error is what comes of too much, and not the death of another
process. Run as `python -m truetune.objectives.sanity.memory`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Generator, Tensor, nn

from ...models.inputs import Inputs
from ..child import answer
from ..configurations import training_of
from ..networks import initial
from ..optimizers import optimizer_of
from ..sizes import SHARE, available

if TYPE_CHECKING:
    from ...spaces import Experiment

_ROWS = (2, 4)  # whose difference is what rows take
_SECONDS = 4.0  # that a real step may take, by what few rows took
_SPARE = 1.5  # how much more memory than estimated there is where a real step is taken


@dataclass(frozen=True)
class Need:
    """What a step takes, in bytes; `weights` is 0 where not even the network could be built."""

    n_parameters: int
    weights: int
    gradients: int
    optimizer: int
    kept: int  # a copy of the best epoch's weights
    backward: int  # tensors that the backward pass needs
    n_rows: int  # of the minibatch
    is_taken: bool  # whether a real step was taken
    has_failed: bool  # it ran out of memory

    @property
    def total(self) -> int:
        return self.weights + self.gradients + self.optimizer + self.kept + self.backward


def free_here(device: str) -> int:
    """Return the bytes that are free: of the device, or of this machine."""
    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    return int(SHARE * available())


def need_of(
    experiment: Experiment,
    configuration: Mapping[str, Any],
    inputs: Inputs,
    n_outputs: int,
    n_train: int,
    device: str,
) -> Need:
    """Build a network, measure a few rows, and take a real step where it is sure to fit."""
    training = training_of(experiment, configuration)
    n_rows = min(training.batch_size, n_train)
    free, need = free_here(device), Need(0, 0, 0, 0, 0, 0, n_rows, False, False)
    try:
        network = initial(experiment, configuration, inputs, n_outputs).to(device).train()
        need = _of_weights(network, training, n_rows)
        few, seconds = _backward_of(network, inputs, _ROWS[0], device)
        more, longer = _backward_of(network, inputs, _ROWS[1], device)
        n_apart = _ROWS[1] - _ROWS[0]
        a_row = max(0.0, (more - few) / n_apart)
        need = _with(need, backward=max(more, int(few + a_row * (n_rows - _ROWS[0]))))
        expected = longer + max(0.0, (longer - seconds) / n_apart) * n_rows
        if _SPARE * need.total < free and expected < _SECONDS:
            _step(network, optimizer_of(network, training), inputs, n_rows, device)
            need = _with(need, is_taken=True)
    except (RuntimeError, MemoryError) as error:
        if not _is_about_memory(error):
            raise
        return _with(need, has_failed=True)
    return need


def _with(need: Need, **changed: Any) -> Need:
    return Need(**{**asdict(need), **changed})


def _of_weights(network: nn.Module, training: Any, n_rows: int) -> Need:
    trained = [p for p in network.parameters() if p.requires_grad]
    gradients = sum(p.numel() * p.element_size() for p in trained)
    weights = sum(t.numel() * t.element_size() for t in network.state_dict().values())
    keeps = {"sgd": int(training.momentum > 0), "rmsprop": 1}.get(training.optimizer, 2)
    kept = weights if training.early_stopping is not None else 0
    n = sum(p.numel() for p in network.parameters())
    return Need(n, weights, gradients, keeps * gradients, kept, 0, n_rows, False, False)


def _backward_of(
    network: nn.Module, inputs: Inputs, n_rows: int, device: str
) -> tuple[int, float]:
    """Return the bytes that autograd keeps for some rows, weights aside, and the seconds."""
    own = {p.untyped_storage().data_ptr() for p in network.parameters()}
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    started = time.perf_counter()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        outputs = network(*_given(inputs, n_rows, device))
    outputs.square().mean().backward()
    for parameter in network.parameters():
        parameter.grad = None
    return sum(kept.values()), time.perf_counter() - started


def _given(inputs: Inputs, n_rows: int, device: str) -> tuple[Tensor, Generator]:
    """Return rows of no data, and what training draws from."""
    generator = Generator(device).manual_seed(0)
    if inputs.n_words is not None:
        return torch.ones((n_rows, *inputs.shape), device=device), generator
    x = torch.randn((n_rows, *inputs.shape), generator=generator, device=device)
    return x, generator


def _step(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    inputs: Inputs,
    n_rows: int,
    device: str,
) -> None:
    outputs = network(*_given(inputs, n_rows, device))
    outputs.square().mean().backward()
    optimizer.step()


def _is_about_memory(error: BaseException) -> bool:
    said = str(error).lower()
    return isinstance(error, MemoryError) or "memory" in said


def limit_here(device: str) -> None:
    """Let this process take no more of the machine's memory than is free.

    Where a GPU trains, and where there are no such limits, nothing is done.
    """
    if device == "cuda":
        return
    try:
        import resource

        import psutil

        used = int(psutil.Process().memory_info().data)
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (used + free_here(device), hard))
    except (ImportError, AttributeError, ValueError, OSError):
        return


def _main() -> None:
    from ...spaces import Experiment

    asked = json.loads(sys.stdin.buffer.read())
    experiment = Experiment.model_validate_json(asked["experiment"])
    torch.set_num_threads(experiment.resources.cpus)
    inputs, device = Inputs.of(**asked["inputs"]), asked["device"]
    limit_here(device)

    def work() -> list[dict[str, Any]]:
        rest = (inputs, asked["n_outputs"], asked["n_train"], device)
        return [asdict(need_of(experiment, c, *rest)) for c in asked["configurations"]]

    answer(work)


if __name__ == "__main__":
    _main()
