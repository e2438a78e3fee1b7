"""A picture file to pixels: upright, in 8 bits, on white, its first frame, a square.

What is wrong with a file is whatever Pillow raises of it, or a ValueError of one line.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .development import Array

if TYPE_CHECKING:
    from PIL import Image

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")  # by content, not by suffix
_MAX_BYTES = 2**29  # of one file
_TURNS = {  # EXIF's orientation, and what puts it right
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
_ON_ITS_SIDE = 5  # from this orientation on


class Facts(NamedTuple):
    """What is known of a picture once it is decoded."""

    width: int  # pixels, as shown: turned as EXIF says
    height: int
    mode: str  # Pillow's
    is_transparent: bool  # somewhere; an alpha channel may be opaque
    sha256: str  # of the file


def facts(path: Path) -> Facts:
    """Decode a picture coarsely: what passes here `square` can read."""
    content = _content(path)
    with _open(content) as image:
        width, height = image.size
        image.draft(None, (1, 1))  # of a JPEG an eighth of each side; all of it is parsed
        image.load()
        if _orientation(image) >= _ON_ITS_SIDE:
            width, height = height, width
        _to_8_bit(image, "RGB")
        is_transparent = _is_transparent(image)
        return Facts(
            width, height, image.mode, is_transparent, hashlib.sha256(content).hexdigest()
        )


def square(path: Path, mode: str, size: int) -> Array:
    """Return uint8 (channels, size, size), one channel for `L` and three for `RGB`."""
    from PIL import Image, ImageOps

    with _open(_content(path)) as image:
        image.draft(None, (2 * size, 2 * size))  # a JPEG's sides may be halved while decoding
        image.load()
        turn = _TURNS.get(_orientation(image))
        upright = image.transpose(Image.Transpose[turn]) if turn else image
        # The shorter side is brought to size and the middle cut out, as is usual for classifiers:
        # squashing bends shapes, and padding adds edges that are in no picture.
        square = ImageOps.fit(_to_8_bit(upright, mode), (size, size), Image.Resampling.BILINEAR)
        pixels: Array = np.asarray(square).reshape(size, size, -1)
    return np.moveaxis(pixels, -1, 0)


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise ValueError("it is no file")
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError(f"it is larger than {_MAX_BYTES // 2**20} MiB")
    return path.read_bytes()


def _open(content: bytes) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(io.BytesIO(content), formats=_FORMATS)
    except UnidentifiedImageError:
        raise ValueError("it is no picture" if content else "it is empty") from None


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # metadata of no use; the pixels may be sound
        return 1


def _is_transparent(image: Image.Image) -> bool:
    if not image.has_transparency_data:
        return False
    alpha = image.convert("RGBA").getchannel("A")
    return bool(np.asarray(alpha).min() < 255)


def _to_8_bit(image: Image.Image, mode: str) -> Image.Image:
    """Return `L` or `RGB`, transparent parts on white."""
    from PIL import Image

    if image.mode == "F" or image.mode.startswith("I"):
        return _scaled(image).convert(mode)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert(mode)


def _scaled(image: Image.Image) -> Image.Image:
    """Return `L` from 16-bit grey, or from fractions."""
    from PIL import Image

    pixels, white = np.asarray(image), 1 if image.mode == "F" else 65535
    lowest, highest = pixels.min(), pixels.max()
    if not (lowest >= 0 and highest <= white):  # nor NaN
        raise ValueError(f"pixels lie from 0 to {white}, but got {lowest:g} to {highest:g}")
    return Image.fromarray(np.rint(pixels * np.float32(255 / white)).astype(np.uint8))
