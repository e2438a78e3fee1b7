"""Test rows into the vault, in the process that has read them and ends; and out of it, once.

A set is known by its content: the same rows sealed again, in any order, are the same set. Rows
that are sealed may be trained on by no later search, and looks at rows count for every set that
has them, however it came about.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import GuardError, StorageError
from ..development import Array, Seal
from ..features import take
from ..locations import without_credentials
from . import keys
from .blocks import blocks_of, kind_of
from .cipher import decrypted, encrypted
from .content import Sealed, packed, unpacked
from .fingerprints import Fingerprint, fingerprint, n_common, n_shared
from .ledger import Ledger, Look, looks
from .manifest import Manifest, changed
from .places import Places

if TYPE_CHECKING:
    from ...spaces.experiment import Data
    from ..rows import Rows
    from ..table import Table

SAME = 0.1  # of a set's rows: so many have been looked at before, and it is another look
FEW = 0.01  # of sealed rows; so many may be alike in other rows by chance
_MANIFEST, _ROWS, _CODES, _NAMES = "manifest.json", "rows.sealed", "codes.npy", "names.txt"


def seal(
    table: Table,
    rows: Rows,
    data: Data,
    split_sha256: str,
    places: Places,
    retire: str | None = None,
) -> Seal:
    """Seal the test rows of a split, unless they are already.

    Args:
        table: all rows.
        rows: which of them test.
        data: what the file says of them.
        split_sha256: of which row went where.
        places: where the vault is.
        retire: why sets whose rows are now to be trained on are given up; None refuses.

    Raises:
        GuardError: rows that are sealed would be trained on, or vault, key or ledger are not as
            they were left.
    """
    key = keys.create(places)
    inputs, targets = take(table.inputs, rows.test), table.targets[rows.test]
    sealed = Sealed(inputs, targets, blocks_of(table, rows.test), kind_of(table))
    known = fingerprint(inputs, targets, key)
    types = _types(inputs, targets)
    manifest = Manifest(
        seal=_name(known, types, sealed.blocks_are, key),
        n_rows=len(sealed),
        columns=types,
        source=without_credentials(data.source),
        split=_which_test(data),
        split_sha256=split_sha256,
        blocks=sealed.blocks_are,
        canary=f"canary-{uuid.uuid4()}",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    ledger = Ledger(places.ledger)
    _refuse_to_train_on_sealed(table, rows.development, manifest.seal, ledger, places, key, retire)
    if not places.vault(manifest.seal).exists():
        _store(manifest, sealed, known, places, key)
    kept = check(places, manifest.seal)
    past = looks_at(known, ledger, places)
    return Seal(manifest.seal, kept.sha256, len(sealed), len(past), ledger.head)


def _which_test(data: Data) -> dict[str, Any]:
    """Return what a file says of which rows test."""
    said = {"test", "stratify", "groups", "time", "embargo", "seed"}
    split = data.split.model_dump(mode="json", include=said)
    return split if data.test is None else {"test": without_credentials(data.test)}


def _types(inputs: Any, targets: Array) -> dict[str, str]:
    if isinstance(inputs, np.ndarray):
        return {"inputs": f"{inputs.dtype} {inputs.shape[1:]}", "targets": str(targets.dtype)}
    types = {str(name): dtype.name for name, dtype in inputs.dtypes.items()}
    return types | {"targets": str(targets.dtype)}


def _name(known: Fingerprint, types: dict[str, str], blocks_are: str, key: bytes) -> str:
    """Return a set's name: a keyed hash of its rows in any order, and of their types."""
    rows = np.sort(known.keys(known.names)).tobytes()
    about = repr((sorted(types.items()), blocks_are)).encode()
    digest = hashlib.blake2b(key=keys.derived(key, keys.NAMES), digest_size=8)
    digest.update(about + rows)
    return digest.hexdigest()


def _refuse_to_train_on_sealed(
    table: Table,
    development: Array,
    name: str,
    ledger: Ledger,
    places: Places,
    key: bytes,
    retire: str | None,
) -> None:
    given_up = retired(ledger)
    others = [other for other in sets(places) if other != name and other not in given_up]
    if not others:
        return
    prints = [fingerprint_of(places, other) for other in others]
    inputs, targets = take(table.inputs, development), table.targets[development]
    shared = zip(others, prints, n_shared(inputs, targets, key, prints), strict=True)
    broken = [(other, n, len(p)) for other, p, n in shared if n > max(1, FEW * len(p))]
    for other, n, n_rows in broken:
        if retire is None:
            raise _trained_on(check(places, other), n, n_rows)
        with ledger.held():
            ledger.append("retire", {"seal": other, "reason": retire, "n_rows": n})


