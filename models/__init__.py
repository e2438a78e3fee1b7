"""What is trained: one architecture a file, torch only.

This catalogue imports no torch, so that a file of parameters can be checked in milliseconds;
`tests/models/test_catalogue.py` holds it against the configurations themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .inputs import Inputs
from .values import Choice, Range

if TYPE_CHECKING:
    from torch import Generator, nn

__all__ = [
    "ACTIVATION_NAMES",
    "ARCHITECTURES",
    "INITIALIZATION_NAMES",
    "NORM_NAMES",
    "N_LAYERS",
    "Architecture",
    "Choice",
    "Inputs",
    "Range",
    "build",
    "check",
    "n_entries",
]

N_LAYERS = 1  # hidden layers where nothing says how many


@dataclass(frozen=True)
class Architecture:
    """Where an architecture is defined, and what a space may vary or fix in it."""

    module: str
    parameters: dict[str, Range | Choice]
    n_layers: int = N_LAYERS  # hidden layers where `layers` does not say how many
    takes_words: bool = False  # text, word by word
    fixed: Mapping[str, Any] = field(default_factory=dict)  # what its name alone says


# What `layers.py` makes of these names needs torch.
ACTIVATION_NAMES = ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh")
NORM_NAMES = ("none", "batch", "layer")
INITIALIZATION_NAMES = ("auto", "he", "glorot", "lecun", "orthogonal")

_BOOLEAN = Choice((True, False))
_RATE = Range(0, below=1, is_whole=False)
_RATES = Range(0, below=1, is_whole=False, per_layer=True)
_ACTIVATION = Choice(ACTIVATION_NAMES)
_NORM = Choice(NORM_NAMES)
_INITIALIZATION = Choice(INITIALIZATION_NAMES)
_RECURRENT: dict[str, Range | Choice] = {
    "layers": Range(1),
    "hidden_units": Range(1),
    "bidirectional": _BOOLEAN,
    "dropout": _RATE,
    "dropout_last": _RATE,
    "embedding_size": Range(1),
}

ARCHITECTURES = {
    "mlp": Architecture(
        "truetune.models.mlp",
        {
            "layers": Range(0),
            "hidden_units": Range(1, per_layer=True),
            "dropout": _RATES,
            "dropout_last": _RATE,
            "activation": _ACTIVATION,
            "norm": _NORM,
            "residual": _BOOLEAN,
            "initialization": _INITIALIZATION,
        },
    ),
    "linear": Architecture("truetune.models.linear", {}),
    "tabular": Architecture(
        "truetune.models.tabular",
        {
            "layers": Range(1),
            "hidden_units": Range(1),
            "dropout": _RATE,
            "dropout_last": _RATE,
            "activation": _ACTIVATION,
            "norm": _NORM,
            "embedding_size": Range(1),
            "initialization": _INITIALIZATION,
        },
        n_layers=2,
    ),
    "cnn": Architecture(
        "truetune.models.cnn",
        {
            "layers": Range(1),
            "channels": Range(1, per_layer=True),
            "kernel_size": Range(1, is_odd=True, per_layer=True),
            "pooling": Choice(("max", "average")),
            "head": Choice(("flatten", "average")),
            "dropout": _RATES,
            "dropout_last": _RATE,
            "activation": _ACTIVATION,
            "norm": _NORM,
            "initialization": _INITIALIZATION,
        },
        n_layers=2,
    ),
    "resnet": Architecture(
        "truetune.models.resnet",
        {
            "stages": Range(1),
            "blocks": Range(1),
            "channels": Range(1),
            "activation": _ACTIVATION,
            "norm": _NORM,
            "dropout_last": _RATE,
            "initialization": _INITIALIZATION,
        },
    ),
    "resnet18": Architecture("truetune.models.resnet18", {"dropout_last": _RATE}),
    "lstm": Architecture(
        "truetune.models.recurrent", _RECURRENT, takes_words=True, fixed={"cell": "lstm"}
    ),
    "gru": Architecture(
        "truetune.models.recurrent", _RECURRENT, takes_words=True, fixed={"cell": "gru"}
    ),
}


def check(name: str, parameters: Mapping[str, Any]) -> None:
    """Raise ValueError at the first value that an architecture does not take.

    None is the default's: the network finds a value for itself.
    """
    known = ARCHITECTURES[name].parameters
    for own, value in parameters.items():
        if value is not None and not known[own].admits(value):
            raise ValueError(f"`{own}` is {known[own]}, but got {value!r}.")


def n_entries(model: str, name: str, parameters: Mapping[str, Any]) -> int:
    """Return how many values a list has that gives one per hidden layer.

    A rate called `dropout_last` is the last layer's, and `dropout` then lists those before it.
    """
    n: int = parameters.get("layers", ARCHITECTURES[model].n_layers)
    return n - (f"{name}_last" in parameters)


def build(
    name: str, inputs: Inputs, n_outputs: int, generator: Generator, **parameters: Any
) -> nn.Module:
    """Build a network by name, its weights drawn from `generator`.

    Args:
        name: a key of `ARCHITECTURES`.
        inputs: what a row is.
        n_outputs: logits or regression targets.
        generator: the trial's own, on the CPU, so that a GPU starts from the same weights.
        parameters: the architecture's own parameters; what is absent has its default.
    """
    architecture = ARCHITECTURES[name]
    module = import_module(architecture.module)
    network: nn.Module = module.build(
        inputs, n_outputs, generator, **architecture.fixed, **parameters
    )
    return network
