"""Whether TPE should look at conditional parameters in groups, or one by one.

    python benchmarks/conditional_tpe.py [--rounds 40] [--trials 100] [--workers 2]

Optuna's TPE models together the parameters that every trial had. Those that only some had it
models each by itself, or with `group: true` together with those that come and go with them. Four
spaces as an experiment file has them, and for each seed a loss of its own (`landscapes.py`); each
sampler searches the same ones, seeded alike. A regret is the best loss found, as a share of the
median loss of random configurations; the best there is has none. The share of seeds that a
sampler wins counts a draw as half, and p is Wilcoxon's of the paired differences of logarithms.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import statistics
from collections.abc import Sequence

import optuna
from landscapes import LANDSCAPES, search, typical_loss
from log import conclude, parser, table
from scipy.stats import wilcoxon

from truetune.spaces import Named

DEFAULT, GROUP, ALONE = "tpe, as it comes", "tpe, group", "tpe, multivariate off"
SAMPLERS = {
    DEFAULT: Named(name="tpe"),
    GROUP: Named.model_validate({"name": "tpe", "group": True}),
    ALONE: Named.model_validate({"name": "tpe", "multivariate": False}),
    "random": Named(name="random"),
}
PAIRS = ((GROUP, DEFAULT), (GROUP, ALONE), (DEFAULT, ALONE))

# By landscape and sampler: the regret after half of the trials and after all, ms to ask.
Row = tuple[float, float, float]
Rows = dict[tuple[str, str], Row]


def one_seed(task: tuple[int, int, int]) -> Rows:
    seed, n_trials, n_workers = task
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rows: Rows = {}
    for name, landscape in LANDSCAPES.items():
        space, loss = landscape.space, landscape.loss(seed)
        typical = typical_loss(space, loss)
        for sampler, named in SAMPLERS.items():
            found = search(space, loss, named, seed, n_trials, n_workers)
            half, best = (found.best(n) / typical for n in (n_trials // 2, n_trials))
            rows[name, sampler] = (half, best, found.ask_ms)
    return rows


def medians(rounds: Sequence[Rows], n_trials: int) -> str:
    lines = []
    for name in LANDSCAPES:
        for sampler in SAMPLERS:
            columns = zip(*(rows[name, sampler] for rows in rounds), strict=True)
            half, best, ms = map(statistics.median, columns)
            lines.append((name, sampler, f"{half:.4f}", f"{best:.4f}", f"{ms:.1f}"))
    head = ("space", "sampler", f"regret at {n_trials // 2}", f"at {n_trials}", "ms to ask")
    return table(head, lines)


def comparisons(rounds: Sequence[Rows], n_trials: int) -> str:
    lines = []
    for one, other in PAIRS:
        for name in LANDSCAPES:
            pairs = [(rows[name, one], rows[name, other]) for rows in rounds]
            cells = [_compared([(a[i], b[i]) for a, b in pairs]) for i in (0, 1)]
            asking = statistics.median(a[2] / b[2] for a, b in pairs)
            lines.append((f"{one} / {other}", name, *cells, f"{asking:.2f}x"))
    head = ("samplers", "space", f"at {n_trials // 2}", f"at {n_trials}", "to ask")
    return table(head, lines)


def _compared(pairs: Sequence[tuple[float, float]]) -> str:
    """Return the median ratio of regrets, the share of seeds won, and p."""
    floor = 1e-12
    logs = [math.log((a + floor) / (b + floor)) for a, b in pairs]
    if not any(logs):
        return "the same"
    won = sum((log < 0) + 0.5 * (log == 0) for log in logs) / len(logs)
    p = wilcoxon(logs).pvalue
    return f"{math.exp(statistics.median(logs)):.2f}x, won {won:.0%}, p {p:.2g}"


def arguments() -> argparse.Namespace:
    made = parser(rounds=40)
    made.add_argument("--trials", type=int, default=100)
    made.add_argument("--workers", type=int, default=2, help="trials at work at a time")
    return made.parse_args()


def main() -> None:
    options = arguments()
    tasks = [(seed, options.trials, options.workers) for seed in range(options.rounds)]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        rounds = pool.map(one_seed, tasks, chunksize=1)
    text = (
        f"{options.rounds} seeds, {options.workers} trials at work at a time; the regret is a "
        f"median.\n\n{medians(rounds, options.trials)}\n\n{comparisons(rounds, options.trials)}"
    )
    conclude("TPE on conditional spaces", text, options)


if __name__ == "__main__":
    main()
