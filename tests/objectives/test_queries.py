"""Databases: a query's rows as typed columns, nothing written, and no password in a message."""

from __future__ import annotations

import datetime
import sqlite3
import sys
import tracemalloc
import uuid
from collections.abc import Callable
from decimal import Decimal
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy

from truetune.errors import InputError
from truetune.objectives import queries
from truetune.objectives.queries import N_FETCHED, is_database, read

Database = Callable[..., str]
NOON = datetime.datetime(2020, 1, 2, 12, 0, 0, 500)
DAY = datetime.date(2020, 1, 2)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """Create a file of SQLite and return its address."""

    def create(*statements: str, rows: list[tuple[Any, ...]] | None = None) -> str:
        path = tmp_path / "shop #1.db"
        connection = sqlite3.connect(path)
        for statement in statements:
            connection.execute(statement)
        if rows:
            marks = ",".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO t VALUES ({marks})", rows)
        connection.commit()
        connection.close()
        return f"sqlite:///{path}"

    return create


def _message(source: str, query: str = "SELECT 1") -> tuple[str, str]:
    with pytest.raises(InputError) as caught:
        read(source, query)
    assert "\n" not in caught.value.cause + caught.value.fix
    return caught.value.cause, caught.value.fix


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("sqlite:////data/shop.db", True),
        ("postgresql://host/shop", True),
        ("postgresql+psycopg://host/shop", True),
        ("mysql+pymysql://host/shop", True),
        ("mariadb://host/shop", True),
        ("oracle://host/shop", True),
        ("mssql+pyodbc://host/shop", True),
        ("sqlite", False),
        ("sqlite:shop.db", False),
        ("https://host/shop.db", False),
        ("s3://bucket/shop.db", False),
        ("zip://a.csv::sqlite://a.db", False),
        ("rows.csv", False),
    ],
)
def test_database_is_known_by_its_scheme(source: str, expected: bool) -> None:
    assert is_database(source) is expected


def test_plugin_brings_databases_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    plugins = [EntryPoint("duck.quack", "a:b", "sqlalchemy.dialects")]
    monkeypatch.setattr(queries, "entry_points", lambda group: plugins)
    queries._installed.cache_clear()
    assert is_database("duck://a")
    monkeypatch.undo()
    queries._installed.cache_clear()
    assert not is_database("duck://a")


def test_columns_are_those_of_pandas(database: Database) -> None:
    frame = pd.DataFrame(
        {
            "size": [1, 2, 3],
            "weight": [0.5, None, -2.0],
            "colour": ["red", None, "blue, or so"],
            "day": pd.to_datetime(["2020-01-02", None, "2021-03-04"]).date,
            "when": [NOON, None, NOON.replace(minute=30)],
        }
    )
    source = database()
    engine = sqlalchemy.create_engine(source)
    frame.to_sql("t", engine, index=False)
    engine.dispose()
    table = read(source, "SELECT * FROM t")
    assert [str(kind) for kind in table.schema.types] == [
        "int64",
        "double",
        "string",
        "date32[day]",
        "timestamp[us]",
    ]
    expected = pa.Table.from_pandas(frame, table.schema, preserve_index=False)
    assert table.to_pylist() == expected.to_pylist()


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, None], pa.int64(), [1, None]),
        ([2**62, -1], pa.int64(), [2**62, -1]),
        ([2**70, 1], pa.float64(), [2.0**70, 1.0]),
        ([1, 0.5, None], pa.float64(), [1.0, 0.5, None]),
        ([Decimal("1.50"), None], pa.float64(), [1.5, None]),
        ([True, None], pa.bool_(), [True, None]),
        ([True, 2], pa.float64(), [1.0, 2.0]),
        (["a", None], pa.string(), ["a", None]),
        ([uuid.UUID(int=1)], pa.string(), [str(uuid.UUID(int=1))]),
        ([DAY, None], pa.date32(), [DAY, None]),
        ([NOON, None], pa.timestamp("us"), [NOON, None]),
        ([DAY, NOON], pa.timestamp("us"), [datetime.datetime(2020, 1, 2), NOON]),
        ([b"\0", None], pa.binary(), [b"\0", None]),
        ([None, None], pa.null(), [None, None]),
    ],
)
def test_value_of_any_driver_has_its_type(values: list[Any], kind: Any, expected: Any) -> None:
    assert queries._same_kind("x", values, 0, None) is not None or kind == pa.null()
    array = queries._array("x", values)
    assert array.type == kind
    assert array.to_pylist() == expected


