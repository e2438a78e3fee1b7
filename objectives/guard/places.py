"""Where vault, key and ledger lie: outside every project and every home of stores."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ...errors import GuardError, StorageError

MOVE = "Set XDG_DATA_HOME to a folder of your own, outside the project."


@dataclass(frozen=True)
class Places:
    """Paths below one folder. Naming them creates nothing."""

    root: Path

    @classmethod
    def here(cls) -> Places:
        """Return `$XDG_DATA_HOME/truetune`, else `~/.local/share/truetune`.

        A relative path is none, as the XDG Base Directory Specification says.
        """
        given = Path(os.environ.get("XDG_DATA_HOME", ""))
        base = given if given.is_absolute() else Path.home() / ".local" / "share"
        return cls((base / "truetune").resolve())

    @property
    def key(self) -> Path:
        return self.root / "key"

    @property
    def ledger(self) -> Path:
        return self.root / "ledger.jsonl"

    @property
    def vaults(self) -> Path:
        return self.root / "vault"

    def vault(self, seal: str) -> Path:
        return self.vaults / seal

    def check(self, *folders: Path) -> None:
        """Raise GuardError where the vault would lie in one of these folders, or above temporary
        files: a project is copied and sent, and what lies above the vault cannot be shut.

        A project that is the user's own folder, or above it, is let pass: the default lies there.
        """
        for folder in folders:
            path = folder.resolve()
            if self.root.is_relative_to(path) and not Path.home().is_relative_to(path):
                rule = f"the vault lies outside {path}, but its folder is {self.root}."
                raise GuardError(rule, MOVE)
        temporary = Path(tempfile.gettempdir()).resolve()
        if temporary.is_relative_to(self.root):
            rule = f"temporary files lie outside the vault's folder {self.root}, but {temporary}"
            raise GuardError(f"{rule} does not.", MOVE)

    def create(self) -> None:
        """Create the folders, for their owner alone."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.vaults.mkdir(mode=0o700, exist_ok=True)
            self.root.chmod(0o700)
        except OSError as error:
            rule = f"{error.filename or self.root} cannot be created ({error.strerror})."
            raise StorageError(rule, MOVE) from None
