"""What Plotly draws in a profile: one look, small, and in colours that all can tell apart."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..development import Array
from .bins import Bins
from .page import FONT
from .rows import Outcome

# Okabe and Ito's, those that show on white.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
COUNTS = "#9AA0A6"  # of rows, whatever their target
LABEL = 22  # letters of a label; the rest is shown where the pointer is

_CONFIG = {"displaylogo": False, "displayModeBar": False, "responsive": True}
_LAYOUT = {
    "font": {"family": FONT, "size": 11, "color": "#202124"},
    "margin": {"l": 38, "r": 12, "t": 8, "b": 22},
    "plot_bgcolor": "#fff",
    "paper_bgcolor": "#fff",
    "dragmode": False,
    "showlegend": False,
    "bargap": 0.15,
}
_SHARES = [[0, "#F7FBFF"], [0.5, "#6BAED6"], [1, "#08306B"]]
_SIGNED = [[0, "#0072B2"], [0.5, "#FFFFFF"], [1, "#D55E00"]]

Trace = dict[str, Any]


def figure(name: str, traces: Sequence[Trace], height: int, **layout: Any) -> str:
    """Return the HTML of a figure as wide as its place and `height` pixels high.

    The page has plotly.js already; `name` tells figures apart in it.
    """
    from plotly import io

    made: str = io.to_html(
        {"data": list(traces), "layout": {**_LAYOUT, "height": height, **layout}},
        config=_CONFIG,
        include_plotlyjs=False,
        full_html=False,
        validate=False,
        default_height=height,
        div_id=f"figure-{name}",
    )
    return made + "\n"


def within(drawn: str, width: int = 760) -> str:
    """Return what is drawn as a figure at most `width` pixels wide."""
    return f'<figure style="max-width:{width}px">{drawn}</figure>'


def axis(title: str = "", **options: Any) -> dict[str, Any]:
    """Return an axis that stays as it is; the title is escaped here."""
    named = {"text": label(title, 30), "font": {"size": 11}, "standoff": 6}
    return {
        **({"title": named} if title else {}),
        "fixedrange": True,
        "automargin": True,
        "gridcolor": "#E8EAED",
        "zeroline": False,
        "nticks": 6,
        **options,
    }


def label(text: object, length: int = LABEL) -> str:
    """Return text as Plotly shows it: on one line, cut, and no part of it taken for a tag."""
    whole = str(text)
    words = " ".join(whole.split())
    if words and whole != whole.strip():  # what makes a level differ from another shows
        words = "␣" * whole[0].isspace() + words + "␣" * whole[-1].isspace()
    tail = length // 3  # names that begin alike often end otherwise
    cut = f"{words[: length - tail - 1]}…{words[-tail:]}" if len(words) > length else words
    return html.escape(cut, quote=False)


def outlines(
    bins: Bins, groups: Sequence[tuple[str, Array]], colours: Sequence[str] = PALETTE
) -> list[Trace]:
    """Return a histogram a group as an outline, each of its own rows' shares."""
    traces = []
    for (name, values), colour in zip(groups, colours, strict=False):
        counts = np.histogram(values, bins.edges)[0]
        shares = counts / max(len(values), 1)
        steps = [0.0, *np.repeat(shares, 2).tolist(), 0.0]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": label(name),
                "x": np.repeat(bins.edges, 2).tolist(),
                "y": steps,
                "line": {"color": colour, "width": 1.6, "simplify": False},
                "fill": "tozeroy",
                "fillcolor": f"{colour}22",
                "hovertemplate": "%{x:.4g}: %{y:.1%}",
            }
        )
    return traces


def bars(bins: Bins, values: Array, **options: Any) -> Trace:
    """Return a histogram of counts."""
    return {
        "type": "bar",
        "x": bins.middles.tolist(),
        "y": np.histogram(values, bins.edges)[0].tolist(),
        "marker": {"color": COUNTS},
        "hovertemplate": "%{x}: %{y:,} rows<extra></extra>",
        **options,
    }


def line(x: Sequence[Any], y: Sequence[float | None], outcome: Outcome) -> Trace:
    """Return a line with points, against an axis of its own on the right."""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": label(outcome.name),
        "x": list(x),
        "y": list(y),
        "yaxis": "y2",
        "connectgaps": False,
        "line": {"color": colour_of(outcome), "width": 1.6},
        "marker": {"size": 5},
    }


