"""Pictures in folders, one folder a class: `cats/1.png`, `dogs/1.png`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median_low
from typing import TypeVar

import numpy as np

from ..errors import InputError
from . import decoding
from .development import Array
from .findings import shown

T = TypeVar("T")
R = TypeVar("R")

SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".bmp", ".gif"),
    *(".tif", ".tiff", ".webp", ".ppm", ".pgm"),
)
_HIDDEN = ("thumbs.db", "desktop.ini")  # besides what starts with a dot
_PARTS = {"train", "training", "val", "valid", "validation", "test", "testing", "dev", "eval"}
_N_THREADS = min(8, os.cpu_count() or 1)  # each holds one picture; Pillow decodes beside others


@dataclass(frozen=True)
class Picture:
    """A picture file, decoded once. What is not known of a broken one is 0 or empty."""

    path: str  # relative to the source, with slashes
    label: str  # the top folder's name
    width: int = 0  # pixels, as shown: turned as EXIF says
    height: int = 0
    mode: str = ""  # Pillow's
    is_transparent: bool = False  # somewhere; an alpha channel may be opaque
    sha256: str = ""  # of the file
    error: str | None = None  # one line, if it is broken

    @property
    def is_grey(self) -> bool:
        return self.mode in ("1", "L", "LA", "La", "F") or self.mode.startswith("I")

    @property
    def shorter_side(self) -> int:
        return min(self.width, self.height)


@dataclass(frozen=True)
class Survey:
    """What a folder of pictures holds, sorted by name; hidden files and folders left out."""

    source: str
    classes: tuple[str, ...]  # folders, with pictures or without
    pictures: tuple[Picture, ...]  # by class, then path
    strays: tuple[str, ...]  # pictures beside the folders: of no class, not read
    nested: tuple[str, ...]  # pictures in a folder inside a class: read, as of that class
    others: tuple[str, ...]  # files that are no pictures

    @property
    def sound(self) -> list[Picture]:
        """Pictures that are not broken."""
        return [picture for picture in self.pictures if picture.error is None]

    @property
    def n_channels(self) -> int:
        """1 if every picture is grey, else 3."""
        return 1 if all(picture.is_grey for picture in self.sound) else 3


def is_pictures(source: str) -> bool:
    """Return whether a source is a folder."""
    return Path(source).is_dir()


def survey(source: str) -> Survey:
    """Look at every file of a folder of pictures.

    Each is decoded, once and coarsely: the header of a truncated file is as good as any other.

    Raises:
        InputError: a folder cannot be listed.
    """
    root = Path(source)
    try:
        names = [path.relative_to(root).as_posix() for path in _files(root)]
        classes = [path.name for path in _entries(root) if path.is_dir()]
    except OSError as error:
        rule = f"{source}: a folder of pictures is read, but {error.strerror or error}."
        raise InputError(rule, "Check the path, and that it may be read.") from None
    is_picture = [Path(name).suffix.lower() in SUFFIXES for name in names]
    pictures = [name for name, is_one in zip(names, is_picture, strict=True) if is_one]
    others = [name for name, is_one in zip(names, is_picture, strict=True) if not is_one]
    in_class = sorted((name for name in pictures if "/" in name), key=_by_class)
    return Survey(
        source=source,
        classes=tuple(_printable(name) for name in sorted(classes)),
        pictures=tuple(_for_each(partial(_look, root), in_class)),
        strays=tuple(_printable(name) for name in sorted(pictures) if "/" not in name),
        nested=tuple(_printable(name) for name in in_class if name.count("/") > 1),
        others=tuple(_printable(name) for name in sorted(others)),
    )


def propose_size(surveyed: Survey) -> int:
    """Return the side, in pixels from 8 to 64, to bring the pictures of a survey to.

    Of the median shorter side: up to 32 pixels itself, for pictures of 28 x 28 or 32 x 32 would
    only lose by a change; above that 32 or 64, the nearest at or below it.
    """
    sides = [picture.shorter_side for picture in surveyed.sound]
    side = median_low(sides) if sides else 0
    if side <= 32:
        return max(side, 8)
    return 64 if side >= 64 else 32


def n_bytes(surveyed: Survey, size: int) -> int:
    """Return the bytes that `read` will fill, from a survey alone."""
    return len(surveyed.sound) * surveyed.n_channels * size * size


def read(source: str, size: int, surveyed: Survey | None = None) -> tuple[Array, Array]:
    """Read pictures, squares of `size` pixels a side.

    Returns:
        uint8 (rows, channels, size, size), one channel if every picture is grey, else three; and
        the names of their classes, objects (rows,). Rows are in the survey's order.

    Raises:
        InputError: there are no two classes of pictures, or a picture is broken.
    """
    surveyed = surveyed or survey(source)
    _check(surveyed)
    mode = "L" if surveyed.n_channels == 1 else "RGB"
    paths = [picture.path for picture in surveyed.pictures]
    inputs = np.empty((len(paths), surveyed.n_channels, size, size), np.uint8)

    def fill(row: int) -> None:
        try:
            inputs[row] = decoding.square(Path(source) / paths[row], mode, size)
        except Exception as error:  # it has changed since the survey
            raise _broken(source, [f"{paths[row]} ({_reason(error)})"], len(paths)) from None

    _for_each(fill, range(len(paths)))
    targets = np.array([picture.label for picture in surveyed.pictures], dtype=object)
    return inputs, targets


def _entries(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and path.name.lower() not in _HIDDEN
    ]


def _files(folder: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """Yield the files of a folder and of folders inside it; a link back up is not followed."""
    above = above | {folder.resolve()}
    for path in _entries(folder):
        if not path.is_dir():
            yield path
        elif path.resolve() not in above:
            yield from _files(path, above)


def _by_class(name: str) -> tuple[str, str]:
    return name.partition("/")[0], name


def _printable(name: str) -> str:
    """Return the name, with marks for bytes that are no text."""
    return name.encode("utf-8", "replace").decode()


def _for_each(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Return the results in order, computed in threads, which share these filters of warnings."""
    from PIL import Image

    Image.init()
    with warnings.catch_warnings(), ThreadPoolExecutor(_N_THREADS) as pool:
        warnings.simplefilter("ignore")  # odd metadata
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return list(pool.map(function, items))


