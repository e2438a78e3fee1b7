"""Files and where they lie: a path of this machine, or an address that fsspec can read.

What lies elsewhere is copied to a temporary file first: Arrow reads Parquet back and forth,
which many servers do not allow, and a copy that is whole cannot break off halfway.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from threading import Thread
from typing import Any, BinaryIO, TypeVar

from ..errors import InputError, StorageError, did_you_mean

T = TypeVar("T")

ANSWER_S = 30.0  # without a byte for this long, a server is taken for dead
N_SLOWER = 10  # a chain, such as of an archive, may have to be fetched before it has a first byte
_BLOCK = 8 * 2**20  # bytes asked for at once

_URL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*::)*[A-Za-z][A-Za-z0-9+.-]*://")
_LOCAL = re.compile(r"(?:file|local)://")
_USER_AND_PASSWORD = re.compile(r"(://[^:/@\s]*):(?!:|\d{1,5}/)(?:[^/\s]*|[^@\s]*)@")
_TOKEN = re.compile(r"(https?://)[^:/@\s*]+@")
_SECRETS = "sig|token|secret|passw|pwd|credential|auth|key|session|odbc_connect"
_SIGNATURE = re.compile(rf"([?&;#][^=&\s#]*(?:{_SECRETS})[^=&\s#]*=)[^&\s#]*", re.IGNORECASE)

# Modules that are called otherwise where they are installed from.
_PACKAGES = {"libarchive": "libarchive-c", "smbclient": "smbprotocol"}
_IN_ARCHIVE = re.compile(r"(?<!cache)::(?=https?://)")
_UNANSWERED = {  # whichever library they are of
    "ClientConnectionError",
    "ConnectionError",
    "ConnectTimeoutError",
    "EndpointConnectionError",
    "TimeoutError",
    "gaierror",
}


def is_url(source: str) -> bool:
    """Return whether a source is an address, or a chain of them, of anything but a database."""
    from .queries import is_database  # which masks its addresses with this file

    return _URL.match(source) is not None and not is_database(source)


def suffix(source: str) -> str:
    """Return `.csv` for `rows.CSV`, `https://host/rows.csv?v=2` and `zip://rows.csv::a.zip`."""
    if not is_url(source):
        return PurePosixPath(source).suffix.lower()
    member = next(part for part in source.split("::") if "://" in part)
    path = re.split(r"[?#]", member.partition("://")[2])[0]
    return PurePosixPath(path.rpartition("/")[2]).suffix.lower()


def without_credentials(text: str) -> str:
    """Mask passwords and signatures in an address, or in a message that quotes one."""
    text = _TOKEN.sub(r"\1***@", _USER_AND_PASSWORD.sub(r"\1:***@", text))
    return _SIGNATURE.sub(r"\1***", text)


@contextmanager
def open_binary(source: str) -> Iterator[BinaryIO]:
    """Open a file, at its start and free to seek in.

    Raises:
        InputError: there is no such file, it may not be read, or its server does not answer.
        StorageError: the disk is too full for a copy.
    """
    with _opened(source) as file:
        yield file


def _opened(source: str) -> AbstractContextManager[BinaryIO]:
    path = local_path(source)
    try:
        if path is None:
            return _copied(source)
        _check_regular(path)
        return path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a null byte in a path
        raise _trouble(source, error) from None


def size_of(source: str) -> int | None:
    """Return a file's bytes, or None where its server does not say.

    Raises:
        InputError: as of `open_binary`.
    """
    path = local_path(source)
    try:
        if path is not None:
            _check_regular(path)
            return path.stat().st_size
        _check_protocols(source)
        size = _bounded(source, lambda: _described(*_file_system(source))["size"])
    except Exception as error:
        raise _trouble(source, error) from None
    return None if size is None else int(size)


def local_path(source: str) -> Path | None:
    """Return where a file lies on this machine, None of one that lies elsewhere."""
    local = _LOCAL.match(source)
    if local and "::" not in source:
        return Path(source[local.end() :])
    return None if is_url(source) else Path(source)


def _check_regular(path: Path) -> None:
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError
    if not stat.S_ISREG(mode):  # a pipe has no size, and would wait for its writer
        raise OSError("it is a device or a pipe")


def _copied(source: str) -> BinaryIO:
    """Return a temporary file, which is gone once it is closed."""
    _check_protocols(source)
    file = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        _bounded(source, partial(_fetch, source, file), lambda: os.fstat(file.fileno()).st_size)
        file.seek(0)
    except BaseException as error:  # Ctrl-C too leaves no copy behind
        file.close()
        if not isinstance(error, Exception):
            raise
        raise _trouble(source, error) from None
    return file


def _fetch(source: str, file: BinaryIO) -> None:
    system, path = _file_system(source)
    if "http" in system.protocol:
        # One request, where opening takes several; and some signed addresses allow no other.
        system.get_file(path, file)
        return
    _described(system, path)
    with system.open(path, "rb", block_size=_BLOCK) as remote:
        shutil.copyfileobj(remote, file, _BLOCK)


def _file_system(source: str) -> tuple[Any, str]:
    from fsspec import url_to_fs  # type: ignore[import-untyped]

    options = {}
    for protocol in {"http", "https"}.intersection(_protocols(source)):
        import aiohttp

        # Otherwise it would stop after five minutes, however well the bytes flow.
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_S, sock_read=ANSWER_S)
        options[protocol] = {"client_kwargs": {"timeout": timeout, "trust_env": True}}  # proxies
    # An archive is read back and forth, as a server may not allow: it is fetched whole.
    system, path = url_to_fs(_IN_ARCHIVE.sub("::simplecache::", source), **options)
    return system, path


def _described(system: Any, path: str) -> dict[str, Any]:
    description: dict[str, Any] = system.info(path)
    if description.get("type") == "directory":
        raise IsADirectoryError
    return description


def _bounded(source: str, work: Callable[[], T], n_done: Callable[[], int] = lambda: 0) -> T:
    """Return what work returns, unless for too long it neither ends nor gets anywhere."""
    limit_s = ANSWER_S * (N_SLOWER if "::" in source else 1)
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:
            outcome.set_exception(error)

    Thread(target=run, daemon=True).start()  # one that hangs keeps no process from ending
    before = 0
    while not wait([outcome], limit_s).done:
        done = n_done()
        if done == before:
            raise TimeoutError(f"nothing came for {limit_s:g} s")
        before = done
    return outcome.result()


def _protocols(source: str) -> list[str]:
    return [part.partition("://")[0] for part in source.split("::") if "://" in part]


def _check_protocols(source: str) -> None:
    """Refuse a protocol that fsspec does not know, or whose driver is not installed."""
    from fsspec import available_protocols, get_filesystem_class

    from .queries import DATABASES, PLUGINS

    shown = without_credentials(source)
    known = set(available_protocols())
    for protocol in _protocols(source):
        if protocol in PLUGINS:
            rule = f"{shown}: the driver of {protocol} is not installed."
            raise InputError(rule, f"Run `pip install {PLUGINS[protocol]}`.")
        if protocol not in known:
            rule = f"{shown}: there is no protocol '{protocol}'."
            raise InputError(rule, did_you_mean(protocol, known | DATABASES))
        try:
            get_filesystem_class(protocol)
        except ImportError as error:
            missing = getattr(error.__cause__, "name", None) or protocol
            package = missing.partition(".")[0]
            raise InputError(
                f"{shown}: the driver of {protocol} is not installed.",
                f"Run `pip install {_PACKAGES.get(package, package)}`.",
            ) from None


def _trouble(source: str, error: Exception) -> InputError | StorageError:
    """Return what a library's error means for who wrote the address."""
    if isinstance(error, InputError):
        return error
    shown = without_credentials(source)
    chain = _chain(error)  # fsspec says "not found" of whatever went wrong at a server
    statuses = [getattr(e, "status", None) for e in chain]
    status = next((s for s in statuses if isinstance(s, int)), None)
    if getattr(error, "errno", None) == errno.ENOSPC:
        rule = f"{shown}: its copy does not fit on the disk of {tempfile.gettempdir()}."
        return StorageError(rule, "Free some space, or set TMPDIR to a folder with more.")
    if status in (401, 403) or any(isinstance(e, PermissionError) for e in chain):
        return InputError(f"{shown}: may not be read.", "Ask for permission, or sign in.")
    if any(_UNANSWERED.intersection(c.__name__ for c in type(e).__mro__) for e in chain):
        rule = f"{shown}: the server does not answer ({_reason(chain[-1])})."
        return InputError(rule, "Check the address and the network, and try again.")
    if isinstance(error, IsADirectoryError):
        return InputError(f"{shown}: is a folder, not a file.", "Name a file in it.")
    is_absent = isinstance(error, FileNotFoundError | NotADirectoryError)
    if status in (404, 410) or (status is None and is_absent):
        fix = "Check the address." if is_url(source) else "Check the path."
        return InputError(f"{shown}: there is no such file.", fix)
    if status is not None:
        rule = f"{shown}: the server answers with error {status}."
        return InputError(rule, "Check the address, and try again.")
    return InputError(f"{shown}: cannot be read ({_reason(error)}).", "Check that it is a file.")


def _chain(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (cause := chain[-1].__cause__) is not None:
        chain.append(cause)
    return chain


def _reason(error: BaseException) -> str:
    lines = without_credentials(str(error)).splitlines()
    return lines[0][:200] if lines else type(error).__name__
