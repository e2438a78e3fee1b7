"""From a stored column to what it is to a network: a number, a category, a date, free text.

| role       | stored as                         | becomes                                     |
|------------|-----------------------------------|---------------------------------------------|
| `number`   | numbers, true and false; text     | float64, NaN where missing                  |
| `category` | text of up to 100 levels; any     | pandas' categorical of text                 |
| `date`     | dates and times; text             | datetime64, NaT where missing               |
| `text`     | text; any                         | `str`                                       |
| `words`    | text; any                         | `str`                                       |
| `drop`     | anything                          | nothing                                     |

The first type is a column's role where the file does not say one. Text of more levels is an id,
a rare category or prose, which only its owner can tell apart, so that has to be said.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from ..spaces.experiment import Role
from ..spaces.problems import Problem
from ..spaces.writing import scalar
from .development import Array
from .spelling import spelt_dates, spelt_numbers

if TYPE_CHECKING:
    import pyarrow as pa

MAX_LEVELS = 100  # a text column of more is an id or prose, unless the file says otherwise


class ColumnError(ValueError):
    """A column that cannot be what it is to be: the rule, and the way out."""

    def __init__(self, name: str, rule: str, fix: str) -> None:
        super().__init__(f"{rule} {fix}")
        self.problem = Problem(("data", "columns", name), rule, fix)


def stored_role(kind: pa.DataType) -> Role | None:
    """Return the role of a stored type, and None for what has none (bytes, lists, times)."""
    import pyarrow as pa

    is_type = pa.types
    if is_type.is_dictionary(kind):
        return stored_role(kind.value_type)
    if is_type.is_boolean(kind) or is_type.is_decimal(kind) or is_type.is_null(kind):
        return "number"
    if is_type.is_integer(kind) or is_type.is_floating(kind):
        return "number"
    if is_type.is_date(kind) or is_type.is_timestamp(kind):
        return "date"
    is_text = is_type.is_string(kind) or is_type.is_large_string(kind)
    return "category" if is_text or is_type.is_string_view(kind) else None


def typed(name: str, column: pa.ChunkedArray, role: Role | None) -> Any:
    """Return a column's values as its role has them: an array, or a pandas array.

    Args:
        name: the column's, for messages.
        column: as it is stored.
        role: what the file says it is, if it does.

    Raises:
        ColumnError: it cannot be that.
    """
    stored = stored_role(column.type)
    if stored is None:
        rule = f"a column is numbers, dates or UTF-8 text, but '{name}' is {column.type}."
        other = "or save the file as UTF-8" if "binary" in str(column.type) else "or convert it"
        raise ColumnError(name, rule, _drop(name, other))
    if n_missing(column) == len(column):
        raise _all_missing(name, len(column))
    match role or stored:
        case "number":
            return _number(name, column, stored)
        case "date":
            return _date(name, column, stored)
        case "text" | "words":
            return _as_text(column).to_pandas().astype("str").array
        case _:
            return _category(name, column, is_said=role is not None)


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column without pandas' coding of categories."""
    import pyarrow as pa

    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def n_missing(column: pa.ChunkedArray) -> int:
    """Return how many rows have no value: null, or no number."""
    import pyarrow as pa
    from pyarrow import compute

    if not pa.types.is_floating(plain(column).type):
        return int(column.null_count)
    return int(compute.sum(compute.is_null(plain(column), nan_is_null=True)).as_py() or 0)


def _number(name: str, column: pa.ChunkedArray, stored: Role) -> Array:
    import pyarrow as pa

    if stored == "date":
        raise ColumnError(name, f"column '{name}' holds dates, not numbers.", _write(name, "date"))
    column = plain(column)
    if stored == "category":
        return _of_text(name, column)
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    elif pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    values: Array = column.to_numpy().astype(np.float64)
    check_numbers(name, values)
    return values


def check_numbers(name: str, values: Array) -> None:
    """Refuse what single precision, in which networks train, cannot hold."""
    if np.isnan(values).all():
        raise _all_missing(name, len(values))
    n_beyond = np.count_nonzero(np.abs(values) > np.finfo(np.float32).max)
    if n_beyond:
        rule = f"numbers lie within 3.4e38 of zero, but column '{name}' is infinite or beyond"
        fix = "Correct these cells, or leave them empty."
        raise ColumnError(name, f"{rule} in {n_beyond} of {len(values)} rows.", fix)


