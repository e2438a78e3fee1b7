"""Samplers and pruners by name: what Optuna is given, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.pruners import HyperbandPruner, MedianPruner, NopPruner
from optuna.samplers import RandomSampler, TPESampler

from truetune.search.strategies import PRUNERS, SAMPLERS, make_pruner, make_sampler, problems
from truetune.spaces import Experiment, Float, Named, Space, load
from truetune.spaces.hints import PRUNER_WORDS, SAMPLER_WORDS

FLAT = Path(__file__).parents[1] / "flat.yaml"

SPACE = Space({"x": Float(type="float", low=0.0, high=1.0)})


def named(name: str, **options: object) -> Named:
    return Named.model_validate({"name": name, **options})


@pytest.mark.parametrize(("name", "kind"), [("tpe", TPESampler), ("random", RandomSampler)])
def test_a_sampler_is_made_by_its_name(name: str, kind: type) -> None:
    assert type(make_sampler(named(name), SPACE, seed=0)) is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [("hyperband", HyperbandPruner), ("median", MedianPruner), ("none", NopPruner)],
)
def test_a_pruner_is_made_by_its_name(name: str, kind: type) -> None:
    assert type(make_pruner(named(name), epochs=20)) is kind


@pytest.mark.parametrize("name", ["tpe", "random"])
def test_the_seed_decides_what_a_sampler_draws(name: str) -> None:
    def first(seed: int) -> float:
        study = optuna.create_study(sampler=make_sampler(named(name), SPACE, seed))
        return study.ask().suggest_float("x", 0, 1)

    assert first(1) == first(1) != first(2)


def test_options_reach_the_class() -> None:
    pruner = make_pruner(named("median", n_startup_trials=7, n_warmup_steps=2), epochs=20)
    same = MedianPruner(n_startup_trials=7, n_warmup_steps=2)
    assert vars(pruner) == vars(same)


def test_hyperband_prunes_as_optunas_with_the_epochs_as_its_resource() -> None:
    def verdicts(pruner: optuna.pruners.BasePruner) -> list[bool]:
        study = optuna.create_study(study_name="s", pruner=pruner)
        found = []
        for number in range(12):
            trial = study.ask()
            for step in range(1, 10):
                trial.report((number * 7 % 5) / step, step)
                found.append(trial.should_prune())
            study.tell(trial, float(number * 7 % 5))
        return found

    own = HyperbandPruner(min_resource=1, max_resource=9)
    assert verdicts(make_pruner(named("hyperband"), epochs=9)) == verdicts(own)
    assert any(verdicts(own))


def experiment(sampler: Any, pruner: Any) -> Experiment:
    return load(FLAT, {"sampler": sampler, "pruner": pruner})


@pytest.mark.parametrize(
    ("sampler", "pruner", "where", "words"),
    [
        ("tpee", "none", ("sampler",), "Did you mean 'tpe'?"),
        ("bayes", "none", ("sampler",), "Write `tpe` instead."),
        ("tpe", "medain", ("pruner",), "Did you mean 'median'?"),
        ("tpe", "asha", ("pruner",), "Write `hyperband` instead."),
        ({"name": "tpe", "n_startup": 3}, "none", ("sampler", "n_startup"), "n_startup_trials"),
        ({"name": "tpe", "seed": 3}, "none", ("sampler", "seed"), "no option 'seed'"),
        ({"name": "random", "x": 3}, "none", ("sampler", "x"), "It takes no options."),
        ("tpe", {"name": "none", "x": 1}, ("pruner", "x"), "It takes no options."),
        ("tpe", {"name": "hyperband", "eta": 3}, ("pruner", "eta"), "Write `reduction_factor`"),
        ("tpe", {"name": "median", "n_startup_trials": -1}, ("pruner",), "refuses its options"),
        (
            "tpe",
            {"name": "hyperband", "min_resource": 21},
            ("pruner", "min_resource"),
            "at most the 20 epochs",
        ),
    ],
)
def test_what_optuna_has_not_is_refused_where_it_stands(
    sampler: Any, pruner: Any, where: tuple[str, ...], words: str
) -> None:
    (problem,) = problems(experiment(sampler, pruner))
    assert problem.where == where
    assert words in f"{problem.rule} {problem.fix}"


@pytest.mark.parametrize("words", [SAMPLER_WORDS, PRUNER_WORDS])
def test_what_a_hint_names_is_there(words: dict[str, str]) -> None:
    assert set(words.values()) <= {*SAMPLERS, *PRUNERS}


def test_good_names_and_options_are_no_problem() -> None:
    sampler = {"name": "tpe", "n_startup_trials": 4}
    assert problems(experiment(sampler, {"name": "hyperband", "reduction_factor": 4})) == []
