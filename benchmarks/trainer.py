"""The eager trainer beside a loop of ten lines that trains the same network to the same bits.

    python benchmarks/trainer.py [--rounds 7] [--epochs 30]

Digits, minibatches of 64, fused Adam, one thread, validation loss and accuracy every epoch.
Interleaved in one process; prints epochs per second and the ratio of the medians, for three
widths, and appends them to benchmarks/LOG.md.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from log import conclude, parser, spread, table
from torch import Generator

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
Weights = dict[str, Any]  # name to torch.Tensor


def by_hand(data: Development, n_epochs: int, width: int) -> tuple[Weights, float]:
    """Return the weights after the last epoch, and the seconds that the epochs took."""
    (fold,) = data.folds
    x, y = torch.from_numpy(fold.x_train.copy()), torch.from_numpy(fold.y_train.copy())
    x_val, y_val = (torch.from_numpy(a.copy()) for a in (fold.x_validation, fold.y_validation))
    generator = Generator().manual_seed(draws(SEED, INITIAL_WEIGHTS, 1)[0])
    network = build("mlp", Inputs((x.shape[1],)), 10, generator, layers=2, hidden_units=width)
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
    return network.state_dict(), time.perf_counter() - started


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
    return pack.results(0).weights, seconds


def main() -> None:
    options_of = parser(rounds=7)
    options_of.add_argument("--epochs", type=int, default=30)
    options = options_of.parse_args()
    torch.set_num_threads(1)
    data = prepare(load(SPACE))
    rows = []
    for width in (16, 64, 256):
        rates: dict[str, list[float]] = {"by hand": [], "ours": []}
        for _ in range(options.rounds):
            expected, of_hand = by_hand(data, options.epochs, width)
            found, of_ours = ours(data, options.epochs, width)
            assert all(torch.equal(expected[name], found[name]) for name in expected)
            rates["by hand"].append(options.epochs / of_hand)
            rates["ours"].append(options.epochs / of_ours)
        hand, own = rates.values()
        ratio = statistics.median(own) / statistics.median(hand)
        rows.append([f"2 x {width}", spread(hand, ".1f"), spread(own, ".1f"), f"{ratio:.3f}"])
    head = ["hidden units", "by hand, epochs a second", "ours", "ratio of the medians"]
    same = "All weights are the same, bit for bit."
    conclude("The trainer beside a loop by hand", f"{table(head, rows)}\n\n{same}", options)


if __name__ == "__main__":
    main()
