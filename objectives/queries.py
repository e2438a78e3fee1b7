"""Databases: the rows of one query, through SQLAlchemy, as a table of typed columns.

Nothing is written: a query is one statement that reads, by its words, and its transaction is
rolled back. That keeps from slips; who must be kept from more gets a user who may only read.
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from ..errors import InputError
from . import findings
from .locations import without_credentials

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import URL, Connection, Engine

DATABASES = {"sqlite", "postgresql", "mysql", "mariadb", "oracle", "mssql"}  # SQLAlchemy's own
PLUGINS = {
    "bigquery": "sqlalchemy-bigquery",
    "duckdb": "duckdb-engine",
    "snowflake": "snowflake-sqlalchemy",
}
N_FETCHED = 10_000  # rows that are Python's objects at a time; more takes memory, not less time

_CONNECT_S = "15"
_DRIVERS = {  # a module, and how to get it
    "MySQLdb": "Run `pip install pymysql`, and write `{backend}+pymysql://`.",
    "psycopg": "Run `pip install 'psycopg[binary]'`.",
    "psycopg2": "Run `pip install psycopg2-binary`.",
}
_BACKSLASHES = {"mysql", "mariadb"}  # where they escape, and `#` starts a comment
_QUOTED = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*(?!!).*?\*/"
_MYSQL_QUOTED = r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|#[^\n]*"
_WRITING = re.compile(r"\b(insert|update|delete|merge|into)\b(?!\s*\()|/\*!", re.IGNORECASE)
_READING = re.compile(r"[\s(]*(select|with|values|table)\b", re.IGNORECASE)
_FIRST_WORD = re.compile(r"\w+")
_ISO_DATE = r"^\d{4}-\d\d-\d\d"


def is_database(source: str) -> bool:
    """Return whether a source is the address of a database, such as `postgresql://host/name`."""
    scheme, separator, _ = source.partition("://")
    name = scheme.partition("+")[0]
    return bool(separator) and (name in DATABASES or name in _installed())


@cache
def _installed() -> frozenset[str]:
    names = (point.name for point in entry_points(group="sqlalchemy.dialects"))
    return frozenset(name.partition(".")[0] for name in names)


def read(source: str, query: str) -> pa.Table:
    """Return a query's rows.

    Decimals become float64, NULL is null, and a column without any value is of Arrow's null
    type. SQLite knows no dates: text that reads as ISO dates throughout is taken for them.

    Raises:
        InputError: the database cannot be reached or refuses the query, the query does more
            than read, or a column's values are of kinds that do not go together.
    """
    query = _checked(source, query)
    with _connected(source) as connection:
        try:
            table = _fetched(connection, query)
        except _database_errors() as error:
            fix = "Correct the query, or the database's address."
            with suppress(Exception):  # a hint, which a broken connection cannot give
                fix = _hint(connection) or fix
            reason = _reason(error, connection.engine.url)
            raise InputError(f"the database refuses the query ({reason}).", fix) from None
        return _with_dates(table) if connection.dialect.name == "sqlite" else table


def _checked(source: str, query: str) -> str:
    """Return a query without its last semicolon, if it is one statement that reads."""
    is_mysql = source.partition("://")[0].partition("+")[0] in _BACKSLASHES
    quoted = f"{_MYSQL_QUOTED}|{_QUOTED}" if is_mysql else _QUOTED
    words = re.sub(quoted, _blank, query, flags=re.DOTALL)
    end = len(words.rstrip("; \t\r\n"))
    words = words[:end]
    if not words.strip():
        raise InputError("a query is a SELECT statement, but got none.", "Write one.")
    if ";" in words:
        raise InputError("a query is one statement, but got several.", "Keep the one that reads.")
    writing, is_reading = _WRITING.search(words), _READING.match(words)
    if is_reading and not writing:
        return query[:end]
    word = writing if is_reading else _FIRST_WORD.search(words)
    found = word[0].upper() if word else words.strip()[:20]
    fix = f"Leave {found} out, or put quotes around a column of that name."
    raise InputError(
        f"a query only reads (SELECT, WITH, VALUES or TABLE), but got {found}.",
        fix if is_reading else "Write a SELECT statement.",
    )


def _blank(match: re.Match[str]) -> str:
    """Return spaces for a comment, and of something quoted that something is there."""
    is_comment = match[0].startswith(("--", "/*", "#"))
    return (" " if is_comment else "'") * len(match[0])


def _database_errors() -> tuple[type[Exception], ...]:
    from sqlalchemy.exc import SQLAlchemyError

    return (SQLAlchemyError, OSError, ValueError)  # ValueError: text in another encoding


@contextmanager
def _connected(source: str) -> Iterator[Connection]:
    """Connect, name the database in whatever is raised, and roll back."""
    url = _address(source)
    try:
        engine = _engine(url)
        try:
            with _connection(engine) as connection:
                yield connection
        finally:
            engine.dispose()
    except InputError as error:
        raise InputError(f"{_name(source)}: {error.cause}", error.fix) from None


def _name(source: str) -> str:
    """Return an address as it may be shown."""
    from sqlalchemy import make_url

    url = make_url(source)
    shown = source if url.password is None else url.render_as_string(hide_password=True)
    return without_credentials(shown)


def file_of(source: str) -> Path | None:
    """Return the file that a database is, or None of one in memory or behind a server.

    Raises InputError if this is no address of a database.
    """
    url = _parsed(source)
    is_none = url.database in (None, "", ":memory:")
    if is_none or url.get_backend_name() not in ("sqlite", "duckdb"):
        return None
    name = str(url.database)
    return Path(unquote(name.removeprefix("file:")) if name.startswith("file:") else name)


def _parsed(source: str) -> URL:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(source)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        rule = f"{without_credentials(source)}: is no address of a database."
        raise InputError(rule, "Write `postgresql://user:password@host:5432/name`.") from None


def _address(source: str) -> URL:
    url = _parsed(source)
    if url.get_backend_name() == "sqlite":
        return _opened_to_read(source, url)
    if url.drivername in ("postgresql", "postgresql+psycopg", "postgresql+psycopg2"):
        # Unlike the other drivers' its default is to wait for a dead host for minutes.
        return url.update_query_dict({"connect_timeout": _CONNECT_S, **url.query})
    return url


def _opened_to_read(source: str, url: URL) -> URL:
    """Have SQLite open a file read-only: otherwise it would create the one that is missing."""
    path = file_of(source)
    if path is None:
        return url
    if not path.is_file():
        found = "is a folder, not a file" if path.is_dir() else "there is no such file"
        rule = f"{_name(source)}: {found}."
        raise InputError(rule, "Check the path; it is absolute after four slashes.")
    url = url.set(database=f"file:{quote(str(path))}")
    return url.update_query_dict({"mode": "ro", "uri": "true"})


def _engine(url: URL) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import NoSuchModuleError
    from sqlalchemy.pool import NullPool

    try:
        return create_engine(url, poolclass=NullPool)
    except NoSuchModuleError:
        rule = f"there is no driver '{url.get_driver_name()}' of {url.get_backend_name()}."
        raise InputError(rule, f"Write `{url.get_backend_name()}://`.") from None
    except ImportError as error:
        module = (error.name or url.get_driver_name()).partition(".")[0]
        backend = url.get_backend_name()
        rule = f"the driver of {backend} is not installed (Python's module {module})."
        fix = _DRIVERS.get(module, f"Run `pip install {module}`.")
        raise InputError(rule, fix.format(backend=backend)) from None


def _connection(engine: Engine) -> Connection:
    try:
        connection = engine.connect()
    except Exception as error:  # drivers raise what they like
        raise InputError(
            f"cannot connect ({_reason(error, engine.url)}).",
            "Check the address, the user and the password.",
        ) from None
    options: dict[str, Any] = {
        "stream_results": True,
        "max_row_buffer": N_FETCHED,
        "no_parameters": True,  # `%` is a percent sign
        "sqlite_raw_colnames": True,  # otherwise "a.b" is called b
    }
    if engine.dialect.name == "postgresql":
        options["postgresql_readonly"] = True
    return connection.execution_options(**options)


def _executed(connection: Connection, query: str) -> Any:
    return connection.exec_driver_sql(query)  # unlike `text`, which takes `:x` for a parameter


def _reason(error: Exception, url: URL) -> str:
    """Return the database's own first line, without the password."""
    message = str(getattr(error, "orig", None) or error)
    line = message.strip().splitlines()[0][:200] if message.strip() else type(error).__name__
    for secret in {url.password, quote(url.password or "", safe="")} - {None, ""}:
        line = line.replace(str(secret), "***")
    return without_credentials(line)


