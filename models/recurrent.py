"""A recurrent network: LSTM or GRU layers read a row step by step; the output is linear.

- LSTM by Hochreiter & Schmidhuber 1997 (doi:10.1162/neco.1997.9.8.1735) with the forget gate of
  Gers et al. 2000 (doi:10.1162/089976600300015015), GRU by Cho et al. 2014 (arXiv:1406.1078)
- a row (inputs,) is read as steps of one number, (steps, features) as it is, and a picture
  (channels, height, width) column by column, from left to right
- a text is read to its own end, so that what fills up the row after it changes nothing; each of
  its words is a trained vector, and the word 0, no word, is zeros for good
- the state after the last step is read out; of both directions, each has its own last step
- dropout between the layers and before the output, drawn from a generator the caller passes
- each gate is a layer of its own: orthogonal recurrent weights (Saxe et al. 2013,
  arXiv:1312.6120), so that a gradient keeps its norm over many steps, and Glorot input weights
  (Glorot & Bengio 2010: a gate is no ReLU); biases start at zero, but the LSTM's forget gate at
  1, open (Jozefowicz et al. 2015, section 2.2)
- word vectors are standard normal, as other inputs are; the output layer takes sqrt(1 / fan_in)
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Generator, Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from . import check
from .inputs import Inputs
from .layers import drop, initialise, linear_layer

Cell = Literal["lstm", "gru"]

_CELLS: dict[Cell, type[nn.LSTM] | type[nn.GRU]] = {"lstm": nn.LSTM, "gru": nn.GRU}

_N_GATES: dict[Cell, int] = {"lstm": 4, "gru": 3}


@dataclass(frozen=True)
class RecurrentConfig:
    layers: int = 1  # recurrent layers, each reading the states of the one before
    hidden_units: int = 64  # width of a state, in each direction
    bidirectional: bool = False  # whether other weights read the row from its end, too
    dropout: float = 0.0  # share of a state's units dropped between layers
    dropout_last: float = 0.0  # share of units dropped before the output
    embedding_size: int = 64  # numbers that a word is; only of text

    def __post_init__(self) -> None:
        check("lstm", asdict(self))  # a GRU takes the same


class Recurrent(nn.Module):
    """See the module's docstring. Maps rows of one of its shapes to (rows, n_outputs)."""

    def __init__(
        self, inputs: Inputs, n_outputs: int, cell: Cell, config: RecurrentConfig
    ) -> None:
        super().__init__()
        hidden, n_directions = config.hidden_units, 1 + config.bidirectional
        self.n_gates = _N_GATES[cell]
        self.embedding: nn.Embedding | None = None
        n_features = _n_features(inputs.shape)
        if inputs.n_words is not None:
            n_features = config.embedding_size
            self.embedding = _embedding_layer(inputs.n_words, n_features)
        widths = (n_features, *[n_directions * hidden] * (config.layers - 1))
        self.recurrent = nn.ModuleList(
            _recurrent_layer(cell, width, hidden, config.bidirectional) for width in widths
        )
        self.output = linear_layer(n_directions * hidden, n_outputs)
        self.dropout, self.dropout_last = config.dropout, config.dropout_last

    def initialise(self, generator: Generator) -> None:
        """Draw all weights, from the input to the output."""
        if self.embedding is not None:
            nn.init.normal_(self.embedding.weight, generator=generator)
            nn.init.zeros_(self.embedding.weight[0])
        for layer in self.recurrent:
            for name, parameter in layer.named_parameters():
                # One block of rows for each gate.
                _initialise(name, [*torch.chunk(parameter, self.n_gates)], generator)
        initialise(self.output, "auto", None, generator)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the outputs; with a generator (in training) units are dropped."""
        first, *others = self.recurrent
        states, last = first(self._steps(x))
        for layer in others:
            states, last = layer(_dropped(states, self.dropout, generator))
        # Of an LSTM the state is read out, not the cell.
        last = last[0] if isinstance(last, tuple) else last  # (directions, rows, hidden)
        read = torch.cat([*last], dim=1)  # (rows, directions x hidden)
        output: Tensor = self.output(drop(read, self.dropout_last, generator))  # (rows, n_outputs)
        return output

    def groups(self) -> list[list[nn.Module]]:
        """Return the layers with weights, from the input to the output."""
        embedding = [] if self.embedding is None else [self.embedding]
        return [[layer] for layer in (*embedding, *self.recurrent, self.output)]

    def _steps(self, x: Tensor) -> Tensor | PackedSequence:
        """Return what is read at each step: (rows, steps, features), or texts without padding."""
        if self.embedding is not None:
            # A text without a single word is read as one that is no word.
            n_words = (x != 0).sum(1).clamp(min=1).cpu()
            words = pack_padded_sequence(x.long(), n_words, batch_first=True, enforce_sorted=False)
            return _with_data(words, self.embedding(words.data))
        if x.ndim == 2:
            return x.unsqueeze(2)
        return x if x.ndim == 3 else x.flatten(1, 2).transpose(1, 2)


def _n_features(shape: tuple[int, ...]) -> int:
    """Return how many numbers are read at a step."""
    if len(shape) == 1:
        return 1
    return shape[-1] if len(shape) == 2 else shape[0] * shape[1]


def _dropped(
    states: Tensor | PackedSequence, rate: float, generator: Generator | None
) -> Tensor | PackedSequence:
    if isinstance(states, PackedSequence):
        return _with_data(states, drop(states.data, rate, generator))
    return drop(states, rate, generator)


def _with_data(packed: PackedSequence, data: Tensor) -> PackedSequence:
    """Return other numbers for the same steps of the same rows."""
    _, batch_sizes, order, order_back = packed
    return PackedSequence(data, batch_sizes, order, order_back)


def _recurrent_layer(
    cell: Cell, n_inputs: int, hidden_units: int, bidirectional: bool
) -> nn.LSTM | nn.GRU:
    """Make a layer without torch's own initialisation, which draws from the global generator.

    One module a layer: dropout between the layers of one module draws from that one, too.
    """
    layer = _CELLS[cell](
        n_inputs, hidden_units, batch_first=True, bidirectional=bidirectional, device="meta"
    )
    return layer.to_empty(device="cpu")


def _embedding_layer(n_words: int, size: int) -> nn.Embedding:
    layer = nn.utils.skip_init(nn.Embedding, n_words, size, padding_idx=0)  # type: ignore[no-untyped-call]
    assert isinstance(layer, nn.Embedding)
    return layer


def _initialise(name: str, gates: list[Tensor], generator: Generator) -> None:
    """Set one parameter of a layer, gate by gate."""
    for gate in gates:
        if name.startswith("weight_ih"):
            nn.init.xavier_normal_(gate, generator=generator)
        elif name.startswith("weight_hh"):
            nn.init.orthogonal_(gate, generator=generator)
        else:
            nn.init.zeros_(gate)
    # A gate has two biases, which are added: one of them is 1. A GRU has no forget gate.
    if name.startswith("bias_ih") and len(gates) == _N_GATES["lstm"]:
        nn.init.ones_(gates[1])


def build(
    inputs: Inputs, n_outputs: int, generator: Generator, *, cell: Cell, **parameters: Any
) -> Recurrent:
    network = Recurrent(inputs, n_outputs, cell, RecurrentConfig(**parameters))
    network.initialise(generator)
    return network
