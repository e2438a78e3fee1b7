"""What a profile shows of arrays: inputs without names, and pictures."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..development import Array
from ..quality.kinds import sample
from ..quality.view import View
from . import figures
from .bins import Bins, edges_of
from .page import Section, count, escaped, key, number, table
from .ranking import Column
from .rows import Drawn, as_pictures

if TYPE_CHECKING:
    from PIL import Image

N_LISTED = 60  # inputs; more are a curve
N_CLASSES, N_EACH = 10, 8  # pictures on the sheet
N_AVERAGED = 500  # of each class
N_VALUES = 20_000_000  # of those, where they are large
TILE = 48, 80  # pixels of a picture's longer side: at least about, and at most
GAP = 4  # pixels
N_BINS = 64


def inputs(columns: Sequence[Column], drawn: Drawn) -> Section:
    """Return mean, standard deviation and the like of each input, in its own order."""
    values = drawn.columns.to_numpy(np.float64)
    n = values.shape[1]
    mean, sd = _moments(values)
    if drawn.pictures is not None:
        side = math.isqrt(n)
        html = (
            f"<p>As a picture of {side} x {side}: the mean of each input, and its deviation.</p>"
        )
        html += '<div class="grid">'
        for name, found in (("mean", mean), ("standard deviation", sd)):
            map_ = figures.heat(
                f"inputs-{name[0]}", found.reshape(side, side), [], [], 280, is_square=True
            )
            html += f'<figure class="card"><h3>{name}</h3>{map_}</figure>'
        return Section("inputs", "Inputs", html + "</div>")
    if n > N_LISTED:
        return Section("inputs", "Inputs", _curve(mean, sd))
    in_order = sorted(columns, key=lambda column: int(column.name.removeprefix("input ")))
    lines = [
        [column.name, number(mean[i]), number(sd[i]), *column.words()]
        for i, column in enumerate(in_order)
    ]
    head = ["", "mean", "sd", "missing", "distinct", "min", "median", "max", "tells"]
    return Section("inputs", "Inputs", table(head, lines, range(1, 9)))


def _moments(values: Array) -> tuple[Array, Array]:
    """Return mean and standard deviation of each column, missing values left out."""
    is_there = ~np.isnan(values)
    n = np.maximum(is_there.sum(axis=0), 1)
    mean = np.where(is_there, values, 0).sum(axis=0) / n
    squares = np.where(is_there, values - mean, 0) ** 2
    return mean, np.sqrt(squares.sum(axis=0) / n)


def _curve(mean: Array, sd: Array) -> str:
    x = list(range(len(mean)))
    around = {
        "type": "scatter",
        "mode": "lines",
        "x": [*x, *x[::-1]],
        "y": [*(mean + sd).tolist(), *(mean - sd)[::-1].tolist()],
        "fill": "toself",
        "fillcolor": f"{figures.PALETTE[0]}33",
        "line": {"width": 0},
        "hoverinfo": "skip",
    }
    line = {"color": figures.PALETTE[0], "width": 1.6}
    middle = {"type": "scatter", "mode": "lines", "x": x, "y": mean.tolist(), "line": line}
    drawn = figures.figure(
        "inputs",
        [around, middle],
        260,
        xaxis=figures.axis("input, counted from 0"),
        yaxis=figures.axis(),
    )
    text = "The mean of each input, and one standard deviation to both sides."
    return f"<p>{text}</p><figure>{drawn}</figure>"


def pictures(view: View, drawn: Drawn) -> Section:
    """Return a sheet of pictures, the mean of each class among them, and their brightness."""
    if drawn.pictures is None or not isinstance(view.table.inputs, np.ndarray):
        return Section("pictures", "Pictures", "")
    low, high = _range(drawn.pictures)
    groups = list(_groups(view))
    rng = np.random.default_rng(0)
    size = int(np.prod(drawn.pictures.shape[1:]))
    n = max(N_EACH, min(N_AVERAGED, N_VALUES // max(size, 1)))
    lines = []
    for _, rows in groups:
        chosen = rng.permutation(rows)[:n]
        found = as_pictures(view.table.inputs[chosen])
        assert found is not None
        mean = found.mean(axis=0, dtype=np.float64, keepdims=True)
        lines.append(_as_colours(np.concatenate([mean, found[:N_EACH]]), low, high))
    sheet = _sheet(lines)
    names = "".join(f'<span title="{escaped(name)}">{escaped(name)}</span>' for name, _ in groups)
    text = (
        f"The first of a line is the mean of its pictures, {n:,} at most; the others are drawn at "
        f"random. Black is {number(low)}, white {number(high)}."
    )
    rest = len(view.classes) - len(groups)
    if rest > 0:
        text += f" {count(rest, 'class', 'classes')} more, each smaller, are not shown."
    return Section(
        "pictures",
        "Pictures",
        f'<p>{text}</p><figure class="sheet"><div>{names}</div>{sheet}</figure>'
        + _brightness(drawn.pictures, low, high),
    )


def _groups(view: View) -> Iterator[tuple[str, Array]]:
    """Yield row numbers by class, the largest ten in sorted order; by fifths of a number."""
    if view.task == "regression":
        targets = view.labels.reshape(len(view.labels), -1)[:, 0]
        for part in np.array_split(np.argsort(targets, kind="stable"), 5):
            if len(part):
                low, high = targets[part[0]], targets[part[-1]]
                yield f"{number(low)} to {number(high)}", view.development[np.sort(part)]
        return
    counts = np.bincount(view.labels)
    for label in np.sort(np.argsort(-counts, kind="stable")[:N_CLASSES]):
        yield str(view.classes[label]), view.development[view.labels == label]


def _range(found: Array) -> tuple[float, float]:
    """Return what is black and what is white."""
    if found.dtype == np.uint8:
        return 0.0, 255.0
    there = found[np.isfinite(found)]
    return (float(there.min()), float(there.max())) if len(there) else (0.0, 1.0)


def _as_colours(found: Array, low: float, high: float) -> Array:
    """Return pictures (rows, height, width, 3) of uint8; channels that are no colours as grey."""
    if found.shape[1] != 3:
        found = found.mean(axis=1, dtype=np.float64, keepdims=True)
    scaled = (found.astype(np.float64) - low) * (255 / ((high - low) or 1))
    scaled = np.nan_to_num(scaled, nan=0.0).clip(0, 255).round().astype(np.uint8)
    return np.repeat(scaled, 3 // scaled.shape[1], axis=1).transpose(0, 2, 3, 1)


def _sheet(lines: Sequence[Array]) -> str:
    """Return an image of a line each, as a tag that holds its PNG."""
    from PIL import Image

    height, width = lines[0].shape[1:3]
    factor: float = max(1, TILE[0] // max(height, width))
    factor = min(factor, TILE[1] / max(height, width))
    tall, wide = max(1, round(height * factor)), max(1, round(width * factor))
    size = (1 + N_EACH) * (wide + GAP) + 2 * GAP, len(lines) * (tall + GAP)
    sheet = Image.new("RGB", size, "white")
    how = Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.LANCZOS
    for y, line in enumerate(lines):
        for x, pixels in enumerate(line):
            tile = Image.fromarray(pixels).resize((wide, tall), how)
            after_mean = 2 * GAP * (x > 0)
            sheet.paste(tile, (x * (wide + GAP) + after_mean, y * (tall + GAP) + GAP // 2))
    return _tag(sheet, "Pictures of each class, a line a class")


def _tag(image: Image.Image, words: str) -> str:
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    data = base64.b64encode(file.getvalue()).decode()
    style = f"max-width:{image.width}px"
    return f'<img src="data:image/png;base64,{data}" alt="{words}" style="{style}">'


def _brightness(found: Array, low: float, high: float) -> str:
    n = found.shape[1]
    if high <= low or n > 8:
        return ""
    names, colours = [f"channel {i}" for i in range(n)], [*figures.PALETTE, "#202124", "#9AA0A6"]
    if n == 3:
        names = ["red", "green", "blue"]
        colours = [figures.PALETTE[4], figures.PALETTE[2], figures.PALETTE[0]]
    found = found[sample(len(found), max(1, N_VALUES // (2 * found[0].size)))]
    there = found[np.isfinite(found)]
    if not len(there):
        return ""
    made = Bins(edges_of(there, N_BINS))
    traces: list[dict[str, Any]] = figures.outlines(
        made, [(name, found[:, i].ravel()) for i, name in enumerate(names)], colours
    )
    drawn = figures.figure(
        "brightness",
        traces,
        200,
        xaxis=figures.axis("brightness"),
        yaxis=figures.axis(tickformat=".0~%"),
    )
    by = ", by channel" if n > 1 else ""
    text = f"Brightness of the pixels of {count(len(found), 'picture')}{by}."
    legend = key(names, colours) if n > 1 else ""
    return f"<p>{text}</p>{legend}{figures.within(drawn)}"
