"""From a file to an experiment: every mistake at once, each at its place with its way out."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Any

import pytest

import truetune
from truetune.errors import InputError
from truetune.spaces import (
    Categorical,
    Float,
    MistakesError,
    Problem,
    load,
    load_with_document,
    raise_problems,
)
from truetune.spaces import __file__ as spaces_init

MLP = Path(spaces_init).with_name("mlp.yaml")
BASE = """\
data: {source: sklearn:iris}
task: classification
parameters:
  rate: {type: float, low: 0.1, high: 0.9}
"""


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "space.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def mistakes_in(path: Path, overrides: dict[str, Any] | None = None) -> list[tuple[str, str, str]]:
    """Return line:column, rule and fix of every mistake."""
    with pytest.raises(MistakesError) as caught:
        load(path, overrides)
    return [(m.where.removeprefix(f"{path}:"), m.rule, m.fix) for m in caught.value.mistakes]


def test_the_shipped_space_is_read_whole() -> None:
    experiment = load(MLP)
    assert (experiment.study, experiment.task, experiment.seed) == (
        "digits-mlp",
        "classification",
        0,
    )
    assert (experiment.budget.trials, experiment.budget.time_s) == (64, 1800)
    assert experiment.training.early_stopping is not None
    assert experiment.training.early_stopping.patience == 5


def test_parameters_keep_the_order_of_the_file() -> None:
    names = ["learning_rate", "batch_size", "layers", "hidden_units", "dropout"]
    assert list(load(MLP).parameters) == [*names, "optimizer", "momentum"]


def test_the_package_offers_load_too() -> None:
    assert truetune.load(str(MLP)) == load(MLP)


def test_a_loaded_experiment_comes_with_its_document() -> None:
    loaded = load_with_document(MLP)
    assert loaded.experiment == load(MLP)
    line = MLP.read_text(encoding="utf-8").splitlines().index("seed: 0") + 1
    assert str(loaded.document.place(("seed",))) == f"{MLP}:{line}:1"


def test_what_is_loaded_is_frozen() -> None:
    loaded = load_with_document(MLP)
    with pytest.raises(dataclasses.FrozenInstanceError):
        loaded.experiment = loaded.experiment  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        Problem(("seed",), "is wrong.").rule = "is right."  # type: ignore[misc]


@pytest.mark.parametrize("line", ["", "study: null\n", "study:\n"])
def test_a_study_without_a_name_is_called_after_its_file(tmp_path: Path, line: str) -> None:
    path = tmp_path / "my.best model.yaml"
    path.write_text(line + BASE)
    assert load(path).study == "my.best model"


@pytest.mark.parametrize(
    "section",
    [
        "seed",
        "model",
        "training",
        "objective",
        "budget",
        "sampler",
        "pruner",
        "constraints",
        "card",
    ],
)
@pytest.mark.parametrize("nothing", ["", " null", " ~", "  # nothing yet"])
def test_a_section_with_nothing_behind_its_key_says_nothing(
    tmp_path: Path, section: str, nothing: str
) -> None:
    plain = load(write(tmp_path, BASE))
    assert load(write(tmp_path, f"{BASE}{section}:{nothing}\n")) == plain
    assert load(write(tmp_path, BASE), {section: None}) == plain


def test_what_must_be_said_is_asked_for_though_its_key_is_there(tmp_path: Path) -> None:
    assert mistakes_in(write(tmp_path, "data:\ntask:\nparameters:\n")) == [
        ("1:1", "the key 'data' is missing.", "Add `data:`."),
        ("1:1", "the key 'task' is missing.", "Add `task:`."),
        ("1:1", "the key 'parameters' is missing.", "Add `parameters:`."),
    ]


def test_a_key_nobody_knows_is_refused_even_with_nothing_behind_it(tmp_path: Path) -> None:
    ((where, rule, _),) = mistakes_in(write(tmp_path, BASE + "sede:\n"))
    assert (where, rule) == ("5:1", "there is no key 'sede' here.")


def test_a_written_name_comes_before_that_of_the_file(tmp_path: Path) -> None:
    assert load(write(tmp_path, "study: written\n" + BASE)).study == "written"


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    plain = load(write(tmp_path, BASE))
    windows = b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode()
    assert load(write(tmp_path, windows)) == plain


def test_numbers_in_scientific_notation_are_numbers() -> None:
    rate = load(MLP).parameters["learning_rate"]
    assert isinstance(rate, Float)
    assert (rate.low, rate.high) == (0.0001, 0.1)


def test_a_former_boolean_among_the_choices_is_text(tmp_path: Path) -> None:
    text = BASE + "  switch: {type: categorical, choices: [on, no, true]}\n"
    switch = load(write(tmp_path, text)).parameters["switch"]
    assert isinstance(switch, Categorical)
    assert switch.choices == ("on", "no", True)


def test_fixed_values_stand_beside_ranges(tmp_path: Path) -> None:
    text = BASE + "  a: 3\n  b: text\n  c: null\n  d: 010\n"
    parameters = load(write(tmp_path, text)).parameters
    assert [parameters[name] for name in "abcd"] == [3, "text", None, 10]


@pytest.mark.parametrize(
    ("line", "where", "rule", "fix"),
    [
        ("sede: 1", "5:1", "there is no key 'sede' here.", "Did you mean 'seed'?"),
        ("parameter: 1", "5:1", "there is no key 'parameter' here.", "Did you mean 'parameters'?"),
        (
            "training: {learning_rat: 0.1}",
            "5:12",
            "there is no key 'learning_rat' here.",
            "Did you mean 'learning_rate'?",
        ),
        (
            "budget: {trails: 3}",
            "5:10",
            "there is no key 'trails' here.",
            "Did you mean 'trials'?",
        ),
        (
            "resources: {cpsu: 3}",
            "5:13",
            "there is no key 'cpsu' here.",
            "Did you mean 'cpus'?",
        ),
        (
            "training:\n  early_stopping: {patience: 1, patiense: 2}",
            "6:33",
            "there is no key 'patiense' here.",
            "Did you mean 'patience'?",
        ),
        (
            "objective: {x: 1}",
            "5:13",
            "there is no key 'x' here.",
            "Known: direction, function, metric.",
        ),
        (
            "  b: {type: int, low: 1, high: 2, stepp: 1}",
            "5:35",
            "there is no key 'stepp' here.",
            "Did you mean 'step'?",
        ),
        (
            "  b: {type: flaot, low: 1, high: 2}",
            "5:7",
            "`type:` is one of float, int, categorical, but got 'flaot'.",
            "Did you mean 'float'?",
        ),
        (
            "  b: {low: 1, type: 3}",
            "5:15",
            "`type:` is one of float, int, categorical, but got 3.",
            "Known: categorical, float, int.",
        ),
        (
            "  b: {low: 1, high: 2}",
            "5:3",
            "a parameter that varies has a `type:`, but there is none here.",
            "Add `type: int`.",
        ),
        (
            "  b: {low: 1.0, high: 2}",
            "5:3",
            "a parameter that varies has a `type:`, but there is none here.",
            "Add `type: float`.",
        ),
        (
            "  b: {choices: [1, 2]}",
            "5:3",
            "a parameter that varies has a `type:`, but there is none here.",
            "Add `type: categorical`.",
        ),
        (
            "  b: {type: int, low: 1}",
            "5:3",
            "the key 'parameters.b.high' is missing.",
            "Add `high:`.",
        ),
        ("sampler: {n: 3}", "5:1", "the key 'sampler.name' is missing.", "Add `name:`."),
        (
            "  b-c: 1",
            "5:3",
            "`parameters.b-c` has characters that a name cannot have.",
            "Use letters, digits and _; dots between the parts.",
        ),
        (
            "constraints:\n  - rate < 0.8\n  - rat < 0.8",
            "7:5",
            "there is no parameter 'rat'.",
            "Did you mean 'rate'?",
        ),
        (
            "  b: {type: int, low: 1, high: 2, when: rate = 1}",
            "5:35",
            "`rate = 1` is not an expression.",
            "Write `==` to compare.",
        ),
        ("constraints: 3", "5:1", "`constraints` is a list, but got 3.", "Write `[3]`."),
        (
            "  b: {repeat: 2, expression: rate + raet}",
            "5:18",
            "there is no parameter 'raet'.",
            "Did you mean 'rate'?",
        ),
        (
            "seed: 1\nseed: 2",
            "6:1",
            "the key 'seed' stands here a second time, first in line 5.",
            "Keep one of the two.",
        ),
    ],
)
def test_a_mistake_comes_with_its_place_rule_and_fix(
    tmp_path: Path, line: str, where: str, rule: str, fix: str
) -> None:
    assert mistakes_in(write(tmp_path, BASE + line)) == [(where, rule, fix)]


@pytest.mark.parametrize(
    ("line", "where", "rule"),
    [
        ("seed: 1.5", "5:1", "`seed`: input should be a valid integer, but got 1.5."),
        ("seed: -1", "5:1", "`seed`: input should be greater than or equal to 0, but got -1."),
        (
            "training: {epochs: null}",
            "5:12",
            "`training.epochs`: input should be a valid integer, but got None.",
        ),
        ("study: 7", "5:1", "`study`: input should be a valid string, but got 7."),
        (
            "training: {optimizer: lion}",
            "5:12",
            "`training.optimizer`: input should be 'adam', 'sgd', 'adamw' or 'rmsprop', but got "
            "'lion'.",
        ),
        (
            "budget:\n  trials: many",
            "6:3",
            "`budget.trials`: input should be a valid integer, but got 'many'.",
        ),
        (
            "budget: {time: 30x}",
            "5:10",
            'a duration reads like "90s", "30m", "2h" or "1d", but got "30x".',
        ),
        (
            "resources: {gpus: all}",
            "5:13",
            "`gpus` is \"auto\" or a number from 0, such as 1 or 0.5, but got 'all'.",
        ),
        (
            "model: 3",
            "5:1",
            "this is a name, or a mapping with `name:` and options, but got 3.",
        ),
        (
            "  b: {type: int, low: 3, high: 2}",
            "5:3",
            "`low <= high` must hold, but got low: 3, high: 2.",
        ),
        (
            "  b: {type: float, low: 0, high: 2, log: true}",
            "5:3",
            "`low > 0` must hold where `log: true`, but got low: 0.0.",
        ),
        (
            "  b: {type: float, low: .nan, high: 2}",
            "5:20",
            "`parameters.b.low`: input should be a finite number, but got nan.",
        ),
        (
            "  b: {type: categorical, choices: [1, 2, .inf]}",
            "5:42",
            "a value is text, a finite number, true, false or null, but got inf.",
        ),
        (
            "  b: {type: categorical, choices: [1, true]}",
            "5:3",
            "`choices` must differ, but got True twice.",
        ),
        (
            "  b: [1, [2]]",
            "5:3",
            "a value is text, a finite number, true, false or null, but got [2].",
        ),
        ("budget: [3]", "5:1", "`budget` is a mapping of keys to values, but got [3]."),
    ],
)
def test_a_wrong_value_is_shown_with_the_rule_it_breaks(
    tmp_path: Path, line: str, where: str, rule: str
) -> None:
    assert mistakes_in(write(tmp_path, BASE + line)) == [(where, rule, "")]


def test_a_long_value_is_shown_in_short(tmp_path: Path) -> None:
    ((_, rule, _),) = mistakes_in(write(tmp_path, BASE + f"seed: {'x' * 500}"))
    assert rule == f"`seed`: input should be a valid integer, but got '{'x' * 56}...."


@pytest.mark.parametrize(
    ("line", "word", "ours"),
    [
        ("  b: {type: int, low: 1, high: 2, min: 1}", "min", "low"),
        ("  b: {type: int, low: 1, high: 2, minval: 1}", "minval", "low"),
        ("  b: {type: int, low: 1, high: 2, lower: 1}", "lower", "low"),
        ("  b: {type: int, low: 1, high: 2, max: 2}", "max", "high"),
        ("  b: {type: int, low: 1, high: 2, maxval: 2}", "maxval", "high"),
        ("  b: {type: int, low: 1, high: 2, upper: 2}", "upper", "high"),
        ("  b: {type: int, low: 1, high: 2, distribution: u}", "distribution", "type"),
        ("  b: {type: categorical, choices: [1], values: [1]}", "values", "choices"),
        ("objective: {goal: minimize}", "goal", "direction"),
        ("objective: {mode: min}", "mode", "direction"),
        ("method: bayes", "method", "sampler"),
        ("search_alg: tpe", "search_alg", "sampler"),
        ("scheduler: asha", "scheduler", "pruner"),
        ("early_terminate: {}", "early_terminate", "pruner"),
        ("hyperparameters: {}", "hyperparameters", "parameters"),
        ("num_samples: 3", "num_samples", "budget: {trials: ...}"),
        ("n_trials: 3", "n_trials", "budget: {trials: ...}"),
        ("maxTrialCount: 3", "maxTrialCount", "budget: {trials: ...}"),
        ("timeout: 3", "timeout", "budget: {time: ...}"),
    ],
)
def test_a_word_of_a_neighbouring_tool_gets_ours(
    tmp_path: Path, line: str, word: str, ours: str
) -> None:
    ((_, rule, fix),) = mistakes_in(write(tmp_path, BASE + line))
    assert (rule, fix) == (f"there is no key '{word}' here.", f"Write `{ours}` instead.")


def test_a_range_in_another_tools_words_is_explained_word_by_word(tmp_path: Path) -> None:
    mistakes = mistakes_in(write(tmp_path, BASE + "  b: {type: int, min: 1, max: 2}\n"))
    assert [(where, fix) for where, _, fix in mistakes] == [
        ("5:3", "Add `low:`."),
        ("5:3", "Add `high:`."),
        ("5:18", "Write `low` instead."),
        ("5:26", "Write `high` instead."),
    ]


WRONG = """\
seed: -1
budget: {time: soon, trials: 0}
parameters:
  b: {type: int, low: 2, high: 1}
  c: {type: flaot}
