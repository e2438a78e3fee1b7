"""Every configuration listed once, against loops written out by hand."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from pydantic import TypeAdapter

from truetune.search import listing
from truetune.search.listing import listed
from truetune.spaces import Space
from truetune.spaces.parameters import Parameter

READ = TypeAdapter(dict[str, Parameter])


def space(parameters: dict[str, Any], *constraints: str) -> Space:
    return Space(READ.validate_python(parameters), constraints)


def test_a_product_is_listed_in_its_order() -> None:
    own = space(
        {
            "a": {"type": "int", "low": 1, "high": 3},
            "b": {"type": "categorical", "choices": ["x", None]},
            "c": {"type": "float", "low": 0.0, "high": 1.0, "step": 0.5},
        }
    )
    expected = [
        {"a": a, "b": b, "c": c} for a, b, c in product((1, 2, 3), ("x", None), (0.0, 0.5, 1.0))
    ]
    assert listed(own, {}) == expected


def test_what_is_held_is_not_varied() -> None:
    own = space(
        {
            "rate": {"type": "float", "low": 0.1, "high": 1.0},
            "size": {"type": "categorical", "choices": [8, 16], "ordered": True},
        }
    )
    assert listed(own, {"rate": 0.3}) == [{"rate": 0.3, "size": 8}, {"rate": 0.3, "size": 16}]


def test_what_is_there_with_some_values_only_is_listed_with_those() -> None:
    own = space(
        {
            "layers": {"type": "int", "low": 1, "high": 2},
            "units": {"type": "int", "low": 1, "high": 2, "repeat": "layers"},
            "deep": {"type": "categorical", "choices": [True, False], "when": "layers == 2"},
            "sum": {"expression": "sum(units)"},
        },
        "sum <= 3",
    )
    one = [{"layers": 1, "units.0": u, "sum": u} for u in (1, 2)]
    two = [
        {"layers": 2, "units.0": a, "units.1": b, "deep": deep, "sum": a + b}
        for a, b, deep in product((1, 2), (1, 2), (True, False))
        if a + b <= 3
    ]
    found = listed(own, {})
    assert found is not None
    assert sorted(map(str, map(sorted, map(dict.items, found)))) == sorted(
        map(str, map(sorted, map(dict.items, one + two)))
    )


def test_an_element_beyond_those_held_is_varied() -> None:
    own = space(
        {
            "layers": {"type": "int", "low": 1, "high": 3},
            "units": {"type": "int", "low": 1, "high": 2, "repeat": "layers"},
        }
    )
    held = {"units.0": 2, "units.1": 1}
    assert listed(own, held) == [
        {"layers": 1, "units.0": 2},
        {"layers": 2, "units.0": 2, "units.1": 1},
        {"layers": 3, "units.0": 2, "units.1": 1, "units.2": 1},
        {"layers": 3, "units.0": 2, "units.1": 1, "units.2": 2},
    ]


@pytest.mark.parametrize(
    "parameters",
    [
        {"a": {"type": "float", "low": 0.0, "high": 1.0}},
        {"a": {"type": "int", "low": 0, "high": 10**9}},
        {"a": {"type": "int", "low": 1, "high": 40}, "b": {"type": "int", "low": 1, "high": 40}},
    ],
)
def test_what_is_endless_or_too_many_is_not_listed(parameters: dict[str, Any]) -> None:
    assert listed(space(parameters), {}) is None


def test_as_many_as_are_listed_are_and_one_more_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    own = space({"a": {"type": "int", "low": 1, "high": 6}})
    monkeypatch.setattr(listing, "MAX_LISTED", 6)
    assert listed(own, {}) == [{"a": n} for n in range(1, 7)]
    monkeypatch.setattr(listing, "MAX_LISTED", 5)
    assert listed(own, {}) is None


def test_where_an_expression_has_no_value_there_is_no_configuration() -> None:
    own = space(
        {
            "a": {"type": "int", "low": 0, "high": 3, "default": 1},
            "b": {"expression": "6 / max(a, 1)"},
        }
    )
    assert listed(own, {}) == [
        {"a": 0, "b": 6.0},
        {"a": 1, "b": 6.0},
        {"a": 2, "b": 3.0},
        {"a": 3, "b": 2.0},
    ]
