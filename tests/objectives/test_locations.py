"""Files here and elsewhere: read the same, and one sentence for each way of not being there."""

from __future__ import annotations

import functools
import io
import os
import socket
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pytest
from fsspec.registry import _registry
from pyarrow import csv, parquet

from truetune.errors import InputError, StorageError
from truetune.objectives import locations, queries
from truetune.objectives.locations import (
    is_url,
    open_binary,
    size_of,
    suffix,
    without_credentials,
)

TABLE = pa.table({"x": [1, 2, 3], "y": ["a", "b", "c"]})


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


class _Refusing(BaseHTTPRequestHandler):
    """Answers `/403` with error 403."""

    def do_GET(self) -> None:
        self.send_error(int(self.path.rpartition("/")[2].partition("?")[0]))

    do_HEAD = do_GET

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Hold a table as CSV and as Parquet, and in an archive."""
    csv.write_csv(TABLE, tmp_path / "rows.csv")
    parquet.write_table(TABLE, tmp_path / "rows.parquet")
    with zipfile.ZipFile(tmp_path / "rows.zip", "w") as archive:
        archive.write(tmp_path / "rows.csv", "rows.csv")
    return tmp_path


def _serving(handler: Any) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def server(folder: Path) -> Iterator[str]:
    yield from _serving(functools.partial(_Quiet, directory=str(folder)))


@pytest.fixture
def refusing() -> Iterator[str]:
    yield from _serving(_Refusing)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("rows.csv", False),
        ("/data/rows.csv", False),
        ("sklearn:iris", False),
        ("own.py:rows", False),
        ("s3://bucket/rows.csv", True),
        ("https://host/rows.csv?a=b", True),
        ("file:///data/rows.csv", True),
        ("zip://rows.csv::https://host/a.zip", True),
        ("simplecache::s3://bucket/rows.csv", True),
        ("unheard-of://rows.csv", True),
        ("postgresql://host/shop", False),
        ("mysql+pymysql://host/shop", False),
        ("sqlite:///shop.db", False),
    ],
)
def test_address_has_a_scheme_and_is_no_database(source: str, expected: bool) -> None:
    assert is_url(source) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("/data.v2/rows.CSV", ".csv"),
        ("/data.v2/rows", ""),
        ("odd?name#.parquet", ".parquet"),
        ("https://host/rows.CSV?v=1.2#top.html", ".csv"),
        ("https://host.org/?file=rows.csv", ""),
        ("s3://bucket/rows.parquet", ".parquet"),
        ("zip://a.csv::https://host/x.zip", ".csv"),
        ("simplecache::s3://bucket/rows.parquet", ".parquet"),
    ],
)
def test_ending_is_that_of_the_file(source: str, expected: str) -> None:
    assert suffix(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("/data/a@b:c.csv", "/data/a@b:c.csv"),
        ("https://host:8000/a@b.csv", "https://host:8000/a@b.csv"),
        ("https://ann:s3cret@host/a.csv", "https://ann:***@host/a.csv"),
        ("https://ann:p@ss@host/a@b.csv", "https://ann:***@host/a@b.csv"),
        ("https://ann:pass/w@host/a.csv", "https://ann:***@host/a.csv"),
        ("https://ghp_t0ken@host/a.csv", "https://***@host/a.csv"),
        ("sftp://ann@host/a.csv", "sftp://ann@host/a.csv"),
        ("https://h/a.csv?v=1&sig=abc%2F&x=2", "https://h/a.csv?v=1&sig=***&x=2"),
        ("s3://b/a.csv?X-Amz-Signature=ab&n=1", "s3://b/a.csv?X-Amz-Signature=***&n=1"),
        ("https://h/a.csv?X-Goog-Credential=a", "https://h/a.csv?X-Goog-Credential=***"),
        ("https://h/a.csv?api_KEY=a&token=b#c", "https://h/a.csv?api_KEY=***&token=***#c"),
        ("zip://a.csv::https://u:p@h/x.zip", "zip://a.csv::https://u:***@h/x.zip"),
        ("GET https://u:p@h/x of ftp://v:q@g", "GET https://u:***@h/x of ftp://v:***@g"),
    ],
)
def test_credentials_are_masked(source: str, expected: str) -> None:
    assert without_credentials(source) == expected


def _read(source: str) -> pa.Table:
    reader = parquet.read_table if suffix(source) == ".parquet" else csv.read_csv
    with open_binary(source) as file:
        table = reader(file)
        file.seek(0)
        assert len(file.read()) == size_of(source)
    return table


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
@pytest.mark.parametrize("prefix", ["", "file://", "memory:/"])
def test_file_is_the_same_wherever_it_lies(folder: Path, prefix: str, name: str) -> None:
    path = folder / name
    with fsspec.open(f"memory:/{path}", "wb") as copy:
        copy.write(path.read_bytes())
    assert _read(f"{prefix}{path}") == TABLE


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_file_of_a_server_is_read_though_it_allows_no_seeking(server: str, name: str) -> None:
    assert _read(f"{server}/{name}") == TABLE


def test_file_in_an_archive_is_read(folder: Path, server: str) -> None:
    assert _read(f"zip://rows.csv::{folder}/rows.zip") == TABLE
    assert _read(f"zip://rows.csv::{server}/rows.zip") == TABLE
    assert _read(f"simplecache::{server}/rows.csv") == TABLE
    assert "there is no such file" in _message(f"zip://rows.csv::{server}/none.zip")[0]


def test_copy_is_gone_once_it_is_closed(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    with open_binary(f"{server}/rows.csv") as file:
        assert os.fstat(file.fileno()).st_size == (tmp_path / "rows.csv").stat().st_size
    assert file.closed
    assert not list((tmp_path / "tmp").iterdir())


def _message(source: str) -> tuple[str, str]:
    """Return what both functions say of a file that cannot be read."""
    with pytest.raises(InputError) as opening, open_binary(source):
        pass
    with pytest.raises(InputError) as measuring:
        size_of(source)
    assert str(opening.value) == str(measuring.value)
    assert "\n" not in opening.value.cause + opening.value.fix
    return opening.value.cause, opening.value.fix


@pytest.mark.parametrize(
    ("source", "cause", "fix"),
    [
        ("{folder}/none.csv", "{folder}/none.csv: there is no such file.", "Check the path."),
        ("{folder}/rows.csv/a.csv", "there is no such file", "Check the path."),
        ("{folder}", "is a folder, not a file", "Name a file in it."),
        ("file://{folder}/none.csv", "there is no such file", "Check"),
        ("file://{folder}", "is a folder", "Name a file in it."),
        ("{folder}/\0.csv", "cannot be read (", "Check"),
        ("/dev/null", "is a device or a pipe", "Check"),
        ("memory://none/a.csv", "memory://none/a.csv: there is no such file.", "the address"),
        ("zip://none.csv::{folder}/rows.zip", "there is no such file", "the address"),
        ("zip://a.csv::{folder}/rows.csv", "cannot be read (File is not a zip file)", "Check"),
        ("htps://h/a.csv", "there is no protocol 'htps'", "Did you mean 'https'?"),
        ("postgres://u:p@h/a", "postgres://u:***@h/a: there is no", "Did you mean 'postgresql'?"),
        ("zip://a.csv::htps://h/a.zip", "there is no protocol 'htps'", "'https'"),
    ],
)
def test_file_that_cannot_be_read_is_named(
    folder: Path, source: str, cause: str, fix: str
) -> None:
    found = _message(source.replace("{folder}", str(folder)))
    assert cause.replace("{folder}", str(folder)) in found[0]
    assert fix in found[1]


def test_folder_of_a_store_is_no_file() -> None:
    with fsspec.open("memory://store/a.csv", "wb") as file:
        file.write(b"x\n1\n")
    assert _message("memory://store") == (
        "memory://store: is a folder, not a file.",
        "Name a file in it.",
    )


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_forbidden_file_is_named(
    folder: Path, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)  # root may open whatever its mode says
    source = f"{prefix}{folder}/rows.csv"
    with pytest.raises(InputError, match=r"rows\.csv: may not be read"), open_binary(source):
        pass


@pytest.mark.parametrize(
    ("protocol", "module", "package"),
    [
        ("s3", "s3fs", "s3fs"),
        ("gs", "gcsfs", "gcsfs"),
        ("sftp", "paramiko", "paramiko"),
        ("smb", "smbclient", "smbprotocol"),
    ],
)
def test_missing_driver_is_named_by_its_package(
    protocol: str, module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(_registry, protocol, raising=False)
    assert _message(f"{protocol}://key:secret@place/rows.csv") == (
        f"{protocol}://key:***@place/rows.csv: the driver of {protocol} is not installed.",
        f"Run `pip install {package}`.",
    )


def test_missing_plugin_of_a_database_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_installed", frozenset)
    assert is_url("duckdb:///a.db")
    assert _message("duckdb:///a.db")[1] == "Run `pip install duckdb-engine`."


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, "may not be read"),
        (403, "may not be read"),
        (404, "there is no such file"),
        (410, "there is no such file"),
        (500, "the server answers with error 500"),
        (503, "the server answers with error 503"),
    ],
)
def test_what_a_server_answers_is_told(refusing: str, status: int, expected: str) -> None:
    cause, _ = _message(f"{refusing}/{status}?token=abc")
    assert expected in cause
    assert "abc" not in cause


def test_proxy_of_the_environment_is_used(refusing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", refusing)
    assert "the server answers with error 503" in _message("http://none.invalid/503")[0]


def test_closed_port_is_told_at_once() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    start = time.monotonic()
    cause, fix = _message(f"http://127.0.0.1:{port}/rows.csv")
    assert "the server does not answer (" in cause
    assert "network" in fix
    assert time.monotonic() - start < 10


def test_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locations, "ANSWER_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cause, _ = _message(f"http://127.0.0.1:{silent.getsockname()[1]}/rows.csv")
    assert "the server does not answer (" in cause


def test_protocol_without_a_timeout_of_its_own_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = threading.Event()
    monkeypatch.setattr(locations, "ANSWER_S", 0.1)
    monkeypatch.setattr(locations, "_file_system", lambda _: asked.wait(20))
    assert "does not answer (nothing came for 0.1 s)" in _message("memory://slow/rows.csv")[0]
    asked.set()


def test_slow_server_is_waited_for_while_bytes_come(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(_: str, file: io.BufferedRandom) -> None:
        for _ in range(8):
            file.write(b"x")
            file.flush()
            time.sleep(0.1)

    monkeypatch.setattr(locations, "ANSWER_S", 0.3)
    monkeypatch.setattr(locations, "_fetch", fetch)
    with open_binary("memory://slow/rows.csv") as file:
        assert file.read() == b"x" * 8


def test_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(locations, "_fetch", fetch)
    with pytest.raises(StorageError, match="does not fit") as caught, open_binary("memory://a"):
        pass
    assert "TMPDIR" in caught.value.fix
