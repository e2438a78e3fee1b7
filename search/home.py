"""Where a project's local state lies: one class owns every path."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import StorageError

DEFAULT_HOME = "mlruns"
_SAFE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")


def slug(name: str) -> str:
    """Return a name that is safe as a file's: itself, or its letters and a hash of the rest.

    >>> slug("digits-mlp")
    'digits-mlp'
    >>> slug("../x")
    'x-4cfc9bd7'
    """
    if _SAFE_NAME.match(name):
        return name
    letters = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:40]
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{letters}-{digest}" if letters else digest


@dataclass(frozen=True)
class Home:
    """A folder of stores, artifacts and locks. Naming one creates nothing."""

    root: Path

    @classmethod
    def at(cls, path: str | Path | None) -> Home:
        """Return the home at `path`, else at `$TUNE_HOME`, else at ./mlruns."""
        chosen = path or os.environ.get("TUNE_HOME") or DEFAULT_HOME
        return cls(Path(chosen).expanduser().resolve())

    @property
    def optuna_db(self) -> Path:
        return self.root / "optuna.db"

    @property
    def storage_url(self) -> str:
        return f"sqlite:///{self.optuna_db}"

    @property
    def tracking_uri(self) -> str:
        return f"sqlite:///{self.root / 'mlflow.db'}"

    @property
    def artifacts(self) -> Path:
        return self.root / "artifacts"

    def trials(self, study: str) -> Path:
        """The folder in which each trial that finishes has a folder by its number."""
        return self.artifacts / slug(study) / "trials"

    def data(self, study: str) -> Path:
        """The folder of what was fitted to the data: how a new row becomes a network's inputs."""
        return self.artifacts / slug(study) / "data"

    def pruned(self, study: str) -> Path:
        """The folder in which each network that was made smaller has a folder by its name."""
        return self.artifacts / slug(study) / "pruned"

    def lock(self, study: str) -> Path:
        return self.root / "locks" / f"{slug(study)}.lock"

    def locks(self) -> list[Path]:
        """The locks of the studies that there have been."""
        return [
            p for p in (self.root / "locks").glob("*.lock") if p.suffixes != [".mlflow", ".lock"]
        ]

    def recorder_lock(self, study: str) -> Path:
        return self.root / "locks" / f"{slug(study)}.mlflow.lock"

    def check(self) -> None:
        """Refuse a folder that somebody else's MLflow keeps its files in."""
        if not self.root.exists():
            return
        if not self.root.is_dir():
            raise StorageError(f"{self.root} is not a folder.", "Give another with --home DIR.")
        old = next(self.root.glob("*/meta.yaml"), None)
        if old is not None:
            raise StorageError(
                f"{self.root} holds an MLflow file store ({old.relative_to(self.root)}), "
                "which MLflow no longer opens.",
                "Give another folder with --home DIR, or move the old one away.",
            )

    def create_root(self, stack: ExitStack) -> None:
        """Create the folder itself; it is taken away again if nothing has come into it."""
        if not self.root.exists():
            self._create(self.root)
            stack.callback(self._remove_empty)

    def _remove_empty(self) -> None:
        with suppress(OSError):  # it is in use
            self.root.rmdir()

    def create(self) -> None:
        """Create the folders. Raises StorageError where that cannot be."""
        self._create(self.artifacts, self.root / "locks")

    def _create(self, *folders: Path) -> None:
        try:
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"{error.filename or self.root} cannot be created ({error.strerror}).",
                "Give a folder you can write to with --home DIR.",
            ) from None
