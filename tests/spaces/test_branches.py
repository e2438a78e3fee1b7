"""Parameters in branches: the same space as with dots, and every mistake at its own line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from truetune.spaces import MistakesError, load
from truetune.spaces.branches import is_entry

HEAD = "data: {source: sklearn:iris}\ntask: classification\nparameters:\n"

NESTED = """\
  model: {type: categorical, choices: [mlp, linear]}
  mlp:
    layers: {type: int, low: 1, high: 3}
    hidden_units: {type: int, low: 4, high: 64, repeat: layers}
    dropout:
      first: {type: float, low: 0.0, high: 0.5}
      others: {type: float, low: 0.0, high: 0.5, when: layers > 1}
  linear:
    bias: {type: categorical, choices: [true, false]}
    scale: 3
  rate: {type: float, low: 0.1, high: 0.9}
"""
DOTTED = """\
  model: {type: categorical, choices: [mlp, linear]}
  mlp.layers: {type: int, low: 1, high: 3}
  mlp.hidden_units: {type: int, low: 4, high: 64, repeat: layers}
  mlp.dropout.first: {type: float, low: 0.0, high: 0.5}
  mlp.dropout.others: {type: float, low: 0.0, high: 0.5, when: layers > 1}
  linear.bias: {type: categorical, choices: [true, false]}
  linear.scale: 3
  rate: {type: float, low: 0.1, high: 0.9}
"""
MIXED = """\
  model: {type: categorical, choices: [mlp, linear]}
  mlp.layers: {type: int, low: 1, high: 3}
  mlp: {hidden_units: {type: int, low: 4, high: 64, repeat: layers}}
  mlp.dropout: {first: {type: float, low: 0.0, high: 0.5}}
  mlp:
    dropout.others: {type: float, low: 0.0, high: 0.5, when: layers > 1}
  linear: {bias: {type: categorical, choices: [true, false]}, scale: 3}
  rate: {type: float, low: 0.1, high: 0.9}
