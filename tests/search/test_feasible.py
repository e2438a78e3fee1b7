"""Constraints met by drawing again: without bias, without stalling, the same for the same seed."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from pydantic import TypeAdapter
from scipy.stats import chisquare

from truetune.search import feasible
from truetune.search.feasible import FeasibleSampler
from truetune.spaces import Categorical, Float, Int, Space
from truetune.spaces.parameters import Parameter

READ = TypeAdapter(dict[str, Parameter])
LAYERS = {
    "layers": {"type": "int", "low": 1, "high": 3},
    "units": {"type": "int", "low": 1, "high": 4, "repeat": "layers"},
    "rate": {"type": "float", "low": 1e-3, "high": 1.0, "log": True},
    "size": {"type": "categorical", "choices": [8, 16, 32], "ordered": True},
}


def space(parameters: dict[str, Any], *constraints: str) -> Space:
    return Space(READ.validate_python(parameters), constraints)


def draw(sampler: BaseSampler, own: Space, n: int) -> list[dict[str, Any]]:
    study = optuna.create_study(sampler=sampler)
    drawn = []
    for _ in range(n):
        trial = study.ask()
        drawn.append(own.suggest(trial))
        study.tell(trial, sum(v for v in trial.params.values() if not isinstance(v, str)))
    return drawn


def test_what_is_drawn_is_uniform_over_what_is_allowed() -> None:
    own = space(
        {"x": {"type": "int", "low": 1, "high": 6}, "y": {"type": "int", "low": 1, "high": 6}},
        "x + y <= 6",
    )
    allowed = [(x, y) for x in range(1, 7) for y in range(1, 7) if x + y <= 6]
    n = 40 * len(allowed)
    sampler = FeasibleSampler(RandomSampler(seed=1), own, seed=1)
    counts = Counter((c["x"], c["y"]) for c in draw(sampler, own, n))
    assert counts.keys() == set(allowed)
    assert chisquare([counts[pair] for pair in allowed]).pvalue > 0.01


@pytest.mark.parametrize("make", [RandomSampler, TPESampler])
def test_every_trial_meets_every_constraint(make: Any) -> None:
    own = space(LAYERS, "units[i+1] <= units[i]", "rate <= 0.5", "size != 8 or layers == 1")
    drawn = draw(FeasibleSampler(make(seed=3), own, seed=3), own, 60)
    assert [own.broken(configuration) for configuration in drawn] == [[]] * 60
    assert len({tuple(c.items()) for c in drawn}) > 30


def test_without_a_constraint_that_bites_the_sampler_is_as_it_was() -> None:
    own = space(LAYERS)
    bound = space(LAYERS, "layers >= 1")
    free = draw(TPESampler(seed=5), own, 40)
    assert draw(FeasibleSampler(TPESampler(seed=5), bound, seed=5), bound, 40) == free


def test_a_sampler_that_insists_on_what_is_not_allowed_does_not_stall() -> None:
    class Stubborn(RandomSampler):
        def sample_independent(self, study: Any, trial: Any, name: str, _: Any) -> Any:
            return 6

    own = space({"x": {"type": "int", "low": 1, "high": 6, "default": 1}}, "x < 3")
    drawn = draw(FeasibleSampler(Stubborn(), own, seed=0), own, 20)
    assert {configuration["x"] for configuration in drawn} == {1, 2}


def test_the_same_seed_proposes_the_same() -> None:
    own = space(LAYERS, "units[i+1] < units[i] or layers == 1 or layers == 2")
    runs = [draw(FeasibleSampler(RandomSampler(seed=2), own, seed=2), own, 20) for _ in range(2)]
    assert runs[0] == runs[1]


def test_what_has_one_value_is_not_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feasible, "MAX_PROPOSALS", 1)
    fixed = {
        "a": {"type": "int", "low": 3, "high": 3},
        "b": {"type": "categorical", "choices": ["x"]},
    }
    own = space({**fixed, "c": {"type": "float", "low": 2.0, "high": 2.0}}, "a == 3")
    assert draw(FeasibleSampler(RandomSampler(), own, seed=0), own, 1) == [
        {"a": 3, "b": "x", "c": 2.0}
    ]


@pytest.mark.parametrize(
    ("parameter", "distribution"),
    [
        (Float(type="float", low=0.1, high=1.0, log=True), FloatDistribution(0.1, 1.0, log=True)),
        (Float(type="float", low=0.0, high=1.0, step=0.5), FloatDistribution(0.0, 1.0, step=0.5)),
        (Int(type="int", low=2, high=8, step=2), IntDistribution(2, 8, step=2)),
        (Int(type="int", low=2, high=8, log=True), IntDistribution(2, 8, log=True)),
        (
            Categorical(type="categorical", choices=("a", None)),
            CategoricalDistribution(("a", None)),
        ),
        (Categorical(type="categorical", choices=(1, 2), ordered=True), IntDistribution(0, 1)),
    ],
)
def test_a_distribution_is_the_one_that_suggesting_makes(
    parameter: Any, distribution: Any
) -> None:
    trial = optuna.create_study(sampler=RandomSampler(seed=0)).ask()
    parameter.suggest(trial, "x")
    assert trial.distributions["x"] == distribution


def test_uniform_draws_follow_the_distribution_of_optunas_random_sampler() -> None:
    from scipy.stats import ks_2samp

    random, parameter = Random(0), Int(type="int", low=1, high=100, log=True)
    own = [parameter.draw(random) for _ in range(4000)]
    study = optuna.create_study(sampler=RandomSampler(seed=0))
    theirs = [parameter.suggest(study.ask(), "x") for _ in range(4000)]
    assert ks_2samp(own, theirs).pvalue > 0.01
