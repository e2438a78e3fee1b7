"""For each finding a folder that has it, and one that nearly has."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from truetune.objectives.findings import Finding
from truetune.objectives.pictures import survey
from truetune.objectives.quality.pictures import findings

SIZE = 16
N = 10  # of each class
Draw = Callable[..., Path]


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Save a picture that is like no other."""
    generator = np.random.default_rng(0)

    def save(name: str, width: int = SIZE, height: int = SIZE, mode: str = "RGB") -> Path:
        path = tmp_path / "pets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = generator.integers(0, 256, (height, width, 3), np.uint8)
        Image.fromarray(pixels).convert(mode).save(path)
        return path

    return save


@pytest.fixture
def pets(tmp_path: Path, draw: Draw) -> Path:
    """A folder in which there is nothing to mend."""
    for i in range(N):
        draw(f"cat/{i}.png")
        draw(f"dog/{i}.png")
    return tmp_path / "pets"


def found(folder: Path) -> list[Finding]:
    return findings(survey(str(folder)), SIZE)


def only(folder: Path) -> Finding:
    (finding,) = found(folder)
    return finding


def test_nothing_is_found_in_a_good_folder(pets: Path) -> None:
    assert found(pets) == []


def test_broken_pictures_are_an_error(pets: Path) -> None:
    path = pets / "cat" / "0.png"
    path.write_bytes(path.read_bytes()[:-200])
    (pets / "dog" / "z.png").touch()
    errors = [finding for finding in found(pets) if finding.level == "error"]
    assert [(error.where, error.weight) for error in errors] == [("cat/0.png, dog/z.png", 2 / 21)]
    assert "2 of 21 cannot: " in errors[0].found
    assert "it is empty (1)" in errors[0].found


def test_bytes_after_a_whole_picture_break_nothing(pets: Path) -> None:
    path = pets / "cat" / "0.png"
    path.write_bytes(path.read_bytes() + b"more")
    assert found(pets) == []


def test_tiny_pictures_are_blown_up(pets: Path, draw: Draw) -> None:
    draw("cat/0.png", width=15, height=40)
    draw("dog/0.png", width=9, height=9)
    finding = only(pets)
    assert (finding.level, finding.where, finding.weight) == (
        "warning",
        "cat/0.png, dog/0.png",
        0.1,
    )
    assert finding.found == "2 of 20 pictures (10.0%) have fewer, down to 9, and are blown up"


def test_long_pictures_lose_most(pets: Path, draw: Draw) -> None:
    draw("cat/0.png", width=64, height=16)
    draw("cat/1.png", width=16, height=48)  # three times: nearly
    finding = only(pets)
    assert finding.where == "cat/0.png"
    assert "are longer, up to 4.0 times, and lose up to 75%" in finding.found


@pytest.mark.parametrize(
    ("name", "mode", "message"),
    [
        ("cat/a.png", "L", "are grey, and get three equal channels"),
        ("cat/a.png", "1", "are grey, and get three equal channels"),
        ("cat/a.jpg", "CMYK", "are in CMYK"),
    ],
)
def test_odd_channels_are_named(
    pets: Path, draw: Draw, name: str, mode: str, message: str
) -> None:
    draw(name, mode=mode)
    finding = only(pets)
    assert finding.where == name
    assert finding.found.startswith(f"1 of 21 pictures (4.8%) {message}")


def test_palette_and_opaque_alpha_are_not_odd(pets: Path, draw: Draw) -> None:
    draw("cat/a.png", mode="P")
    draw("cat/b.png", mode="RGBA")
    assert found(pets) == []


def test_transparent_pictures_are_named(pets: Path) -> None:
    path = pets / "dog" / "3.png"
    with Image.open(path) as image:
        image.putalpha(254)
        image.save(path)
    finding = only(pets)
    assert finding.where == "dog/3.png"
    assert "transparent in parts, and are laid on white" in finding.found


@pytest.fixture
def grey_pets(tmp_path: Path, draw: Draw) -> Path:
    for i in range(N):
        draw(f"cat/{i}.png", mode="L")
        draw(f"dog/{i}.png", mode="LA")
    return tmp_path / "pets"


def test_nothing_is_found_where_all_are_grey(grey_pets: Path) -> None:
    assert found(grey_pets) == []


def test_colour_among_grey_is_named(grey_pets: Path, draw: Draw) -> None:
    draw("dog/a.png")
    finding = only(grey_pets)
    assert finding.where == "dog/a.png"
    assert "are in colour, for which the grey ones get three equal channels" in finding.found


def test_pictures_of_16_bits_are_named(grey_pets: Path) -> None:
    Image.fromarray(np.full((SIZE, SIZE), 1000, np.uint16)).save(grey_pets / "cat" / "0.png")
    finding = only(grey_pets)
    assert finding.where == "cat/0.png"
    assert "have 16 or more, and white, 65,535 or 1.0, becomes 255" in finding.found


def test_classes_of_few_pictures_are_named(pets: Path, draw: Draw) -> None:
    (pets / "cow").mkdir()
    (pets / "cat" / "0.png").unlink()  # nine are left; ten are enough
    finding = only(pets)
    assert (finding.level, finding.where, finding.weight) == ("warning", "cow, cat", 1.0)
    assert finding.found == "there are 0 of cow, 9 of cat"


def test_strays_are_left_out(pets: Path, draw: Draw) -> None:
    draw("a.png")
    finding = only(pets)
    assert finding.where == "a.png"
    assert finding.found.startswith("1 of 21 pictures lie beside these folders")


def test_nested_pictures_are_named(pets: Path, draw: Draw) -> None:
    draw("cat/kittens/a.png")
    finding = only(pets)
    assert finding.where == "cat/kittens/a.png"
    assert "taken for the class of the topmost folder" in finding.found


def test_other_files_are_named_and_hidden_ones_not(pets: Path) -> None:
    (pets / "cat" / ".DS_Store").touch()
    assert found(pets) == []
    (pets / "cat" / "a.heic").touch()
    finding = only(pets)
    assert finding.where == "cat/a.heic"
    assert finding.found.startswith("1 of 21 files are no pictures")


def test_copies_are_counted(pets: Path) -> None:
    for name in ("a", "b"):
        shutil.copy(pets / "cat" / "0.png", pets / "cat" / f"{name}.png")
    finding = only(pets)
    assert finding.where == "cat/a.png, cat/b.png"
    assert finding.found.startswith("2 of 22 pictures (9.1%) repeat another byte for byte")
    assert "such as cat/0.png" in finding.found


def test_same_picture_under_two_classes_is_the_worst_warning(pets: Path) -> None:
    shutil.copy(pets / "cat" / "0.png", pets / "dog" / "a.png")
    finding = only(pets)
    assert (finding.level, finding.weight) == ("warning", 1.0)
    assert finding.where == "cat/0.png = dog/a.png"
    assert finding.found.endswith("under more than one, by number of files: cat and dog (1)")


def test_same_pixels_in_other_bytes_are_no_copy(pets: Path) -> None:
    with Image.open(pets / "cat" / "0.png") as image:
        image.save(pets / "cat" / "a.png", compress_level=1)
    assert found(pets) == []
