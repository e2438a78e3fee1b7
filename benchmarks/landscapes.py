"""Spaces as an experiment file has them, with losses that are 0 in one known place.

The place is drawn anew for each seed, and so is which branch it lies in. Every distance is in
units of a parameter's range, in its logarithm where it is drawn so. What `conditional_tpe.py` and
`constraints.py` share: they search these as `search/study.py` does, with a sampler made for each
trial, the default configuration first, and several trials at work at a time.
"""

from __future__ import annotations

import math
import statistics
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import optuna

from truetune.objectives.seeds import trial_seed
from truetune.search.strategies import make_sampler
from truetune.spaces import Categorical, Configuration, Float, Int, Named, Space
from truetune.spaces.parameters import Varied

N_LAST = 10  # trials whose asking is timed, at the end of a search
MOST_LAYERS = 4
OTHER_CHOICE = 0.2  # the distance between two choices

Units = dict[str, float]  # values by name, as shares of their ranges
Loss = Callable[[Configuration], float]


def real(low: float, high: float, log: bool = False, **entry: Any) -> Float:
    return Float(type="float", low=low, high=high, log=log, **entry)


def whole(low: int, high: int, log: bool = False, **entry: Any) -> Int:
    return Int(type="int", low=low, high=high, log=log, **entry)


def choice(*choices: Any, **entry: Any) -> Categorical:
    return Categorical(type="categorical", choices=choices, **entry)


def unit(parameter: Varied, value: Any) -> float:
    """Return a value as a share of its range."""
    if isinstance(parameter, Categorical):
        return OTHER_CHOICE * parameter.choices.index(value)
    low, high = parameter.low, parameter.high
    if parameter.log:
        return math.log(value / low) / math.log(high / low)
    return (value - low) / (high - low)


@dataclass(frozen=True)
class Landscape:
    """A space, and for each seed a loss over it."""

    parameters: Mapping[str, Varied]
    distance: Callable[[Configuration, Units, Configuration, Units], float]
    constraints: tuple[str, ...] = ()
    order: Callable[[list[Any]], list[Any]] = list  # of the best values of what is repeated

    @property
    def space(self) -> Space:
        return Space(self.parameters, self.constraints)

    def units(self, configuration: Configuration) -> Units:
        shares = {}
        for name, value in configuration.items():
            known = name if name in self.parameters else name.rpartition(".")[0]
            shares[name] = unit(self.parameters[known], value)
        return shares

    def best(self, seed: int) -> Configuration:
        """Return the best value of every parameter, of those included that are not active."""
        random, best = Random(seed), {}
        for name, parameter in self.parameters.items():
            if parameter.repeat is None:
                best[name] = parameter.draw(random)
                continue
            drawn = self.order([parameter.draw(random) for _ in range(MOST_LAYERS)])
            best |= {f"{name}.{i}": value for i, value in enumerate(drawn)}
        return best

    def loss(self, seed: int) -> Loss:
        best = self.best(seed)
        there = self.units(best)
        return lambda config: self.distance(config, self.units(config), best, there)


def squares(here: Units, there: Units, names: Sequence[str]) -> float:
    """Return how far two configurations are apart in some parameters that both have."""
    apart = (abs(here[name] - there[name]) for name in names if name in here)
    return sum(distance**2 for distance in apart)


def ridge(here: Units, there: Units, one: str, other: str) -> float:
    """Return the loss of a parameter whose best value falls as another one rises."""
    shift = 0.5 * (here[other] - there[other])
    return (here[one] - there[one] + shift) ** 2


def _of_branches(config: Configuration, here: Units, best: Configuration, there: Units) -> float:
    model = str(config["model"])
    size = {"mlp": "hidden_units", "cnn": "filters", "linear": "l2"}[model]
    own = [name for name in here if name.startswith(f"{model}.")]
    is_other = 0.05 * (model != best["model"])
    return (
        is_other
        + ridge(here, there, "learning_rate", f"{model}.{size}")
        + squares(here, there, own)
    )


_BRANCHES = Landscape(
    {
        "model": choice("mlp", "cnn", "linear"),
        "learning_rate": real(1e-4, 1e-1, log=True),
        "mlp.layers": whole(1, 4),
        "mlp.hidden_units": whole(16, 512, log=True),
        "mlp.dropout": real(0.0, 0.5),
        "cnn.filters": whole(8, 128, log=True),
        "cnn.kernel": choice(3, 5, 7),
        "cnn.depth": whole(1, 6),
        "cnn.dropout": real(0.0, 0.5),
        "linear.l1": real(1e-6, 1.0, log=True),
        "linear.l2": real(1e-6, 1.0, log=True),
    },
    _of_branches,
)

