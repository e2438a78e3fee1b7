"""The main job, cold, beside Optuna by hand and Ray Tune, interleaved in one run.

    python benchmarks/main_path.py [--rounds 3] [--trials 64 160]

Digits; a multilayer perceptron over learning rate, batch size, layers, hidden units, dropout;
trials of at most 20 epochs, no early stopping; two workers; MLflow on SQLite recording every
epoch; the median pruner (Ray Tune has none: ASHA, set to train about as many epochs). Each
contender runs as a whole process in an empty folder, so imports, Ray's start and the first
migrations of the databases count. Prints the medians and ratios, and the cost of an added
epoch, and appends them to benchmarks/LOG.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from log import append

HERE = Path(__file__).resolve().parent


def by_hand(folder: str, n_trials: int) -> int:
    return _last_number([sys.executable, HERE / "by_hand.py", folder, n_trials])


def ray_tune(folder: str, n_trials: int) -> int:
    return _last_number([sys.executable, HERE / "ray_tune.py", folder, n_trials])


def truetune(folder: str, n_trials: int) -> int:
    command = [Path(sys.executable).with_name("truetune"), "search", HERE / "digits.yaml"]
    settings = ["--set", "pruner=median", "--set", "training.early_stopping=null"]
    options = ["--trials", n_trials, "--workers", 2, "--home", folder, "--quiet", "--json"]
    return json.loads(_output([*command, *settings, *options]))["epochs"]


CONTENDERS = {"by hand": by_hand, "Ray Tune": ray_tune, "truetune": truetune}


def _last_number(command: list) -> int:
    return int(_output(command).split()[-1])


def _output(command: list) -> str:
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise SystemExit(f"{command[1]} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def measure(
    rounds: int, sizes: list[int], skip: list[str]
) -> dict[tuple[str, int], list[tuple[float, int]]]:
    """Return (wall seconds, epochs) of every run, by contender and number of trials."""
    runs: dict[tuple[str, int], list[tuple[float, int]]] = {}
    for _ in range(rounds):
        for n_trials in sizes:
            for name, contender in CONTENDERS.items():
                if name in skip and n_trials != sizes[0]:
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    started = time.perf_counter()
                    epochs = contender(folder, n_trials)
                    wall = time.perf_counter() - started
                runs.setdefault((name, n_trials), []).append((wall, epochs))
                print(f"{name:9} {n_trials:4} trials {wall:6.1f} s {epochs:5} epochs", flush=True)
    return runs


def report(runs: dict[tuple[str, int], list[tuple[float, int]]], sizes: list[int]) -> str:
    small, large = sizes[0], sizes[-1]
    head = f"| contender | {small} trials | epochs | {large} trials | epochs | added per epoch |"
    lines = [head, "|---|---|---|---|---|---|"]
    for name in CONTENDERS:
        cells = []
        for size in (small, large):
            if (name, size) not in runs:
                cells += ["-", "-"]
                continue
            walls = [wall for wall, _ in runs[name, size]]
            epochs = [n for _, n in runs[name, size]]
            cells.append(f"{statistics.median(walls):.1f} s ({min(walls):.1f}-{max(walls):.1f})")
            cells.append(f"{min(epochs)}-{max(epochs)}")
        pairs = zip(runs[name, small], runs.get((name, large), []), strict=False)
        added = [(w2 - w1) / (n2 - n1) for (w1, n1), (w2, n2) in pairs if n2 > n1]
        cells.append(f"{1e3 * statistics.median(added):.1f} ms" if added else "-")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    for other in ("by hand", "Ray Tune"):
        for size in dict.fromkeys((small, large)):
            if (other, size) not in runs:
                continue
            pairs = zip(runs["truetune", size], runs[other, size], strict=True)
            ratios = [ours / theirs for (ours, _), (theirs, _) in pairs]
            lines.append(
                f"- {size} trials: {statistics.median(ratios):.2f}x of {other} "
                f"({min(ratios):.2f}-{max(ratios):.2f}, paired by round)"
            )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trials", type=int, nargs="+", default=[64, 160])
    parser.add_argument(
        "--skip", nargs="*", default=[], help="contenders to leave out but at the first size"
    )
    parser.add_argument("--no-log", action="store_true")
    options = parser.parse_args()
    text = report(measure(options.rounds, options.trials, options.skip), options.trials)
    print(text)
    if not options.no_log:
        append("The main job, cold", "python " + " ".join(sys.argv), text)


if __name__ == "__main__":
    main()
