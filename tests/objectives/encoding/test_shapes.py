"""Shapes: which a row of numbers can be given."""

from __future__ import annotations

import math

import pytest

from truetune.errors import InputError
from truetune.objectives.encoding.shapes import check_shape


@pytest.mark.parametrize(
    ("shape", "row"),
    [
        ((8, 8), (64,)),
        ((4, 4, 4), (64,)),
        ((64,), (64,)),  # says what is so already
        ((1, 8, 8), (8, 8)),
        ((64, 1), (4, 4, 4)),
    ],
)
def test_row_can_have_a_shape_of_as_many_numbers(
    shape: tuple[int, ...], row: tuple[int, ...]
) -> None:
    check_shape(shape, row)


@pytest.mark.parametrize(
    ("n", "sides"), [(64, [8, 8]), (30, [5, 6]), (13, [1, 13]), (4, [2, 2]), (1, [1, 1])]
)
def test_shape_of_another_number_is_refused_with_one_that_fits(n: int, sides: list[int]) -> None:
    assert math.prod(sides) == n
    with pytest.raises(InputError, match=rf"\[7, 1000\].*7,000 numbers, but a row has {n}\.") as e:
        check_shape((7, 1000), (n,))
    assert e.value.fix.endswith(f"such as {sides}.")


def test_shape_that_would_flatten_a_row_is_refused() -> None:
    with pytest.raises(InputError, match=r"\[64\]}` would flatten rows of \[8, 8\]"):
        check_shape((64,), (8, 8))
