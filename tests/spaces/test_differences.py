"""What has changed between two versions of a file, in words."""

from __future__ import annotations

from typing import Any

import pytest

from truetune.spaces.differences import differences

FLOAT = {"type": "float", "low": 0.1, "high": 0.5}
LIST = {"type": "categorical", "choices": [1, 2, 3]}


def test_values_are_named_by_their_path() -> None:
    old = {"a": {"b": 1, "c": 2}, "d": [1], "f": True}
    new = {"a": {"b": 1, "c": 3, "e": 4}, "d": [2], "f": 1}
    assert differences(old, new) == [
        "a.c: was 2, is 3",
        "a.e: added, is 4",
        "d: was [1], is [2]",
        "f: was true, is 1",
    ]


def test_equal_files_have_no_differences() -> None:
    identity = {"data": {"source": "x"}, "parameters": {"a": FLOAT, "b": LIST, "c": 1}}
    assert differences(identity, identity) == []


@pytest.mark.parametrize("nothing", [None, {}, []])
def test_a_key_without_a_value_and_no_key_are_the_same(nothing: Any) -> None:
    """A study may be older than a key, or younger than one that is gone."""
    old, new = {"data": {"source": "x"}}, {"data": {"source": "x", "columns": nothing}}
    assert differences(old, new) == differences(new, old) == []
    assert differences({"data": {"columns": None}}, {"data": {"columns": nothing}}) == []
    assert differences({"data": {}}, {"data": {"split": nothing}}) == []


@pytest.mark.parametrize("value", [0, False, "", 0.0, {"a": 1}, [0]])
def test_a_key_with_a_value_is_another_than_none(value: Any) -> None:
    for nothing in ({}, {"x": None}):
        assert len(differences(nothing, {"x": value})) == 1
        assert len(differences({"x": value}, nothing)) == 1


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (FLOAT, {**FLOAT, "high": 0.6}, "widened, was [0.1, 0.5], is [0.1, 0.6]"),
        (FLOAT, {**FLOAT, "low": 0.01, "high": 1.0}, "widened, was [0.1, 0.5], is [0.01, 1.0]"),
        (FLOAT, {**FLOAT, "low": 0.2}, "narrowed, was [0.1, 0.5], is [0.2, 0.5]"),
        (FLOAT, {**FLOAT, "low": 0.2, "high": 1.0}, "moved, was [0.1, 0.5], is [0.2, 1.0]"),
        (FLOAT, {**FLOAT, "log": True}, "`log` added, is true"),
        (
            {**FLOAT, "when": "a > 1"},
            {**FLOAT, "when": "a > 2"},
            '`when` was "a > 1", is "a > 2"',
        ),
        (
            FLOAT,
            {**FLOAT, "high": 0.4, "repeat": "layers"},
            "narrowed, was [0.1, 0.5], is [0.1, 0.4]; `repeat` added, is layers",
        ),
        (LIST, {**LIST, "choices": [1, 2, 3, 4]}, "widened by the choices [4]"),
        (LIST, {**LIST, "choices": [1]}, "narrowed, without the choices [2, 3]"),
        (
            LIST,
            {**LIST, "choices": [2, 3, 4]},
            "widened by the choices [4]; narrowed, without the choices [1]",
        ),
        (
            LIST,
            {**LIST, "choices": [3, 2, 1]},
            "choices in another order, was [1, 2, 3], is [3, 2, 1]",
        ),
        (0.1, 0.2, "was 0.1, is 0.2"),
        (
            FLOAT,
            {**FLOAT, "type": "int", "low": 1, "high": 2},
            "was {type: float, low: 0.1, high: 0.5}, is {type: int, low: 1, high: 2}",
        ),
    ],
)
def test_a_parameters_change_says_what_became_of_its_range(old: Any, new: Any, line: str) -> None:
    found = differences({"parameters": {"x": old}}, {"parameters": {"x": new}})
    assert found == [f"parameters.x: {line}"]


def test_parameters_are_added_and_removed() -> None:
    assert differences({"parameters": {"a": FLOAT}}, {"parameters": {"b": 3}}) == [
        "parameters.a: removed, was {type: float, low: 0.1, high: 0.5}",
        "parameters.b: added, is 3",
    ]
