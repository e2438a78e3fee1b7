"""What a configuration costs to suggest beside Optuna's define-by-run, and a file to load.

    python benchmarks/suggesting.py [--rounds 7] [--configurations 1000]

The space is `conditional.yaml`, of twelve parameters with branches, conditions and a repeat, and
the same written by hand in Python. Both ask Optuna's random sampler, in memory, in turns within a
round, and get the same values; a round's ratio is the median over its configurations, so that the
machine's other work weighs on neither. Reading is measured beside ruamel.yaml's safe loader in
Python, which makes data of the same text and checks none of it.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import optuna
from log import conclude, parser, spread, table
from ruamel.yaml import YAML

from truetune.spaces import Space, load

HERE = Path(__file__).resolve().parent
SPACES = HERE.parent / "spaces"
CONDITIONAL = HERE / "conditional.yaml"
FILES = {  # with the one it extends, if any
    SPACES / "mlp.yaml": (),
    SPACES / "digits-small.yaml": (SPACES / "mlp.yaml",),
    CONDITIONAL: (),
}
N_WARM = 10

Config = dict[str, Any]
Suggest = Callable[[optuna.Trial], Config]


def by_hand(trial: optuna.Trial) -> Config:
    """Suggest the space of `conditional.yaml`."""
    model = trial.suggest_categorical("model", ["mlp", "linear"])
    config: Config = {
        "model": model,
        "learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 1e-6, 1e-1, log=True),
        "batch_size": (32, 64, 128, 256)[trial.suggest_int("batch_size", 0, 3)],
    }
    optimizer = trial.suggest_categorical("optimizer", ["adam", "sgd", "rmsprop"])
    config["optimizer"] = optimizer
    if optimizer in ("sgd", "rmsprop"):
        momentum = trial.suggest_float("momentum", 0.0, 0.99)
        config["momentum"] = momentum
        if optimizer == "sgd" and momentum > 0.5:
            config["nesterov"] = trial.suggest_categorical("nesterov", [False, True])
    config["epochs"] = trial.suggest_int("epochs", 10, 40, step=5)
    config["warmup"] = config["epochs"] // 5 + 1
    config["seeds"] = 3
    if model == "mlp":
        layers = trial.suggest_int("mlp.layers", 1, 4)
        config["mlp.layers"] = layers
        for i in range(layers):
            name = f"mlp.hidden_units.{i}"
            config[name] = trial.suggest_int(name, 16, 256, log=True)
        if layers > 1:
            config["mlp.dropout"] = trial.suggest_float("mlp.dropout", 0.0, 0.5, step=0.1)
    else:
        config["linear.penalty"] = trial.suggest_float("linear.penalty", 0.0, 1.0)
    return config


class Contender:
    """A study of its own, and the us that each configuration took, with asking and without."""

    def __init__(self, suggest: Suggest, seed: int) -> None:
        self.study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
        self.suggest = suggest
        self.alone: list[float] = []
        self.with_ask: list[float] = []

    def step(self) -> Config:
        started = time.perf_counter()
        trial = self.study.ask()
        asked = time.perf_counter()
        config = self.suggest(trial)
        ended = time.perf_counter()
        self.study.tell(trial, 0.0)
        self.alone.append(1e6 * (ended - asked))
        self.with_ask.append(1e6 * (ended - started))
        return config


class Round(NamedTuple):
    ours: Contender
    hand: Contender
    walks: list[float]  # us


def one_round(space: Space, n: int, seed: int) -> Round:
    """Suggest `n` configurations in turns."""
    done = Round(Contender(space.suggest, seed), Contender(by_hand, seed), [])
    rng = random.Random(seed)
    for k in range(n):
        first, second = (done.ours, done.hand) if k % 2 else (done.hand, done.ours)
        one, other = first.step(), second.step()
        assert one == other, (one, other)
        started = time.perf_counter()
        space.draw(rng)
        done.walks.append(1e6 * (time.perf_counter() - started))
    same = zip(done.ours.study.trials, done.hand.study.trials, strict=True)
    assert all(list(a.params.items()) == list(b.params.items()) for a, b in same)
    return done


def of_suggesting(rounds: int, n: int) -> str:
    space = load(CONDITIONAL).space
    one_round(space, 20, seed=0)
    done = [one_round(space, n, seed) for seed in range(rounds)]
    rows = [
        ("`space.suggest`", *_cells([_medians(each.ours) for each in done])),
        ("by hand", *_cells([_medians(each.hand) for each in done])),
        ("`space.draw`", spread([statistics.median(each.walks) for each in done], ".0f"), "-"),
    ]
    alone = [_ratio(each.ours.alone, each.hand.alone) for each in done]
    asked = [_ratio(each.ours.with_ask, each.hand.with_ask) for each in done]
    return (
        table(("a configuration", "suggested, us", "with `ask`, us"), rows)
        + f"\n\n- suggesting: {spread(alone, '.3f', 'x')} of by hand, with `ask` "
        f"{spread(asked, '.3f', 'x')}; {rounds} rounds of {n:,}, the same parameters in each"
    )


def _medians(contender: Contender) -> tuple[float, float]:
    return statistics.median(contender.alone), statistics.median(contender.with_ask)


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


_COLD = """
import sys, time
started = time.perf_counter()
from truetune.spaces import load
imported = time.perf_counter()
load(sys.argv[1])
print(imported - started, time.perf_counter() - imported)
"""

_COLD_RUAMEL = """
import pathlib, sys, time
started = time.perf_counter()
from ruamel.yaml import YAML
imported = time.perf_counter()
for path in sys.argv[1:]:
    YAML(typ="safe", pure=True).load(pathlib.Path(path).read_text())
