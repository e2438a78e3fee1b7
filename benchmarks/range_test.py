"""Whether the rate that `tune lr` suggests is one to train with, and its range one to search.

    python benchmarks/range_test.py [--rounds 5]

An mlp of two layers of 64 units, minibatches of 32, on six data sets that scikit-learn has or
makes, by SGD and by Adam. For each: the range test; then trials at the suggestion, and at rates 30
times lower and higher. Counted: how often the validation loss after one epoch, the mean of the
rounds' seeds, is least at the suggestion; how often SGD's suggestion is higher than Adam's. Then
twelve epochs at the suggestion and at 19 rates from 1e-4 to 3: the best of all, and the best of
those in the range, of two seeds. Losses, not times: other work on the machine changes nothing.
Appends them to benchmarks/LOG.md.
"""

from __future__ import annotations

import json
import math
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from log import conclude, parser, table
from sklearn.datasets import make_classification, make_friedman1, make_moons

from truetune.objectives.contracts import Assignment, DivergedError
from truetune.objectives.development import Development
from truetune.objectives.preparation import prepare
from truetune.objectives.range_test import run
from truetune.objectives.rate_curve import Marks, marks_of
from truetune.objectives.single import train
from truetune.spaces import Experiment, load

FAR, LONG = 30, 12
GRID = [10.0 ** (i / 4) for i in range(-16, 3)]
Data = dict[str, Any]


def data_sets(folder: Path) -> Iterator[tuple[str, str, Data]]:
    """Yield a name, its task and the file's section."""
    yield "digits", "classification", {"source": "sklearn:digits"}
    yield "breast cancer", "binary", {"source": "sklearn:breast_cancer"}
    yield "diabetes", "regression", {"source": "sklearn:diabetes"}
    made = {
        "four classes": (
            "classification",
            make_classification(6000, n_informative=10, n_classes=4, random_state=0),
        ),
        "friedman": ("regression", make_friedman1(4000, noise=1.0, random_state=0)),
        "moons": ("binary", make_moons(3000, noise=0.2, random_state=0)),
    }
    for i, (name, (task, arrays)) in enumerate(made.items()):
        paths = [str(folder / f"{i}{part}.npy") for part in "xy"]
        for path, array in zip(paths, arrays, strict=True):
            np.save(path, array)
        yield name, task, {"source": paths[0], "target": paths[1]}


def experiment_of(
    folder: Path, task: str, data: Data, optimizer: str, **training: Any
) -> Experiment:
    path = folder / "space.yaml"
    content = {
        "data": data,
        "task": task,
        "objective": {"metric": "validation_loss"},
        "model": {"name": "mlp", "layers": 2, "hidden_units": 64},
        "training": {"batch_size": 32, "optimizer": optimizer, **training},
        "parameters": {"dropout": 0.0},
    }
    path.write_text(json.dumps(content))
    return load(path)


def loss_at(experiment: Experiment, development: Development, rate: float, n_seeds: int) -> float:
    """Return the least validation loss of any epoch, the mean over seeds; infinite once lost."""
    told = experiment.training.model_copy(update={"learning_rate": rate})
    experiment = experiment.model_copy(update={"training": told})
    losses = []
    for seed in range(n_seeds):
        try:
            trained = train(experiment, Assignment(0, {"dropout": 0.0}, seed), development)
        except DivergedError:
            return math.inf
        losses.append(min(report.metrics["validation_loss"] for report in trained.reports))
    return statistics.fmean(losses)


def row_of(marks: Marks, short: list[float], at_it: float, grid: list[float]) -> list[str]:
    """Return the marks, then losses: after an epoch lower, at, above; after twelve."""
    in_range = [
        (loss, rate)
        for loss, rate in zip(grid, GRID, strict=True)
        if marks.low <= rate <= marks.high
    ]
    best = min(zip(grid, GRID, strict=True))
    return [
        *(f"{mark.rate:.2g}" for mark in (marks.steepest, marks.suggested, marks.minimum)),
        *(f"{loss:.3g}" for loss in short),
        f"{at_it:.3g}",
        *(f"{loss:.3g} at {rate:.2g}" for loss, rate in (best, min(in_range))),
    ]


def main() -> None:
    options = parser(rounds=5).parse_args()
    torch.set_num_threads(1)
    rows, wins, rates = [], 0, {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, task, data in data_sets(folder):
            development = prepare(experiment_of(folder, task, data, "sgd"))
            for optimizer in ("sgd", "adam"):
                once, long = (
                    experiment_of(folder, task, data, optimizer, epochs=n) for n in (1, LONG)
                )
                marks = marks_of(run(once, development))
                assert marks is not None, name
                rate = rates[name, optimizer] = marks.suggested.rate
                around = (rate / FAR, rate, rate * FAR)
                short = [loss_at(once, development, r, options.rounds) for r in around]
                wins += short[1] < min(short[0], short[2])
                at_it, *grid = (loss_at(long, development, r, 2) for r in (rate, *GRID))
                row = [f"{name}, {optimizer}", *row_of(marks, short, at_it, grid)]
                print(" | ".join(row), flush=True)
                rows.append(row)
    head = ["data, optimizer", "steepest", "suggested", "minimum"]
    head += [f"an epoch at 1/{FAR} of it", "at it", f"at {FAR} times it"]
    head += [f"{LONG} epochs at it", "at the best of 19 rates", "at the best in the range"]
    names = {name for name, _ in rates}
    higher = [name for name in sorted(names) if rates[name, "sgd"] > rates[name, "adam"]]
    told = [
        f"- after one epoch the suggestion beats both others in {wins} of {len(rows)}",
        f"- SGD's is higher than Adam's in {len(higher)} of {len(names)}: {', '.join(higher)}",
    ]
    conclude("The learning-rate range test", table(head, rows) + "\n\n" + "\n".join(told), options)


if __name__ == "__main__":
    main()
