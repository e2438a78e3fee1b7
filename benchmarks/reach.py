"""How far the shipped spaces come: searches from the command line, and their winners on test rows.

    python benchmarks/reach.py [--rounds 3] [--only digits diabetes mnist1d]

Digits and diabetes: each file of `spaces/` as it is but for its seed, which is 0, 1, 2, ...; of
the winner the metrics on validation rows, and beside the regression's those of scikit-learn's
gradient boosting, with its defaults, fitted on the same training rows. MNIST-1D (`pip install
mnist1d`, generated): three networks on the published 4,000 rows, a fifth of which validate, and
`tune verify` on the published 1,000 test rows, beside the accuracies that its authors report for
them (Greydanus and Kobak, 2024, arXiv:2011.14439, table 1). Prints means and spread, and appends
them to benchmarks/LOG.md.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from log import conclude, parser, table

from truetune.objectives.preparation import develop
from truetune.spaces import load

HERE = Path(__file__).resolve().parent
SPACES = HERE.parent / "spaces"
PUBLISHED = {"mlp": 68, "cnn": 94, "gru": 91}


def tune(folder: Path, *arguments: str) -> dict[str, Any]:
    """Run a command in a folder of its own, and return what it says."""
    command = [Path(sys.executable).with_name("truetune"), *arguments, "--json"]
    vault = {"XDG_DATA_HOME": f"{folder}-vault", "TUNE_HOME": str(folder / "mlruns")}
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **vault}, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {done.stdout}\n{done.stderr[-2000:]}")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def searched(space: Path, seed: int) -> dict[str, Any]:
    """Return the summary of a search."""
    with tempfile.TemporaryDirectory() as name:
        (folder := Path(name) / "run").mkdir()
        return tune(folder, "search", str(space), "--seed", str(seed))


def over_seeds(names: Sequence[str], metrics: Sequence[str], n_seeds: int) -> list[list[str]]:
    rows = []
    for name in names:
        found = [searched(SPACES / f"{name}.yaml", seed) for seed in range(n_seeds)]
        cells = [_spread([f["best"]["metrics"][metric] for f in found]) for metric in metrics]
        trials = found[0]["trials"]
        rows.append([f"{name}.yaml", f"{trials['total']}", *cells, _seconds(found)])
        print(rows[-1], flush=True)
    return rows


def _spread(values: Sequence[float]) -> str:
    shown = ", ".join(f"{value:.4g}" for value in values)
    return f"{statistics.mean(values):.4g} ({shown})"


def _seconds(found: Sequence[dict[str, Any]]) -> str:
    return f"{statistics.median(f['seconds']['wall'] for f in found):.0f}"


def digits(n_seeds: int) -> str:
    names = ("mlp", "cnn", "resnet")
    rows = over_seeds(names, ("validation_accuracy", "validation_loss"), n_seeds)
    return table(["space", "trials", "accuracy", "loss", "seconds"], rows)


def diabetes(n_seeds: int) -> str:
    rows = over_seeds(("regression",), ("validation_rmse", "validation_r2"), n_seeds)
    head = ["space", "trials", "RMSE", "R2", "seconds"]
    boosted = ", ".join(f"{name} {rmse:.2f}" for name, rmse in boosting().items())
    return f"{table(head, rows)}\n\nGradient boosting on the same rows, RMSE: {boosted}."


def boosting() -> dict[str, float]:
    """Return the RMSE of scikit-learn's gradient boosting on the validation rows."""
    from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor

    (fold,) = develop(load(SPACES / "regression.yaml")).folds
    found = {}
    for kind in (GradientBoostingRegressor, HistGradientBoostingRegressor):
        fitted = kind(random_state=0).fit(fold.x_train, fold.y_train[:, 0])
        errors = fitted.predict(fold.x_validation) - fold.y_validation[:, 0]
        found[kind.__name__] = float(np.sqrt(np.square(errors).mean()))
    return found


def mnist1d(n_seeds: int) -> str:
    rows = []
    for name, published in PUBLISHED.items():
        found, verified = [], []
        for seed in range(n_seeds):
            with tempfile.TemporaryDirectory() as folder:
                summary, report = _on_published_rows(Path(folder), name, seed)
            found.append(summary)
            verified.append(100 * report["metrics"]["winner"]["accuracy"])
        on_validation = [100 * f["best"]["metrics"]["validation_accuracy"] for f in found]
        cells = [_spread(on_validation), _spread(verified), str(published), _seconds(found)]
        rows.append([name, str(found[0]["trials"]["total"]), *cells])
        print(rows[-1], flush=True)
    head = ["network", "trials", "validation, %", "test, %", "published, %", "seconds"]
    return table(head, rows)


def _on_published_rows(
    folder: Path, name: str, seed: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    from mnist1d.data import get_dataset_args, make_dataset

    made = make_dataset(get_dataset_args())
    np.savez(folder / "rows.npz", x=made["x"].astype(np.float32), y=made["y"])
    np.savez(folder / "test.npz", x=made["x_test"].astype(np.float32), y=made["y_test"])
    space = folder / f"{name}.yaml"
    space.write_text((HERE / "mnist1d" / f"{name}.yaml").read_text())
    summary = tune(folder, "search", str(space), "--seed", str(seed))
    return summary, tune(folder, "verify")


def main() -> None:
    options_of = parser(rounds=3)
    parts = {"digits": digits, "diabetes": diabetes, "mnist1d": mnist1d}
    options_of.add_argument("--only", nargs="+", choices=list(parts), default=list(parts))
    options = options_of.parse_args()
    for name in options.only:
        conclude(f"The reach of the shipped spaces: {name}", parts[name](options.rounds), options)


if __name__ == "__main__":
    main()
