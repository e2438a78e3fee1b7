"""Folders of pictures: what a survey counts, what is read, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from truetune.errors import InputError
from truetune.objectives.pictures import (
    Picture,
    Survey,
    is_pictures,
    n_bytes,
    propose_size,
    read,
    survey,
)


def draw(folder: Path, name: str, grey: int = 0, side: int = 16, mode: str = "L") -> Path:
    """Save a picture of one shade."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (side, side), grey).convert(mode).save(path)
    return path


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Two classes, saved in another order than that of their names."""
    for grey, name in enumerate(["dog/2.png", "cat/b.png", "dog/10.png", "cat/a.png"], start=1):
        draw(tmp_path / "pets", name, grey=10 * grey)
    return tmp_path / "pets"


def test_folder_is_a_source_of_pictures(tmp_path: Path, pets: Path) -> None:
    assert is_pictures(str(pets))
    assert not is_pictures(str(pets / "cat" / "a.png"))
    assert not is_pictures(str(tmp_path / "none"))


def test_rows_are_in_the_order_of_names(pets: Path) -> None:
    inputs, targets = read(str(pets), 16)
    assert inputs.dtype == np.uint8
    assert inputs.shape == (4, 1, 16, 16)
    assert inputs[:, 0, 0, 0].tolist() == [40, 20, 30, 10]
    assert targets.tolist() == ["cat", "cat", "dog", "dog"]
    assert targets.dtype == object


def test_order_is_not_that_of_the_file_system(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = survey(str(pets))
    listed = os.listdir
    scanned = Path.iterdir
    monkeypatch.setattr(os, "listdir", lambda path: sorted(listed(path), reverse=True))
    monkeypatch.setattr(Path, "iterdir", lambda path: iter(sorted(scanned(path), reverse=True)))
    assert survey(str(pets)) == expected


def test_class_goes_before_name(tmp_path: Path) -> None:
    for name in ("a b/1.png", "a/2.png", "a/z/3.png", "a-b/4.png"):
        draw(tmp_path, name)
    found = [picture.path for picture in survey(str(tmp_path)).pictures]
    assert found == ["a/2.png", "a/z/3.png", "a b/1.png", "a-b/4.png"]


def test_survey_tells_files_apart(pets: Path) -> None:
    draw(pets, "stray.png")
    draw(pets, "dog/puppies/1.JPG")
    draw(pets, ".hidden/1.png")
    draw(pets, "cat/.hidden.png")
    (pets / "empty").mkdir()
    for name in ("labels.csv", "dog/clip.mp4", "dog/Thumbs.db", "cat/.DS_Store"):
        (pets / name).write_text("x")
    found = survey(str(pets))
    assert found.classes == ("cat", "dog", "empty")
    assert found.strays == ("stray.png",)
    assert found.nested == ("dog/puppies/1.JPG",)
    assert found.others == ("dog/clip.mp4", "labels.csv")
    assert [picture.label for picture in found.pictures] == ["cat", "cat", "dog", "dog", "dog"]


def test_nested_pictures_are_of_the_topmost_class_and_strays_of_none(pets: Path) -> None:
    draw(pets, "stray.png")
    draw(pets, "dog/puppies/deep/1.png", grey=50)
    inputs, targets = read(str(pets), 8)
    assert targets.tolist() == ["cat", "cat", "dog", "dog", "dog"]
    assert inputs[-1, 0, 0, 0] == 50


def test_survey_describes_each_picture(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    Image.new("CMYK", (30, 20)).save(tmp_path / "a" / "1.jpg")
    (tmp_path / "a" / "2.png").write_bytes(b"nothing")
    one, two = survey(str(tmp_path)).pictures
    assert (one.path, one.label, one.width, one.height) == ("a/1.jpg", "a", 30, 20)
    assert (one.mode, one.is_grey, one.is_transparent, one.error) == ("CMYK", False, False, None)
    assert two == Picture("a/2.png", "a", error="it is no picture")


@pytest.mark.parametrize(
    ("modes", "n_channels"),
    [(("L", "1"), 1), (("L", "LA"), 1), (("L", "RGB"), 3), (("L", "P"), 3), (("RGBA", "RGB"), 3)],
)
def test_one_channel_if_all_are_grey_else_three(
    tmp_path: Path, modes: tuple[str, str], n_channels: int
) -> None:
    for label, mode in zip("ab", modes, strict=True):
        draw(tmp_path, f"{label}/1.png", mode=mode)
    found = survey(str(tmp_path))
    inputs, _ = read(str(tmp_path), 8, found)
    assert inputs.shape == (2, n_channels, 8, 8)
    assert n_bytes(found, 8) == inputs.nbytes


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ([8], 8),
        ([28], 28),
        ([32], 32),
        ([5], 8),
        ([47], 32),
        ([63], 32),
        ([64], 64),
        ([500], 64),
        ([10, 28, 500], 28),
        ([28, 30], 28),
        ([], 8),
    ],
)
def test_small_pictures_keep_their_size(sides: list[int], expected: int) -> None:
    pictures = tuple(Picture(f"a/{side}.png", "a", side, side + 9, "L") for side in sides)
    broken = Picture("a/z.png", "a", error="it is empty")
    assert propose_size(Survey("", ("a",), (*pictures, broken), (), (), ())) == expected


def refusal(source: Path) -> InputError:
    with pytest.raises(InputError) as error:
        read(str(source), 8)
    assert error.value.cause.startswith(f"{source}: ")
    assert error.value.fix
    return error.value


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "No such file or directory" in refusal(tmp_path / "none").cause


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "but this one holds nothing" in refusal(tmp_path).cause


def test_folder_of_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("a/1.heic", "a/2.heic"):
        (tmp_path / name).write_text("x")
    assert "but this one holds 2 other files" in refusal(tmp_path).cause


def test_pictures_without_a_class_folder_are_named(tmp_path: Path) -> None:
    for i in range(7):
        draw(tmp_path, f"{i}.png")
    cause = refusal(tmp_path).cause
    assert "7 lie in no such folder: 0.png, 1.png, 2.png, 3.png, 4.png and 2 more" in cause


def test_one_class_is_refused(tmp_path: Path) -> None:
    draw(tmp_path, "cat/1.png")
    (tmp_path / "dog").mkdir()
    assert "two classes or more, but all are 'cat'" in refusal(tmp_path).cause


def test_parts_are_no_classes(tmp_path: Path) -> None:
    for name in ("train/cat/1.png", "train/dog/1.png", "Test/cat/2.png"):
        draw(tmp_path, name)
    error = refusal(tmp_path)
    assert "the folders are called Test, train" in error.cause
    assert f"`{tmp_path}/Test`" in error.fix
    draw(tmp_path, "car/1.png")
    assert set(read(str(tmp_path), 8)[1]) == {"Test", "car", "train"}


def test_broken_pictures_are_named(pets: Path) -> None:
    (pets / "cat" / "empty.png").touch()
    path = draw(pets, "dog/short.bmp")
    path.write_bytes(path.read_bytes()[:-1])
    error = refusal(pets)
    assert "2 of 6 cannot: cat/empty.png (it is empty), dog/short.bmp (" in error.cause
    assert error.fix == "Remove them, or save them again."


@pytest.mark.parametrize("limit", [150, 255])
def test_bomb_is_broken(pets: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    # 256 pixels: at one limit Pillow only warns, at the other (twice exceeded it would raise).
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    assert "4 of 4 cannot: cat/a.png (Image size (256 pixels) exceeds" in refusal(pets).cause


def test_picture_that_breaks_after_the_survey_is_named(pets: Path) -> None:
    found = survey(str(pets))
    (pets / "dog" / "10.png").unlink()
    with pytest.raises(InputError, match=r"1 of 4 cannot: dog/10\.png \(it is no file\)"):
        read(str(pets), 8, found)


def test_folder_that_links_to_one_above_is_left(pets: Path) -> None:
    expected = survey(str(pets)).pictures
    (pets / "dog" / "loop").symlink_to(pets)
    assert survey(str(pets)).pictures == expected


def test_class_may_be_a_link(tmp_path: Path, pets: Path) -> None:
    (pets / "wolf").symlink_to(pets / "dog")
    assert read(str(pets), 8)[1].tolist() == ["cat", "cat", "dog", "dog", "wolf", "wolf"]


def test_link_to_nowhere_is_broken(pets: Path) -> None:
    (pets / "dog" / "gone.png").symlink_to(pets / "none.png")
    assert "1 of 5 cannot: dog/gone.png (it is no file)" in refusal(pets).cause


def test_name_that_is_no_text_is_broken(pets: Path) -> None:
    os.rename(pets / "dog" / "2.png", os.fsencode(pets / "dog") + b"/\xff.png")
    cause = refusal(pets).cause
    assert "1 of 4 cannot: dog/?.png (its name is not UTF-8)" in cause
    assert cause.encode()


def test_nothing_is_warned_of_while_reading(pets: Path, recwarn: Any) -> None:
    image = Image.new("P", (16, 16))  # Pillow warns of a palette with transparency in bytes
    image.putpalette([10, 20, 30] * 2)
    image.save(pets / "cat" / "c.png", transparency=b"\x00\xff")
    read(str(pets), 8)
    assert not recwarn.list
