"""What may be known of sealed rows without opening them: no value of any, no statistic."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from ...errors import GuardError

VERSION = 1


@dataclass(frozen=True)
class Manifest:
    """A sealed set's label. Its SHA-256 is kept in the ledger and in every study of the set."""

    seal: str
    n_rows: int
    columns: dict[str, str]  # name to type; of inputs without names, "inputs" to type and shape
    source: str
    split: dict[str, Any]  # the part that decides which rows test
    split_sha256: str
    blocks: str  # "", "group" or "time": what a bootstrap resamples
    canary: str  # a mark that stands nowhere but in the sealed rows
    created: str  # ISO 8601, UTC
    rows_sha256: str = ""  # of the encrypted rows
    codes_sha256: str = ""  # of the fingerprint
    version: int = VERSION

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def label(self) -> bytes:
        """Return what the encrypted rows are bound to: all but their own hashes."""
        return replace(self, rows_sha256="", codes_sha256="").to_bytes()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return what `to_bytes` wrote. Raises GuardError where it is gone or was changed."""
        try:
            content = path.read_bytes()
            manifest = cls(**json.loads(content))
        except (OSError, ValueError, TypeError) as error:
            reason = getattr(error, "strerror", None) or "it is not what was written"
            raise changed(path, reason) from None
        if manifest.to_bytes() != content or manifest.version != VERSION:
            raise changed(path, "it is not what was written")
        return manifest


def changed(path: Path, reason: str) -> GuardError:
    """Return the error for a file of the vault that is not as it was left."""
    return GuardError(
        f"sealed rows are as they were sealed, but {path} is not ({reason}).",
        f"Restore {path.parent} from a backup.",
    )