def _trained_on(manifest: Manifest, n: int, n_rows: int) -> GuardError:
    split = ", ".join(f"{k} {v}" for k, v in manifest.split.items() if v is not None)
    sealed = f"that were sealed on {manifest.created[:10]} from {manifest.source} (split: {split})"
    return GuardError(
        f"rows that are sealed as test rows are not trained on, but {n:,} of the {n_rows:,} "
        f"{sealed} would be.",
        "Split as then, or leave these rows out. To give that test set up for good: "
        "`tune seal SPACE --retire REASON`.",
    )


def _store(
    manifest: Manifest, sealed: Sealed, known: Fingerprint, places: Places, key: bytes
) -> None:
    """Write a set aside and rename it, so that it is there whole or not at all."""
    content = encrypted(
        packed(sealed, manifest.canary), keys.derived(key, keys.ROWS), manifest.label()
    )
    buffer = io.BytesIO()
    np.save(buffer, known.codes, allow_pickle=False)
    codes = buffer.getvalue()
    names = "\n".join(map(_quoted, known.names)).encode()
    whole = replace(
        manifest, rows_sha256=_sha256(content), codes_sha256=_sha256(codes + names)
    ).to_bytes()
    files = {_ROWS: content, _CODES: codes, _NAMES: names, _MANIFEST: whole}
    to = places.vault(manifest.seal)
    try:
        with tempfile.TemporaryDirectory(
            prefix=".", dir=places.vaults, ignore_cleanup_errors=True
        ) as aside:  # 0700
            for file, written in files.items():
                _write(Path(aside) / file, written)
            Path(aside).rename(to)
    except OSError as error:
        if to.exists():
            return  # another search has sealed the same rows just now
        rule = f"sealed rows cannot be written to {places.vaults} ({error.strerror})."
        raise StorageError(rule, "Free the disk, or set XDG_DATA_HOME to another.") from None


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _quoted(name: str) -> str:
    return name.encode("unicode_escape").decode()


def _unquoted(text: str) -> str:
    return text.encode().decode("unicode_escape")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def sets(places: Places) -> list[str]:
    """Return the names of the sealed sets."""
    if not places.vaults.exists():
        return []
    return sorted(path.name for path in places.vaults.iterdir() if not path.name.startswith("."))


def retired(ledger: Ledger) -> set[str]:
    """Return the names of the sets that were given up."""
    return {entry.content["seal"] for entry in ledger.entries() if entry.kind == "retire"}


def check(places: Places, name: str) -> Manifest:
    """Return a set's manifest. Raises GuardError where anything of the set is gone or changed."""
    folder = places.vault(name)
    manifest = Manifest.read(folder / _MANIFEST)
    if manifest.seal != name:
        raise changed(folder / _MANIFEST, f"it is of another set, {manifest.seal}")
    if _sha256(_read(folder / _ROWS)) != manifest.rows_sha256:
        raise changed(folder / _ROWS, "its content is another")
    if _sha256(_read(folder / _CODES) + _read(folder / _NAMES)) != manifest.codes_sha256:
        raise changed(folder / _CODES, "its content is another")
    return manifest


def check_whole(places: Places, name: str, manifest_sha256: str) -> Manifest:
    """Return the manifest of a set that can be opened, without opening it.

    Raises GuardError where it, its manifest or the key are not those that a study began with.
    """
    manifest = check(places, name)
    if manifest.sha256 != manifest_sha256:
        raise changed(places.vault(name) / _MANIFEST, "the study began with another")
    keys.read(places)
    return manifest


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise changed(path, error.strerror or "it cannot be read") from None


def fingerprint_of(places: Places, name: str) -> Fingerprint:
    """Return the fingerprint of a set, without opening it."""
    folder = places.vault(name)
    codes = np.load(io.BytesIO(_read(folder / _CODES)), allow_pickle=False)
    names = _read(folder / _NAMES).decode().split("\n")
    return Fingerprint(tuple(map(_unquoted, names)), codes)


def open_rows(places: Places, name: str, manifest_sha256: str) -> Sealed:
    """Return the rows of a set. Only the process that scores them calls this.

    Raises:
        GuardError: they, their manifest or their key are not those that the study began with.
    """
    manifest = check_whole(places, name, manifest_sha256)
    key = keys.derived(keys.read(places), keys.ROWS)
    path = places.vault(name) / _ROWS
    try:
        return unpacked(decrypted(_read(path), key, manifest.label()))
    except ValueError as error:
        raise changed(path, str(error)) from None


def looks_at(known: Fingerprint, ledger: Ledger, places: Places) -> list[Look]:
    """Return the looks at rows of which a tenth or more are these, the first one first."""
    past = looks(ledger.entries())
    shares = {name: _share(known, fingerprint_of(places, name)) for name in {p.seal for p in past}}
    return [look for look in past if shares[look.seal] >= SAME]


def _share(known: Fingerprint, opened: Fingerprint) -> float:
    """Return the share of these rows that an opened set has too."""
    names = opened.shared_names(known.names)
    if not names or not known.shared_names(names):
        return 0.0
    return n_common(opened.keys(names), known.keys(names)) / max(len(known), 1)
