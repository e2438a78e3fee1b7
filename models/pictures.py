"""What a convolutional network sees of a row, and how its sides get smaller.

Every row is a picture (channels, height, width): a row (a, b) has one channel, and a row (n,) is
one pixel high, so that a network on series is the one on pictures with flat kernels.
"""

from __future__ import annotations

from torch import Tensor

Sides = tuple[int, int]  # height and width


def picture_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return a row's (channels, height, width)."""
    channels, height, width = (*[1] * (3 - len(shape)), *shape)
    return channels, height, width


def as_pictures(x: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Return rows of any shape as (rows, channels, height, width)."""
    return x.reshape(len(x), *shape)


def fitted_kernel(size: int, sides: Sides) -> Sides:
    """Return a kernel of odd sides up to `size` that is not larger than its picture.

    Of an even side it is one larger: its middle lies on a pixel, and on two pixels 1 would leave
    one of them out where a step of 2 makes one of them.
    """
    height, width = (min(size, side) | 1 for side in sides)
    return height, width


def halving(sides: Sides) -> Sides:
    """Return the steps that halve a picture: 2, or 1 along a side of one pixel."""
    height, width = sides
    return min(2, height), min(2, width)
