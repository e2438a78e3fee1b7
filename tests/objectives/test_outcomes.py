"""What a file may name beside its first objective, and bound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from truetune.objectives.metrics import FOOTPRINT, direction_of, outcomes_of
from truetune.objectives.outcomes import measures_of
from truetune.objectives.requirements import problems
from truetune.spaces import load

FLAT = Path(__file__).parents[1] / "flat.yaml"
REGRESSION = {"data.source": "sklearn:diabetes", "data.split.stratify": None, "task": "regression"}


def told(**sections: Any) -> list[tuple[tuple[str | int, ...], str]]:
    found = problems(load(FLAT, sections))
    return [(problem.where, f"{problem.rule} {problem.fix}".strip()) for problem in found]


@pytest.mark.parametrize("metric", [*FOOTPRINT, "validation_accuracy", "validation_auroc"])
def test_every_outcome_may_be_a_second_objective_and_have_a_bound(metric: str) -> None:
    bound = f"{metric} <= {0.5 if metric.startswith('validation') else 5}"
    assert told(objective=["validation_loss", metric], outcome_constraints=[bound]) == []


def test_what_a_network_costs_is_better_the_less_it_is() -> None:
    objectives = load(FLAT, {"objective": ["validation_accuracy", *FOOTPRINT]}).objectives
    ways = [direction_of(objective, "classification") for objective in objectives]
    assert ways == ["maximize", *["minimize"] * len(FOOTPRINT)]
    assert set(FOOTPRINT) < set(outcomes_of("regression"))


@pytest.mark.parametrize(
    ("objective", "where", "said"),
    [
        (
            ["n_parameters", "validation_loss"],
            ("objective", 0, "metric"),
            "the first objective is measured on validation rows, but got `n_parameters`. "
            "Write `objective: [validation_loss, n_parameters]`.",
        ),
        (
            "flops",
            ("objective", "metric"),
            "the first objective is measured on validation rows, but got `flops`. "
            "Write `objective: [validation_loss, flops]`.",
        ),
        (
            ["validation_loss", "latency"],
            ("objective", 1, "metric"),
            "a classification has no metric 'latency' to optimise. Did you mean 'latency_1_ms'?",
        ),
        (
            ["validation_loss", "accuracy"],
            ("objective", 1, "metric"),
            "a classification has no metric 'accuracy' to optimise. "
            "Did you mean 'validation_accuracy'?",
        ),
        (
            ["validation_loss", {"metric": "flops", "direction": "maximize"}],
            ("objective", 1, "direction"),
            "`maximize` would look for the worst flops. "
            "Write `direction: minimize`, or leave it out.",
        ),
        (
            [{"metric": "validation_loss", "direction": "maximize"}, "flops"],
            ("objective", 0, "direction"),
            "`maximize` would look for the worst validation_loss. "
            "Write `direction: minimize`, or leave it out.",
        ),
    ],
)
def test_an_objective_that_is_none_is_refused(
    objective: Any, where: tuple[str | int, ...], said: str
) -> None:
    assert told(objective=objective) == [(where, said)]


@pytest.mark.parametrize(
    ("bounds", "place", "said"),
    [
        (
            ["accuracy >= 0.9"],
            0,
            "a classification has no metric 'accuracy' to bound. "
            "Did you mean 'validation_accuracy'?",
        ),
        (
            ["n_parameters <= 5", "params <= 5"],
            1,
            "a classification has no metric 'params' to bound. Did you mean 'n_parameters'?",
        ),
        (
            ["validation_accuracy >= 90"],
            0,
            "validation_accuracy is a share from 0 to 1, but got 90. Write `0.9`.",
        ),
        (["latency_1_ms <= 0"], 0, "no network has latency_1_ms of 0 or less. Raise the bound."),
        (
            ["flops <= 10", "flops >= 20"],
            1,
            "no number is both `flops >= 20` and `flops <= 10`. Remove one of them.",
        ),
    ],
)
def test_a_bound_that_means_nothing_is_refused(bounds: list[str], place: int, said: str) -> None:
    assert told(outcome_constraints=bounds) == [(("outcome_constraints", place), said)]


def test_a_regression_has_no_accuracy_to_bound() -> None:
    (found,) = told(**REGRESSION, outcome_constraints=["validation_accuracy >= 0.9"])
    assert "a regression has no metric 'validation_accuracy' to bound." in found[1]
    assert told(**REGRESSION, outcome_constraints=["validation_r2 >= 0.3"]) == []


def test_only_what_a_file_names_is_measured() -> None:
    assert measures_of(load(FLAT)) == ()
    both = {
        "objective": ["validation_loss", "flops"],
        "outcome_constraints": ["latency_1_ms <= 1"],
    }
    assert measures_of(load(FLAT, both)) == ("flops", "latency_1_ms")
    own = {"objective": [{"metric": "a", "function": "m:f"}, "flops"]}
    assert measures_of(load(FLAT, own)) == ()


OWN = """
def train(config, development, seed):
    yield {"score": 1.0, "n_parameters": 3.0}
"""


def test_a_function_of_ones_own_says_which_way_each_of_its_metrics_is_better(
    tmp_path: Path,
) -> None:
    (tmp_path / "own.py").write_text(OWN)
    first = {"metric": "score", "direction": "maximize", "function": f"{tmp_path}/own.py:train"}
    space = {"training": {"epochs": 1}}
    assert (
        told(**space, objective=[first, {"metric": "n_parameters", "direction": "minimize"}]) == []
    )
    assert told(**space, objective=[first, "n_parameters"]) == [
        (
            ("objective", 1),
            "whether more or less of n_parameters is better is not said. "
            "Add `direction: minimize` or `direction: maximize`.",
        )
    ]
    missing = {**first, "function": f"{tmp_path}/own.py:trian"}
    ((where, _),) = told(**space, objective=[missing, {"metric": "b", "direction": "minimize"}])
    assert where == ("objective", 0, "function")
