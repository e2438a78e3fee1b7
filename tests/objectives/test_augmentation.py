"""Augmentation: what each setting does to pictures, against references that know no kornia."""

from __future__ import annotations

import random
import sys
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from truetune.errors import InputError
from truetune.objectives.augmentation import Augmenter, augmenter
from truetune.objectives.settings import AUGMENTATIONS
from truetune.spaces import Training

SHAPE = (3, 10, 14)
VALUES: dict[str, Any] = {
    "augment_rotation": 20.0,
    "augment_shift": 0.2,
    "augment_zoom": 0.3,
    "augment_crop": 0.5,
    "augment_flip": True,
    "augment_brightness": 0.5,
    "augment_contrast": 0.4,
}
NEUTRAL = {**dict.fromkeys(VALUES, 0.0), "augment_flip": False, "augment_crop": 1.0}


def pictures(n: int, shape: tuple[int, ...] = SHAPE) -> Tensor:
    """Return standardised pictures (rows, ...): their values lie far outside [0, 1]."""
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(0))


def augment(shape: tuple[int, ...] = SHAPE, **said: Any) -> Augmenter:
    made = augmenter(Training.model_validate(said), shape)
    assert made is not None
    return made


def ramps(n: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Return pictures (rows, 1, height, width) whose pixels are their columns, or their rows."""
    across = torch.arange(float(width)).expand(n, 1, height, width)
    down = torch.arange(float(height))[:, None].expand(n, 1, height, width)
    return across.clone(), down.clone()


def test_the_table_has_every_setting() -> None:
    assert set(AUGMENTATIONS) == VALUES.keys()


def test_nothing_is_made_where_nothing_is_asked() -> None:
    assert augmenter(Training(), SHAPE) is None
    assert augmenter(Training.model_validate(NEUTRAL), SHAPE) is None
    assert augmenter(Training.model_validate(NEUTRAL), (64,)) is None


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("shape", [SHAPE, (10, 14), (1, 7, 7)])
def test_a_setting_changes_pictures_by_the_seed_alone(name: str, shape: tuple[int, ...]) -> None:
    x = pictures(8, shape)
    change, before = augment(shape, **{name: VALUES[name]}), x.clone()
    first = change(x, 1)
    assert torch.equal(x, before)
    assert first.shape == x.shape
    assert first.dtype == x.dtype
    assert not torch.equal(first, x)
    change(x, 2)
    torch.rand(3)
    assert torch.equal(change(x, 1), first)
    assert torch.equal(augment(shape, **{name: VALUES[name]})(x, 1), first)
    assert not torch.equal(change(x, 2), first)


def test_global_generators_are_left_as_they_were() -> None:
    change = augment(**VALUES)
    torch.manual_seed(4)
    states = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()  # type: ignore[index]
    change(pictures(8), 1)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.random.get_state()[1].tolist() == states[1]  # type: ignore[index]
    assert random.getstate() == states[2]


def test_what_is_drawn_is_not_what_a_trial_draws_from_the_same_seed() -> None:
    shifts = augment((1, 4, 4), augment_brightness=1.0)(torch.zeros(8, 1, 4, 4), 7)[:, 0, 0, 0]
    drawn = torch.rand(8, generator=torch.Generator().manual_seed(7))
    assert not torch.isclose(shifts, 2 * drawn - 1).any()


def test_half_of_all_pictures_are_mirrored() -> None:
    x = pictures(400, (3, 4, 5))
    flipped = augment((3, 4, 5), augment_flip=True)(x, 0)
    is_same = (flipped == x).flatten(1).all(dim=1)
    is_mirrored = (flipped == x.flip(-1)).flatten(1).all(dim=1)
    assert (is_same ^ is_mirrored).all()
    assert 160 < is_same.sum() < 240  # 200 in the mean, with a deviation of 10


@pytest.mark.parametrize("side", [7, 8])
def test_a_picture_is_turned_about_its_centre(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    fix_uniform_draws(monkeypatch, 1.0)
    x = pictures(3, (2, side, side))
    turned = augment((2, side, side), augment_rotation=180.0)(x, 0)
    torch.testing.assert_close(turned, x.rot90(2, (2, 3)), rtol=0, atol=1e-4)
    quarter = augment((2, side, side), augment_rotation=90.0)(x, 0)
    torch.testing.assert_close(quarter, x.rot90(-1, (2, 3)), rtol=0, atol=1e-4)


def fix_uniform_draws(monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    """Draw the same place of every range."""
    from kornia.augmentation.random_generator import base

    def sample(self: Any, shape: Any = ()) -> Tensor:
        return (self.low + share * (self.high - self.low)).expand(*shape)

    monkeypatch.setattr(base.UniformDistribution, "rsample", sample)
    monkeypatch.setattr(base.UniformDistribution, "sample", sample, raising=False)


def test_a_picture_is_turned_by_no_more_than_the_angle() -> None:
    x = torch.zeros(300, 1, 41, 41)
    x[:, :, 18:23, 36:39] = 1  # 17 pixels to the right of the centre
    turned = augment((1, 41, 41), augment_rotation=30.0)(x, 0)
    mass = turned[:, 0] / turned[:, 0].sum(dim=(1, 2), keepdim=True)
    place = torch.arange(41.0) - 20
    across, down = (mass.sum(dim=1) * place).sum(1), (mass.sum(dim=2) * place).sum(1)
    angles = torch.rad2deg(torch.atan2(down, across))
    assert -30.5 < angles.min() < -28
    assert 28 < angles.max() < 30.5


def test_a_picture_is_shifted_by_no_more_than_a_share_of_its_sides() -> None:
    x = torch.zeros(400, 1, 20, 40)
    x[:, :, 10, 20] = 1
    shifted = augment((1, 20, 40), augment_shift=0.2)(x, 0)[:, 0]
    torch.testing.assert_close(shifted.sum(dim=(1, 2)), torch.ones(400))
    down = (shifted.sum(dim=2) * torch.arange(20.0)).sum(1) - 10
    across = (shifted.sum(dim=1) * torch.arange(40.0)).sum(1) - 20
    assert 3.5 < down.abs().max() < 4.01
    assert 7.5 < across.abs().max() < 8.01


def test_a_picture_is_zoomed_in_and_out_within_the_share() -> None:
    across, _ = ramps(300, 21, 21)
    zoomed = augment((1, 21, 21), augment_zoom=0.25)(across, 0)[:, 0]
    scales = 2 / (zoomed[:, 10, 11] - zoomed[:, 10, 9])
    assert 0.745 < scales.min() < 0.77
    assert 1.23 < scales.max() < 1.255


def test_what_comes_in_from_outside_is_the_mean() -> None:
    shifted = augment((1, 10, 10), augment_shift=0.5)(torch.full((50, 1, 10, 10), 3.0), 0)
    assert shifted.min() == 0
    assert shifted.max() == pytest.approx(3)


@pytest.mark.parametrize("sides", [(20, 20), (15, 40)])
def test_a_crop_is_a_part_of_the_picture_that_fills_it(sides: tuple[int, int]) -> None:
    height, width = sides
    change = augment((1, height, width), augment_crop=0.5)
    across, down = (change(ramp, 0)[:, 0] for ramp in ramps(300, height, width))
    first, last = across[:, 0, 0], across[:, 0, -1]
    assert first.min() > -0.01
    assert last.max() < width - 1 + 0.01
    torch.testing.assert_close(across[:, -1], across[:, 0], rtol=0, atol=0.01)
    n_across, n_down = last - first + 1, down[:, -1, 0] - down[:, 0, 0] + 1  # pixels
    shares = n_across * n_down / (width * height)
    assert 0.45 < shares.min() < 0.55  # sides are whole pixels
    assert shares.max() <= 1.001
    stretch = n_across / width / (n_down / height)
    assert 0.65 < stretch.min() < 0.85
    assert 1.15 < stretch.max() < 1.5


def test_brightness_adds_one_number_to_a_picture_without_clipping() -> None:
    x = pictures(200)
    added = augment(augment_brightness=2.5)(x, 0) - x
    of_each = added.flatten(1).mean(dim=1)
    torch.testing.assert_close(added, of_each[:, None, None, None].expand_as(x), rtol=0, atol=1e-5)
    assert -2.5 < of_each.min() < -2.3
    assert 2.3 < of_each.max() < 2.5


def test_contrast_stretches_about_the_mean_of_each_picture_without_clipping() -> None:
    x = pictures(200) + 4
    changed = augment(augment_contrast=0.4)(x, 0)
    torch.testing.assert_close(changed.mean(dim=(1, 2, 3)), x.mean(dim=(1, 2, 3)))
    factors = changed.std(dim=(1, 2, 3)) / x.std(dim=(1, 2, 3))
    assert 0.6 < factors.min() < 0.63
    assert 1.37 < factors.max() < 1.4
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    expected = mean + factors[:, None, None, None] * (x - mean)
    torch.testing.assert_close(changed, expected, rtol=1e-4, atol=1e-4)


def test_several_settings_are_taken_together() -> None:
    changed = augment(**VALUES)(pictures(16), 3)
    assert changed.shape == (16, *SHAPE)
    assert changed.isfinite().all()


def test_rows_that_are_no_pictures_are_refused() -> None:
    with pytest.raises(InputError) as caught:
        augment((64,), augment_flip=True)
    assert caught.value.cause == "`augment_flip` is for pictures, but a row is 64 numbers."
    assert "preprocess: {shape: [height, width]}" in caught.value.fix


def test_without_kornia_the_command_that_installs_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "kornia.augmentation", None)
    with pytest.raises(InputError) as caught:
        augment(augment_rotation=5.0)
    assert caught.value.fix == "Run `pip install 'truetune[images]'`."
    assert augment(augment_brightness=0.1)(pictures(2), 0).shape == (2, *SHAPE)
