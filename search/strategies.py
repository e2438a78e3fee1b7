"""Samplers and pruners by the names a file gives them, each built from the file's options."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import optuna
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from ..errors import did_you_mean
from ..spaces import Experiment, Named, Problem, Space
from ..spaces.hints import PRUNER_WORDS, SAMPLER_WORDS, SECTION_WORDS, hint
from .feasible import FeasibleSampler, Held

SAMPLERS: dict[str, type[BaseSampler]] = {"random": RandomSampler, "tpe": TPESampler}

PRUNERS: dict[str, type[BasePruner]] = {
    "hyperband": HyperbandPruner,
    "median": MedianPruner,
    "none": NopPruner,
}

# What this program decides itself, or what a file cannot say.
_NOT_IN_A_FILE = {
    "seed",
    "constraints_func",
    "gamma",
    "weights",
    "max_resource",
}


def make_sampler(named: Named, space: Space, seed: int, held: Held | None = None) -> BaseSampler:
    """Build a sampler. One is made for each trial, so that a resumed search goes on the same.

    Args:
        named: the file's.
        space: what is drawn from.
        seed: of what it draws.
        held: what a stage holds; None where there is none.
    """
    options = {**named.options, "seed": seed}
    with warnings.catch_warnings():
        # An option the user asked for by name needs no warning that it is experimental.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = SAMPLERS[named.name](**options)
    if held is None and not space.constraints:
        return sampler
    return FeasibleSampler(sampler, space, seed, held)


def make_pruner(named: Named, epochs: int) -> BasePruner:
    """Build a pruner for trials of at most `epochs` epochs.

    Hyperband's brackets reach from 1 epoch to all of them: left to itself, Optuna's waits for
    the first completed trial and then guesses.
    """
    options = dict(named.options)
    if named.name == "hyperband":
        options = {"min_resource": 1, **options, "max_resource": epochs}
    return PRUNERS[named.name](**options)


def problems(experiment: Experiment) -> list[Problem]:
    """Return what is wrong with the names and options of a file's sampler and pruner."""
    space, epochs = experiment.space, experiment.training.epochs
    found = [
        *_problems(
            "sampler",
            experiment.sampler,
            SAMPLERS,
            SAMPLER_WORDS,
            lambda named: make_sampler(named, space, seed=0),
        ),
        *_problems(
            "pruner",
            experiment.pruner,
            PRUNERS,
            PRUNER_WORDS,
            lambda named: make_pruner(named, epochs),
        ),
    ]
    least = experiment.pruner.options.get("min_resource")
    if isinstance(least, int) and least > epochs:
        rule = f"`min_resource` is at most the {epochs} epochs of a trial, but got {least}."
        found.append(Problem(("pruner", "min_resource"), rule))
    return found


def _problems(
    key: str,
    named: Named,
    known: dict[str, Any],
    words: dict[str, str],
    make: Callable[[Named], object],
) -> list[Problem]:
    if named.name not in known:
        rule = f"there is no {key} '{named.name}'."
        fix = hint(words, named.name) or did_you_mean(named.name, known)
        return [Problem((key,), rule, fix)]
    allowed = set(inspect.signature(known[named.name]).parameters) - _NOT_IN_A_FILE
    unknown = [option for option in named.options if option not in allowed]
    if unknown:
        return [
            Problem(
                (key, option),
                f"the {key} '{named.name}' has no option '{option}'.",
                hint(SECTION_WORDS, option)
                or (did_you_mean(option, allowed) if allowed else "It takes no options."),
            )
            for option in unknown
        ]
    try:
        make(named)
    except (TypeError, ValueError) as error:
        return [Problem((key,), f"the {key} '{named.name}' refuses its options: {error}")]
    return []
