"""One objective or a list of them: how a file says it, and what it is written back as."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from truetune.spaces import Experiment, MistakesError, load
from truetune.spaces.differences import differences
from truetune.spaces.writing import experiment_text

FLAT = Path(__file__).parents[1] / "flat.yaml"
TWO = ["validation_loss", {"metric": "n_parameters", "direction": "minimize"}]


def with_objective(objective: Any, **overrides: Any) -> Experiment:
    return load(FLAT, {"objective": objective, **overrides})


def names(experiment: Experiment) -> list[str]:
    return [objective.metric for objective in experiment.objectives]


@pytest.mark.parametrize(
    ("written", "metrics"),
    [
        ({"metric": "a"}, ["a"]),
        ("a", ["a"]),
        (["a"], ["a"]),
        ([{"metric": "a", "direction": "maximize"}], ["a"]),
        (["a", "b"], ["a", "b"]),
        (["b", {"metric": "a"}, {}], ["b", "a", "validation_loss"]),
    ],
)
def test_objectives_are_read_in_their_order_and_the_first_is_the_primary(
    written: Any, metrics: list[str]
) -> None:
    experiment = with_objective(written)
    assert names(experiment) == metrics
    assert experiment.objective.metric == metrics[0]


@pytest.mark.parametrize("written", [["a"], "a", {"metric": "a"}])
def test_one_objective_is_the_same_however_it_is_written(written: Any) -> None:
    one = with_objective({"metric": "a"})
    assert with_objective(written) == one
    assert with_objective(written).identity() == one.identity()
    dumped = with_objective(written).model_dump(mode="json")["objective"]
    assert dumped == {"metric": "a", "direction": None, "function": None}


def test_several_objectives_outlive_every_way_they_travel() -> None:
    two = with_objective(TWO)
    content = two.model_dump(mode="json")
    assert content["objective"] == [{"metric": "validation_loss"}, TWO[1]]
    assert names(Experiment.model_validate(content)) == names(two)
    assert Experiment.model_validate(json.loads(json.dumps(content))) == two
    assert names(copy.deepcopy(two)) == names(two)
    assert names(two.model_copy(update={"seed": 3})) == names(two)


def test_several_objectives_are_written_as_a_file_that_loads(tmp_path: Path) -> None:
    two = with_objective(TWO, outcome_constraints=["n_parameters <= 1e4"])
    path = tmp_path / "written.yaml"
    path.write_text(experiment_text(two))
    assert load(path) == two


def test_other_objectives_make_another_study() -> None:
    one, two = with_objective("validation_loss"), with_objective(TWO)
    assert one != two
    (line,) = differences(one.identity(), two.identity())
    assert line.startswith("objective: was ")


def test_a_bound_makes_another_study_and_none_leaves_it_as_it_is() -> None:
    none = load(FLAT)
    assert "outcome_constraints" not in none.identity()
    bound = load(FLAT, {"outcome_constraints": ["n_parameters <= 5"]})
    assert differences(none.identity(), bound.identity()) == [
        'outcome_constraints: added, is ["n_parameters <= 5"]'
    ]


def test_a_function_in_a_list_is_found_beside_the_file(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    text = FLAT.read_text().replace(
        "objective: {metric: validation_loss, direction: minimize}",
        "objective: [{function: ./f.py:train, metric: a}, {metric: b}]",
    )
    own.write_text(text)
    assert load(own).objective.function == f"{tmp_path}/f.py:train"
    assert load(own).identity()["objective"][0]["function"] == "f.py:train"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (["a", "a"], "objectives are different metrics, but got `a` twice."),
        (["a", {"metric": "b", "function": "m:f"}], "the first objective alone names it"),
        (["a", {"metrc": "b"}], "there is no key 'metrc' here. Did you mean 'metric'?"),
        (["a", {"direction": "up"}], "but got 'up'"),
        (["a", 3], "is a mapping of keys to values, but got 3"),
        (["a", ["b"]], "is a mapping of keys to values"),
        ([], "at least 1 item"),
        ([*"abcdef"], "holds at most 5 entries"),
        (3, "`objective` is a mapping of keys to values, but got 3."),
    ],
)
def test_what_is_no_objective_is_refused_with_the_reason(written: Any, told: str) -> None:
    with pytest.raises(MistakesError) as caught:
        with_objective(written)
    assert told in " ".join(f"{mistake.rule} {mistake.fix}" for mistake in caught.value.mistakes)


def test_setting_a_key_of_a_named_objective_keeps_its_name() -> None:
    experiment = load(FLAT, {"objective": "a", "objective.direction": "maximize"})
    assert (experiment.objective.metric, experiment.objective.direction) == ("a", "maximize")
