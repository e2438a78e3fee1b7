"""The eager trainer beside a loop of ten lines that trains the same network to the same bits.

    python benchmarks/trainer.py [--rounds 24] [--epochs 8]

Digits, minibatches of 64, fused Adam, one thread, validation loss and accuracy every epoch.
Interleaved in one process, either first in turn; prints epochs per second and the median of the
rounds' ratios, for three widths, and appends them to benchmarks/LOG.md.
"""

from __future__ import annotations

import itertools
import statistics
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from log import conclude, parser, spread, table
from torch import Generator, Tensor, nn

from truetune.models import build
from truetune.models.inputs import Inputs
from truetune.objectives.contracts import Assignment
from truetune.objectives.development import Development
from truetune.objectives.preparation import prepare
from truetune.objectives.seeds import INITIAL_WEIGHTS, draws
from truetune.objectives.trainer import EagerObjective
from truetune.spaces import load

SPACE = Path(__file__).resolve().parents[1] / "spaces" / "mlp.yaml"
SEED, BATCH_SIZE, RATE = 7, 64, 1e-3
Weights = list[Tensor]  # in the order of the layers


def plain(n_inputs: int, width: int) -> nn.Sequential:
    """Return the network of torch's own modules, with the weights that a trial starts from."""
    generator = Generator().manual_seed(draws(SEED, INITIAL_WEIGHTS, 1)[0])
    drawn = build("mlp", Inputs((n_inputs,)), 10, generator, layers=2, hidden_units=width)
    widths = (n_inputs, width, width, 10)
    layers = [nn.Linear(*pair) for pair in itertools.pairwise(widths)]
    tensors = list(drawn.parameters())  # a weight and a bias for each
    for layer, weight, bias in zip(layers, tensors[::2], tensors[1::2], strict=True):
        layer.load_state_dict({"weight": weight, "bias": bias})
    return nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])


def by_hand(data: Development, n_epochs: int, width: int) -> tuple[Weights, float]:
    """Return the weights after the last epoch, and the seconds that the epochs took."""
    (fold,) = data.folds
    x, x_val = (torch.from_numpy(a.copy()) for a in (fold.x_train, fold.x_validation))
    y, y_val = (torch.from_numpy(a.copy()) for a in (fold.y_train, fold.y_validation))
    x, x_val = x.flatten(1), x_val.flatten(1)
    network = plain(x.shape[1], width)
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE, fused=True)
    started = time.perf_counter()
    for epoch in range(1, n_epochs + 1):
        shuffle = draws(SEED, epoch, 1)[0]
        order = torch.randperm(len(x), generator=Generator().manual_seed(shuffle))
        total = torch.zeros(())
        for rows in order.split(BATCH_SIZE):
            optimizer.zero_grad()
            loss = F.cross_entropy(network(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(rows)
        total.item()
        with torch.inference_mode():
            outputs = network(x_val)
            F.cross_entropy(outputs, y_val).item()
            (outputs.argmax(1) == y_val).float().mean().item()
    seconds = time.perf_counter() - started
    return list(network.state_dict().values()), seconds


def ours(data: Development, n_epochs: int, width: int) -> tuple[Weights, float]:
    fixed = {"training.epochs": n_epochs, "training.early_stopping": None}
    configuration = {"layers": 2, "hidden_units": width, "dropout": 0.0}
    configuration |= {"batch_size": BATCH_SIZE, "learning_rate": RATE, "optimizer": "adam"}
    objective = EagerObjective(load(SPACE, fixed))
    pack = objective.start([Assignment(0, configuration, SEED)], data, "cpu")
    started = time.perf_counter()
    for _ in range(n_epochs):
        pack.advance()
    seconds = time.perf_counter() - started
    return list(pack.results(0).weights.values()), seconds


def main() -> None:
    options_of = parser(rounds=24)
    options_of.add_argument("--epochs", type=int, default=8)
    options = options_of.parse_args()
    torch.set_num_threads(1)
    data = prepare(load(SPACE))
    rows = []
    for width in (16, 64, 256):
        rates: dict[Any, list[float]] = {by_hand: [], ours: []}
        for i in range(options.rounds):
            weights = []
            for train in list(rates)[:: 1 if i % 2 else -1]:
                trained, seconds = train(data, options.epochs, width)
                weights.append(trained)
                rates[train].append(options.epochs / seconds)
            assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))
        hand, own = rates.values()
        ratio = statistics.median(b / a for a, b in zip(hand, own, strict=True))
        rows.append([f"2 x {width}", spread(hand, ".1f"), spread(own, ".1f"), f"{ratio:.3f}"])
    head = ["hidden units", "by hand, epochs a second", "ours", "median of the ratios"]
    same = "All weights are the same, bit for bit."
    conclude("The trainer beside a loop by hand", f"{table(head, rows)}\n\n{same}", options)


if __name__ == "__main__":
    main()
