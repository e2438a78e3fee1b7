"""The experiment as a value: its defaults, its limits, its identity and its way through JSON."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from truetune.spaces import Experiment, Float, Named, Training, load
from truetune.spaces import __file__ as spaces_init
from truetune.spaces.differences import differences
from truetune.spaces.experiment import seconds
from truetune.spaces.schedule import CONSTANT

SPACES = Path(spaces_init).parent
SMALLEST: dict[str, Any] = {
    "study": "smallest",
    "data": {"source": "sklearn:iris"},
    "task": "classification",
    "parameters": {"dropout": {"type": "float", "low": 0.0, "high": 0.5}},
}


def experiment(**sections: Any) -> Experiment:
    return Experiment.model_validate(SMALLEST | sections)


def refused_at(**sections: Any) -> list[tuple[str | int, ...]]:
    """Return the places of what is refused."""
    with pytest.raises(ValidationError) as caught:
        experiment(**sections)
    return [error["loc"] for error in caught.value.errors()]


def test_the_smallest_experiment_takes_documented_defaults() -> None:
    smallest = experiment()
    assert (smallest.data.split.validation, smallest.data.split.test) == (0.2, 0.2)
    assert (smallest.objective.metric, smallest.objective.direction) == ("validation_loss", None)
    assert (smallest.model.name, smallest.sampler.name) == ("mlp", "tpe")
    assert (smallest.pruner.name, smallest.budget.trials) == ("hyperband", 64)
    assert (smallest.resources.gpus, smallest.resources.workers) == ("auto", None)
    assert (smallest.constraints, smallest.seed) == ((), 0)


def test_training_takes_documented_defaults() -> None:
    training = Training()
    assert (training.epochs, training.batch_size, training.optimizer) == (20, 64, "adam")
    assert (training.learning_rate, training.momentum, training.weight_decay) == (1e-3, 0.0, 0.0)
    assert (training.early_stopping, training.seed) == (None, None)
    assert training.schedule == CONSTANT


@pytest.mark.parametrize("section", SMALLEST)
def test_no_other_section_can_be_left_out_than_those_with_defaults(section: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Experiment.model_validate({k: v for k, v in SMALLEST.items() if k != section})
    assert [error["loc"] for error in caught.value.errors()] == [(section,)]


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("2h", 7200),
        ("1d", 86400),
        ("1.5h", 5400),
        ("0.5s", 0.5),
        ("007s", 7),
    ],
)
def test_a_duration_is_a_number_with_a_unit(duration: str, expected: float) -> None:
    assert seconds(duration) == expected
    assert experiment(budget={"time": duration}).budget.time_s == expected


@pytest.mark.parametrize(
    "duration",
    [
        *("", "30", "m", "30 m", " 30m", "30m ", "30M", "-1s", "+1s", "1e3s", "1.s", ".5h"),
        *("0s", "0.0h", "1h30m", "1:30", "30min", "infs", "nans", "1w", "1,5h"),
    ],
)
def test_anything_else_is_no_duration(duration: str) -> None:
    with pytest.raises(ValueError, match='reads like "90s", "30m", "2h" or "1d", but got'):
        seconds(duration)
    assert refused_at(budget={"time": duration}) == [("budget", "time")]


def test_a_budget_without_a_time_has_no_limit_in_seconds() -> None:
    assert experiment().budget.time_s is None


@pytest.mark.parametrize(
    ("sections", "place"),
    [
        ({"seed": -1}, ("seed",)),
        ({"seed": 1.0}, ("seed",)),
        ({"seed": True}, ("seed",)),
        ({"seed": "1"}, ("seed",)),
        ({"task": "clustering"}, ("task",)),
        ({"study": ""}, ("study",)),
        ({"study": "x" * 201}, ("study",)),
        ({"study": "two\nlines"}, ("study",)),
        ({"study": "bell\x07"}, ("study",)),
        ({"study": 7}, ("study",)),
        ({"parameters": {}}, ("parameters",)),
        ({"constraints": "dropout > 0.1"}, ("constraints",)),
        ({"constraints": [1]}, ("constraints", 0)),
        ({"constraints": [""]}, ("constraints", 0)),
        ({"constraints": ["x" * 501]}, ("constraints", 0)),
        ({"constraints": ["dropout < 1"] * 101}, ("constraints",)),
        ({"parameters": {f"p{i}": i for i in range(1001)}}, ("parameters",)),
        ({"unknown": 1}, ("unknown",)),
        ({"objective": {"direction": "up"}}, ("objective", "direction")),
        ({"budget": {"trials": 0}}, ("budget", "trials")),
        ({"budget": {"trials": 2.5}}, ("budget", "trials")),
        ({"budget": {"time": 30}}, ("budget", "time")),
        ({"resources": {"cpus": 0}}, ("resources", "cpus")),
        ({"resources": {"workers": 0}}, ("resources", "workers")),
        ({"training": {"epochs": 0}}, ("training", "epochs")),
        ({"training": {"batch_size": 0}}, ("training", "batch_size")),
        ({"training": {"optimizer": "lion"}}, ("training", "optimizer")),
        ({"training": {"learning_rate": 0}}, ("training", "learning_rate")),
        ({"training": {"learning_rate": float("inf")}}, ("training", "learning_rate")),
        ({"training": {"momentum": 1}}, ("training", "momentum")),
        ({"training": {"weight_decay": -1}}, ("training", "weight_decay")),
        (
            {"training": {"early_stopping": {"patience": 0}}},
            ("training", "early_stopping", "patience"),
        ),
        ({"training": {"seed": -1}}, ("training", "seed")),
    ],
)
def test_a_value_out_of_bounds_is_refused_where_it_stands(
    sections: dict[str, Any], place: tuple[str, ...]
) -> None:
    assert refused_at(**sections) == [place]


@pytest.mark.parametrize(
    "split",
    [
        {"validation": 0.0},
        {"validation": 1.0},
        {"test": 0},
        {"test": 1},
        {"validation": -0.1},
        {"test": float("nan")},
        {"seed": -1},
        {"stratify": 1},
    ],
)
def test_a_share_lies_strictly_between_nothing_and_everything(split: dict[str, Any]) -> None:
    data = {"source": "sklearn:iris", "split": split}
    assert refused_at(data=data) == [("data", "split", *split)]


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.9, 0.2), (0.2, 0.8)])
def test_the_split_must_leave_rows_to_train_on(shares: tuple[float, float]) -> None:
    split = {"validation": shares[0], "test": shares[1]}
    with pytest.raises(ValidationError, match=r"`validation \+ test < 1` must hold"):
        experiment(data={"source": "sklearn:iris", "split": split})


def with_data(**said: Any) -> Experiment:
    return experiment(data={"source": "rows.csv", **said})


def test_data_take_documented_defaults() -> None:
    data = experiment().data
    assert (data.query, data.target, data.test) == (None, None, None)
    assert (data.columns, data.allow, data.preprocess.size) == ({}, (), None)
    split = data.split
    assert (split.groups, split.time, split.embargo, split.folds) == (None, None, None, None)


@pytest.mark.parametrize(("time", "by"), [("day", "day"), ("none", None), (None, None)])
def test_time_may_be_said_to_mean_nothing(time: str | None, by: str | None) -> None:
    assert with_data(split={"time": time}).data.split.by_time == by


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"split": {"folds": 5, "validation": 0.3}}, "`folds` take the place of `validation`"),
        ({"split": {"time": "day", "groups": "owner"}}, "by `groups` or by `time`, but got both"),
        ({"split": {"time": "day", "stratify": True}}, "time decides where a row goes"),
        ({"split": {"embargo": "7d"}}, "between parts of a split by time: add `time:`"),
        ({"split": {"time": "none", "embargo": 7}}, "between parts of a split by time"),
        ({"split": {"groups": "owner", "embargo": 7}}, "between parts of a split by time"),
        ({"test": "b.csv", "split": {"test": 0.3}}, "names the test rows, and `split: {test:}`"),
        ({"split": {"folds": 5, "test": 1.0}}, "less than 1"),
    ],
)
def test_what_contradicts_itself_in_a_split_is_refused(said: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(rule)):
        with_data(**said)


@pytest.mark.parametrize(
    "said",
    [
        {"split": {"folds": 5, "test": 0.9}},
        {"split": {"folds": 20, "groups": "owner", "stratify": True}},
        {"split": {"folds": 2, "time": "day", "embargo": "12h"}},
        {"split": {"time": "week", "embargo": 2}},
        {"split": {"time": "none", "groups": "owner", "stratify": False}},
        {"split": {"time": "day", "stratify": False}},
        {"test": "b.csv", "split": {"validation": 0.5}},
        {"columns": {"a": "drop", "b": "text"}, "allow": ["a", "b"], "query": "SELECT 1"},
    ],
)
def test_what_goes_together_survives_json(said: dict[str, Any]) -> None:
    original = with_data(**said)
    assert Experiment.model_validate_json(original.model_dump_json()) == original
    assert Experiment.model_validate(original.model_dump(mode="json")) == original


@pytest.mark.parametrize(
    ("embargo", "expected"), [("7d", "7d"), ("1.5h", "1.5h"), (3, 3.0), (0.5, 0.5)]
)
def test_an_embargo_is_a_duration_or_a_number(embargo: Any, expected: Any) -> None:
    found = with_data(split={"time": "t", "embargo": embargo}).data.split.embargo
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    "embargo", ["soon", "7", "", 0, -1, True, False, [7], float("inf"), float("nan"), "0d"]
)
def test_anything_else_is_no_embargo(embargo: Any) -> None:
    with pytest.raises(ValidationError, match=r"embargo is a duration|duration reads like"):
        with_data(split={"time": "t", "embargo": embargo})


@pytest.mark.parametrize(
    "said",
    [
        {"source": ""},
        {"query": ""},
        {"target": ""},
        {"test": ""},
        {"columns": {"": "drop"}},
        {"columns": {"a": "nubmer"}},
        {"columns": {"a": None}},
        {"columns": ["a"]},
        {"allow": [""]},
        {"allow": "a"},
        {"split": {"groups": ""}},
        {"split": {"time": ""}},
        {"split": {"folds": 1}},
        {"split": {"folds": 21}},
        {"split": {"folds": 2.5}},
        {"preprocess": {"size": 0}},
        {"preprocess": {"size": 4097}},
    ],
)
def test_a_value_that_says_nothing_of_data_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        with_data(**said)
    (error,) = caught.value.errors()
    assert error["loc"][:2] == ("data", *said)


@pytest.mark.parametrize("gpus", ["auto", 0, 1, 0.5, 8.0])
def test_gpus_are_automatic_or_a_number(gpus: Any) -> None:
    assert experiment(resources={"gpus": gpus}).resources.gpus == gpus


@pytest.mark.parametrize(
    "gpus", ["all", "1", -1, -0.5, True, None, float("nan"), float("inf"), [1]]
)
def test_anything_else_is_no_number_of_gpus(gpus: Any) -> None:
    with pytest.raises(ValidationError, match='`gpus` is "auto" or a number from 0'):
        experiment(resources={"gpus": gpus})


@pytest.mark.parametrize("name", ["x", "_", "learning_rate", "layer1", "block.width", "A.b_2.c"])
def test_a_parameter_may_be_called_by_a_dotted_name(name: str) -> None:
    assert experiment(parameters={name: 1}).parameters == {name: 1}


@pytest.mark.parametrize(
    "name", ["", "1x", "a b", "a-b", "a.", ".a", "a..b", "a.1", "größe", "x\n", "a/b", "[key]"]
)
def test_a_parameter_cannot_be_called_anything_else(name: str) -> None:
    assert refused_at(parameters={name: 1}) == [("parameters", name, "[key]")]


@pytest.mark.parametrize("study", ["a", "x" * 200, "größe", "two words", "50% / day?", "🙂"])
def test_a_study_may_have_any_printable_name(study: str) -> None:
    assert experiment(study=study).study == study


@pytest.mark.parametrize("section", ["model", "sampler", "pruner"])
def test_a_name_alone_is_short_for_a_mapping_with_that_name(section: str) -> None:
    short, long = experiment(**{section: "x"}), experiment(**{section: {"name": "x"}})
    assert short == long
    assert short.model_dump(mode="json")[section] == "x"


@pytest.mark.parametrize("section", ["model", "sampler", "pruner"])
def test_a_name_may_come_with_options_of_its_own(section: str) -> None:
    named = getattr(experiment(**{section: {"name": "x", "n": 3, "deep": {"a": [1]}}}), section)
    assert (named.name, named.options) == ("x", {"n": 3, "deep": {"a": [1]}})


def test_a_named_thing_without_options_has_none() -> None:
    assert Named(name="tpe").options == {}


def test_changing_the_options_handed_out_changes_nothing() -> None:
    sampler = Named.model_validate({"name": "tpe", "n": 3})
    sampler.options["n"] = 4
    assert sampler.options == {"n": 3}


@pytest.mark.parametrize("value", [None, 3, True, ["tpe"]])
def test_anything_but_a_name_or_a_mapping_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError, match="this is a name, or a mapping with `name:`"):
        experiment(sampler=value)


@pytest.mark.parametrize("value", [{}, {"n": 3}, {"name": 3}, {"name": None}])
def test_a_mapping_needs_a_name_that_is_text(value: Any) -> None:
    assert refused_at(sampler=value) == [("sampler", "name")]


@pytest.mark.parametrize(
    ("part", "attribute"),
    [
        ("", "seed"),
        ("data", "source"),
        ("data.split", "test"),
        ("data.preprocess", "scale"),
        ("objective", "metric"),
        ("model", "name"),
        ("training", "epochs"),
        ("training.early_stopping", "patience"),
        ("sampler", "name"),
        ("budget", "trials"),
        ("resources", "cpus"),
    ],
)
def test_every_part_is_frozen(part: str, attribute: str) -> None:
    section: Any = load(SPACES / "mlp.yaml")
    for name in filter(None, part.split(".")):
        section = getattr(section, name)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(section, attribute, getattr(section, attribute))


VARIATIONS: list[dict[str, Any]] = [
    {},
    {"model": {"name": "m", "widths": [1, 2], "deep": {"a": None}}},
    {"sampler": {"name": "tpe", "n_ei_candidates": 48}, "pruner": "none"},
    {"parameters": {"a": None, "b": True, "c": 3, "d": 0.5, "e": "text"}},
    {"parameters": {"a": {"type": "categorical", "choices": [1, "1", None], "default": "1"}}},
    {"parameters": {"a": {"type": "int", "low": 0, "high": 8, "step": 4, "default": 8}}},
    {"parameters": {"z.y": {"type": "float", "low": 1e-9, "high": 1e9, "log": True}, "a": 1}},
    {"resources": {"cpus": 2, "gpus": 0.5, "workers": 3}, "budget": {"time": "1.5h"}},
    {"training": {"early_stopping": {"patience": 3}, "seed": 7, "optimizer": "sgd"}},
    {"constraints": [], "objective": {"metric": "accuracy", "direction": "maximize"}},
    {"card": {"purpose": "A test.", "human_level": 0.02, "published": []}},
    {"card": {"published": [{"value": 0.1, "source": "https://example.org"}]}},
    {"constraints": ["dropout > 0.1", "dropout < 0.4 or dropout > 0.45"]},
    {"parameters": {"a": {"type": "categorical", "choices": [1, None], "default": None}}},
    {"parameters": {"a": {"type": "categorical", "choices": [1, None, "x"]}}},
    {"parameters": {"a": {"type": "categorical", "choices": ["s", "m", "l"], "ordered": True}}},
    {"parameters": {"a": [1, 2, 3], "b": [None], "c": [True, "x", 0.5]}},
    {"parameters": {"a": {"expression": 3}, "b": {"expression": True}, "c": {"expression": "a"}}},
    {
        "parameters": {
            "n": {"type": "int", "low": 1, "high": 3},
            "switch": {"type": "categorical", "choices": [True, False]},
            "rate": {"type": "float", "low": 0.0, "high": 0.3, "step": 0.1, "when": "switch"},
            "units": {"type": "int", "low": 4, "high": 64, "log": True, "repeat": "n"},
            "mixed": {"type": "float", "low": 0, "high": 1, "repeat": 2, "default": [0.1, 0.2]},
            "kinds": {
                "type": "categorical",
                "choices": ["a", None],
                "repeat": "n",
                "when": "n > 1",
                "default": ["a", None],
            },
            "doubled": {"expression": "2 * units[i]", "repeat": "n"},
            "sum": {"expression": "sum(units) + n", "when": "switch and n > 1"},
        },
        "constraints": ["units[i] <= 2 * units[0]", "sum(units) < 200"],
    },
    {
        "parameters": {
            "model": {"type": "categorical", "choices": ["mlp", "linear"]},
            "mlp.layers": {"type": "int", "low": 1, "high": 3},
            "mlp.hidden_units": {"type": "int", "low": 4, "high": 64, "repeat": "layers"},
            "linear.bias": {"type": "categorical", "choices": [True, False]},
        },
        "constraints": ["mlp.layers < 3 or mlp.hidden_units[0] > 8"],
    },
]


@pytest.mark.parametrize("sections", VARIATIONS)
def test_an_experiment_survives_plain_data(sections: dict[str, Any]) -> None:
    original = experiment(**sections)
    copy = Experiment.model_validate(original.model_dump(mode="json"))
    assert copy == original
    assert list(copy.parameters) == list(original.parameters)


@pytest.mark.parametrize("sections", VARIATIONS)
def test_an_experiment_survives_json(sections: dict[str, Any]) -> None:
    original = experiment(**sections)
    assert Experiment.model_validate_json(original.model_dump_json()) == original


@pytest.mark.parametrize("sections", VARIATIONS)
def test_a_copy_by_way_of_json_draws_the_same_configurations(sections: dict[str, Any]) -> None:
    original = experiment(**sections)
    copy = Experiment.model_validate_json(original.model_dump_json())
    assert copy.space.default() == original.space.default()
    first, second = Random(0), Random(0)
    assert copy.space.draw(first) == original.space.draw(second)
    assert copy.identity() == original.identity()


@pytest.mark.parametrize("name", sorted(path.name for path in SPACES.glob("*.yaml")))
def test_a_shipped_space_survives_json(name: str) -> None:
    original = load(SPACES / name)
    assert Experiment.model_validate_json(original.model_dump_json()) == original
    assert Experiment.model_validate(original.model_dump(mode="json")) == original


def test_a_fixed_value_keeps_its_type_through_json() -> None:
    original = experiment(parameters={"a": 1, "b": 1.0, "c": True, "d": "1"})
    copy = Experiment.model_validate_json(original.model_dump_json())
    assert [type(value) for value in copy.parameters.values()] == [int, float, bool, str]


@pytest.mark.parametrize(
    "sections",
    [
        {"study": "another"},
        {"sampler": "random"},
        {"sampler": {"name": "tpe", "n_ei_candidates": 48}},
        {"pruner": "median"},
        {"budget": {"trials": 1, "time": "1h"}},
        {"resources": {"cpus": 4, "gpus": 0, "workers": 2}},
    ],
)
def test_how_a_study_is_searched_is_no_part_of_its_identity(sections: dict[str, Any]) -> None:
    assert experiment(**sections) != experiment()
    assert experiment(**sections).identity() == experiment().identity()


@pytest.mark.parametrize(
    "sections",
    [
        {"data": {"source": "sklearn:wine"}},
        {"data": {"source": "sklearn:iris", "split": {"seed": 1}}},
        {"data": {"source": "sklearn:iris", "preprocess": {"scale": "none"}}},
        {"task": "regression"},
        {"objective": {"metric": "validation_accuracy"}},
        {"objective": {"direction": "maximize"}},
        {"model": {"name": "mlp", "width": 3}},
        {"training": {"epochs": 21}},
        {"parameters": {"dropout": {"type": "float", "low": 0.0, "high": 0.4}}},
        {"parameters": {"dropout": 0.5}},
        {"parameters": SMALLEST["parameters"] | {"more": 1}},
        {"parameters": {"dropout": SMALLEST["parameters"]["dropout"] | {"when": "true"}}},
        {"parameters": {"dropout": SMALLEST["parameters"]["dropout"] | {"repeat": 2}}},
        {"constraints": ["dropout < 0.4"]},
        {"seed": 1},
    ],
)
def test_what_defines_a_study_is_part_of_its_identity(sections: dict[str, Any]) -> None:
    assert experiment(**sections).identity() != experiment().identity()


FULL: dict[str, Any] = {
    "source": "/a/rows.csv",
    "target": "y",
    "test": "/a/test.csv",
    "columns": {"x": "drop"},
    "split": {"time": "day", "embargo": "1d"},
}


@pytest.mark.parametrize(
    "said",
    [
        {"source": "/b/rows.csv"},
        {"test": "/b/c/test.csv"},
        {"allow": ["x"]},
        {"allow": ["x", "y"]},
    ],
)
def test_where_files_lie_and_what_is_allowed_are_no_part_of_the_identity(
    said: dict[str, Any],
) -> None:
    assert with_data(**FULL | said).identity() == with_data(**FULL).identity()


def test_where_targets_of_a_numpy_file_lie_is_no_part_of_the_identity() -> None:
    here, there = ({"source": f"/{x}/x.npy", "target": f"/{x}/y.npy"} for x in "ab")
    assert with_data(**here).identity() == with_data(**there).identity()
    other = with_data(**{**here, "target": "/a/z.npy"})
    assert other.identity() != with_data(**here).identity()


@pytest.mark.parametrize(
    "said",
    [
        {"source": "/a/others.csv"},
        {"target": "z"},
        {"test": "/a/other.csv"},
        {"query": "SELECT 1"},
        {"columns": {"x": "text"}},
        {"columns": {}},
        {"split": {"time": "day"}},
        {"split": {"groups": "owner"}},
        {"split": {"time": "day", "embargo": "1d", "folds": 3}},
        {"preprocess": {"size": 8}},
    ],
)
def test_how_data_are_read_and_split_is_part_of_the_identity(said: dict[str, Any]) -> None:
    was, is_now = with_data(**FULL).identity(), with_data(**FULL | said).identity()
    assert differences(was, is_now) != []


def test_a_study_that_is_older_than_a_key_is_continued() -> None:
    identity = experiment().identity()
    old = {**identity, "data": dict(identity["data"])}
    for key in ("query", "test", "columns"):
        del old["data"][key]
    old["data"]["split"] = {"validation": 0.2, "test": 0.2, "stratify": None, "seed": 0}
    old["data"]["preprocess"] = {"scale": "standard"}
    assert old != identity
    assert differences(old, identity) == []
    renewed = with_data(columns={"x": "drop"}, split={"folds": 3}).identity()
    assert [line.split(":")[0] for line in differences(old, renewed)] == [
        *("data.source", "data.split.folds", "data.columns"),
    ]


def test_an_identity_names_what_defines_a_study_and_nothing_else() -> None:
    assert list(experiment().identity()) == [
        *("data", "task", "objective", "model", "training", "parameters", "constraints", "seed"),
    ]


def test_spelling_out_the_defaults_keeps_the_identity() -> None:
    spelled = experiment(
        data={"source": "sklearn:iris", "split": {"validation": 0.2}, "target": None},
        training={"epochs": 20},
        model={"name": "mlp"},
        constraints=[],
    )
    assert spelled.identity() == experiment().identity()


def test_parameters_are_checked_against_each_other() -> None:
    parameters = SMALLEST["parameters"] | {"a": {"expression": "dropuot * 2"}}
    with pytest.raises(ValidationError, match="there is no parameter 'dropuot'"):
        experiment(parameters=parameters)
    with pytest.raises(ValidationError, match=r"does not meet `dropout > 0\.4`"):
        experiment(constraints=["dropout > 0.4"])


def test_the_space_of_an_experiment_is_built_once() -> None:
    built = experiment(constraints=["dropout < 0.4"])
    assert built.space is built.space
    assert built.space.default() == {"dropout": 0.25}
    assert built.space.broken({"dropout": 0.5}) == ["dropout < 0.4"]


def test_using_the_space_of_an_experiment_leaves_the_experiment_as_it_was() -> None:
    used, fresh = experiment(), experiment()
    assert used.space.default() == {"dropout": 0.25}
    assert used == fresh
    assert used.model_dump() == fresh.model_dump()


def test_an_experiment_may_be_built_from_its_parts() -> None:
    dropout = Float(type="float", low=0.0, high=0.5)
    assert experiment(parameters={"dropout": dropout}, training=Training()) == experiment()


def test_a_model_that_varies_is_named_among_the_parameters_only() -> None:
    choice = {"type": "categorical", "choices": ["mlp", "linear"]}
    identity = experiment(parameters={"model": choice}).identity()
    assert "model" not in identity
    assert identity["parameters"]["model"] == choice
