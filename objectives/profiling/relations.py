"""What a profile shows of columns beside each other: missing cells, and correlations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..development import Array
from ..quality.kinds import sample
from . import figures
from .page import Section, count
from .ranking import Column
from .rows import Drawn

if TYPE_CHECKING:
    import pandas as pd

N_COLUMNS = 40  # drawn beside each other
N_ROWS = 200  # of the picture of missing cells
N_WRITTEN = 12  # columns, of which correlations stand in the cells too
N_CORRELATED = 5_000  # rows
_MISSING = [[0, "#F1F3F4"], [1, "#D55E00"]]


def missing(columns: Sequence[Column], drawn: Drawn, times: Array | None) -> Section:
    """Return the share of missing cells by column, and where they are in a sample of rows.

    Args:
        columns: all that there are.
        drawn: the rows.
        times: (rows,) of the drawn rows, where time orders them.
    """
    gappy = sorted((c for c in columns if c.n_missing), key=lambda c: (-c.n_missing, c.name))
    if not gappy:
        return Section("missing", "Missing cells", "")
    shown = gappy[:N_COLUMNS]
    html = f"<p>{count(len(gappy), 'column')} of {len(columns):,} with a missing cell"
    html += (
        f"; the {N_COLUMNS} that miss most are drawn.</p>" if len(gappy) > N_COLUMNS else ".</p>"
    )
    html += _shares(shown)
    if len(shown) > 1:
        html += _matrix(drawn.columns[[column.name for column in shown]], times)
    return Section("missing", "Missing cells", html)


def _shares(columns: Sequence[Column]) -> str:
    places = list(range(len(columns)))
    bar = {
        "type": "bar",
        "orientation": "h",
        "x": [column.n_missing / column.n_rows for column in columns],
        "y": places,
        "marker": {"color": figures.PALETTE[4]},
        "hovertext": [figures.label(column.name, 80) for column in columns],
        "hovertemplate": "%{hovertext}: %{x:.2%}<extra></extra>",
    }
    names = [figures.label(column.name) for column in columns]
    y = figures.axis(autorange="reversed", showgrid=False, tickvals=places, ticktext=names)
    x = figures.axis(tickformat=".0~%", rangemode="tozero")
    height = 50 + 18 * len(columns)
    return figures.within(figures.figure("missing-shares", [bar], height, xaxis=x, yaxis=y))


def _matrix(columns: pd.DataFrame, times: Array | None) -> str:
    at = sample(len(columns), N_ROWS)
    order = "the source"
    if times is not None:
        at, order = at[np.argsort(times[at], kind="stable")], "time"
    gaps = columns.iloc[at].isna().to_numpy().astype(np.int64)
    drawn = figures.heat(
        "missing-rows",
        gaps,
        list(columns.columns),
        [],
        360,
        colorscale=_MISSING,
        showscale=False,
        zmin=0,
        zmax=1,
        hoverinfo="skip",
    )
    text = f"{count(len(at), 'row')} in the order of {order}, from above; a missing cell is red."
    return figures.within(f"{drawn}<figcaption>{text}</figcaption>")


def correlations(columns: Sequence[Column], drawn: Drawn) -> Section:
    """Return Spearman's correlations of the first numeric columns that are not constant."""
    title = "Correlations"
    numbers = [c.name for c in columns if c.kind == "number" and c.n_distinct > 1][:N_COLUMNS]
    at = sample(len(drawn.columns), N_CORRELATED)
    rows = drawn.columns[numbers].iloc[at].replace([np.inf, -np.inf], np.nan)
    rows = rows.loc[:, rows.nunique() > 1]
    if rows.shape[1] < 2:
        return Section("correlations", title, "")
    values = rows.corr(method="spearman").to_numpy().round(3)
    names = list(rows.columns)
    labels = [[figures.label(f"{a} and {b}", 80) for b in names] for a in names]
    drawn_ = figures.heat(
        "correlation",
        values,
        names,
        names,
        130 + max(18 * len(names), 90),
        is_signed=True,
        hovertext=labels,
        hovertemplate="%{hovertext}: %{z:.2f}<extra></extra>",
        texttemplate="%{z:.2f}" if len(names) <= N_WRITTEN else "",
    )
    width = 220 + 44 * len(names)
    text = f"Spearman's correlation of {count(len(names), 'numeric column')}"
    text += f", on {count(len(at), 'row')}, of each pair those that have both."
    if len(numbers) == N_COLUMNS:
        text += f" The first {N_COLUMNS} by their rank above."
    return Section("correlations", title, f"<p>{text}</p>{figures.within(drawn_, width)}")
