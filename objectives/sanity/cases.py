"""Which configurations are looked at: trial 0, one of each other model, and a few drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any

from ...spaces import Experiment
from ...spaces.parameters import Categorical, Scalar, Varied
from ...spaces.space import MODEL, Configuration
from ..configurations import described, models_of, network_of
from ..subset import is_used

N_DRAWN = 6
_N_LARGEST = 300  # configurations of which the largest is looked for, beside the ranges' ends
_STATEFUL = ("adamw", "adam", "rmsprop", "sgd")  # by what an optimizer keeps of each weight


@dataclass(frozen=True)
class Case:
    """A configuration, and what to call it."""

    name: str
    configuration: Mapping[str, Scalar]
    is_default: bool = False
    is_trained: bool = False  # for some steps: trial 0, and one of each other model


def cases_of(experiment: Experiment) -> list[Case]:
    """Return trial 0, one of each other model, then others, all drawn from the study's seed.

    Of configurations with the same network one is looked at.
    """
    default = experiment.space.default()
    n_models = len(models_of(experiment))
    chosen: dict[str, list[Configuration]] = {}  # by their model
    networks = [_network(experiment, default)]
    for configuration in islice(_allowed(experiment), N_DRAWN * n_models):
        network = _network(experiment, configuration)
        if network not in networks:
            networks.append(network)
            chosen.setdefault(network[0], []).append(configuration)
    first = [own.pop(0) for model, own in chosen.items() if model != networks[0][0]]
    others = [c for own in chosen.values() for c in own][:N_DRAWN]
    return [
        Case("trial 0", default, is_default=True, is_trained=True),
        *(Case(named(c), c, is_trained=True) for c in first),
        *(Case(named(c), c) for c in others),
    ]


def _network(experiment: Experiment, configuration: Configuration) -> tuple[str, dict[str, Any]]:
    """Return what tells networks apart before they are trained: all but their dropout, and the
    inputs that they see."""
    name, parameters = network_of(experiment, configuration)
    seen = {key: value for key, value in configuration.items() if is_used(key)}
    kept = {key: value for key, value in parameters.items() if "dropout" not in key}
    return name, seen | kept


def largest(experiment: Experiment) -> list[Configuration]:
    """Return what is likely the largest configuration of each model: the upper ends of its
    ranges where the constraints allow them, else the largest of some that were drawn."""
    found = []
    for model in models_of(experiment):
        ends = _ends(experiment, model)
        if ends is not None:
            found.append(ends)
            continue
        drawn = islice(_allowed(experiment), _N_LARGEST)
        own = [c for c in drawn if c.get(MODEL, model) == model]
        found += [max(own, key=_bulk)] if own else []
    return found


def _allowed(experiment: Experiment) -> Iterator[Configuration]:
    space = experiment.space
    drawn = islice(space.feasible(Random(experiment.seed)), space.max_draws)
    return (configuration for configuration, is_allowed in drawn if is_allowed)


def _ends(experiment: Experiment, model: Any) -> Configuration | None:
    def answer(parameter: Varied, name: str, _: int) -> Scalar:
        if name == MODEL:
            return str(model)
        return _most(parameter) if isinstance(parameter, Categorical) else parameter.high

    configuration = experiment.space.walk(answer)
    return None if experiment.space.broken(configuration) else configuration


def _most(parameter: Categorical) -> Scalar:
    """Return the choice that takes the most memory, as far as its kind tells."""
    choices = parameter.choices
    numbers = [choice for choice in choices if isinstance(choice, int | float)]
    if len(numbers) == len(choices):
        return max(numbers)
    return next((name for name in _STATEFUL if name in choices), choices[-1])


def _bulk(configuration: Configuration) -> float:
    """Order configurations by size: each whole number above 1 multiplies it."""
    numbers = [v for v in configuration.values() if isinstance(v, int) and v > 1]
    return sum(map(math.log, numbers))


def growth(configuration: Configuration, default: Configuration) -> float:
    """Return how many times more weights than trial 0 a configuration has, or fewer than that:
    as if they were the square of each of its sizes."""
    own, of_default = _sizes(configuration), _sizes(default)
    return math.prod(max(1.0, n / of_default.get(name, 1)) ** 2 for name, n in own.items())


def _sizes(configuration: Configuration) -> dict[str, int]:
    """Return the largest whole number of each parameter, minibatches aside."""
    sizes: dict[str, int] = {}
    for name, value in configuration.items():
        base, _, index = name.rpartition(".")
        key = base if index.isdigit() else name
        if isinstance(value, int) and value > 1 and key != "batch_size":
            sizes[key] = max(value, sizes.get(key, 1))
    return sizes


def named(configuration: Mapping[str, Scalar]) -> str:
    return f"the configuration {described(_rounded(configuration))}"


def _rounded(configuration: Mapping[str, Scalar]) -> dict[str, Any]:
    return {k: f"{v:.3g}" if isinstance(v, float) else v for k, v in configuration.items()}
