"""What a profile says of the parts of a split, and of the target in each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..development import Array
from ..quality.kinds import positions
from ..quality.view import View
from . import figures
from .bins import binned
from .page import Section, count, escaped, key, number, share, table, when

N_CLASSES = 20
N_OUTPUTS = 12


def parts(view: View) -> list[tuple[str, Array]]:
    """Return the name and the row numbers of each part that may be looked at."""
    folds = view.rows.folds
    if len(folds) == 1:
        return [("training", folds[0].train), ("validation", folds[0].validation)]
    return [
        (f"{part}, fold {i}", rows)
        for i, fold in enumerate(folds, start=1)
        for part, rows in zip(("training", "validation"), fold, strict=True)
    ]


def parts_table(view: View) -> str:
    """Return the rows of each part, and from when to when where time splits them.

    The test part, and what is left out, are counted and no more.
    """
    n, times = len(view.table), view.table.times
    lines = []
    for name, rows in parts(view):
        line = [name, f"{len(rows):,}", share(len(rows) / n)]
        lines.append(line if times is None else [*line, *_range(times[rows])])
    for name, rows in (("test, not shown", view.rows.test), ("left out", view.rows.left_out)):
        if len(rows):
            line = [name, f"{len(rows):,}", share(len(rows) / n)]
            lines.append(line if times is None else [*line, "", ""])
    head = ["part", "rows", "share"] if times is None else ["part", "rows", "share", "from", "to"]
    return table(head, lines, (1, 2, 3, 4))


def _range(times: Array) -> tuple[str, str]:
    low, high = times.min(), times.max()
    return (when(low), when(high)) if times.dtype.kind == "M" else (number(low), number(high))


def section(view: View) -> Section:
    """Return the classes of training and of validation rows, or the numbers, beside each other."""
    folds = len(view.rows.folds)
    shown = [(name, positions(view, rows)) for name, rows in parts(view)[:2]]
    text = f"Rows of the first of {folds} folds." if folds > 1 else ""
    draw = _numbers if view.task == "regression" else _classes
    names = [f"{name} ({len(at):,} rows)" for name, at in shown]
    html = "".join(map(figures.within, draw(view, shown)))
    return Section(
        "target",
        "The target",
        f"<p>{escaped(view.target)}, in shares of the rows of each part. {text}</p>"
        + key(names, figures.PALETTE)
        + html,
    )


def _classes(view: View, shown: Sequence[tuple[str, Array]]) -> Iterator[str]:
    """Yield shares by class: the largest, in sorted order."""
    n_all = np.bincount(view.labels, minlength=len(view.classes))
    order = np.sort(np.argsort(-n_all, kind="stable")[:N_CLASSES])
    places = np.arange(len(order))
    traces = []
    for (name, at), colour in zip(shown, figures.PALETTE, strict=False):
        counts = np.bincount(view.labels[at], minlength=len(view.classes))[order]
        trace = {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "x": (counts / max(len(at), 1)).tolist(),
            "y": places.tolist(),
            "text": [f"{n:,}" for n in counts],
            "textposition": "outside",
            "textangle": 0,
            "cliponaxis": False,
            "marker": {"color": colour},
            "hovertext": [figures.label(view.classes[i], 80) for i in order],
            "hovertemplate": "%{hovertext}: %{x:.2%}, %{text} rows",
        }
        traces.append(trace)
    names = [figures.label(view.classes[i]) for i in order]
    highest = max(x for trace in traces for x in trace["x"])
    drawn = figures.figure(
        "target-shares",
        traces,
        50 + 36 * len(order),
        xaxis=figures.axis(tickformat=".0~%", range=[0, 1.08 * highest]),
        yaxis=figures.axis(
            autorange="reversed", showgrid=False, tickvals=places.tolist(), ticktext=names
        ),
    )
    rest = len(view.classes) - len(order)
    if rest:
        drawn += f"<figcaption>{count(rest, 'class', 'classes')} more, each smaller.</figcaption>"
    yield drawn


def _numbers(view: View, shown: Sequence[tuple[str, Array]]) -> Iterator[str]:
    """Yield a histogram an output, and what it is in words."""
    outputs = view.labels.reshape(len(view.labels), -1)
    for i, values in enumerate(outputs.T[:N_OUTPUTS]):
        title = f"{view.target}, output {i}" if outputs.shape[1] > 1 else view.target
        made = binned(values)
        groups = [(name, values[at]) for name, at in shown]
        drawn = figures.figure(
            f"target-{i}",
            figures.outlines(made, groups),
            220,
            xaxis=figures.axis(title, **made.axis),
            yaxis=figures.axis(tickformat=".0~%"),
        )
        low, middle, high = np.quantile(values, [0, 0.5, 1])
        facts = [f"min {number(low)}", f"median {number(middle)}", f"max {number(high)}"]
        facts += [f"{len(np.unique(values)):,} distinct", *made.notes]
        yield f"{drawn}<figcaption>{escaped(title)}: {' · '.join(facts)}</figcaption>"