def _look(root: Path, name: str) -> Picture:
    path = _printable(name)
    label = path.partition("/")[0]
    try:
        if path != name:
            raise ValueError("its name is not UTF-8")
        facts = decoding.facts(root / name)
    except Exception as error:  # Pillow raises nearly anything of a broken file
        return Picture(path, label, error=_reason(error))
    return Picture(path, label, **facts._asdict())


def _reason(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0][:120].rstrip(".") if lines else type(error).__name__


def _check(surveyed: Survey) -> None:
    source, pictures = surveyed.source, surveyed.pictures
    labels = sorted({picture.label for picture in pictures})
    if not pictures and surveyed.strays:
        raise InputError(
            f"{source}: pictures lie in a folder of their class, but {len(surveyed.strays):,} lie "
            f"in no such folder: {shown(surveyed.strays)}.",
            "Make a folder a class, and move each picture into its own.",
        )
    if not pictures:
        n_others = len(surveyed.others)
        found = f"{n_others:,} other file{'s' * (n_others != 1)}" if n_others else "nothing"
        raise InputError(
            f"{source}: pictures lie in a folder of their class, but this one holds {found}.",
            f"Bring pictures that end in {', '.join(SUFFIXES)}.",
        )
    if {label.lower() for label in labels} <= _PARTS:
        raise InputError(
            f"{source}: a folder's name is a class, but the folders are called {shown(labels)}.",
            f"Point to a folder of classes, such as `{source.rstrip('/')}/{labels[0]}`.",
        )
    if len(labels) < 2:
        rule = f"{source}: there are pictures of two classes or more, but all are '{labels[0]}'."
        raise InputError(rule, "Bring pictures of another class, in a folder of its name.")
    broken = [f"{picture.path} ({picture.error})" for picture in pictures if picture.error]
    if broken:
        raise _broken(source, broken, len(pictures))


def _broken(source: str, broken: list[str], n: int) -> InputError:
    return InputError(
        f"{source}: pictures can be read, but {len(broken):,} of {n:,} cannot: {shown(broken)}.",
        "Remove them, or save them again.",
    )