def _of_text(name: str, column: pa.ChunkedArray) -> Array:
    """Return the numbers that a column of text spells."""
    coded = column.combine_chunks().dictionary_encode()
    levels = coded.dictionary.to_pylist()
    numbers, bad = spelt_numbers(levels)
    if bad:
        rule = f"column '{name}' is to be numbers, but {_first_of(bad, 'value')} none."
        raise ColumnError(name, rule, f"Correct it, or w{_write(name, 'category')[1:]}")
    codes = coded.indices.fill_null(len(levels)).to_numpy()
    values: Array = np.append(numbers, np.nan)[codes]
    check_numbers(name, values)
    return values


def _date(name: str, column: pa.ChunkedArray, stored: Role) -> Array:
    import pandas as pd
    import pyarrow as pa

    column = plain(column)
    if stored == "number":
        rule = f"column '{name}' is to be dates, but holds numbers."
        raise ColumnError(name, rule, "Save dates as 2020-12-31, or leave the role out.")
    if stored == "category":
        texts = column.to_pandas()
        dates, bad = spelt_dates(texts)
        if len(bad):
            rule = f"column '{name}' is to be dates, but {_first_of(bad, 'row')} none."
            raise ColumnError(name, rule, "Save dates as 2020-12-31.")
        if np.isnat(dates).all():
            raise _all_missing(name, len(dates))
        return dates
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp(column.type.unit))  # all to one zone's clock
    stored_dates: Array = pd.DatetimeIndex(column.to_pandas()).to_numpy()
    return stored_dates


def _category(name: str, column: pa.ChunkedArray, is_said: bool) -> Any:
    """Return a pandas Categorical whose levels are sorted texts."""
    import pandas as pd

    column = _as_text(column)
    coded = column.combine_chunks().dictionary_encode()
    levels = coded.dictionary.to_numpy(zero_copy_only=False)
    if len(levels) > MAX_LEVELS and not is_said:
        rule = f"a text column has at most {MAX_LEVELS} distinct values, but '{name}' has"
        rule = f"{rule} {len(levels)} in {len(column)} rows, and what it is is not said."
        kinds = "category (the rarest are put together), text, number, date or drop"
        raise ColumnError(
            name, rule, f"Write `columns: {{{scalar(name)}: ...}}` under `data:`: {kinds}."
        )
    order = np.argsort(levels)
    places = np.empty(len(levels) + 1, np.int64)
    places[order], places[-1] = np.arange(len(levels)), -1  # a missing level has the code -1
    codes = places[coded.indices.fill_null(len(levels)).to_numpy()]
    return pd.Categorical.from_codes(codes, levels[order])


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as text; numbers that a missing one made fractions are whole again."""
    import pyarrow as pa
    from pyarrow import compute

    column = plain(column)
    if stored_role(column.type) == "category":
        return column
    if pa.types.is_floating(column.type):
        column = compute.if_else(compute.is_nan(column), None, column)
        with suppress(pa.ArrowInvalid):
            column = column.cast(pa.int64())
    return column.cast(pa.string())


def _first_of(bad: list[str], what: str) -> str:
    """Return `'x' is`, or `'x' and 3 other values are`."""
    n = len(bad) - 1
    others = f" and {n} other {what}{'s' if n > 1 else ''} are" if n else " is"
    return f"{bad[0]!r:.40}{others}"


def _all_missing(name: str, n_rows: int) -> ColumnError:
    return ColumnError(
        name, f"column '{name}' is missing in all of its {n_rows} rows.", _drop(name)
    )


def _write(name: str, role: Role) -> str:
    return f"Write `columns: {{{scalar(name)}: {role}}}` under `data:`."


def _drop(name: str, other: str = "") -> str:
    rest = f", {other}." if other else "."
    return f"Write `columns: {{{scalar(name)}: drop}}` under `data:`{rest}"