print(imported - started, time.perf_counter() - imported)
"""


def by_ruamel(paths: Sequence[Path]) -> list[Any]:
    return [YAML(typ="safe", pure=True).load(path.read_text()) for path in paths]


def cold(script: str, paths: Sequence[Path]) -> tuple[float, float]:
    """Return the ms of the imports and of loading in a fresh process."""
    command = [sys.executable, "-c", script, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imports, loading = map(float, done.stdout.split())
    return 1e3 * imports, 1e3 * loading


def warm(function: Callable[[], object]) -> float:
    """Return the median ms of a few calls."""
    times = []
    for _ in range(N_WARM):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return 1e3 * statistics.median(times)


def of_loading(rounds: int) -> str:
    rows = []
    for path, base in FILES.items():
        ours, theirs, ours_cold, theirs_cold = [], [], [], []
        for _ in range(rounds):
            ours.append(warm(lambda path=path: load(path)))
            theirs.append(warm(lambda paths=(path, *base): by_ruamel(paths)))
            ours_cold.append(cold(_COLD, (path,)))
            theirs_cold.append(cold(_COLD_RUAMEL, (path, *base)))
        rows.append((f"{path.name}, `load`", spread(ours, ".1f"), *_cells(ours_cold)))
        rows.append((f"{path.name}, ruamel.yaml", spread(theirs, ".1f"), *_cells(theirs_cold)))
    head = ("file", "warm, ms", "imports of a process, ms", "its first load, ms")
    return table(head, rows)


def _cells(pairs: list[tuple[float, float]]) -> list[str]:
    return [spread([pair[i] for pair in pairs], ".0f") for i in (0, 1)]


def arguments() -> argparse.Namespace:
    made = parser(rounds=7)
    made.add_argument("--configurations", type=int, default=1000)
    return made.parse_args()


def main() -> None:
    options = arguments()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    text = of_suggesting(options.rounds, options.configurations)
    conclude("Suggesting and loading", f"{text}\n\n{of_loading(options.rounds)}", options)


if __name__ == "__main__":
    main()