def test_times_of_a_zone_are_in_utc() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    array = queries._array("x", [NOON.replace(tzinfo=zone), None])
    assert array.type == pa.timestamp("us", "UTC")
    assert array[0].as_py() == NOON.replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("first", "then", "kind"),
    [
        ([None], [None], pa.null()),
        ([None], [1], pa.int64()),
        ([1], [0.5], pa.float64()),
        ([True], [2], pa.int64()),
        ([True], [0.5], pa.float64()),
        ([DAY], [NOON], pa.timestamp("us")),
        (["a"], [None], pa.string()),
    ],
)
def test_later_rows_may_widen_a_column(first: list[Any], then: list[Any], kind: Any) -> None:
    column = queries._column([queries._array("x", first), queries._array("x", then)])
    assert (column.type, len(column)) == (kind, 2)


def test_rows_are_fetched_in_parts_and_all_of_them(database: Database) -> None:
    n = 2 * N_FETCHED + 1
    rows = [(None if i < N_FETCHED else i, i / 2 if i % 3 else None) for i in range(n)]
    source = database("CREATE TABLE t (a, b)", rows=rows)
    table = read(source, "SELECT * FROM t")
    assert table.num_rows == n
    assert table.schema.types == [pa.int64(), pa.float64()]
    assert list(zip(*table.to_pydict().values(), strict=True)) == rows


def test_only_a_part_of_the_rows_is_pythons_at_a_time(database: Database) -> None:
    source = database("CREATE TABLE t (a, b)", rows=[(i / 7, i / 9) for i in range(100_000)])
    read(source, "SELECT * FROM t LIMIT 1")  # imports what it needs
    tracemalloc.start()
    read(source, "SELECT * FROM t")  # Arrow's memory is not counted
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20  # of all rows it is about 21 MiB


@pytest.mark.parametrize("query", ["SELECT * FROM t", "SELECT a FROM t WHERE a > 100"])
def test_query_without_rows_is_a_table_of_columns(database: Database, query: str) -> None:
    table = read(database("CREATE TABLE t (a INTEGER)"), query)
    assert (table.num_rows, table.column_names) == (0, ["a"])


def test_column_is_called_as_the_query_says(database: Database) -> None:
    table = read(database("CREATE TABLE t (a)"), 'SELECT a AS "t.a", a AS "größe" FROM t')
    assert table.column_names == ["t.a", "größe"]


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["2020-01-02", None], "date32[day]"),
        (["2020-01-02", "2020-01-02 10:00"], "timestamp[us]"),
        (["2020-01-02T10:00:00Z"], "timestamp[us, tz=UTC]"),
        (["2020-01-02", "soon"], "string"),
        (["2020-13-02"], "string"),
        (["2020"], "string"),
    ],
)
def test_text_that_is_dates_throughout_is_dates(
    database: Database, texts: list[str], kind: str
) -> None:
    source = database("CREATE TABLE t (d TEXT)", rows=[(text,) for text in texts])
    assert str(read(source, "SELECT * FROM t").schema.field("d").type) == kind


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, "NA", 2], "mixes numbers and text: row 1 has 1, row 2 has 'NA'"),
        ([None, "", 2.5], "mixes text and numbers: row 2 has '', row 3 has 2.5"),
        ([b"a", "a"], "mixes bytes and text: row 1 has b'a', row 2 has 'a'"),
        (
            [*[None] * N_FETCHED, 7, *[None] * N_FETCHED, "x"],
            "mixes numbers and text: row 10,001 has 7, row 20,002 has 'x'",
        ),
    ],
)
def test_column_of_two_kinds_is_named(
    database: Database, values: list[Any], expected: str
) -> None:
    source = database("CREATE TABLE t (price)", rows=[(value,) for value in values])
    cause, fix = _message(source, "SELECT price FROM t")
    assert f"'price' {expected}" in cause
    assert "CAST(price AS REAL)" in fix


