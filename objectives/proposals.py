"""What to make of the columns of a table whose owner has said nothing: a first guess, with why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..spaces.experiment import Role
from .columns import (
    MAX_LEVELS,
    n_missing,
    plain,
    stored_role,
)
from .spelling import MISSING_WORDS, spelt_dates, spelt_numbers

if TYPE_CHECKING:
    import pyarrow as pa

FEW_ROWS = 20  # among fewer, that all values differ means nothing
NEARLY_ALL = 0.95
PROSE = 5  # words, on average, of a text that is more than a name
_COUNTER = "numbers the rows"
_MOST_LOOKED_AT = 20_000  # levels, where all would take long

_ID = re.compile(
    r"(?:^|[_\W])(?:id|uuid|guid|key|code|nr|no|number|index)$|[a-z](?:Id|ID|UUID)$", re.I
)
_OWNER = re.compile(
    r"(?:^|[_\W])(?:user|customer|client|patient|subject|person|member|account|session|household|"
    r"family|device|machine|sensor|site|group)s?(?:[_\W]?(?:id|uuid|key|code|nr|no|number))?$",
    re.I,
)


@dataclass(frozen=True)
class Proposal:
    """A role for a column, and the reason, to be written beside it."""

    role: Role
    reason: str


def proposals(table: pa.Table, target: str) -> dict[str, Proposal]:
    """Return a role for each column that cannot or should not be used as it is stored."""
    found = {name: _proposal(name, table[name]) for name in table.column_names if name != target}
    proposed = {name: proposal for name, proposal in found.items() if proposal is not None}
    if len(proposed) == len(found) and all(p.role == "drop" for p in proposed.values()):
        # Nothing else is left: then these numbers may be what there is to learn from.
        proposed = {name: p for name, p in proposed.items() if p.reason != _COUNTER}
    if stored_role(table[target].type) == "category":
        levels = plain(table[target]).unique().drop_null().to_pylist()
        if _are_numbers(levels):
            proposed[target] = _spelt_number(levels)
    return proposed


def dated(table: pa.Table, target: str, proposed: dict[str, Proposal]) -> list[str]:
    """Return the columns of dates, those without a missing one first."""
    names = [
        name
        for name in table.column_names
        if name != target
        and (proposed[name].role if name in proposed else stored_role(table[name].type)) == "date"
    ]
    return sorted(names, key=lambda name: table[name].null_count > 0)


def has_all(column: pa.ChunkedArray) -> bool:
    """Whether a column of dates, or of dates as text, has one in every row."""
    if column.null_count or stored_role(column.type) == "date":
        return not column.null_count
    levels = plain(column).unique().to_pylist()
    return not any(level.strip().casefold() in MISSING_WORDS for level in levels)


def grouping(table: pa.Table, target: str) -> str | None:
    """Return the column that says whose each row is, where several rows are somebody's."""
    for name in table.column_names:
        if name == target or not (_ID.search(name) or _OWNER.search(name)):
            continue
        column = plain(table[name])
        n_known = len(column) - column.null_count
        if _are_names(column.type) and FEW_ROWS <= _count(column) <= n_known / 2:
            return str(name)
    return None


def _are_names(kind: pa.DataType) -> bool:
    """Whether values may be somebody's: fractions measure something."""
    import pyarrow as pa

    return stored_role(kind) == "category" or bool(pa.types.is_integer(kind))


def _proposal(name: str, column: pa.ChunkedArray) -> Proposal | None:
    stored = stored_role(column.type)
    if stored is None:
        return Proposal("drop", f"holds {column.type}")
    column = plain(column)
    n_levels, n_known = _count(column), len(column) - n_missing(column)
    if n_known == 0:
        return Proposal("drop", "is empty")
    if n_levels == 1 and n_known == len(column):
        return Proposal("drop", f"is {str(column[0].as_py())!r:.40} in every row")
    is_id = n_known >= FEW_ROWS and n_levels >= NEARLY_ALL * n_known
    if stored == "number":
        return _of_numbers(name, column, n_levels) if is_id else None
    if stored == "category":
        return _of_text(column, n_levels, is_id)
    return None


def _of_numbers(name: str, column: pa.ChunkedArray, n_levels: int) -> Proposal | None:
    """Return what whole numbers are of which nearly every row has another."""
    import pyarrow as pa

    if not pa.types.is_integer(column.type):
        return None
    values = column.drop_null().to_numpy()
    if NEARLY_ALL * (int(values.max()) - int(values.min()) + 1) <= n_levels:
        return Proposal("drop", _COUNTER)
    if _ID.search(name):
        return Proposal("drop", "an id: it is another in nearly every row")
    return None


def _of_text(column: pa.ChunkedArray, n_levels: int, is_id: bool) -> Proposal | None:
    levels = column.unique().drop_null().to_pylist()
    if _are_numbers(levels):
        return _spelt_number(levels)
    if _are_dates(levels):
        return Proposal("date", f"dates as text, such as {levels[0]!r:.40}")
    if n_levels <= MAX_LEVELS and not is_id:
        return None
    n_words = float(np.mean([len(level.split()) for level in levels[:_MOST_LOOKED_AT]]))
    if n_words >= PROSE:
        return Proposal("text", f"prose: {n_words:.0f} words on average")
    if is_id:
        return Proposal("drop", f"an id: {n_levels:,} different values in {len(column):,} rows")
    return Proposal("category", f"{n_levels:,} levels, of which the rarest are put together")


def _spelt_number(levels: list[str]) -> Proposal:
    return Proposal("number", f"numbers as text, such as {levels[0]!r:.40}")


def _are_numbers(levels: list[str]) -> bool:
    """Whether texts spell numbers, and none is a code that begins with a zero."""
    if any(re.fullmatch(r"0\d+", level.strip()) for level in levels):
        return False
    numbers, bad = spelt_numbers(levels)
    return not bad and bool((~np.isnan(numbers)).any())


def _are_dates(levels: list[str]) -> bool:
    import pandas as pd

    known = [level for level in levels if level.strip().casefold() not in MISSING_WORDS]
    shape = re.compile(r".*\d.*[-/.: ].*\d")
    if not known or not all(shape.match(level) for level in known):
        return False
    return not spelt_dates(pd.Series(known, dtype="str"))[1]


def _count(column: pa.ChunkedArray) -> int:
    """Return how many different values there are; Arrow's own count knows fewer types."""
    import pyarrow as pa

    single = column.cast(pa.float32()) if pa.types.is_float16(column.type) else column
    levels = single.unique()
    return len(levels) - n_missing(levels)
