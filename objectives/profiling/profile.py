"""A page of HTML that shows the development rows of a data set in pictures.

It stands alone: whatever it shows is in it, and it loads nothing. Of test rows it has their
number, and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..findings import Finding
from ..quality.view import View
from . import arrays, columns, relations, target
from .page import Section, count, document, escaped, share, table
from .ranking import Column, ranked
from .rows import Drawn, draw


def page(view: View, title: str, findings: Sequence[Finding]) -> str:
    """Return the page: the parts, the findings, the target, and the inputs.

    Args:
        view: the data, split.
        title: of the page.
        findings: ranked, as they are to be shown.
    """
    drawn = draw(view)
    is_named = not isinstance(view.table.inputs, np.ndarray)
    described = ranked(view.columns if is_named else drawn.columns, drawn, findings)
    times = view.table.times
    of_drawn = None if times is None else times[view.development[drawn.at]]
    has_inputs = not is_named and bool(described)
    sections = [
        _findings(findings),
        target.section(view),
        arrays.inputs(described, drawn) if has_inputs else Section("inputs", "Inputs", ""),
        arrays.pictures(view, drawn),
        columns.section(described, drawn, view.target, is_named),
        relations.missing(described, drawn, of_drawn),
        relations.correlations(described, drawn),
    ]
    return document(title, _head(view, drawn, described, is_named), sections)


def _head(view: View, drawn: Drawn, described: Sequence[Column], is_named: bool) -> str:
    n = len(view.development)
    words = [_inputs(view, described, is_named), f"The target is {escaped(view.target)}."]
    cells = sum(column.n_rows for column in described)
    if cells:
        words.append(f"{share(sum(c.n_missing for c in described) / cells)} of cells are missing.")
    if view.dropped is not None and len(view.dropped.columns):
        names = ", ".join(map(escaped, view.dropped.columns))
        words.append(f"No inputs: {names}.")
    rows = f"All that follows is of the {count(n, 'development row')}; no test row is shown."
    if len(drawn.at) < n:
        rows += f" Pictures are drawn from {len(drawn.at):,} of them, chosen at random once"
        rows += "; numbers in words are of all." if is_named else "."
    return f"<p>{' '.join(words)}</p>\n<p>{rows}</p>\n{target.parts_table(view)}"


def _inputs(view: View, described: Sequence[Column], is_named: bool) -> str:
    inputs = view.table.inputs
    if not is_named:
        shape = " x ".join(map(str, inputs.shape[1:]))
        if inputs.ndim < 3:
            return f"{count(inputs.size // len(inputs), 'input')} without names."
        return f"Inputs of {shape}{', channels first' * (inputs.ndim == 4)}."
    kinds = Counter(column.kind for column in described)
    plurals = {"category": "categories"}
    counts = (count(n, kind, plurals.get(kind, "")) for kind, n in kinds.most_common())
    return f"{count(len(described), 'column')}: {', '.join(counts)}."


def _findings(findings: Sequence[Finding]) -> Section:
    if not findings:
        return Section("findings", "Findings", "<p>Nothing was found to mend.</p>")
    lines = [
        [
            f'<span class="{escaped(finding.level)}">{escaped(finding.level)}</span>',
            escaped(finding.where),
            f"{escaped(finding.rule)}<br>{escaped(finding.found)}",
            escaped(finding.fix),
        ]
        for finding in findings
    ]
    made = table(
        ["level", "where", "what should hold, and what does", "fix"], lines, (), "findings"
    )
    return Section("findings", "Findings", made)
