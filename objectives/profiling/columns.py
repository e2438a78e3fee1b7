"""The columns of a profile, each a small picture, those that matter before the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..development import Array
from ..quality.kinds import levels
from . import figures
from .bins import Bins, binned
from .page import Section, count, escaped, key, table
from .ranking import N_RANKED, Column
from .rows import WORD, Drawn, Outcome, as_numbers, bins, n_words

if TYPE_CHECKING:
    import pandas as pd

N_SHOWN = 60
N_UNNAMED = 12  # of inputs without names, which a table or a picture shows too
N_LEVELS = 20
TALL = 8  # levels that make a picture as high as two others
N_DISTINCT = 12  # numbers of so few values are drawn as levels
HEIGHT = 170  # pixels
DAY = 86_400  # seconds


def section(columns: Sequence[Column], drawn: Drawn, target: str, is_named: bool) -> Section:
    """Return the columns, drawn by their rank, and the rest as a table.

    Args:
        columns: ranked.
        drawn: the rows.
        target: its name.
        is_named: whether the columns have names of their own.
    """
    if not columns:
        return Section("columns", "Columns", "")
    shown = columns[: N_SHOWN if is_named else N_UNNAMED]
    cards = "".join(_card(i, column, drawn, target) for i, column in enumerate(shown))
    html = _introduction(shown, drawn.outcome, target) + f'<div class="grid">{cards}</div>'
    rest = columns[len(shown) :]
    if rest and is_named:
        head = ["column", "kind", "missing", "distinct", "min", "median", "max", "tells"]
        lines = [[escaped(column.name), column.kind, *column.words()] for column in rest]
        html += f"<p>{count(len(rest), 'column')} more, not drawn:</p>"
        html += table(head, lines, range(2, 8))
    title = f"The {len(shown)} inputs that tell most" if rest else "Inputs, one by one"
    return Section("columns", "Columns" if is_named else title, html)


def _introduction(shown: Sequence[Column], outcome: Outcome, target: str) -> str:
    order = (
        "What a finding names comes first, then what tells most of "
        f"{escaped(target)}: the share of its entropy that goes with knowing the column alone, "
        f"on at most {N_RANKED:,} rows."
    )
    if any(column.kind == "text" for column in shown):
        order += " What a text tells is that of its number of words."
    names, colours = ["rows", outcome.name], [figures.COUNTS, figures.colour_of(outcome)]
    if outcome.classes:
        order += (
            " Numbers are drawn for each class as shares of its own rows; elsewhere points are "
            f"the {escaped(outcome.name)}."
        )
        names, colours = ["rows", *outcome.classes], [figures.COUNTS, *figures.PALETTE]
    return f"<p>{order}</p>" + key(names, colours)


def _card(i: int, column: Column, drawn: Drawn, target: str) -> str:
    values = drawn.columns[column.name]
    draw = {"number": _of_numbers, "date": _of_dates, "text": _of_texts, "category": _of_levels}
    pictures, notes = draw[column.kind](f"column-{i}", values, drawn.outcome)
    missing, distinct, low, middle, high, told = column.words()
    facts = [column.kind, f"{missing} missing", f"{distinct} distinct"]
    if column.range:
        facts += [f"min {low}", f"median {middle}", f"max {high}"]
    whole = "".join(f"<span>{fact}</span> · " for fact in [*facts, *notes])
    is_tall = column.kind == "text" or (column.kind == "category" and column.n_distinct > TALL)
    size = " tall" if is_tall else ""
    flag = ' <a class="flag" href="#findings">see findings</a>' if column.is_named else ""
    return (
        f'<figure class="card{size}"><h3>{escaped(column.name)}{flag}</h3>\n{pictures}'
        f"<figcaption>{whole}tells {told} of {escaped(target)}</figcaption></figure>\n"
    )


Pictured = tuple[str, list[str]]  # figures, and notes for beneath


def _of_numbers(name: str, column: pd.Series[Any], outcome: Outcome) -> Pictured:
    values = as_numbers(column)
    is_there = ~np.isnan(values)
    found, codes = np.unique(values[is_there], return_inverse=True)
    if len(found) <= N_DISTINCT:
        texts = [f"{value:.6g}" for value in found]
        return _levels(name, texts, codes, is_there, outcome), []
    made = binned(values[is_there])
    return _histogram(name, made, values, made.holds(values), outcome), made.notes


def _histogram(name: str, made: Bins, values: Array, is_drawn: Array, outcome: Outcome) -> str:
    x, labels = values[is_drawn], outcome.labels[is_drawn]
    if outcome.classes:
        groups = [(text, x[labels == i]) for i, text in enumerate(outcome.classes)]
        traces = figures.outlines(made, groups)
        y = figures.axis(tickformat=".0~%")
        return figures.figure(name, traces, HEIGHT, xaxis=figures.axis(**made.axis), yaxis=y)
    # Means of tenths of the rows, each at its middle: bins of one width may hold a row or none.
    tenths, of = bins(x), outcome.values[is_drawn]
    at = [float(np.median(x[tenths == tenth])) for tenth in np.unique(tenths)]
    means = [float(of[tenths == tenth].mean()) for tenth in np.unique(tenths)]
    return _bars_and_means(name, figures.bars(made, x), at, means, outcome, **made.axis)


def _bars_and_means(
    name: str,
    bars: figures.Trace,
    at: Sequence[Any],
    means: Sequence[Any],
    outcome: Outcome,
    **axis: Any,
) -> str:
    beside = figures.axis(
        outcome.name,
        overlaying="y",
        side="right",
        tickmode="auto",
        showgrid=False,
        **figures.outcome_axis(outcome) | {"nticks": 5},
    )
    return figures.figure(
        name,
        [bars, figures.line(at, means, outcome)],
        HEIGHT,
        xaxis=figures.axis(**{"nticks": 4, "tickangle": 0} | axis),
        yaxis=figures.axis(),
        yaxis2=beside,
    )


def _of_dates(name: str, column: pd.Series[Any], outcome: Outcome) -> Pictured:
    seconds = as_numbers(column)
    is_there = ~np.isnan(seconds)
    if not is_there.any():
        return "", []
    if np.ptp(seconds[is_there]) == 0:
        return "", []
    unit = DAY if (seconds[is_there] % DAY == 0).all() else 1  # of days a bin holds whole days
    made = binned(seconds[is_there] / unit)
    is_drawn = made.holds(seconds / unit)
    x, of = seconds[is_drawn] / unit, outcome.values[is_drawn]
    middles = (made.middles * unit).astype("datetime64[s]").astype(str).tolist()
    counts = np.histogram(x, made.edges)[0]
    sums = np.histogram(x, made.edges, weights=of)[0]
    means = [float(s / n) if n else None for s, n in zip(sums, counts, strict=True)]
    width = 0.9 * 1000 * unit * float(made.edges[1] - made.edges[0])  # milliseconds
    bars = figures.bars(made, x, width=width) | {"x": middles}
    return _bars_and_means(name, bars, middles, means, outcome), made.notes


def _of_levels(name: str, column: pd.Series[Any], outcome: Outcome) -> Pictured:
    codes, texts = levels(column)
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    # By text where counts are equal: the order of codes is that of all rows' levels.
    order = sorted(np.flatnonzero(counts), key=lambda code: (-counts[code], texts[code]))
    places = np.full(len(texts) + 1, -1)
    places[order[:N_LEVELS]] = np.arange(min(len(order), N_LEVELS))
    placed = places[codes]
    shown = [texts[code] for code in order[:N_LEVELS]]
    rest = len(order) - len(shown)
    notes = [f"{count(rest, 'level')} more"] if rest else []
    return _levels(name, shown, placed[placed >= 0], placed >= 0, outcome), notes


def _levels(name: str, texts: list[str], codes: Array, is_drawn: Array, outcome: Outcome) -> str:
    """Return levels by the code of each row that is drawn."""
    if not texts:
        return ""
    counts = np.bincount(codes, minlength=len(texts))
    sums = np.bincount(codes, outcome.values[is_drawn], minlength=len(texts))
    return figures.levels(name, texts, counts, sums / counts, outcome)


def _of_texts(name: str, column: pd.Series[Any], outcome: Outcome) -> Pictured:
    lengths = n_words(column)
    is_there = ~np.isnan(lengths)
    if not is_there.any():
        return "", []
    lengths = lengths[is_there]
    made = binned(lengths)
    histogram = figures.figure(
        name,
        [figures.bars(made, lengths)],
        130,
        xaxis=figures.axis("words of a text", **made.axis),
        yaxis=figures.axis(),
    )
    words, notes = _of_words(f"{name}-words", column, outcome)
    low, middle, high = np.quantile(lengths, [0, 0.5, 1])
    return histogram + words, [
        f"{low:.0f} to {high:.0f} words, median {middle:g}",
        *made.notes,
        *notes,
    ]


def _of_words(name: str, column: pd.Series[Any], outcome: Outcome) -> Pictured:
    of_rows = [
        set(WORD.findall(text.lower())) if isinstance(text, str) else set() for text in column
    ]
    rows = Counter(word for words in of_rows for word in words)
    common = sorted(rows, key=lambda word: (-rows[word], word))[:N_LEVELS]
    if not common:
        return "", []
    counts = np.array([rows[word] for word in common])
    holds = np.array([[word in words for word in common] for words in of_rows])
    means = outcome.values @ holds / counts
    notes = [count(len(rows), "different word")]
    return figures.levels(name, common, counts, means, outcome), notes
