"""What `tune check` says a search will take, and what the search then takes.

    python benchmarks/forecast.py [--rounds 2] [--only mlp gru]

Files of `spaces/`, each checked and at once searched from the command line, both as a newcomer
would, with budgets that leave a benchmark of minutes; the baselines, which a forecast does not
count, are left out. The factor is the larger of the two times by the smaller. Prints a table,
and appends it to benchmarks/LOG.md.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from log import conclude, parser, spread, table
from reach import SPACES, tune

GOAL = 1.5
TRIALS = {
    "mlp": 64,
    "linear": 32,
    "regression": 40,
    "tabular": 24,
    "cnn": 48,
    "lstm": 12,
    "gru": 24,
    "resnet": 24,
    "architectures": 32,
}


def told_and_taken(name: str, trials: int) -> tuple[float, float, dict[str, int]]:
    """Return the seconds that were forecast, those that it took, and epochs forecast and done."""
    settings = ("--set", "baselines=[]", "--set", f"budget.trials={trials}")
    space = str(SPACES / f"{name}.yaml")
    with tempfile.TemporaryDirectory() as folder:
        (home := Path(folder) / "run").mkdir()
        told = tune(home, "check", space, *settings)["forecast"]
        taken = tune(home, "search", space, *settings)
    epochs = {"told": told["epochs"], "done": taken["epochs"]}
    return told["seconds"], taken["seconds"]["wall"], epochs


def main() -> None:
    made = parser(rounds=2)
    made.add_argument("--only", nargs="*", default=[*TRIALS])
    options = made.parse_args()
    rows, factors = [], []
    for name in options.only:
        rounds = [told_and_taken(name, TRIALS[name]) for _ in range(options.rounds)]
        ratios = [told / taken for told, taken, _ in rounds]
        of_file = [max(ratio, 1 / ratio) for ratio in ratios]
        factors += of_file
        epochs = [f"{e['told']} / {e['done']}" for _, _, e in rounds]
        rows.append(
            [
                name,
                str(TRIALS[name]),
                ", ".join(f"{told:.1f}" for told, _, _ in rounds),
                ", ".join(f"{taken:.1f}" for _, taken, _ in rounds),
                spread(of_file),
                ", ".join(epochs),
            ]
        )
        print(" ".join(rows[-1]), flush=True)
    head = ["file", "trials", "told, s", "taken, s", "factor", "epochs, told / done"]
    n_within = sum(factor <= GOAL for factor in factors)
    text = f"""\
{table(head, rows)}

- within a factor of {GOAL}: {n_within} of {len(factors)}; median {statistics.median(factors):.2f},
  largest {max(factors):.2f}"""
    conclude("The forecast of a search", text, options)


if __name__ == "__main__":
    main()