def test_value_that_is_neither_number_nor_text_is_named() -> None:
    with pytest.raises(InputError, match="'x' has values of type Decimal128Like"):
        queries._array("x", [type("Decimal128Like", (), {})()])


GOOD = [
    "SELECT a FROM t",
    "  select a\nfrom t;\n",
    "-- all; of them\nSELECT a FROM t -- and no DELETE",
    "/* DROP */ SELECT a FROM t /* ; */ ;",
    "WITH u AS (SELECT a FROM t) SELECT * FROM u",
    "VALUES (3)",
    "SELECT 3 AS \"into\" WHERE '; delete' <> ':name' AND '%s' <> ''",
    "SELECT length(replace('update', 'u', '')) - 2",
]


@pytest.mark.parametrize("query", GOOD)
def test_query_that_reads_is_run(database: Database, query: str) -> None:
    source = database("CREATE TABLE t (a)", rows=[(3,)])
    assert read(source, query).column(0).to_pylist() == [3]


BAD = [
    ("DROP TABLE t", "but got DROP"),
    ("DELETE FROM t", "but got DELETE"),
    ("PRAGMA user_version = 3", "but got PRAGMA"),
    ("SELECT 1; DROP TABLE t", "one statement, but got several"),
    ("SELECT 1 /* a */; -- b\n DROP TABLE t;", "one statement, but got several"),
    ("WITH u AS (SELECT 1) DELETE FROM t", "but got DELETE"),
    ("WITH u AS (SELECT 1) INSERT INTO t SELECT * FROM u", "but got INSERT"),
    ("SELECT * INTO u FROM t", "but got INTO"),
    ("SELECT 1 /*! INTO u */", "but got /*!"),
    ("selects 1", "but got SELECTS"),
    ("?", "but got ?"),
    (" -- nothing\n;", "but got none"),
]


@pytest.mark.parametrize(("query", "cause"), BAD)
def test_query_that_does_more_than_read_is_refused(
    database: Database, query: str, cause: str
) -> None:
    source = database("CREATE TABLE t (a)", rows=[(3,)])
    with pytest.raises(InputError) as caught:
        read(source, query)
    assert cause in caught.value.cause
    assert caught.value.fix
    assert read(source, "SELECT a FROM t").num_rows == 1


@pytest.mark.parametrize("query", [r"SELECT '\'; DROP t; -- '", "SELECT 1 # it's; DROP\n+ 1"])
def test_mysql_quotes_and_comments_in_its_own_way(query: str) -> None:
    assert queries._checked("mysql+pymysql://h/d", query) == query
    with pytest.raises(InputError):
        queries._checked("postgresql://h/d", query)


