"""One picture file to pixels, compared with what Pillow makes of it or with numbers by hand."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from truetune.objectives.decoding import facts, square

GENERATOR = np.random.default_rng(0)
COLOUR = GENERATOR.integers(0, 256, (16, 16, 3), np.uint8)
GREY = COLOUR[:, :, 0]


def saved(folder: Path, image: Image.Image, name: str = "a.png", **options: Any) -> Path:
    image.save(folder / name, **options)
    return folder / name


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.tiff", "a.ppm"])
def test_picture_of_the_right_size_keeps_its_pixels(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path, Image.fromarray(COLOUR), name)
    np.testing.assert_array_equal(square(path, "RGB", 16), np.moveaxis(COLOUR, -1, 0))


@pytest.mark.parametrize("name", ["a.jpg", "a.webp"])
def test_lossy_picture_is_what_pillow_decodes(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path, Image.fromarray(COLOUR), name)
    with Image.open(path) as image:
        expected = np.moveaxis(np.asarray(image), -1, 0)
    np.testing.assert_array_equal(square(path, "RGB", 16), expected)


def test_grey_picture_has_one_channel_or_three_equal_ones(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.fromarray(GREY))
    np.testing.assert_array_equal(square(path, "L", 16), GREY[None])
    np.testing.assert_array_equal(square(path, "RGB", 16), np.stack([GREY] * 3))


@pytest.mark.parametrize(("width", "height"), [(32, 16), (16, 32), (48, 16)])
def test_middle_is_cut_out(tmp_path: Path, width: int, height: int) -> None:
    pixels = GENERATOR.integers(0, 256, (height, width), np.uint8)
    top, left = (height - 16) // 2, (width - 16) // 2
    found = square(saved(tmp_path, Image.fromarray(pixels)), "L", 16)
    np.testing.assert_array_equal(found[0], pixels[top : top + 16, left : left + 16])


def test_shorter_side_is_brought_to_size(tmp_path: Path) -> None:
    image = Image.fromarray(GENERATOR.integers(0, 256, (40, 60), np.uint8))
    expected = image.resize((30, 20), Image.Resampling.BILINEAR).crop((5, 0, 25, 20))
    found = square(saved(tmp_path, image), "L", 20)[0].astype(int)
    assert np.abs(found - np.asarray(expected)).max() <= 1


def test_large_jpeg_is_halved_while_decoding_to_nearly_the_same(tmp_path: Path) -> None:
    x, y = np.meshgrid(np.linspace(0, 255, 640), np.linspace(0, 255, 640))
    image = Image.fromarray(np.dstack([x, y, x[::-1]]).astype(np.uint8))
    expected = np.asarray(image.resize((32, 32), Image.Resampling.BILINEAR)).astype(int)
    found = square(saved(tmp_path, image, "a.jpg", quality=95), "RGB", 32)
    assert np.abs(np.moveaxis(found, 0, -1) - expected).max() <= 6


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp"])
def test_picture_is_turned_as_its_camera_says(tmp_path: Path, orientation: int, name: str) -> None:
    corners = np.kron(np.array([[0, 80], [160, 240]], np.uint8), np.ones((16, 20), np.uint8))
    upright = {  # by EXIF's table: which of the corners are shown in the top row, and the bottom
        1: [0, 80, 160, 240],
        2: [80, 0, 240, 160],
        3: [240, 160, 80, 0],
        4: [160, 240, 0, 80],
        5: [0, 160, 80, 240],
        6: [160, 0, 240, 80],
        7: [240, 80, 160, 0],
        8: [80, 240, 0, 160],
    }
    image = Image.fromarray(corners).convert("RGB")
    exif = image.getexif()
    exif[0x0112] = orientation
    path = saved(tmp_path, image, name, exif=exif)
    found = square(path, "L", 32)[0]
    shown = [int(found[row, column]) for row in (6, 26) for column in (6, 26)]
    assert np.abs(np.array(shown) - upright[orientation]).max() < 6
    known = facts(path)
    assert (known.width, known.height) == ((40, 32) if orientation < 5 else (32, 40))


def test_transparent_parts_are_laid_on_white(tmp_path: Path) -> None:
    pixels = np.full((16, 16, 4), (200, 0, 0, 255), np.uint8)
    pixels[:8, :, 3] = 0
    pixels[8, :, 3] = 51  # a fifth
    path = saved(tmp_path, Image.fromarray(pixels))
    found = square(path, "RGB", 16)
    assert found[:, [0, 8, 9], 0].T.tolist() == [[255, 255, 255], [244, 204, 204], [200, 0, 0]]
    assert facts(path).is_transparent


def test_alpha_that_is_opaque_all_over_is_not_transparent(tmp_path: Path) -> None:
    image = Image.fromarray(COLOUR).convert("RGBA")
    path = saved(tmp_path, image)
    assert not facts(path).is_transparent
    np.testing.assert_array_equal(square(path, "RGB", 16), np.moveaxis(COLOUR, -1, 0))


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_value_that_stands_for_transparent_is_white(tmp_path: Path, mode: str) -> None:
    image = Image.new(mode, (16, 16), 0)
    path = saved(tmp_path, image, transparency=0)
    assert facts(path).is_transparent
    assert square(path, "RGB", 16).min() == 255


def test_grey_with_alpha_stays_grey(tmp_path: Path) -> None:
    pixels = np.dstack([GREY, np.full_like(GREY, 255)])
    path = saved(tmp_path, Image.fromarray(pixels))
    assert facts(path).mode == "LA"
    np.testing.assert_array_equal(square(path, "L", 16), GREY[None])


def test_palette_becomes_its_colours(tmp_path: Path) -> None:
    image = Image.new("P", (16, 16), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    found = square(saved(tmp_path, image), "RGB", 16)
    assert found[:, 5, 5].tolist() == [10, 20, 30]


def test_black_and_white_become_0_and_255(tmp_path: Path) -> None:
    image = Image.fromarray(GREY > 128)
    found = square(saved(tmp_path, image), "L", 16)
    np.testing.assert_array_equal(found[0], np.where(GREY > 128, 255, 0))


def test_cmyk_is_converted_as_pillow_does(tmp_path: Path) -> None:
    image = Image.fromarray(COLOUR).convert("CMYK")
    found = square(saved(tmp_path, image, "a.tif"), "RGB", 16)
    np.testing.assert_array_equal(found, np.moveaxis(np.asarray(image.convert("RGB")), -1, 0))


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.pgm"])
def test_16_bits_are_scaled_and_not_clipped(tmp_path: Path, name: str) -> None:
    pixels = np.tile(np.array([0, 257, 300, 32768, 65279, 65535], np.uint16), (6, 1))
    path = saved(tmp_path, Image.fromarray(pixels), name)
    assert square(path, "L", 6)[0, 0].tolist() == [0, 1, 1, 128, 254, 255]
    assert facts(path).mode.startswith("I")


def test_fractions_become_bytes(tmp_path: Path) -> None:
    pixels = np.tile(np.array([0, 0.1, 0.5, 1], np.float32), (4, 1))
    path = saved(tmp_path, Image.fromarray(pixels), "a.tif")
    assert square(path, "L", 4)[0, 0].tolist() == [0, 26, 128, 255]


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.full((4, 4), 812.5, np.float32), "pixels lie from 0 to 1, but got 812.5 to 812.5"),
        (np.full((4, 4), -1, np.int32), "pixels lie from 0 to 65535, but got -1 to -1"),
        (np.full((4, 4), np.nan, np.float32), "pixels lie from 0 to 1, but got nan to nan"),
    ],
)
def test_pixels_of_an_unknown_range_are_refused(tmp_path: Path, pixels: Any, message: str) -> None:
    path = saved(tmp_path, Image.fromarray(pixels), "a.tif")
    with pytest.raises(ValueError, match=message):
        facts(path)


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.tif"])
def test_first_frame_stands_for_an_animation(tmp_path: Path, name: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "lime")]
    options = {"lossless": True} if name.endswith("webp") else {}
    path = saved(tmp_path, frames[0], name, save_all=True, append_images=frames[1:], **options)
    assert square(path, "RGB", 16)[:, 8, 8].tolist() == [255, 0, 0]


def test_facts_are_those_of_the_file(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.new("RGB", (300, 200)), "a.jpg")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert facts(path) == (300, 200, "RGB", False, sha256)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.png", {}),
        ("a.jpg", {}),
        ("a.jpg", {"progressive": True}),
        ("a.gif", {}),
        ("a.bmp", {}),
        ("a.tif", {}),
        ("a.tif", {"compression": "tiff_lzw"}),
        ("a.webp", {}),
        ("a.ppm", {}),
    ],
)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
@pytest.mark.filterwarnings("ignore")  # a warning is not what finds it
def test_truncated_picture_is_found(
    tmp_path: Path, name: str, options: dict[str, Any], share: float
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    path = saved(tmp_path, Image.fromarray(pixels), name, **options)
    facts(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises((OSError, ValueError, SyntaxError, EOFError)):
        facts(path)


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "it is empty"), (b"%!PS-Adobe-3.0 EPSF", "it is no picture")]
)
def test_file_of_something_else_is_no_picture(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        facts(path)


def test_rare_formats_are_not_tried(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.fromarray(COLOUR), "a.png", format="PCX")
    with pytest.raises(ValueError, match="it is no picture"):
        facts(path)


def test_format_goes_by_content(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.fromarray(GREY), "a.jpg", format="PNG")
    np.testing.assert_array_equal(square(path, "L", 16), GREY[None])


@pytest.mark.filterwarnings("ignore")
def test_metadata_of_no_use_leaves_the_picture_as_it_is(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.fromarray(COLOUR), "a.png", exif=b"Exif\0\0nonsense")
    np.testing.assert_array_equal(square(path, "RGB", 16), np.moveaxis(COLOUR, -1, 0))
