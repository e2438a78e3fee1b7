"""Tables in a file, `.csv` or `.parquet`: typed columns, or one sentence on what is wrong.

A column of numbers (true and false are 1 and 0) is an input of numbers, a column of text or
categories is an input of levels. Arrow reads both formats: unlike pandas it refuses a row that
is short of cells, and tells a date from text.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError, did_you_mean
from .development import Array

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SUFFIXES = (".csv", ".parquet")
MAX_LEVELS = 100  # a text column of more is an id or free text, and an input for each is noise
_MAX_BLOCK = 2**31 - 1  # Arrow's own bound
_OTHER_SEPARATORS = ";\t|"


def is_table(source: str) -> bool:
    """Return whether a source is named as a table's file is."""
    return Path(source).suffix.lower() in SUFFIXES


def read(source: str, target: str) -> tuple[pd.DataFrame, Array]:
    """Read a table's file.

    Returns:
        Inputs, float64 columns (NaN where missing) and categorical ones, and targets (rows,),
        numbers or text as objects.

    Raises:
        InputError: the file cannot be read, or one of its columns cannot be used as it is.
    """
    import pandas as pd

    table, names = _open(source)
    _check_names(source, names, target)
    if table.num_rows == 0:
        raise InputError(f"{source}: a table has rows, but got columns only.", "Bring rows.")
    columns = {name: _values(source, name, table[name]) for name in names}
    targets = columns.pop(target)
    _check_target(source, target, targets)
    inputs = {name: _as_input(source, name, values) for name, values in columns.items()}
    return pd.DataFrame(inputs), targets


def _open(source: str) -> tuple[pa.Table, list[str]]:
    """Return the table and its columns' names."""
    import pyarrow as pa

    suffix = Path(source).suffix.lower()
    try:
        table = _read_csv(source) if suffix == ".csv" else _read_parquet(source)
        return table, table.column_names  # names are decoded when asked for
    except FileNotFoundError:
        raise InputError(f"{source}: there is no such file.", "Check the path.") from None
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise InputError(
            f"{source}: cannot be read as {suffix} ({reason}).",
            "Save it again, with commas and as UTF-8." if suffix == ".csv" else "Save it again.",
        ) from None


def _read_csv(source: str) -> pa.Table:
    from pyarrow import csv

    ragged: list[Any] = []

    def note(row: Any) -> str:
        ragged.append(row)
        return "skip"

    # One block and one thread: a column's type is that of all its rows, and rows are counted.
    size = min(max(Path(source).stat().st_size, 1), _MAX_BLOCK)
    table = csv.read_csv(
        source,
        csv.ReadOptions(use_threads=False, block_size=size),
        csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
        csv.ConvertOptions(strings_can_be_null=True),
    )
    if ragged:
        n, first = len(ragged), ragged[0]
        raise InputError(
            f"{source}: every row has a cell for each of {first.expected_columns} columns, but "
            f"{n} {'rows have' if n > 1 else 'row has'} not; row {first.number} of the file has "
            f"{first.actual_columns}.",
            "Correct the file; put quotes around a value that holds a comma.",
        )
    return table


def _read_parquet(source: str) -> pa.Table:
    from pyarrow import parquet

    # `read_table` would add columns that the folders' names spell (`year=2020/`).
    with parquet.ParquetFile(source) as file:
        return file.read()


def _check_names(source: str, names: list[str], target: str) -> None:
    if len(names) == 1 and any(separator in names[0] for separator in _OTHER_SEPARATORS):
        raise InputError(
            f"{source}: commas stand between columns, but the first line is {names[0]!r:.60}.",
            "Save it with commas.",
        )
    for number, name in enumerate(names, start=1):
        if not name.strip():
            rule = f"{source}: every column has a name, but column {number} has none."
            raise InputError(rule, "Name it, or drop it if it only numbers the rows.")
        if name in names[: number - 1]:
            rule = f"{source}: columns' names differ, but two are called '{name}'."
            raise InputError(rule, "Rename or drop one of them.")
    if target not in names:
        raise InputError(
            f"{source}: there is no column '{target}' to predict.", did_you_mean(target, names)
        )
    if len(names) == 1:
        rule = f"{source}: a target is predicted from inputs, but '{target}' is the only column."
        raise InputError(rule, "Bring columns to predict it from.")


def _values(source: str, name: str, column: pa.ChunkedArray) -> Array:
    """Return numbers, NaN where missing, or objects: text, None where missing."""
    import pyarrow as pa

    is_type = pa.types
    n_rows, kind = len(column), column.type
    if column.null_count == n_rows:
        rule = f"{source}: column '{name}' is missing in all of its {n_rows} rows."
        raise InputError(rule, "Drop it.")
    if is_type.is_temporal(kind):
        rule = f"{source}: dates and times are not read so far, but column '{name}' is {kind}."
        raise InputError(rule, "Drop it, or convert it to numbers such as days, month or hour.")
    if is_type.is_binary(kind) or is_type.is_nested(kind) or is_type.is_large_binary(kind):
        rule = f"{source}: a column is numbers or UTF-8 text, but '{name}' is {kind}."
        raise InputError(rule, "Drop it, or save it as numbers or as UTF-8 text.")
    if is_type.is_dictionary(kind):  # pandas' categories
        column = column.cast(kind.value_type)
    elif is_type.is_boolean(kind):
        column = column.cast(pa.int8())
    elif is_type.is_decimal(kind):
        column = column.cast(pa.float64())
    values: Array = column.to_numpy()
    if values.dtype != object:
        _check_numbers(source, name, values)
    return values


def _check_numbers(source: str, name: str, values: Array) -> None:
    """Refuse what single precision, in which networks train, cannot hold."""
    if np.isnan(values).all():
        rule = f"{source}: column '{name}' is missing in all of its {len(values)} rows."
        raise InputError(rule, "Drop it.")
    n_beyond = np.count_nonzero(np.abs(values.astype(np.float64)) > np.finfo(np.float32).max)
    if n_beyond:
        raise InputError(
            f"{source}: numbers lie within 3.4e38 of zero, but column '{name}' is infinite or "
            f"beyond in {n_beyond} of {len(values)} rows.",
            "Correct these cells, or leave them empty.",
        )


def _check_target(source: str, name: str, values: Array) -> None:
    import pandas as pd

    n_missing = int(pd.isna(values).sum())
    if n_missing:
        raise InputError(
            f"{source}: the target '{name}' is missing in {n_missing} of {len(values)} rows.",
            "Remove these rows, or fill in their targets.",
        )


def _as_input(source: str, name: str, values: Array) -> Any:
    """Return float64, or a pandas Categorical of text."""
    import pandas as pd

    if values.dtype != object:
        return values.astype(np.float64)
    levels = pd.Categorical(values)
    n_levels = len(levels.categories)
    if n_levels > MAX_LEVELS:
        raise InputError(
            f"{source}: a text column has at most {MAX_LEVELS} distinct values, but '{name}' has "
            f"{n_levels} in {len(values)} rows and looks like an id or free text.",
            "Drop it, or group its values.",
        )
    return levels
