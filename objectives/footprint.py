"""What a network costs where it is used: its size, its arithmetic and its time for rows.

- parameters: numbers that are trained; a batch norm's running averages are none
- FLOPs: of matrix products, convolutions and attention, a multiplication and an addition being
  two (as `torch.utils.flop_counter` counts); what is done number by number (activations, norms,
  biases) is a small share, and is left out
- latency: the median of warm runs, so that neither the first call's preparations nor another
  process's work are in it

A row is made of zeros: no network here takes longer for other numbers. What a network draws by
itself is drawn from a seed, and the network is afterwards in the mode that it was in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ..models.inputs import Inputs
from .forking import seeded

_N_WARM = 3  # runs before those that count
_N_RUNS = (5, 100)  # that count: at least, at most
_SECONDS = 0.2  # after which no further run is begun, once there are enough


def n_parameters(network: nn.Module) -> int:
    """Return how many numbers are trained; one that two layers share counts once."""
    return sum(parameter.numel() for parameter in network.parameters())


def flops(network: nn.Module, inputs: Inputs) -> int:
    """Return the floating-point operations of one row's forward pass.

    They are counted on the CPU: what a GPU's library does in a recurrent layer is not seen.
    """
    if any(parameter.device.type != "cpu" for parameter in network.parameters()):
        network = deepcopy(network).cpu()
    fused = {torch.ops.aten.mkldnn_rnn_layer: _of_recurrent_layer}
    with _evaluated(network), FlopCounterMode(display=False, custom_mapping=fused) as counter:
        network(_rows(inputs, 1, "cpu"))
    total: int = counter.get_total_flops()
    return total


def _of_recurrent_layer(x: Any, of_inputs: Any, of_states: Any, *_: Any, **__: Any) -> int:
    """Return the operations of an LSTM's layer, in one direction, that a CPU does as one.

    Args:
        x: shape (steps, rows, features).
        of_inputs: shape of the weights (gates x units, features).
        of_states: shape of the weights (gates x units, units).
    """
    n_products: int = of_inputs[0] * of_inputs[1] + of_states[0] * of_states[1]
    return int(2 * x[0] * x[1] * n_products)


def latency_ms(network: nn.Module, inputs: Inputs, n_rows: int, device: str) -> float:
    """Return the milliseconds that a forward pass of some rows takes: the median of warm runs.

    Args:
        network: is moved to the device.
        inputs: what a row is.
        n_rows: rows of one pass.
        device: of torch's, such as `cpu` or `cuda`.
    """
    rows = _rows(inputs, n_rows, device)
    network.to(device)
    taken: list[float] = []
    with _evaluated(network):
        for _ in range(_N_WARM):
            _run(network, rows)
        started = time.perf_counter()
        while len(taken) < _N_RUNS[1]:
            if len(taken) >= _N_RUNS[0] and time.perf_counter() - started > _SECONDS:
                break
            taken.append(_run(network, rows))
    return 1000 * median(taken)


# By the names that a file gives them: of a network, what a row is, and where it runs.
MEASURES: dict[str, Callable[[nn.Module, Inputs, str], float]] = {
    "n_parameters": lambda network, inputs, device: n_parameters(network),
    "flops": lambda network, inputs, device: flops(network, inputs),
    "latency_1_ms": lambda network, inputs, device: latency_ms(network, inputs, 1, device),
    "latency_256_ms": lambda network, inputs, device: latency_ms(network, inputs, 256, device),
}


def measured(
    names: Iterable[str], network: nn.Module, inputs: Inputs, device: str
) -> dict[str, float]:
    """Return what is asked for of `MEASURES`, by name."""
    return {name: float(MEASURES[name](network, inputs, device)) for name in names}


def _run(network: nn.Module, rows: Tensor) -> float:
    """Return the seconds of one pass, to the end of what a GPU has been told to do."""
    started = time.perf_counter()
    network(rows)
    if rows.is_cuda:
        torch.cuda.synchronize(rows.device)
    return time.perf_counter() - started


def _rows(inputs: Inputs, n: int, device: str) -> Tensor:
    """Return rows (n, ...) of zeros; of a text all words are unknown ones, and none is missing."""
    value = 0.0 if inputs.n_words is None else 1.0
    return torch.full((n, *inputs.shape), value, device=device)


@contextmanager
def _evaluated(network: nn.Module) -> Iterator[None]:
    """Keep a network out of training: nothing dropped, no averages moved, no gradient kept."""
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        # Not `inference_mode`, in which layers are seen whole by what counts their products.
        with torch.no_grad(), seeded(0, device):
            yield
    finally:
        for module, mode in modes:
            module.training = mode
