"""What a constraint costs a search, and whether it leaves a sampler as it was.

    python benchmarks/constraints.py [--rounds 6] [--trials 100]

One to four layers that grow no wider, `hidden_units[i+1] <= hidden_units[i]`, searched with the
constraint and without it; the best configuration meets it, or does not. Of a search: the share of
proposals that were accepted, how many a trial took, how often none of 20 was (so that the trial
was drawn uniformly), the best loss as a share of the median loss of random configurations, and
the time to ask. Then, by chi-square over every configuration of small spaces, whether what is
accepted of a random sampler is spread as the sampler's own distribution.
"""

from __future__ import annotations

import argparse
import itertools
import math
import multiprocessing
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

import optuna
from landscapes import (
    NARROWING,
    NARROWING_BEST_OUTSIDE,
    NARROWING_BEST_WITHIN,
    Landscape,
    choice,
    search,
    typical_loss,
    whole,
)
from log import conclude, parser, table
from scipy.stats import chisquare

from truetune.objectives.seeds import trial_seed
from truetune.search.strategies import make_sampler
from truetune.spaces import Configuration, Named, Space

LANDSCAPES: dict[str, Landscape] = {
    "within": NARROWING_BEST_WITHIN,
    "outside": NARROWING_BEST_OUTSIDE,
}
RANDOM = Named(name="random")
SAMPLERS = {
    "tpe": Named(name="tpe"),
    "tpe, group": Named.model_validate({"name": "tpe", "group": True}),
    "random": RANDOM,
}
N_PER_CELL = 200  # draws a configuration, in a test of how they are spread
N_A_STUDY = 1000  # of them; to ask takes longer the more trials there are


class Calls:
    """Counts the calls of one object's method."""

    def __init__(self, owner: Any, name: str) -> None:
        self.n = 0
        self.method = getattr(owner, name)
        setattr(owner, name, self)

    def __call__(self, *arguments: Any) -> Any:
        self.n += 1
        return self.method(*arguments)


def watch(sampler: Any) -> tuple[Calls, Calls]:
    """Count a feasible sampler's proposals, and its uniform draws when all were refused."""
    return Calls(sampler.sampler, "infer_relative_search_space"), Calls(sampler, "_drawn")


class Row(NamedTuple):
    """What one search came to."""

    proposals: list[int]  # of each trial
    n_drawn: int  # trials that were drawn uniformly
    best: float
    ask_ms: float
    free_ms: float  # without the constraint


Rows = dict[tuple[str, str], Row]  # by landscape and sampler


def one_seed(task: tuple[int, int]) -> Rows:
    seed, n_trials = task
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rows: Rows = {}
    for name, landscape in LANDSCAPES.items():
        loss, free = landscape.loss(seed), Space(landscape.parameters)
        typical = typical_loss(free, loss)
        for sampler, named in SAMPLERS.items():
            without = search(free, loss, named, seed, n_trials, 2)
            found = search(landscape.space, loss, named, seed, n_trials, 2, watch)
            rows[name, sampler] = Row(
                [proposed.n for proposed, _ in found.samplers[1:]],  # 0 is the default
                sum(drawn.n for _, drawn in found.samplers),
                found.best(n_trials) / typical,
                found.ask_ms,
                without.ask_ms,
            )
    return rows


def of_searches(rounds: Sequence[Rows]) -> str:
    lines = []
    for name, sampler in itertools.product(LANDSCAPES, SAMPLERS):
        rows = [by_name[name, sampler] for by_name in rounds]
        proposals = [n for row in rows for n in row.proposals]
        n_drawn = sum(row.n_drawn for row in rows)
        accepted = (len(proposals) - n_drawn) / sum(proposals)
        lines.append(
            (
                f"{sampler}, best {name}",
                f"{accepted:.0%}",
                f"{statistics.mean(proposals):.1f}",
                f"{n_drawn / len(proposals):.0%}",
                f"{statistics.median(row.best for row in rows):.4f}",
                f"{statistics.median(row.ask_ms for row in rows):.1f} ms",
                f"{statistics.median(row.ask_ms / row.free_ms for row in rows):.2f}x",
            )
        )
    head = (
        "search",
        "accepted",
        "proposals a trial",
        "drawn uniformly",
        "best",
        "to ask",
        "ratio",
    )
    return table(head, lines)