def test_file_is_opened_to_read_only(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    source = database("CREATE TABLE t (a)")
    monkeypatch.setattr(queries, "_checked", lambda _, query: query)
    assert "attempt to write a readonly database" in _message(source, "DROP TABLE t")[0]


@pytest.mark.parametrize("address", ["sqlite:///{path}", "sqlite:///file:{path}?uri=true"])
def test_missing_file_is_named_and_not_created(tmp_path: Path, address: str) -> None:
    source = address.format(path=tmp_path / "none.db")
    with pytest.raises(InputError, match=r"none\.db.*: there is no such file\."):
        read(source, "SELECT 1")
    assert not list(tmp_path.iterdir())


def test_folder_is_no_database(tmp_path: Path) -> None:
    assert "is a folder, not a file" in _message(f"sqlite:///{tmp_path}")[0]


def test_file_of_something_else_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "rows.db"
    path.write_text("a,b\n1,2\n" * 100)
    assert "file is not a database" in _message(f"sqlite:///{path}", "SELECT * FROM t")[0]


def test_what_the_database_says_is_told(database: Database) -> None:
    source = database("CREATE TABLE houses (price)", "CREATE VIEW dear AS SELECT 1")
    cause, fix = _message(source, "SELECT * FROM house")
    assert cause == f"{source}: the database refuses the query (no such table: house)."
    assert fix == "Correct the query; its tables are houses, dear."
    assert "(no such column: size)" in _message(source, "SELECT size FROM houses")[0]
    assert "syntax error)" in _message(source, "SELECT FROM WHERE")[0]


def test_columns_of_one_name_are_refused(database: Database) -> None:
    cause, fix = _message(database(), "SELECT 1 AS a, 2 AS b, 3 AS a")
    assert "the query names two 'a'" in cause
    assert "AS" in fix


def test_engine_is_let_go_of(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    disposed: list[bool] = []
    monkeypatch.setattr(sqlalchemy.Engine, "dispose", lambda _: disposed.append(True))
    source = database()
    read(source, "SELECT 1")
    _message(source, "SELECT * FROM none")
    assert len(disposed) == 2


@pytest.mark.parametrize(
    ("source", "module", "fix"),
    [
        ("postgresql://u:s3cret@h/d", "psycopg", "Run `pip install 'psycopg[binary]'`."),
        ("postgresql+psycopg2://u:s3cret@h/d", "psycopg2", "Run `pip install psycopg2-binary`."),
        ("mysql://u:s3cret@h/d", "MySQLdb", "Run `pip install pymysql`, and write `mysql+py"),
        ("mysql+pymysql://u:s3cret@h/d", "pymysql", "Run `pip install pymysql`."),
        ("oracle+oracledb://u:s3cret@h/d", "oracledb", "Run `pip install oracledb`."),
    ],
)
def test_missing_driver_is_named(
    source: str, module: str, fix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    found = _message(source)
    assert f"is not installed (Python's module {module})" in found[0]
    assert found[1].startswith(fix)
    assert "u:***@h" in found[0]
    assert "s3cret" not in found[0]


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("postgresql+none://u:s3cret@h/d", "there is no driver 'none' of postgresql"),
        ("postgresql://u:s3cret@h:port/d", "is no address of a database"),
        ("sqlite://u:s3cret@h/none.db", "there is no such file"),
    ],
)
def test_address_that_means_nothing_is_named(source: str, cause: str) -> None:
    found, fix = _message(source)
    assert cause in found
    assert fix
    assert "s3cret" not in found


def test_dead_host_of_postgresql_is_waited_for_seconds_only() -> None:
    assert queries._address("postgresql://h/d").query == {"connect_timeout": "15"}
    own = queries._address("postgresql+psycopg://h/d?connect_timeout=3&sslmode=require")
    assert own.query == {"connect_timeout": "3", "sslmode": "require"}
    assert queries._address("postgresql+pg8000://h/d").query == {}


class _Talkative:
    """A driver whose server refuses everyone, and says with which password."""

    paramstyle = "pyformat"
    Error = type("Error", (Exception,), {})
    OperationalError = ProgrammingError = InterfaceError = InternalError = Error

    @staticmethod
    def connect(*_: Any, **keywords: Any) -> Any:
        raise _Talkative.Error(f"no entry for {keywords['password']}\nsecond line")


def test_failing_connection_does_not_tell_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    def engine(url: sqlalchemy.URL) -> sqlalchemy.Engine:
        return sqlalchemy.create_engine(url, module=_Talkative, poolclass=sqlalchemy.NullPool)

    monkeypatch.setattr(queries, "_engine", engine)
    cause, fix = _message("mysql+pymysql://ann:s3c%40ret@h/d?passwd=other")
    assert cause == "mysql+pymysql://ann:***@h/d?passwd=***: cannot connect (no entry for ***)."
    assert "password" in fix
