"""What a convolutional network sees of a row."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from truetune.models.pictures import as_pictures, fitted_kernel, halving, picture_shape


@pytest.mark.parametrize(
    ("shape", "picture"),
    [((40,), (1, 1, 40)), ((8, 5), (1, 8, 5)), ((3, 8, 5), (3, 8, 5)), ((1,), (1, 1, 1))],
)
def test_every_row_is_a_picture(shape: tuple[int, ...], picture: tuple[int, int, int]) -> None:
    assert picture_shape(shape) == picture


@pytest.mark.parametrize("n_rows", [4, 0])
def test_numbers_of_a_row_keep_their_order(n_rows: int) -> None:
    x = torch.arange(n_rows * 40.0).reshape(n_rows, 40)
    pictures = as_pictures(x, (1, 1, 40))
    assert pictures.shape == (n_rows, 1, 1, 40)
    assert torch.equal(pictures.flatten(1), x)


@pytest.mark.parametrize(
    ("size", "sides", "kernel"),
    [
        (3, (8, 8), (3, 3)),
        (3, (1, 40), (1, 3)),
        (7, (1, 40), (1, 7)),
        (7, (4, 5), (5, 5)),
        (3, (2, 2), (3, 3)),
        (5, (2, 3), (3, 3)),
        (5, (1, 1), (1, 1)),
        (1, (8, 8), (1, 1)),
    ],
)
def test_kernel_is_odd_and_fits_the_picture(
    size: int, sides: tuple[int, int], kernel: tuple[int, int]
) -> None:
    assert fitted_kernel(size, sides) == kernel


@pytest.mark.parametrize("side", range(1, 12))
def test_steps_of_two_leave_no_pixel_out(side: int) -> None:
    kernel, _ = fitted_kernel(3, (side, 1))
    x = torch.ones(1, 1, side, requires_grad=True)
    F.conv1d(x, torch.ones(1, 1, kernel), stride=2, padding=kernel // 2).sum().backward()
    assert (x.grad > 0).all()


@pytest.mark.parametrize(
    ("sides", "steps"), [((8, 8), (2, 2)), ((1, 40), (1, 2)), ((2, 1), (2, 1)), ((1, 1), (1, 1))]
)
def test_a_side_of_one_pixel_is_not_halved(sides: tuple[int, int], steps: tuple[int, int]) -> None:
    assert halving(sides) == steps
