"""What a careful colleague would say of a table before anything is trained on it.

Only rows that a search may see are looked at; test rows are counted where they repeat those.

| of       | is looked for                                                                |
|----------|------------------------------------------------------------------------------|
| columns  | more than half missing; constant; ids; categories of more than 100 levels     |
|          | equal or nearly equal to another                                              |
| values   | single numbers far outside; -999 and the like for missing                     |
| text     | numbers or dates that are text; a level spelt in two ways                     |
|          | free text that is empty, all alike, or of words no training row has           |
| rows     | copies, and copies whose targets differ                                       |
| targets  | one value only; rare classes; classes that a part lacks                       |
|          | numbers far outside or skewed; labels that all other rows speak against       |
| leaks    | a column that gives the target away alone                                     |
| parts    | a column that groups rows, in training and validation; groups and copies on   |
|          | two sides; test rows that are not later; levels and values that differ        |
"""

from __future__ import annotations

from collections.abc import Callable

from ..findings import Finding, ranked
from . import columns, labels, leaks, noise, parts, rows, spelling, texts, twins, values
from .view import View

Check = Callable[[View], list[Finding]]

CHECKS: tuple[Check, ...] = (
    labels.single,
    labels.absent,
    labels.imbalance,
    labels.shape,
    leaks.leaks,
    parts.overlap,
    parts.order,
    parts.groups,
    rows.copies,
    noise.wrong_labels,
    columns.missing,
    columns.constant,
    columns.ids,
    columns.many_levels,
    twins.twins,
    values.sentinels,
    values.outliers,
    spelling.numbers_as_text,
    spelling.dates_as_text,
    spelling.variants,
    texts.texts,
    parts.unknown_levels,
    parts.shift,
)


def inspect(view: View) -> list[Finding]:
    """Return all that the checks find, the worst first."""
    return ranked([finding for check in CHECKS for finding in check(view)])