"""


def write(tmp_path: Path, parameters: str) -> Path:
    path = tmp_path / "space.yaml"
    path.write_text(HEAD + parameters)
    return path


def mistakes_in(path: Path) -> list[tuple[str, str]]:
    """Return line:column and rule of every mistake."""
    with pytest.raises(MistakesError) as caught:
        load(path)
    return [(m.where.removeprefix(f"{path}:"), m.rule) for m in caught.value.mistakes]


def test_branches_and_dots_are_two_ways_to_write_the_same(tmp_path: Path) -> None:
    nested, dotted = load(write(tmp_path, NESTED)), load(write(tmp_path, DOTTED))
    assert nested == dotted
    assert nested.identity() == dotted.identity()
    assert list(nested.parameters) == list(dotted.parameters)
    assert nested.space.default() == dotted.space.default()


def test_branches_and_dots_may_be_mixed(tmp_path: Path) -> None:
    mixed = MIXED.replace("  mlp:\n    dropout.others", "  mlp.dropout.others")
    assert load(write(tmp_path, mixed)) == load(write(tmp_path, DOTTED))


def test_a_branch_written_twice_is_a_key_given_twice(tmp_path: Path) -> None:
    places = [where for where, _ in mistakes_in(write(tmp_path, MIXED))]
    assert places == ["8:3"]


def test_parameters_of_branches_keep_the_order_of_the_file(tmp_path: Path) -> None:
    text = "  b: {z: 1, a: {y: 2, x: 3}}\n  a: 4\n  c.d: 5\n"
    assert list(load(write(tmp_path, text)).parameters) == ["b.z", "b.a.y", "b.a.x", "a", "c.d"]


def test_only_the_branch_of_the_model_is_there(tmp_path: Path) -> None:
    space = load(write(tmp_path, NESTED)).space
    active = {"model", "mlp.layers", "mlp.hidden_units.0", "mlp.hidden_units.1"}
    active |= {"mlp.dropout.first", "mlp.dropout.others", "rate"}
    assert set(space.default()) == active
    linear = space.walk(lambda p, name, i: "linear" if name == "model" else p.start(i))
    assert set(linear) == {"model", "linear.bias", "linear.scale", "rate"}


@pytest.mark.parametrize(
    ("parameters", "where", "rule"),
    [
        (
            "  mlp:\n    layers: {type: int, low: 3, high: 1}\n",
            "5:5",
            "`low <= high` must hold, but got low: 3, high: 1.",
        ),
        (
            "  mlp:\n    layers: {type: int, low: 1, hihg: 3, high: 3}\n",
            "5:33",
            "there is no key 'hihg' here.",
        ),
        (
            "  mlp:\n    inner:\n      layers: {type: int, low: 1}\n",
            "6:7",
            "the key 'parameters.mlp.inner.layers.high' is missing.",
        ),
        (
            "  mlp:\n    layers: {type: whole, low: 1, high: 3}\n",
            "5:14",
            "`type:` is one of float, int, categorical, but got 'whole'.",
        ),
        (
            "  mlp:\n    layers: {type: int, low: 1, high: 3, when: rate > 1}\n",
            "5:42",
            "there is no parameter 'rate'.",
        ),
        (
            "  mlp: {layers: {type: int, low: 1, high: 3}}\n  mlp.layers: 3\n",
            "5:3",
            "the parameter 'mlp.layers' stands here a second time.",
        ),
        (
            "  mlp.layers: 3\n  mlp: {inner: 2, layers: {type: int, low: 1, high: 3}}\n",
            "5:19",
            "the parameter 'mlp.layers' stands here a second time.",
        ),
        (
            "  mlp: 3\n  mlp.layers: 3\n",
            "5:3",
            "`mlp` is a parameter of its own, so nothing can lie under it.",
        ),
        (
            "  mlp: {dropout: 0.5}\n  mlp.dropout.first: 0.5\n",
            "5:3",
            "`mlp.dropout` is a parameter of its own, so nothing can lie under it.",
        ),
        (
            "  mlp:\n    hidden-units: 3\n",
            "5:5",
            "`parameters.mlp.hidden-units` has characters that a name cannot have.",
        ),
        (
            "  mlp:\n    0: 3\n",
            "5:5",
            "`parameters.mlp.0` has characters that a name cannot have.",
        ),
        (
            "  mlp: {}\n",
            "4:3",
            "a parameter that varies has a `type:`, but there is none here.",
        ),
    ],
)
def test_a_mistake_in_a_branch_stands_at_its_own_line(
    tmp_path: Path, parameters: str, where: str, rule: str
) -> None:
    assert mistakes_in(write(tmp_path, parameters)) == [(where, rule)]


def test_branches_may_lie_as_deep_as_a_file_may(tmp_path: Path) -> None:
    depth = 40
    text = "".join(f"{'  ' * n}b{n}:\n" for n in range(1, depth)) + "  " * depth + "leaf: 3\n"
    (name,) = load(write(tmp_path, text)).parameters
    assert name == ".".join([*(f"b{n}" for n in range(1, depth)), "leaf"])


@pytest.mark.parametrize(
    "value",
    [
        *(3, None, "text", [1], [], {}),
        {"type": "int", "low": 1, "high": 3},
        {"expression": "x"},
        {"expresion": "x"},
        {"tpye": "int", "low": 1},
        {"choises": [1, 2]},
        {"when": "x > 1"},
        {"repeat": 3},
        {"min": 1, "max": 3},
        {"values": [1, 2]},
        {"distribution": "uniform"},
    ],
)
def test_what_looks_like_a_parameter_is_one_though_perhaps_misspelled(value: Any) -> None:
    assert is_entry(value)


@pytest.mark.parametrize(
    "value",
    [
        {"layers": 3},
        {"layers": {"type": "int", "low": 1, "high": 3}},
        {"inner": {"layers": {"type": "int"}}},
        {"units": [1, 2], "bias": None},
        {"a": {}},
    ],
)
def test_any_other_mapping_is_a_branch(value: Any) -> None:
    assert not is_entry(value)


def test_a_slip_in_the_word_type_is_no_branch(tmp_path: Path) -> None:
    ((_, rule),) = mistakes_in(write(tmp_path, "  b: {tpye: int}\n"))
    assert "has a `type:`" in rule


@pytest.mark.parametrize("name", ["slow", "step", "base", "min", "type_of"])
def test_a_branch_may_hold_a_parameter_that_is_called_like_a_key(
    name: str, tmp_path: Path
) -> None:
    inner = f"  b:\n    {name}: {{type: int, low: 1, high: 2}}\n"
    assert f"b.{name}" in load(write(tmp_path, inner)).parameters
