"""What networks are made of: layers, activations, norms, dropout and initial weights.

Nothing here draws from torch's global generator. Initial weights are zero-mean normal, or
orthogonal, and never torch's default uniform ones; biases start at zero.

- he: standard deviation gain / sqrt(fan_in), the gain of rectifiers sqrt(2) (He et al. 2015,
  arXiv:1502.01852, equations 10 and 15)
- glorot: gain sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010, equation 12), with the
  activation's gain, as `torch.nn.init.calculate_gain` recommends
- lecun: sqrt(1 / fan_in) (LeCun et al. 1998, "Efficient BackProp", equation 16), from which
  self-normalising networks start (Klambauer et al. 2017, arXiv:1706.02515)
- orthogonal: gain times orthogonal rows or columns (Saxe et al. 2013, arXiv:1312.6120)
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

_SLOPE = 0.01  # of a leaky rectifier, below zero


def _leaky_relu(x: Tensor) -> Tensor:
    return F.leaky_relu(x, _SLOPE)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "leaky_relu": _leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "tanh": torch.tanh,
}

# How much a layer's weights make up for what the activation after it takes away. A unit that is
# nearly a rectifier has a rectifier's; a self-normalising one has none to make up for.
_GAINS = {
    **dict.fromkeys(["relu", "elu", "gelu", "silu"], math.sqrt(2)),
    "leaky_relu": math.sqrt(2 / (1 + _SLOPE**2)),
    "selu": 1.0,
    "tanh": 5 / 3,
}

_AUTO = {"tanh": "glorot", "selu": "lecun"}  # all others: he


def linear_layer(n_inputs: int, n_outputs: int, bias: bool = True) -> nn.Linear:
    """Make a layer without torch's own initialisation, which draws from the global generator."""
    layer = nn.utils.skip_init(nn.Linear, n_inputs, n_outputs, bias=bias)  # type: ignore[no-untyped-call]
    assert isinstance(layer, nn.Linear)
    return layer


def conv_layer(
    n_in: int,
    n_out: int,
    kernel: tuple[int, int],
    stride: int | tuple[int, int] = 1,
    bias: bool = True,
) -> nn.Conv2d:
    """Make a convolution of an odd kernel, padded so that a stride of 1 keeps height and width."""
    padding = (kernel[0] // 2, kernel[1] // 2)
    layer = nn.utils.skip_init(  # type: ignore[no-untyped-call]
        nn.Conv2d, n_in, n_out, kernel, stride=stride, padding=padding, bias=bias
    )
    assert isinstance(layer, nn.Conv2d)
    return layer


def norm_layer(name: str, n: int, n_dims: int) -> nn.Module:
    """Make a norm of rows of `n` units (n_dims 1), or of pictures of `n` channels (n_dims 2).

    The layer norm of a picture is one mean and one variance over all its channels and pixels.
    """
    if name == "none":
        return nn.Identity()
    if name == "batch":
        return nn.BatchNorm1d(n) if n_dims == 1 else nn.BatchNorm2d(n)
    return nn.LayerNorm(n) if n_dims == 1 else nn.GroupNorm(1, n)


def drop(x: Tensor, rate: float, generator: Generator | None) -> Tensor:
    """Zero each element with probability `rate` and scale the others by 1 / (1 - rate).

    The same as `torch.nn.functional.dropout`, which can only draw from the global generator.
    Without a generator (outside of training), and at a rate of 0, `x` is returned as it is.
    """
    if generator is None or rate == 0:
        return x
    return x * _kept(x.shape, x, rate, generator)


def drop_channels(x: Tensor, rate: float, generator: Generator | None) -> Tensor:
    """Zero whole channels of (rows, channels, ...) as `drop` does elements.

    Neighbouring pixels say nearly the same, so that dropping some of them drops nothing
    (Tompson et al. 2015, arXiv:1411.4280, section 3.2).
    """
    if generator is None or rate == 0:
        return x
    shape = torch.Size([*x.shape[:2], *(1 for _ in x.shape[2:])])
    return x * _kept(shape, x, rate, generator)


def _kept(shape: torch.Size, x: Tensor, rate: float, generator: Generator) -> Tensor:
    return torch.rand(shape, generator=generator, device=x.device).ge_(rate).div_(1 - rate)


def initialise(
    layer: nn.Linear | nn.Conv2d, method: str, activation: str | None, generator: Generator
) -> None:
    """Draw a layer's weights, and set its bias to zero.

    Args:
        layer: what the weights are of.
        method: he, glorot, lecun or orthogonal; auto takes what fits the activation.
        activation: what follows the layer. None follows the output layer, whose weights have
            the standard deviation sqrt(1 / fan_in) by any method.
        generator: on the CPU, as the layer is.
    """
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    if activation is not None and method == "auto":
        method = _AUTO.get(activation, "he")
    if activation is not None and method == "orthogonal":
        nn.init.orthogonal_(layer.weight, _GAINS[activation], generator=generator)
    else:
        deviation = _deviation(layer.weight, method, activation)
        nn.init.normal_(layer.weight, 0, deviation, generator=generator)


def _deviation(weight: Tensor, method: str, activation: str | None) -> float:
    """Return the standard deviation of weights (outputs, inputs, *kernel)."""
    n_seen = math.prod(weight.shape[2:])  # by a kernel; 1 by a linear layer
    fan_out, fan_in = weight.shape[0] * n_seen, weight.shape[1] * n_seen
    if activation is None or method == "lecun":
        return 1 / math.sqrt(fan_in)
    if method == "glorot":
        return _GAINS[activation] * math.sqrt(2 / (fan_in + fan_out))
    gain = _GAINS["leaky_relu" if activation == "leaky_relu" else "relu"]
    return gain / math.sqrt(fan_in)
