"""The vault's key: 32 random bytes in a file of its owner's, and what is derived from them."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress

from ...errors import GuardError, StorageError
from .places import Places

N_BYTES = 32
CELLS, ROWS, NAMES = b"cells", b"rows", b"names"  # what a derived key is for


def create(places: Places) -> bytes:
    """Return the key, made where nothing has been sealed yet.

    Raises GuardError where something has been sealed and the key is gone.
    """
    places.create()
    if not places.key.exists() and not any(places.vaults.glob("*/manifest.json")):
        _write(places)
    return read(places)


def read(places: Places) -> bytes:
    """Return the key. Raises GuardError where it is missing or damaged."""
    try:
        key = places.key.read_bytes()
    except OSError as error:
        raise GuardError(
            f"the key of the sealed rows, {places.key}, cannot be read ({error.strerror}).",
            f"Restore it from a backup. If it is lost, move {places.root} away, and search anew "
            "under another name: what was sealed with it stays shut.",
        ) from None
    if len(key) != N_BYTES:
        rule = f"the key of the sealed rows has {N_BYTES} bytes, but {places.key} has {len(key)}."
        raise GuardError(rule, "Restore it from a backup.")
    places.key.chmod(0o600)
    return key


def derived(key: bytes, purpose: bytes) -> bytes:
    """Return a key for one purpose, by HKDF (RFC 5869)."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), N_BYTES, salt=None, info=b"truetune " + purpose).derive(key)


def _write(places: Places) -> None:
    """Write a new key whole or not at all; of two processes the first one's stays."""
    try:
        with tempfile.NamedTemporaryFile(prefix=".key.", dir=places.root) as aside:  # 0600
            aside.write(secrets.token_bytes(N_BYTES))
            aside.flush()
            os.fsync(aside.fileno())
            with suppress(FileExistsError):
                os.link(aside.name, places.key)
    except OSError as error:
        rule = f"the key cannot be written to {places.key} ({error.strerror})."
        raise StorageError(rule, "Free the disk, or set XDG_DATA_HOME to another.") from None
