"""Tables in a file, `.csv` or `.parquet`, as they are stored, or one sentence on what is wrong.

Arrow reads both formats: unlike pandas it refuses a row that is short of cells, and tells a date
from text. The file may lie here or behind a URL (`locations`).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from ..errors import InputError, did_you_mean
from . import locations
from .columns import plain, stored_role

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIXES = (".csv", ".parquet")
_MAX_BLOCK = 2**31 - 1  # Arrow's own bound
_OTHER_DELIMITERS = ";\t|"
_LONGEST_HEAD = 1_000_000  # bytes of a first line
_BLOCK = 2**24  # bytes looked at together


def is_table(source: str) -> bool:
    """Return whether a source is named as a table's file is."""
    return locations.suffix(source) in SUFFIXES


def read(source: str) -> pa.Table:
    """Read a table's file.

    Raises:
        InputError: the file cannot be read, or is no table with rows and named columns.
    """
    import pyarrow as pa

    shown, suffix = locations.without_credentials(source), locations.suffix(source)
    try:
        with locations.open_binary(source) as file:
            table = _read_csv(shown, file) if suffix == ".csv" else _read_parquet(file)
        names = table.column_names  # decoded when asked for
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise InputError(
            f"{shown}: cannot be read as {suffix} ({reason}).",
            "Save it again as UTF-8, a line a row." if suffix == ".csv" else "Save it again.",
        ) from None
    check_names(shown, names)
    if table.num_rows == 0:
        raise InputError(f"{shown}: a table has rows, but got columns only.", "Bring rows.")
    return table


def n_bytes(source: str) -> int | None:
    """Return about how much memory a table takes once it is read, before it is, if that shows."""
    size = locations.size_of(source)
    if locations.suffix(source) == ".csv":
        return None if size is None else 2 * size  # of numbers as text, about what doubles take
    from pyarrow import ArrowException, parquet

    try:
        with locations.open_binary(source) as file, parquet.ParquetFile(file) as opened:
            groups = range(opened.metadata.num_row_groups)
            return sum(int(opened.metadata.row_group(i).total_byte_size) for i in groups)
    except (OSError, ValueError, ArrowException):
        return size  # what is wrong with it is for `read` to say


def check_names(shown: str, names: list[str]) -> None:
    """Refuse columns without a name, and two of one name."""
    for number, name in enumerate(names, start=1):
        if not name.strip():
            rule = f"{shown}: every column has a name, but column {number} has none."
            raise InputError(rule, "Name it, or drop it if it only numbers the rows.")
    seen: set[str] = set()
    for name in names:
        if name in seen:
            rule = f"{shown}: columns' names differ, but two are called '{name}'."
            raise InputError(rule, "Rename or drop one of them.")
        seen.add(name)


def joined(source: str, table: pa.Table, test: str, test_table: pa.Table) -> pa.Table:
    """Return a table with the rows of a file of test rows after its own, columns by name.

    Raises InputError where the second lacks a column or has it of another type.
    """
    import pyarrow as pa

    source, test = map(locations.without_credentials, (source, test))
    for name in table.column_names:
        if name not in test_table.column_names:
            rule = f"{test}: test rows have the columns of {source}, but there is no '{name}'."
            raise InputError(rule, did_you_mean(name, test_table.column_names))
    rows = test_table.select(table.column_names)
    for i, name in enumerate(table.column_names):
        if table[name].type != rows[name].type:
            table = table.set_column(i, name, _in_usual_type(table[name]))
            rows = rows.set_column(i, name, _in_usual_type(rows[name]))
    try:
        return pa.concat_tables([table, rows], promote_options="permissive")
    except pa.ArrowException as error:
        reason = str(error).splitlines()[0][:120]
        rule = f"{test}: test rows have columns of the types of {source}, but not here ({reason})."
        raise InputError(rule, "Save both files in the same way.") from None


def _in_usual_type(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return text as plain text and days as times: Arrow joins these only with their own kind."""
    import pyarrow as pa

    column = plain(column)
    if stored_role(column.type) == "category":
        return column.cast(pa.large_string())
    return column.cast(pa.timestamp("ms")) if pa.types.is_date(column.type) else column


def _read_csv(shown: str, file: IO[bytes]) -> pa.Table:
    from pyarrow import csv

    ragged: list[Any] = []

    def note(row: Any) -> str:
        ragged.append(row)
        return "skip"

    size = file.seek(0, 2)
    file.seek(0)
    head = file.readline(_LONGEST_HEAD)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError("it is UTF-16")
    delimiter = _delimiter(head)

    def parsed(**conversion: Any) -> pa.Table:
        file.seek(0)
        # One block and one thread: a column's type is that of all its rows, and rows are counted.
        return csv.read_csv(
            file,
            csv.ReadOptions(use_threads=False, block_size=min(max(size, 1), _MAX_BLOCK)),
            csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note
            ),
            csv.ConvertOptions(strings_can_be_null=True, **conversion),
        )

    table = parsed()
    if ragged:
        n, first = len(ragged), ragged[0]
        raise InputError(
            f"{shown}: every row has a cell for each of {first.expected_columns} columns, but "
            f"{n} {'rows have' if n > 1 else 'row has'} not; row {first.number} of the file has "
            f"{first.actual_columns}.",
            "Correct the file; put quotes around a value that holds a comma.",
        )
    return _with_codes(table, file, parsed)


def _with_codes(table: pa.Table, file: IO[bytes], parsed: Callable[..., pa.Table]) -> pa.Table:
    """Return a table in which codes such as 0150 are text: as numbers they would lose a zero."""
    import pyarrow as pa
    from pyarrow import compute

    names = table.column_names
    whole = [field.name for field in table.schema if pa.types.is_integer(field.type)]
    if len(set(names)) < len(names) or not whole or not _has_leading_zero(file):
        return table
    as_text = parsed(include_columns=whole, column_types=dict.fromkeys(whole, pa.string()))
    for name in whole:
        is_code = compute.match_substring_regex(as_text[name], r"^\s*0\d")
        if compute.any(is_code).as_py():
            table = table.set_column(names.index(name), name, as_text[name])
    return table


def _has_leading_zero(file: IO[bytes]) -> bool:
    """Whether there may be such a code; most files have none, and need not be read again."""
    file.seek(0)
    end = b""
    while block := file.read(_BLOCK):
        if re.search(rb"(?<![\w.+-])0\d", end + block):
            return True
        end = block[-2:]
    return False


def _delimiter(head: bytes) -> str:
    """Return what stands between the names in a first line: a comma, unless there is none."""
    head = re.sub(rb'"[^"]*"', b"", head)
    if b"," in head:
        return ","
    return max(_OTHER_DELIMITERS, key=lambda mark: head.count(mark.encode()))


def _read_parquet(file: IO[bytes]) -> pa.Table:
    from pyarrow import parquet

    # `read_table` would add columns that the folders' names spell (`year=2020/`).
    with parquet.ParquetFile(file) as opened:
        return opened.read()