def _hint(connection: Connection) -> str:
    from sqlalchemy import inspect

    connection.rollback()
    tables = inspect(connection)
    names = [*tables.get_table_names(), *tables.get_view_names()]
    return f"Correct the query; its tables are {findings.shown(names)}." if names else ""


def _fetched(connection: Connection, query: str) -> pa.Table:
    import pyarrow as pa

    result = _executed(connection, query)
    names = list(map(str, result.keys()))
    for number, name in enumerate(names):
        if name in names[:number]:
            rule = f"columns' names differ, but the query names two '{name}'."
            raise InputError(rule, "Name one of them otherwise: `AS other_name`.")
    parts: list[list[pa.Array]] = [[] for _ in names]
    seen: list[_Kind | None] = [None] * len(names)
    n_rows = 0
    for rows in result.partitions(N_FETCHED):
        for i, values in enumerate(zip(*rows, strict=True)):
            seen[i] = _same_kind(names[i], values, n_rows, seen[i])
            parts[i].append(_array(names[i], values))
        n_rows += len(rows)
    return pa.table({name: _column(arrays) for name, arrays in zip(names, parts, strict=True)})


_KINDS: dict[type, str] = {
    **dict.fromkeys((bool, int, float, Decimal), "numbers"),
    **dict.fromkeys((str, uuid.UUID), "text"),
    **dict.fromkeys((datetime.date, datetime.datetime), "dates"),
    **dict.fromkeys((bytes, bytearray, memoryview), "bytes"),
    type(None): "",
}
_Kind = tuple[str, int, object]  # numbers or text, and the first row and value that say so


