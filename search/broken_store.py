"""What is said where an Optuna store cannot be opened, or fails in mid-search."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import optuna

from ..errors import StorageError


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn what a store raises in mid-search (a full disk, a lost server) into a StorageError."""
    try:
        yield
    except optuna.exceptions.StorageInternalError as error:
        cause = str(error.__cause__ or error).splitlines()[0]
        raise StorageError(
            f"the Optuna store failed in mid-search ({cause}).",
            "Free the disk or bring the server back; the same command then goes on.",
        ) from error


def unreadable(url: str, error: Exception) -> StorageError:
    """Return the error for a database that cannot be opened."""
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    return StorageError(
        f"the Optuna store {_without_password(url)} cannot be opened ({reason}).",
        "Restore it from a backup, or give another place with --home or --storage.",
    )


def _without_password(url: str) -> str:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "at an address that cannot be read"  # and may hold a password all the same