seed: 2
task: guess
sampler: 3
"""


def test_all_mistakes_are_reported_at_once_from_the_top_down(tmp_path: Path) -> None:
    places = [where for where, _, _ in mistakes_in(write(tmp_path, WRONG))]
    assert places == ["1:1", "1:1", "2:10", "2:22", "4:3", "5:7", "6:1", "7:1", "8:1"]


def test_parameters_are_checked_against_each_other_though_one_is_wrong(tmp_path: Path) -> None:
    text = (
        BASE + "  b: {type: flaot}\n  c: {type: int, low: 1, high: 2, when: b > 1 and rat > 0.5}\n"
    )
    assert [(where, fix) for where, _, fix in mistakes_in(write(tmp_path, text))] == [
        ("5:7", "Did you mean 'float'?"),
        ("6:35", "Did you mean 'rate'?"),
    ]


def test_a_parameter_that_is_wrong_is_still_one_to_speak_of(tmp_path: Path) -> None:
    text = BASE + "  b: {type: flaot}\n  c: {expression: 2 * b}\nconstraints: [b < 3]\n"
    assert [where for where, _, _ in mistakes_in(write(tmp_path, text))] == ["5:7"]


def test_the_report_lists_every_mistake_under_their_count(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(write(tmp_path, WRONG))
    first, *others = caught.value.cause.splitlines()
    assert (first, len(others)) == ("9 mistakes:", 9)
    assert all(line.startswith(f"{tmp_path / 'space.yaml'}:") for line in others)


def test_a_missing_section_is_asked_for_at_the_top(tmp_path: Path) -> None:
    assert mistakes_in(write(tmp_path, "\n# only a seed\nseed: 1\n")) == [
        ("3:1", "the key 'data' is missing.", "Add `data:`."),
        ("3:1", "the key 'task' is missing.", "Add `task:`."),
        ("3:1", "the key 'parameters' is missing.", "Add `parameters:`."),
    ]


def test_a_repeated_key_is_reported_even_if_the_rest_is_sound(tmp_path: Path) -> None:
    text = BASE + "  rate: 1\n  rate: 2\ntask: binary\n"
    assert [where for where, _, _ in mistakes_in(write(tmp_path, text))] == ["5:3", "6:3", "7:1"]


def test_a_merge_key_is_unknown(tmp_path: Path) -> None:
    ((where, rule, _),) = mistakes_in(write(tmp_path, BASE + "<<: {seed: 1}\n"))
    assert (where, rule) == ("5:1", "there is no key '<<' here.")


def test_a_tag_is_refused_where_it_stands(tmp_path: Path) -> None:
    text = BASE + "model: {name: mlp, width: !!python/object/apply:os.system [ls]}\n"
    ((where, rule, _),) = mistakes_in(write(tmp_path, text))
    assert where == "5:20"
    assert "python/object/apply:os.system" in rule


def test_an_override_replaces_a_value_of_the_file() -> None:
    experiment = load(MLP, {"budget.trials": 3, "parameters.dropout": 0.1})
    assert (experiment.budget.trials, experiment.budget.time) == (3, "30m")
    assert experiment.parameters["dropout"] == 0.1
    assert list(experiment.parameters) == list(load(MLP).parameters)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seed", 7),
        ("study", "another"),
        ("data.split.test", 0.3),
        ("training.early_stopping", None),
        ("training.early_stopping.patience", 9),
        ("resources.workers", 2),
    ],
)
def test_an_override_changes_its_key_and_nothing_else(key: str, value: Any) -> None:
    expected = part = load(MLP).model_dump(mode="json")
    *sections, last = key.split(".")
    for section in sections:
        part = part[section]
    part[last] = value
    assert load(MLP, {key: value}).model_dump(mode="json") == expected


def test_an_override_reaches_into_a_name_written_short() -> None:
    overrides = {"sampler.name": "random", "sampler.seed": 3}
    sampler = load(MLP, overrides).sampler
    assert (sampler.name, sampler.options) == ("random", {"seed": 3})


def test_an_override_adds_what_the_file_leaves_out(tmp_path: Path) -> None:
    path = write(tmp_path, BASE)
    overrides = {"training.early_stopping.patience": 4, "parameters.depth": 2}
    experiment = load(path, overrides)
    assert experiment.training.early_stopping is not None
    assert experiment.training.early_stopping.patience == 4
    assert list(experiment.parameters) == ["rate", "depth"]


def test_an_override_replaces_a_whole_parameter() -> None:
    choice = {"type": "categorical", "choices": [1, 2]}
    experiment = load(MLP, {"parameters.layers": choice})
    assert experiment.parameters["layers"] == Categorical(type="categorical", choices=(1, 2))


def test_a_later_override_builds_on_an_earlier_one() -> None:
    overrides = {"parameters.layers": {"type": "int", "low": 1, "high": 2}}
    layers = load(MLP, {**overrides, "parameters.layers.high": 9}).parameters["layers"]
    assert getattr(layers, "high", None) == 9
    assert overrides == {"parameters.layers": {"type": "int", "low": 1, "high": 2}}


def test_overrides_leave_file_and_mapping_as_they_were() -> None:
    overrides = {"parameters.dropout": 0.1, "study": "once"}
    load(MLP, overrides)
    assert overrides == {"parameters.dropout": 0.1, "study": "once"}
    assert load(MLP).study == "digits-mlp"


@pytest.mark.parametrize(
    ("key", "value", "rule", "fix"),
    [
        ("budget.trails", 3, "there is no key 'trails' here.", "Did you mean 'trials'?"),
        (
            "training.learning_rat",
            3,
            "there is no key 'learning_rat' here.",
            "Did you mean 'learning_rate'?",
        ),
        ("parameters.dropout.max", 3, "there is no key 'max' here.", "Write `high` instead."),
        (
            "n_trials",
            3,
            "there is no key 'n_trials' here.",
            "Write `budget: {trials: ...}` instead.",
        ),
        ("seed", -1, "`seed`: input should be greater than or equal to 0, but got -1.", ""),
        ("data.x.y", 3, "there is no key 'x' here.", "Known: "),
        (
            "parameters.rate",
            {"type": "flaot"},
            "`type:` is one of float, int, categorical, but got 'flaot'.",
            "Did you mean 'float'?",
        ),
        (
            "parameters.dropout.when",
            "layer > 1",
            "there is no parameter 'layer'.",
            "Did you mean 'layers'?",
        ),
        (
            "constraints",
            ["layers > 2"],
            "trial 0, the default configuration, does not meet `layers > 2`.",
            "Give the parameters a `default:`",
        ),
    ],
)
def test_a_mistake_of_the_command_line_points_there(
    key: str, value: Any, rule: str, fix: str
) -> None:
    ((where, found_rule, found_fix),) = mistakes_in(MLP, {key: value})
    assert (where, found_rule) == (f"--set {key}", rule)
    assert found_fix.startswith(fix)


def test_mistakes_of_the_file_come_before_those_of_the_command_line(tmp_path: Path) -> None:
    path = write(tmp_path, BASE + "seed: -1\n")
    places = [where for where, _, _ in mistakes_in(path, {"budget.trials": 0, "study": ""})]
    assert places == ["5:1", "--set budget.trials", "--set study"]


def test_an_override_mends_what_the_file_has_wrong(tmp_path: Path) -> None:
    assert load(write(tmp_path, BASE + "seed: -1\n"), {"seed": 1}).seed == 1


@pytest.mark.parametrize(
    "text",
    [
        "  mlp: {layers: {type: int, low: 1, high: 3}}\n",
        "  mlp.layers: {type: int, low: 1, high: 3}\n",
    ],
)
@pytest.mark.parametrize(
    ("overrides", "default"),
    [
        ({}, 2),
        ({"parameters.mlp.layers": 3}, 3),
        ({"parameters.mlp.layers.high": 9}, 5),
        ({"parameters.mlp.layers.default": 1}, 1),
    ],
)
def test_an_override_reaches_a_parameter_by_its_dotted_name(
    tmp_path: Path, text: str, overrides: dict[str, Any], default: int
) -> None:
    experiment = load(write(tmp_path, BASE + text), overrides)
    assert list(experiment.parameters) == ["rate", "mlp.layers"]
    assert experiment.space.default()["mlp.layers"] == default


def test_an_override_adds_a_branch(tmp_path: Path) -> None:
    branch = {"layers": {"type": "int", "low": 1, "high": 3}, "inner": {"bias": True}}
    experiment = load(write(tmp_path, BASE), {"parameters.mlp": branch})
    assert list(experiment.parameters) == ["rate", "mlp.layers", "mlp.inner.bias"]


@pytest.mark.parametrize(
    "key", ["", ".", "..", "parameters.", "parameters..x", "data.", "extends"]
)
@pytest.mark.parametrize("value", [None, 3, "x", [1], {}, {"": {"": 1}}])
def test_an_odd_override_is_refused_like_any_other(tmp_path: Path, key: str, value: Any) -> None:
    with pytest.raises(InputError):
        load(write(tmp_path, BASE), {key: value})


def test_a_problem_met_later_points_at_its_line() -> None:
    document = load_with_document(MLP).document
    with pytest.raises(MistakesError) as caught:
        raise_problems(document, [Problem(("data", "source"), "is empty.", "Take another.")])
    line = MLP.read_text(encoding="utf-8").splitlines().index("  source: sklearn:digits") + 1
    assert caught.value.cause == f"{MLP}:{line}:3: is empty."
    assert caught.value.fix == "Take another."


def test_problems_met_later_are_raised_together_from_the_top_down() -> None:
    document = load_with_document(MLP).document
    problems = [Problem((key,), f"{key} is wrong.") for key in ("seed", "sampler", "task")]
    with pytest.raises(MistakesError) as caught:
        raise_problems(document, problems)
    rules = [mistake.rule for mistake in caught.value.mistakes]
    assert rules == ["task is wrong.", "sampler is wrong.", "seed is wrong."]


def test_no_problem_raises_nothing() -> None:
    document = load_with_document(MLP).document
    raise_problems(document, [])
    assert document.mistakes == []


def places_in(path: Path) -> list[tuple[int, ...]]:
    """Return line and column of every mistake; none where the file opens."""
    try:
        load(path)
    except MistakesError as error:
        return [tuple(map(int, m.where.split(":")[-2:])) for m in error.mistakes]
    return []


def misspelled(source: bytes, seed: int) -> bytes:
    """Leave out three letters, which mostly spares the syntax and hits keys and values."""
    letters = [i for i, code in enumerate(source) if chr(code).isalpha()]
    gone = random.Random(seed).sample(letters, 3)
    return bytes(code for i, code in enumerate(source) if i not in gone)


def test_the_mistakes_of_misspelled_files_stand_from_the_top_down(tmp_path: Path) -> None:
    source = MLP.read_bytes()
    places = [places_in(write(tmp_path, misspelled(source, seed))) for seed in range(40)]
    assert places == [sorted(some) for some in places]
    assert sum(len(some) > 1 for some in places) > 10
