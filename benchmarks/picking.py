"""What the best of a real search is worth: as it looks, corrected, and in truth.

    python benchmarks/picking.py [--rounds 8]

Each round draws a data set (scikit-learn's `make_classification`: three classes, 20 columns, a
twentieth of the labels wrong), searches `spaces/mlp.yaml` (64 trials, TPE, Hyperband) on 1,000 of
its rows, of which 300 validate, by loss and by accuracy, and verifies the winner on 20,000 rows
that nothing has seen: that is taken for the truth. `survivors` is the correction by trials that
were not pruned alone. Appends to benchmarks/LOG.md.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from log import conclude, parser, table
from sklearn.datasets import make_classification

from truetune.objectives.guard.correction import Correction, correct
from truetune.objectives.guard.examination import examine
from truetune.search import selection
from truetune.search.home import Home
from truetune.search.run import Options, run
from truetune.search.verify import Verification

ROOT = Path(__file__).resolve().parents[1]
N_SEEN, N_TRUTH = 1_000, 20_000
METRICS = ("loss", "accuracy")
COLUMNS = ("naive", "survivors", "corrected")


def write(folder: Path, seed: int) -> None:
    x, y = make_classification(
        n_samples=N_SEEN + N_TRUTH,
        n_features=20,
        n_informative=8,
        n_classes=3,
        flip_y=0.05,
        random_state=seed,
    )
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(20)]).assign(y=y)
    frame[:N_SEEN].to_csv(folder / "rows.csv", index=False)
    frame[N_SEEN:].to_csv(folder / "truth.csv", index=False)


def optimism(folder: Path, metric: str, seed: int) -> dict[str, float]:
    """Search, and return by how much each estimate is better than the truth."""
    overrides = {
        "study": metric,
        "seed": seed,
        "data": {
            "source": str(folder / "rows.csv"),
            "test": str(folder / "truth.csv"),
            "target": "y",
            "split": {"validation": 0.3},
        },
        "objective": {"metric": f"validation_{metric}"},
    }
    home = folder / "mlruns"
    options = Options(home=home, executor="inline", quiet=True, overrides=overrides)
    run(ROOT / "spaces" / "mlp.yaml", options)
    asked: list[tuple[Any, ...]] = []

    def remembered(*arguments: Any) -> Correction:
        asked.append(arguments)
        return correct(*arguments)

    selection.correct = remembered
    verification = Verification(Home.at(home), None, metric, None)
    selection.correct = correct
    ((*rest, candidates),) = asked
    survivors = correct(*rest, [c for c in candidates if not c.is_pruned])
    truth = examine(verification.request(0.05))["metrics"]["winner"][metric]
    sign = -1 if metric == "loss" else 1
    known = verification.selection.correction
    values = (known.naive, survivors.corrected, known.corrected)
    return {name: sign * (v - truth) for name, v in zip(COLUMNS, values, strict=True)}


def main() -> None:
    options = parser(rounds=8).parse_args()
    lines = []
    found: dict[str, list[dict[str, float]]] = {metric: [] for metric in METRICS}
    for seed in range(options.rounds):
        with tempfile.TemporaryDirectory() as temporary:
            os.environ["XDG_DATA_HOME"] = f"{temporary}/vault"
            folder = Path(temporary) / "project"
            folder.mkdir()
            write(folder, seed)
            for metric in METRICS:
                found[metric].append(optimism(folder, metric, seed))
    for metric, of_rounds in found.items():
        scale = 100 if metric == "accuracy" else 1
        cells = []
        for name in COLUMNS:
            values = scale * np.array([one[name] for one in of_rounds])
            error = values.std(ddof=1) / np.sqrt(len(values))
            cells.append(f"{values.mean():+.3g} ± {error:.2g}")
        lines.append([metric + " (points)" * (metric == "accuracy"), *cells])
    head = ["better than the truth by", *COLUMNS]
    told = f"{options.rounds} searches of 64 trials for each; means and their standard errors.\n\n"
    conclude("The price of picking in real searches", told + table(head, lines), options)


if __name__ == "__main__":
    main()