_FIVE = {
    "learning_rate": real(1e-4, 1e-1, log=True),
    "batch_size": choice(32, 64, 128, 256),
    "hidden_units": whole(16, 512, log=True),
    "dropout": real(0.0, 0.5),
    "weight_decay": real(1e-6, 1e-1, log=True),
}


def _of_optimizer(config: Configuration, here: Units, best: Configuration, there: Units) -> float:
    is_other = 0.05 * (config["optimizer"] != best["optimizer"])
    apart = squares(here, there, [name for name in _FIVE if name != "learning_rate"])
    if config["optimizer"] == "adam":
        return is_other + apart + ridge(here, there, "learning_rate", "hidden_units")
    # More momentum is like a higher rate, and SGD's best rate is another than Adam's.
    shifted = {**there, "learning_rate": 1.0 - there["learning_rate"]}
    rate = ridge(here, shifted, "learning_rate", "momentum")
    return is_other + apart + rate + squares(here, there, ["momentum"])


_OPTIMIZER = Landscape(
    {
        **_FIVE,
        "optimizer": choice("adam", "sgd"),
        "momentum": real(0.0, 0.99, when="optimizer == sgd"),
    },
    _of_optimizer,
)


def _of_layers(config: Configuration, here: Units, best: Configuration, there: Units) -> float:
    n, n_best = int(config["layers"]), int(best["layers"])  # type: ignore[arg-type]
    widths = [f"hidden_units.{i}" for i in range(n)]
    wider = statistics.mean(here[name] - there[name] for name in widths)
    rate = here["learning_rate"] - there["learning_rate"] + 0.5 * wider
    return 0.05 * abs(n - n_best) + rate**2 + squares(here, there, widths)


_WIDTHS = {
    "learning_rate": real(1e-4, 1e-1, log=True),
    "layers": whole(1, MOST_LAYERS),
    "hidden_units": whole(16, 256, log=True, repeat="layers"),
}

_LAYERS = Landscape(_WIDTHS, _of_layers)


def _of_flat(config: Configuration, here: Units, best: Configuration, there: Units) -> float:
    rest = [name for name in here if name != "learning_rate"]
    return ridge(here, there, "learning_rate", "hidden_units") + squares(here, there, rest)


_FLAT = Landscape({**_FIVE, "momentum": real(0.0, 0.99)}, _of_flat)

LANDSCAPES = {
    "model with branches": _BRANCHES,
    "optimizer, momentum when sgd": _OPTIMIZER,
    "a width for each layer": _LAYERS,
    "flat (control)": _FLAT,
}

NARROWING = ("hidden_units[i+1] <= hidden_units[i]",)
NARROWING_BEST_WITHIN = Landscape(
    _WIDTHS, _of_layers, NARROWING, lambda widths: sorted(widths, reverse=True)
)
NARROWING_BEST_OUTSIDE = Landscape(_WIDTHS, _of_layers, NARROWING, sorted)


@dataclass(frozen=True)
class Found:
    """What a search came to."""

    values: list[float]  # in the order in which the trials ended
    ask_ms: float  # of one of the last trials
    samplers: list[Any]  # in the order of the trials

    def best(self, n_trials: int) -> float:
        return min(self.values[:n_trials])


def search(
    space: Space,
    loss: Loss,
    sampler: Named,
    seed: int,
    n_trials: int = 100,
    n_workers: int = 2,
    watch: Callable[[Any], Any] = lambda sampler: None,
) -> Found:
    """Search, asking for a trial while others are at work.

    Args:
        watch: is given each sampler before it is asked, and may return what is to be kept.
    """
    study = optuna.create_study()
    study.enqueue_trial(space.asked(space.default()))
    at_work: deque[tuple[optuna.Trial, float]] = deque()
    values, times, watched = [], [], []
    for number in range(n_trials):
        started = time.perf_counter()
        study.sampler = make_sampler(sampler, space, trial_seed(seed, number))
        watched.append(watch(study.sampler))
        trial = study.ask()
        configuration = space.suggest(trial)
        times.append(time.perf_counter() - started)
        at_work.append((trial, loss(configuration)))
        while len(at_work) == n_workers or (number == n_trials - 1 and at_work):
            ended, value = at_work.popleft()
            study.tell(ended, value)
            values.append(value)
    return Found(values, 1e3 * statistics.median(times[-N_LAST:]), watched)


def typical_loss(space: Space, loss: Loss) -> float:
    """Return the median loss of configurations drawn at random."""
    random = Random(0)
    return statistics.median(loss(space.draw(random)) for _ in range(1000))