def configurations(space: Space) -> Iterator[tuple[Configuration, float]]:
    """Yield every configuration of a discrete space, and how likely a walk comes to it."""
    waiting: list[tuple[Any, ...]] = [()]
    while waiting:
        chosen = list(waiting.pop())
        sizes: list[int] = []

        def answer(
            parameter: Any, *_: Any, chosen: list[Any] = chosen, sizes: list[int] = sizes
        ) -> Any:
            if len(sizes) == len(chosen):
                first, *others = parameter.values
                waiting.extend((*chosen, other) for other in others)
                chosen.append(first)
            sizes.append(len(parameter.values))
            return chosen[len(sizes) - 1]

        yield space.walk(answer), 1 / math.prod(sizes)


def accepted_of(space: Space, n: int) -> Iterator[Configuration]:
    """Yield what is asked of a random sampler, one made for each trial."""
    for number in range(n):
        if number % N_A_STUDY == 0:
            study = optuna.create_study()
        study.sampler = make_sampler(RANDOM, space, trial_seed(0, number))
        yield space.suggest(study.ask())


def drawn_of(space: Space, n: int) -> Iterator[Configuration]:
    """Yield the uniform draws that take the place of a trial whose proposals were all refused."""
    feasible = (config for config, is_feasible in space.feasible(Random(0)) if is_feasible)
    return itertools.islice(feasible, n)


FIXED = Space(
    {
        "batch_size": choice(32, 64),
        "hidden_units": whole(1, 4, repeat=3),
    },
    NARROWING,
)
CONDITIONAL = Space(
    {
        "layers": whole(1, 3),
        "hidden_units": whole(1, 4, repeat="layers"),
        "optimizer": choice("adam", "sgd"),
        "nesterov": choice(False, True, when="optimizer == sgd"),
    },
    (*NARROWING, "nesterov == false or layers > 1"),
)


def of_spread() -> str:
    tests: list[tuple[str, Space, Callable[[Space, int], Iterator[Configuration]]]] = [
        ("three layers, accepted: uniform", FIXED, accepted_of),
        ("one to three layers and a `when`, accepted", CONDITIONAL, accepted_of),
        ("one to three layers and a `when`, drawn", CONDITIONAL, drawn_of),
    ]
    lines = []
    for name, space, draw in tests:
        cells = {
            tuple(config.items()): likelihood
            for config, likelihood in configurations(space)
            if not space.broken(config)
        }
        share = sum(cells.values())
        n = N_PER_CELL * len(cells)
        counts = Counter(tuple(config.items()) for config in draw(space, n))
        assert counts.keys() <= cells.keys()
        expected = [n * likelihood / share for likelihood in cells.values()]
        test = chisquare([counts[cell] for cell in cells], expected)
        lines.append(
            (
                name,
                f"{len(cells)} ({share:.0%})",
                f"{n:,}",
                f"{min(expected):.0f}-{max(expected):.0f}",
                f"{test.statistic:.1f}",
                f"{test.pvalue:.2f}",
            )
        )
    head = ("space", "allowed", "draws", "expected in each", "chi-square", "p")
    return table(head, lines)


def arguments() -> argparse.Namespace:
    made = parser(rounds=6)
    made.add_argument("--trials", type=int, default=100)
    return made.parse_args()


def main() -> None:
    options = arguments()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    tasks = [(seed, options.trials) for seed in range(options.rounds)]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        rounds = pool.map(one_seed, tasks, chunksize=1)
    text = (
        f"{options.rounds} seeds of {options.trials} trials, two at work at a time.\n\n"
        f"{of_searches(rounds)}\n\n{of_spread()}"
    )
    conclude("A constraint", text, options)


if __name__ == "__main__":
    main()
