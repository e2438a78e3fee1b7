"""A picture of lines and marked points, as a page to look closely at and as a PNG to send on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from matplotlib.figure import Figure

_INCHES = (8.0, 5.0)
_DOTS_AN_INCH = 120


@dataclass(frozen=True)
class Line:
    """Points by their coordinates, joined or not."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    style: Literal["line", "dashed", "points"] = "line"
    labels: Sequence[str] = ()  # of each point, shown where one points at it


@dataclass(frozen=True)
class Mark:
    """One point that the text beside the picture speaks of."""

    name: str
    x: float
    y: float


@dataclass(frozen=True)
class Picture:
    """What is to be seen."""

    title: str
    x_title: str  # with its unit
    y_title: str
    lines: Sequence[Line]
    marks: Sequence[Mark] = ()
    log_x: bool = False
    log_y: bool = False


def write(picture: Picture, stem: Path) -> list[Path]:
    """Write STEM.html, which needs no network, and STEM.png; return both."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    page, image = stem.with_suffix(".html"), stem.with_suffix(".png")
    _write_page(picture, page)
    _write_image(picture, image)
    return [page, image]


def _write_page(picture: Picture, path: Path) -> None:
    import plotly.graph_objects as go

    figure = go.Figure()
    for line in picture.lines:
        figure.add_scatter(
            x=list(line.x),
            y=list(line.y),
            name=line.name,
            mode="markers" if line.style == "points" else "lines",
            line={"dash": "dash" if line.style == "dashed" else "solid"},
            text=list(line.labels) or None,
        )
    for mark in picture.marks:
        figure.add_scatter(
            x=[mark.x],
            y=[mark.y],
            name=mark.name,
            mode="markers+text",
            text=[mark.name],
            textposition="top center",
            marker={"size": 11},
        )
    figure.update_layout(title=picture.title, template="plotly_white")
    figure.update_xaxes(title=picture.x_title, type="log" if picture.log_x else "linear")
    figure.update_yaxes(title=picture.y_title, type="log" if picture.log_y else "linear")
    figure.write_html(path, include_plotlyjs=True, full_html=True)


def _write_image(picture: Picture, path: Path) -> None:
    figure = Figure(figsize=_INCHES, dpi=_DOTS_AN_INCH, layout="tight")
    axes = figure.add_subplot()
    for line in picture.lines:
        if line.style == "points":
            axes.plot(line.x, line.y, "o", label=line.name)
        else:
            axes.plot(line.x, line.y, "--" if line.style == "dashed" else "-", label=line.name)
    for mark in picture.marks:
        axes.plot([mark.x], [mark.y], "o", markersize=9, label=mark.name)
        axes.annotate(mark.name, (mark.x, mark.y), (0, 8), textcoords="offset points", ha="center")
    axes.set(title=picture.title, xlabel=picture.x_title, ylabel=picture.y_title)
    axes.set_xscale("log" if picture.log_x else "linear")
    axes.set_yscale("log" if picture.log_y else "linear")
    axes.legend()
    figure.savefig(path)
