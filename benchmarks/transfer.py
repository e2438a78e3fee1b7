"""Classes 5 to 9 from few rows: a network drawn anew, and one that has learned 0 to 4 before.

    python benchmarks/transfer.py [--rounds 10]

On scikit-learn's digits and on MNIST-1D (`pip install mnist1d`) a convolutional network is trained
on classes 0 to 4, and its weights kept. Then the same network learns 5 to 9 from 89 and from 100
rows, for each seed in four ways: from weights drawn anew, from those, from those with a layer more
every 5 epochs, and that with rates that halve with each layer towards the input. Of each the best
epoch's validation accuracy, on all rows that are left; prints means and standard errors, and
appends them to benchmarks/LOG.md.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from log import conclude, parser, table

from truetune.objectives.contracts import Assignment
from truetune.objectives.files import WEIGHTS, save
from truetune.objectives.preparation import develop
from truetune.objectives.trainer import EagerObjective
from truetune.spaces import Experiment

RATE, N_EPOCHS = 3e-3, 40
# Each with its network, and the share of rows that leaves about a hundred to train on.
PICTURES: dict[str, Any] = {
    "source": "digits",
    "model": {"name": "cnn", "layers": 2, "channels": 32},
    "preprocess": {"shape": [8, 8]},
    "validation": 0.8,
}
SERIES: dict[str, Any] = {
    "source": "mnist1d",
    "model": {"name": "cnn", "layers": 3, "channels": 32, "kernel_size": 5},
    "preprocess": {},
    "validation": 0.86,
}
WAYS: dict[str, dict[str, Any] | None] = {
    "drawn anew": None,
    "from 0 to 4": {},
    "a layer more every 5 epochs": {"unfreeze_every": 5},
    "and rates that halve": {"unfreeze_every": 5, "layer_rate": 0.5},
}


def digits(classes: range) -> tuple[Any, Any]:
    from sklearn.datasets import load_digits

    return _of(classes, *load_digits(return_X_y=True))


def mnist1d(classes: range) -> tuple[Any, Any]:
    from mnist1d.data import get_dataset_args, make_dataset

    made = make_dataset(get_dataset_args())
    x, y = (np.concatenate([made[key], made[f"{key}_test"]]) for key in "xy")
    return _of(classes, x, y)


def _of(classes: range, x: Any, y: Any) -> tuple[Any, Any]:
    kept = np.isin(y, classes)
    return x[kept], y[kept]


# What the experiments below name as their sources.
low_digits, high_digits = partial(digits, range(5)), partial(digits, range(5, 10))
low_mnist1d, high_mnist1d = partial(mnist1d, range(5)), partial(mnist1d, range(5, 10))


def experiment(of: dict[str, Any], classes: str, seed: int, **training: Any) -> Experiment:
    split = {"validation": 0.2 if classes == "low" else of["validation"], "test": 0.1}
    data = {
        "source": f"{__file__}:{classes}_{of['source']}",
        "split": {**split, "seed": seed},
        "preprocess": of["preprocess"],
    }
    stopping = {"epochs": N_EPOCHS, "early_stopping": {"patience": N_EPOCHS}}
    said = {
        "study": "transfer",
        "data": data,
        "task": "classification",
        "objective": {"metric": "validation_accuracy"},
        "model": of["model"],
        "training": {"batch_size": 32, **stopping, **training},
        "parameters": {"learning_rate": RATE},
    }
    return Experiment.model_validate(said)


def train(of: Experiment, seed: int, folder: Path | None = None) -> tuple[float, int]:
    """Return the best epoch's validation accuracy, and how many rows there were to train on."""
    development = develop(of)
    assignment = Assignment(0, {"learning_rate": RATE}, seed)
    pack = EagerObjective(of).start([assignment], development, "cpu")
    (report,) = pack.advance()
    while report.kept_metrics is None:
        (report,) = pack.advance()
    if folder is not None:
        save(pack.results(0), folder, with_weights=True)
    return 100 * report.kept_metrics["validation_accuracy"], development.description.n_train


def measured(of: dict[str, Any], n_seeds: int) -> list[list[str]]:
    """Return a row of the table for each way."""
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before, _ = train(experiment(of, "low", seed=0), seed=0, folder=folder)
        for seed in range(n_seeds):
            for way, training in WAYS.items():
                started = {"start_from": str(folder / WEIGHTS)} if training is not None else {}
                of_way = experiment(of, "high", seed, **started, **(training or {}))
                accuracy, n_train = train(of_way, seed)
                found[way].append(accuracy)
    rows = []
    for way, of_seeds in found.items():
        error = np.std(of_seeds, ddof=1) / np.sqrt(n_seeds)
        rows.append([of["source"], str(n_train), way, f"{np.mean(of_seeds):.2f} ± {error:.2f}"])
    return [*rows, [of["source"], "", "0 to 4 themselves", f"{before:.2f}"]]


def main() -> None:
    options = parser(rounds=10).parse_args()
    torch.set_num_threads(1)
    head = ["data", "training rows", "weights", "validation accuracy, %"]
    rows = [row for of in (PICTURES, SERIES) for row in measured(of, options.rounds)]
    conclude("Classes 5 to 9 after 0 to 4", table(head, rows), options)


if __name__ == "__main__":
    main()
