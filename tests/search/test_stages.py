"""What a stage draws and what it holds: names that are found, and those that are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter

from truetune.errors import InputError
from truetune.search.stages import ATTRIBUTE, Stage, at, named, stored
from truetune.spaces import Space
from truetune.spaces.parameters import Parameter

READ = TypeAdapter(dict[str, Parameter])
PARAMETERS = {
    "learning_rate": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True},
    "batch_size": {"type": "categorical", "choices": [16, 32, 64], "ordered": True},
    "model": {"type": "categorical", "choices": ["mlp", "linear"]},
    "mlp.layers": {"type": "int", "low": 1, "high": 3},
    "mlp.hidden_units": {"type": "int", "low": 4, "high": 16, "repeat": "layers"},
    "mlp.width": {"expression": "2 * layers"},
    "l1": 0.1,
    "three": {"expression": 3},
}


@pytest.fixture(scope="module")
def space() -> Space:
    return Space(READ.validate_python(PARAMETERS))


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ([], ()),
        (["learning_rate"], ("learning_rate",)),
        (["batch_size", "learning_rate"], ("learning_rate", "batch_size")),
        (["learning_rate", "learning_rate"], ("learning_rate",)),
        (["mlp.hidden_units"], ("mlp.hidden_units",)),
        (["mlp"], ("mlp.layers", "mlp.hidden_units")),
        (["model", "mlp.layers"], ("model", "mlp.layers")),
    ],
)
def test_names_are_those_of_the_file_in_the_order_they_are_drawn(
    space: Space, given: list[str], meant: tuple[str, ...]
) -> None:
    assert named(space, given) == meant


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("learning_rat", "got 'learning_rat'. Did you mean 'learning_rate'?"),
        ("mlp.hidden_units.0", "Did you mean 'mlp.hidden_units'?"),
        ("zzz", "Known: batch_size, learning_rate, mlp.hidden_units, mlp.layers, model."),
        ("", "Known: batch_size"),
        ("l1", "got 'l1', which has one value. Give it a range"),
        (
            "mlp.width",
            "which follows from an `expression:`. Name what it follows from: mlp.layers",
        ),
        ("three", "It is always the same."),
        ("linear", "Known: batch_size"),
        ("mlp.", "Known: batch_size"),
        ("learning_rate,batch_size", "Did you mean 'learning_rate'?"),
    ],
)
def test_a_name_of_nothing_that_varies_is_refused(space: Space, name: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        named(space, ["batch_size", name])
    assert words in f"{refused.value.cause} {refused.value.fix}"


def test_a_space_in_which_nothing_varies_has_no_stages() -> None:
    with pytest.raises(InputError, match="got 'x'"):
        named(Space({"l1": 0.1}), ["x"])


def test_all_that_varies_is_held_but_what_is_named(space: Space) -> None:
    configuration = {
        "learning_rate": 0.01,
        "batch_size": 64,
        "model": "mlp",
        "mlp.layers": 2,
        "mlp.hidden_units.0": 8,
        "mlp.hidden_units.1": 5,
        "mlp.width": 4,
        "l1": 0.1,
        "three": 3,
    }
    stage = Stage.begin(["learning_rate"], space, 7, configuration, 9)
    assert stage.held == {
        "batch_size": 64,  # the choice itself, and not its place
        "model": "mlp",
        "mlp.layers": 2,
        "mlp.hidden_units.0": 8,
        "mlp.hidden_units.1": 5,
    }
    units = Stage.begin(["mlp.hidden_units"], space, 7, configuration, 9)
    assert set(units.held) == {"learning_rate", "batch_size", "model", "mlp.layers"}
    assert Stage.begin([], space, 7, configuration, 9) == Stage((), None, {}, 9)


@pytest.mark.parametrize(
    ("stage", "sentence"),
    [
        (Stage(("a",), 3, {}, 4), "only a is drawn, the rest is as in trial 3"),
        (Stage(("a", "b"), 0, {}, 4), "only a, b are drawn, the rest is as in trial 0"),
        (
            Stage(("a",), None, {}, 4),
            "only a is drawn, the rest is as in the default configuration",
        ),
        (Stage((), None, {}, 4), "every parameter is drawn"),
    ],
)
def test_a_stage_says_what_it_draws(stage: Stage, sentence: str) -> None:
    assert stage.sentence == sentence


def test_stages_survive_their_study_to_the_last_digit() -> None:
    held: dict[str, Any] = {"a": 0.1 + 0.2, "b": 3, "c": True, "d": None, "e": "x", "f": 1e-300}
    stages = [Stage(("lr",), 4, held, 5), Stage((), None, {}, 9)]
    written = json.dumps({ATTRIBUTE: [stage.to_json() for stage in stages]})
    read = stored(json.loads(written))
    assert read == stages
    assert [type(v) for v in read[0].held.values()] == [type(v) for v in held.values()]
    assert stored({}) == []


def test_a_trial_belongs_to_the_last_stage_that_began_before_it() -> None:
    first, second, rest = Stage(("a",), 0, {}, 3), Stage(("b",), 4, {}, 6), Stage((), None, {}, 8)
    stages = [first, second, rest]
    assert [at(stages, n) for n in (0, 2, 3, 5, 6, 7, 8, 99)] == [
        *(None, None, first, first, second, second, None, None)
    ]