def levels(name: str, labels: Sequence[str], counts: Array, means: Array, outcome: Outcome) -> str:
    """Return rows by level on the left, and on the right what is told of the target in each.

    Args:
        name: the figure's.
        labels: of the levels, the first on top.
        counts: (levels,) rows.
        means: (levels,) of the outcome.
        outcome: of all rows; its mean is a broken line.
    """
    places = list(range(len(labels)))
    shown = {"y": places, "hovertext": [label(text, 80) for text in labels]}
    colour = colour_of(outcome)
    dots = {"color": colour, "size": 7}
    # Rounded, lest an axis be as wide as the last bit of a mean.
    *shown_means, overall = (float(f"{x:.10g}") for x in [*means, outcome.values.mean()])
    traces: list[Trace] = [
        {"type": "bar", "orientation": "h", "x": counts.tolist(), "marker": {"color": COUNTS}},
        {"type": "scatter", "mode": "markers", "x": shown_means, "marker": dots},
    ]
    traces[1] |= {"xaxis": "x2", "cliponaxis": False}
    traces[0]["hovertemplate"] = "%{hovertext}: %{x:,} rows<extra></extra>"
    traces[1]["hovertemplate"] = "%{hovertext}: %{x:.4g}<extra></extra>"
    rule = {"type": "line", "xref": "x2", "yref": "paper", "x0": overall, "x1": overall}
    rule |= {"y0": 0, "y1": 1, "line": {"color": colour, "width": 1, "dash": "dot"}}
    few: dict[str, Any] = {"nticks": 4, "tickangle": 0}
    ticks: dict[str, Any] = {
        "tickvals": places,
        "ticktext": [label(text) or "(blank)" for text in labels],
    }
    return figure(
        name,
        [{**trace, **shown} for trace in traces],
        max(105, 70 + 16 * len(places)),
        xaxis=axis("rows", domain=[0, 0.48], **few, rangemode="tozero"),
        xaxis2=axis(outcome.name, domain=[0.58, 1], **few | outcome_axis(outcome)),
        yaxis=axis(autorange="reversed", showgrid=False, **ticks),
        shapes=[rule],
    )


def colour_of(outcome: Outcome) -> str:
    """Return the colour of the class that the outcome is of."""
    return PALETTE[outcome.shown if outcome.classes else 0]


def outcome_axis(outcome: Outcome) -> dict[str, Any]:
    """Return what Plotly's axis of means is to be."""
    share = {"tickformat": ".0~%", "rangemode": "tozero"}
    return share if outcome.is_share else {"nticks": 3}


def heat(
    name: str,
    values: Array,
    columns: Sequence[str],
    rows: Sequence[str],
    height: int,
    is_signed: bool = False,
    is_square: bool = False,
    **trace: Any,
) -> str:
    """Return a heat map of values (rows, columns), the first row on top.

    Args:
        name: the figure's.
        values: NaN where a cell stays empty.
        columns: names, or none.
        rows: names, or none.
        height: in pixels.
        is_signed: whether values go from -1 to 1.
        is_square: whether a cell is as high as wide.
        **trace: of Plotly's own options.
    """
    cells: Trace = {"type": "heatmap", "z": values.tolist(), "hoverongaps": False, **trace}
    cells["colorscale"] = trace.get("colorscale", _SIGNED if is_signed else _SHARES)
    cells["colorbar"] = {"thickness": 10, "outlinewidth": 0, "nticks": 5}
    if is_signed:
        cells |= {"zmin": -1, "zmax": 1}

    def ticks(names: Sequence[str]) -> dict[str, Any]:
        if not names:
            return {"showticklabels": False, "ticks": ""}
        return {"tickvals": list(range(len(names))), "ticktext": [label(text) for text in names]}

    square = {"scaleanchor": "x", "constrain": "domain"} if is_square else {}
    return figure(
        name,
        [cells],
        height,
        xaxis=axis(
            showgrid=False,
            constrain="domain",
            tickangle=-45 if len(columns) > 4 else 0,
            **ticks(columns),
        ),
        yaxis=axis(showgrid=False, autorange="reversed", **ticks(rows), **square),
    )
