"""One line of the ledger: canonical JSON, and a hash of all it says."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self


@dataclass(frozen=True)
class Entry:
    """What a line says. `new` and `parse` make one whose hash is right."""

    kind: str
    time: str  # ISO 8601, UTC
    who: str  # user@host
    content: dict[str, Any]
    previous: str  # hash of the line before; "" of the first
    hash: str  # SHA-256 of the other fields

    @classmethod
    def new(cls, kind: str, content: dict[str, Any], previous: str) -> Self:
        fields = {
            "kind": kind,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "who": _who(),
            "content": content,
            "previous": previous,
        }
        return cls.parse(_canonical(fields | {"hash": _hash(fields)}))

    @classmethod
    def parse(cls, line: bytes) -> Self:
        """Return what a line says. Raises ValueError where it is not as it was written."""
        try:
            entry = cls(**json.loads(line))
        except (TypeError, RecursionError) as error:
            raise ValueError("not an entry") from error
        if entry.to_line() != line or not isinstance(entry.content, dict):
            raise ValueError("not written by this program")
        fields = dict(vars(entry))
        if fields.pop("hash") != _hash(fields):
            raise ValueError("changed")
        return entry

    def to_line(self) -> bytes:
        return _canonical(vars(self))


def _canonical(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _hash(fields: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(fields)).hexdigest()


def _who() -> str:
    """Return who runs this, by the system's own records: a variable can say anything."""
    user = str(os.getuid())
    with suppress(KeyError):  # a container may run under a number without a name
        user = pwd.getpwuid(os.getuid()).pw_name
    return f"{user}@{socket.gethostname()}"
