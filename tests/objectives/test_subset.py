"""Subsets: which columns a configuration keeps, refused before a trial where it cannot be."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.feature_selection import f_classif
from torch import nn

from truetune.errors import InputError
from truetune.models.inputs import Inputs
from truetune.objectives import subset
from truetune.objectives.configurations import network_of
from truetune.objectives.development import Development
from truetune.objectives.networks import initial
from truetune.objectives.preparation import develop
from truetune.objectives.requirements import problems
from truetune.spaces import Experiment, load

FLAT = Path(__file__).parents[1] / "flat.yaml"
SIZES = {"layers": 1, "hidden_units": 8}

# Two numbers, a category of three levels, a number, a category of two.
INPUTS = Inputs(
    shape=(8,),
    categories=((2, 5), (6, 8)),
    columns=("a", "b", "town", "town", "town", "c", "kind", "kind"),
    ranking=(2, 0, 4, 1, 3),
)


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({}, None),
        ({"layers": 2, "inputsx": 1}, None),
        ({"inputs.a": True}, (0, 1, 2, 3, 4, 5, 6, 7)),
        ({"inputs.a": False}, (1, 2, 3, 4, 5, 6, 7)),
        ({"inputs.town": False, "inputs.c": False}, (0, 1, 6, 7)),
        ({"n_inputs": 1}, (2, 3, 4)),
        ({"n_inputs": 3}, (0, 2, 3, 4, 6, 7)),
        ({"n_inputs": 5}, (0, 1, 2, 3, 4, 5, 6, 7)),
        ({"n_inputs": 2, "inputs.town": False}, (0, 6, 7)),
        ({"n_inputs": 9, "inputs.town": False}, (0, 1, 5, 6, 7)),  # all that are left
    ],
)
def test_a_column_is_kept_or_left_whole(configuration: dict[str, Any], expected: Any) -> None:
    assert subset.kept(INPUTS, configuration) == expected


def test_of_an_array_every_number_is_a_column() -> None:
    inputs = Inputs((4,), ranking=(3, 1, 0, 2))
    assert subset.kept(inputs, {"n_inputs": 2}) == (1, 3)
    assert subset.narrowed(inputs, (1, 3)) == Inputs((2,))


def test_configuration_without_any_input_is_refused_with_the_way_out() -> None:
    none = {f"inputs.{name}": False for name in ("a", "b", "town", "c", "kind")}
    with pytest.raises(InputError, match="keeps none of the columns") as caught:
        subset.kept(INPUTS, none)
    assert "constraint" in caught.value.fix


@pytest.mark.parametrize(
    ("configuration", "categories", "columns"),
    [
        ({"inputs.a": False}, ((1, 4), (5, 7)), INPUTS.columns[1:]),
        ({"inputs.town": False}, ((3, 5),), ("a", "b", "c", "kind", "kind")),
        ({"n_inputs": 1}, ((0, 3),), ("town",) * 3),
    ],
)
def test_what_is_kept_of_a_row_has_its_categories_at_their_new_place(
    configuration: dict[str, Any], categories: Any, columns: Any
) -> None:
    numbers = subset.kept(INPUTS, configuration)
    assert numbers is not None
    found = subset.narrowed(INPUTS, numbers)
    assert found == Inputs((len(columns),), categories=categories, columns=columns)


@pytest.mark.parametrize("configuration", [{"n_inputs": 3}, {"n_inputs": 2, "inputs.a": False}])
def test_what_weights_say_they_keep_is_kept_again(configuration: dict[str, Any]) -> None:
    numbers = subset.kept(INPUTS, configuration)
    assert numbers is not None
    again = subset.recalled(INPUTS, configuration, numbers)
    assert subset.kept(again, configuration) == numbers
    assert subset.recalled(INPUTS, {"inputs.a": False}, ()) == INPUTS


# Of an experiment.


def choice(*choices: Any, **more: Any) -> dict[str, Any]:
    return {"type": "categorical", "choices": list(choices), **more}


def rows(n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: rng.normal(size=n) for name in "abc"})
    frame["level"] = rng.choice(["low", "middle", "high"], n)
    frame["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 99, n), unit="D")
    signal = 2 * frame["b"] + (frame["level"] == "low") + rng.normal(size=n)
    return frame.assign(y=np.where(signal > 0, "yes", "no"))


@pytest.fixture
def experiment_of(tmp_path: Path) -> Any:
    def make(parameters: dict[str, Any], frame: pd.DataFrame | None = None, **more: Any) -> Any:
        path = tmp_path / "rows.parquet"
        (rows() if frame is None else frame).to_parquet(path)
        data = {"source": str(path), "target": "y", "split": {"time": "none"}}
        whole = {"layers": {"type": "int", "low": 1, "high": 2}, **parameters}
        settings = {"data": data, "task": "binary", "parameters": whole}
        return load(FLAT, {**settings, "training.early_stopping": None, **more})

    return make


def test_columns_are_ranked_by_the_training_rows_of_each_fold(experiment_of: Any) -> None:
    experiment = experiment_of({"n_inputs": {"type": "int", "low": 1, "high": 5}})
    experiment = load_with(experiment, {"data.split.folds": 3, "data.split.validation": None})
    development: Development = develop(experiment)
    for fold, inputs in zip(development.folds, development.inputs, strict=True):
        with warnings.catch_warnings(action="ignore"):  # the time in the day is always midnight
            scores = f_classif(fold.x_train.astype(np.float64), fold.y_train[:, 0])[0]
        scores = np.nan_to_num(scores)
        names = list(dict.fromkeys(inputs.columns))
        worth = {n: max(scores[np.array(inputs.columns) == n]) for n in names}
        order = sorted(names, key=lambda name: -worth[name])
        assert [names[i] for i in inputs.ranking] == order
        assert order[0] == "b"


def load_with(experiment: Experiment, changes: dict[str, Any]) -> Experiment:
    content = experiment.model_dump(mode="json", exclude_none=True)
    for dotted, value in changes.items():
        section = content
        *path, key = dotted.split(".")
        for part in path:
            section = section[part]
        section.pop(key, None)
        if value is not None:
            section[key] = value
    return Experiment.model_validate(content)


@pytest.mark.parametrize("part", ["validation", "test"])
def test_rows_that_do_not_train_rank_nothing(experiment_of: Any, part: str) -> None:
    parameters = {"n_inputs": {"type": "int", "low": 1, "high": 5}}
    before = develop(experiment_of(parameters))
    frame, trained = rows(), before.folds[0].train_rows
    seen = np.concatenate([trained, before.folds[0].validation_rows])
    spoilt = before.folds[0].validation_rows if part == "validation" else np.setdiff1d(
        np.arange(len(frame)), seen
    )  # fmt: skip
    frame.loc[spoilt, "a"] = np.where(frame.loc[spoilt, "y"] == "yes", 1e6, -1e6)
    frame.loc[spoilt, "b"] = 0.0
    after = develop(experiment_of(parameters, frame))
    np.testing.assert_array_equal(after.folds[0].train_rows, trained)
    assert after.inputs == before.inputs
    assert before.inputs[0].ranking != ()
    frame.loc[trained, "a"] = np.where(frame.loc[trained, "y"] == "yes", 1e6, -1e6)
    assert develop(experiment_of(parameters, frame)).inputs != before.inputs


def test_nothing_is_ranked_where_no_trial_asks(experiment_of: Any) -> None:
    development = develop(experiment_of({"inputs.a": choice(True, False)}))
    assert development.inputs[0].ranking == ()
    assert development.inputs[0].columns[:3] == ("a", "b", "c")


def test_network_of_a_configuration_is_one_of_the_columns_it_keeps(experiment_of: Any) -> None:
    experiment = experiment_of({"inputs.a": choice(True, False), "n_inputs": 3})
    assert problems(experiment) == []
    inputs = develop(experiment).inputs[0]
    configuration = {**SIZES, "inputs.a": False, "n_inputs": 3}
    assert network_of(experiment, configuration)[1] == SIZES
    network = initial(experiment, configuration, inputs, 1, seed=5)
    expected = subset.kept(inputs, configuration)
    assert network.state_dict()["kept"].tolist() == list(expected or ())
    alone = initial(experiment, SIZES, Inputs((len(expected or ()),)), 1, seed=5)
    inside = network.get_submodule("network").state_dict()
    assert all(torch.equal(inside[name], own) for name, own in alone.state_dict().items())
    assert isinstance(initial(experiment, SIZES, inputs, 1), nn.Module)
    assert "kept" not in initial(experiment, SIZES, inputs, 1).state_dict()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"inputs.a": choice(0, 1)}, "`inputs.a` is true or false, but got 0."),
    ({"inputs.a": choice("yes", "no")}, "is true or false, but got 'yes'."),
    ({"inputs.a": 1}, "is true or false, but got 1."),
    ({"inputs.a.b": choice(True, False)}, "a name without dots, but got 'inputs.a.b'."),
    ({"n_inputs": {"type": "int", "low": 0, "high": 3}}, "from 1, but got 0."),
    ({"n_inputs": {"type": "float", "low": 1, "high": 3}}, "a whole number of columns"),
    ({"n_inputs": choice(1, "all")}, "but got 'all'."),
    ({"n_inputs": choice(True, False)}, "but got True."),
    ({"inputs.a": choice(True, False, repeat=2)}, "is one value, and is not repeated."),
]


@pytest.mark.parametrize(("parameters", "rule"), WRONG)
def test_what_cannot_choose_inputs_is_refused_by_the_file_alone(
    experiment_of: Any, parameters: dict[str, Any], rule: str
) -> None:
    (problem,) = problems(experiment_of(parameters))
    assert rule in problem.rule
    assert problem.where == ("parameters", next(iter(parameters)))


ABSENT: list[tuple[dict[str, Any], str, str]] = [
    ({"inputs.levle": choice(True, False)}, "there is no input 'levle'", "'level'"),
    ({"inputs.y": choice(True, False)}, "there is no input 'y'", "Known: a, b"),
    ({"n_inputs": choice(2, 6)}, "at most the number of columns, 5, but got 6", "5 at most"),
]


@pytest.mark.parametrize(("parameters", "rule", "fix"), ABSENT)
def test_what_the_rows_do_not_have_is_refused_before_any_trial(
    experiment_of: Any, parameters: dict[str, Any], rule: str, fix: str
) -> None:
    experiment = experiment_of(parameters)
    assert problems(experiment) == []
    with pytest.raises(InputError, match=rule) as caught:
        develop(experiment)
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("overrides", "parameters", "rule"),
    [
        ({}, {"inputs.a": choice(True, False)}, "these rows have none"),
        ({"data.preprocess.shape": [8, 8]}, {"n_inputs": 3}, r"rows are of shape \[8, 8\]"),
        ({}, {"n_inputs": 65}, "at most the number of columns, 64"),
    ],
)
def test_rows_without_columns_have_none_to_leave(
    overrides: dict[str, Any], parameters: dict[str, Any], rule: str
) -> None:
    settings = {"data.source": "sklearn:digits", "task": "classification", **overrides}
    with pytest.raises(InputError, match=rule):
        develop(load(FLAT, {**settings, "parameters": parameters}))


def test_words_have_no_columns_to_leave(experiment_of: Any) -> None:
    frame = pd.DataFrame({"note": ["a b", "c d", "a d", "b c"] * 20, "y": ["yes", "no"] * 40})
    columns = {"data.columns": {"note": "words"}}
    experiment = experiment_of({"n_inputs": 1}, frame, **columns)
    with pytest.raises(InputError, match="rows are read word by word"):
        develop(experiment)


def test_a_network_of_the_users_own_is_built_for_what_is_kept(
    experiment_of: Any, tmp_path: Path
) -> None:
    (tmp_path / "net.py").write_text(
        "from torch import nn\n\n\n"
        "def build(inputs, n_outputs, **parameters):\n"
        "    assert set(parameters) == {'layers'}\n"
        "    return nn.Linear(inputs.n, n_outputs)\n"
    )
    chosen = {"inputs.a": choice(True, False), "n_inputs": 2}
    experiment = experiment_of(chosen, model=f"{tmp_path}/net.py:build")
    assert problems(experiment) == []
    inputs = develop(experiment).inputs[0]
    configuration = {"layers": 1, "inputs.a": False, "n_inputs": 2}
    network = initial(experiment, configuration, inputs, 1)
    n_kept = len(subset.kept(inputs, configuration) or ())
    assert network(torch.zeros(5, inputs.n)).shape == (5, 1)
    assert [p.shape[-1] for p in network.parameters() if p.ndim > 1] == [n_kept]


@pytest.mark.parametrize("name", ["n_inputs", "inputs.a"])
def test_weights_to_begin_with_know_which_inputs_they_see(name: str, tmp_path: Path) -> None:
    (tmp_path / "weights.pt").touch()
    values = {"n_inputs": 3, "inputs.a": True}
    experiment = load(
        FLAT,
        {
            "training": {"start_from": str(tmp_path / "weights.pt")},
            f"parameters.{name}": values[name],
        },
    )
    (found,) = subset.problems(experiment)
    assert found.where == ("parameters", name)
    assert "`start_from`" in found.fix