def _kind(value: object) -> str:
    return _KINDS.get(type(value), type(value).__name__)


def _same_kind(
    name: str, values: Sequence[object], n_before: int, seen: _Kind | None
) -> _Kind | None:
    """Refuse a column whose values differ in kind, which SQLite allows it."""
    kinds = {_KINDS.get(kind, kind.__name__) for kind in set(map(type, values))} - {""}
    if kinds <= ({seen[0]} if seen else set()):
        return seen
    for row, value in enumerate(values, start=n_before + 1):
        kind = _kind(value)
        if kind and seen is None:
            seen = kind, row, value
        elif kind and seen is not None and kind != seen[0]:
            raise InputError(
                f"a column's values are of one kind, but '{name}' mixes {seen[0]} and {kind}: "
                f"row {seen[1]:,} has {seen[2]!r:.40}, row {row:,} has {value!r:.40}.",
                f"Convert it in the query, such as CAST({name} AS REAL) or NULLIF({name}, '').",
            )
    return seen


def _array(name: str, values: Sequence[Any]) -> pa.Array:
    import pyarrow as pa

    kinds = set(map(type, values)) - {type(None)}
    try:
        if kinds == {int}:
            with suppress(OverflowError):  # beyond 64 bits
                return pa.array(values, pa.int64())
        if kinds and kinds <= {bool, int, float, Decimal} and kinds != {bool}:
            return pa.array([None if v is None else float(v) for v in values], pa.float64())
        if uuid.UUID in kinds:
            return pa.array([None if v is None else str(v) for v in values])
        if datetime.datetime in kinds:
            zone = "UTC" if any(getattr(v, "tzinfo", None) for v in values) else None
            return pa.array(list(map(_moment, values)), pa.timestamp("us", zone))
        return pa.array(values)
    except (pa.ArrowException, TypeError, OverflowError):
        found = " and ".join(sorted(kind.__name__ for kind in kinds))
        rule = f"a column is numbers, text or dates, but '{name}' has values of type {found}."
        raise InputError(rule, "Convert it in the query, or leave it out.") from None


def _moment(value: Any) -> Any:
    """Return a date's midnight, and anything else as it is."""
    is_date = type(value) is datetime.date
    return datetime.datetime.combine(value, datetime.time()) if is_date else value


def _column(arrays: list[pa.Array]) -> pa.ChunkedArray:
    """Join what was fetched: some rows may be all NULL, or whole numbers among fractions."""
    import pyarrow as pa

    types = {array.type for array in arrays} - {pa.null()}
    kind = types.pop() if len(types) == 1 else pa.null()
    if types:
        is_number = any(pa.types.is_floating(t) or pa.types.is_integer(t) for t in types)
        zones = {t.tz for t in types if pa.types.is_timestamp(t)} - {None}
        dates = pa.timestamp("us", "UTC" if zones else None)
        number = pa.float64() if pa.float64() in types else pa.int64()
        kind = number if is_number else dates
    return pa.chunked_array([array.cast(kind, safe=False) for array in arrays], kind)


def _with_dates(table: pa.Table) -> pa.Table:
    import pyarrow as pa
    from pyarrow import compute

    for i, field in enumerate(table.schema):
        column = table.column(i)
        is_text = field.type == pa.string()
        if is_text and compute.all(compute.match_substring_regex(column, _ISO_DATE)).as_py():
            for kind in (pa.date32(), pa.timestamp("us"), pa.timestamp("us", "UTC")):
                with suppress(pa.ArrowInvalid):
                    table = table.set_column(i, field.name, column.cast(kind))
                    break
    return table
