"""Pictures a little changed, of which a network is to say the same: training rows only.

A picture is cropped, mirrored, moved (turned, shifted and zoomed at once, so that it is
interpolated once), then lit differently. What comes in from outside a picture is 0, which is the
mean of standardised pictures. Each picture of a minibatch is changed in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import torch
from torch import Tensor

from ..errors import InputError
from ..spaces.experiment import Training
from .forking import seeded
from .settings import AUGMENTATIONS, says_nothing

_Change = Callable[[Tensor], Tensor]  # of pictures (rows, channels, height, width)

# A trial seeds all its generators with the seed of the step: without this, the first number
# drawn here would be the first one drawn for mixup or dropout.
_STREAM = 0x9E3779B9

_STRETCH = (3 / 4, 4 / 3)  # of a crop's sides, against the picture's


class Augmenter(Protocol):
    """Changes pictures (rows, ...) by a seed, and returns as many of the same shape."""

    def __call__(self, x: Tensor, seed: int) -> Tensor: ...


def augmenter(training: Training, shape: tuple[int, ...]) -> Augmenter | None:
    """Return what changes the pictures of a minibatch, or None where nothing is asked.

    Args:
        training: of the trial; its `augment_*` settings.
        shape: of a picture: (channels, height, width), or (height, width) of one channel.

    Raises:
        InputError: rows are no pictures, or kornia is not installed.
    """
    asked = [a for a in AUGMENTATIONS if not says_nothing(a, getattr(training, a))]
    if not asked:
        return None
    if len(shape) < 2:
        rule = f"`{asked[0]}` is for pictures, but a row is {shape[0]:,} numbers."
        fix = "Remove it, or say what they are: `preprocess: {shape: [height, width]}`."
        raise InputError(rule, fix)
    height, width = shape[-2:]
    changes = [*_geometric(training, height, width), *_lighting(training)]

    def augment(x: Tensor, seed: int) -> Tensor:
        pictures = x.reshape(len(x), -1, height, width)
        with seeded(seed ^ _STREAM, x.device), torch.no_grad():
            for change in changes:
                pictures = change(pictures)
        return pictures.reshape(x.shape)

    return augment


def _geometric(training: Training, height: int, width: int) -> Iterator[_Change]:
    """Yield kornia's transformations; it takes a fraction of a second to import."""
    crop = 1.0 if training.augment_crop is None else training.augment_crop
    degrees = training.augment_rotation or 0.0
    shift, zoom = training.augment_shift or 0.0, training.augment_zoom or 0.0
    if crop < 1:
        stretch = tuple(side * width / height for side in _STRETCH)
        # "slice" would cut row by row.
        yield _kornia().RandomResizedCrop(
            (height, width), scale=(crop, 1.0), ratio=stretch, p=1.0, cropping_mode="resample"
        )
    if training.augment_flip:
        yield _kornia().RandomHorizontalFlip(p=0.5)
    if degrees or shift or zoom:
        yield _kornia().RandomAffine(
            degrees=degrees,
            translate=(shift, shift),
            scale=(1 - zoom, 1 + zoom),
            p=1.0,
            align_corners=True,
        )


def _lighting(training: Training) -> Iterator[_Change]:
    """Yield changes of brightness and contrast, for pictures whose mean is 0 and deviation 1.

    Kornia's own are made for values in [0, 1]: its brightness moves by 1 at most, and its contrast
    multiplies the values themselves, which is another brightness unless their mean is 0.
    """
    brightness, contrast = training.augment_brightness, training.augment_contrast
    if contrast:
        yield lambda x: torch.lerp(x.mean((1, 2, 3), keepdim=True), x, 1 + _drawn(contrast, x))
    if brightness:
        yield lambda x: x + _drawn(brightness, x)


def _drawn(bound: float, x: Tensor) -> Tensor:
    """Draw a number for each picture, evenly between `-bound` and `bound`: (rows, 1, 1, 1)."""
    share = torch.rand(len(x), 1, 1, 1)  # on the CPU, as kornia draws
    return ((2 * share - 1) * bound).to(x.device, x.dtype)


def _kornia() -> Any:
    try:
        import kornia.augmentation
    except ImportError:
        rule = "augmentation of pictures needs kornia, which is not installed."
        raise InputError(rule, "Run `pip install 'truetune[images]'`.") from None
    return kornia.augmentation
