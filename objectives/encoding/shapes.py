"""The shape that a row is given whose numbers are stored in a list."""

from __future__ import annotations

import math

from ...errors import InputError


def check_shape(shape: tuple[int, ...], row: tuple[int, ...]) -> None:
    """Refuse a shape that rows stored as `row` cannot be given.

    Raises:
        InputError: it holds another number of values, or flattens what has a shape already.
    """
    n, asked = math.prod(row), math.prod(shape)
    if n != asked:
        rule = f"{_said(shape)} holds {asked:,} numbers, but a row has {n:,}."
        raise InputError(rule, f"Write sides whose product is {n:,}, such as {_sides(n)}.")
    if len(shape) == 1 and len(row) > 1:
        rule = f"a row keeps its shape or is given two or three sides, but {_said(shape)}"
        fix = "Remove it: a network of layers takes the numbers of such a row one by one."
        raise InputError(f"{rule} would flatten rows of {list(row)}.", fix)


def refuse_columns(shape: tuple[int, ...]) -> InputError:
    """Return the error for a shape of rows whose numbers have names."""
    rule = "is for rows that are a list of numbers, but these have columns with names."
    return InputError(f"{_said(shape)} {rule}", "Remove it, or save the rows as an array (.npz).")


def _said(shape: tuple[int, ...]) -> str:
    return f"`preprocess: {{shape: {list(shape)}}}`"


def _sides(n: int) -> list[int]:
    """Return the two whole numbers nearest to each other whose product is `n`."""
    side = next(side for side in range(math.isqrt(n), 0, -1) if n % side == 0)
    return [side, n // side]
