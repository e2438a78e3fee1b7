"""`tune seal`: the test rows of a file's split into the vault, ahead of any search."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..objectives.development import Description, Seal
from ..objectives.guard.places import Places
from ..objectives.preparation import Preparation
from ..spaces import Experiment

SPACES = (".yaml", ".yml")


@dataclass(frozen=True)
class SealReport:
    """What was sealed."""

    seal: Seal
    description: Description
    path: str

    def to_json(self) -> dict[str, Any]:
        rows = {
            "training": self.description.n_train,
            "validation": self.description.n_validation,
            "test": self.description.n_test,
        }
        return {"source": self.description.source, "rows": rows, **asdict(self.seal)}

    def to_text(self) -> str:
        n_looks = self.seal.n_looks
        looked = f"Looks at these rows so far: {n_looks}." if n_looks else "Nobody has looked yet."
        lines = [
            f"{self.seal.n_rows:,} test rows of {self.description.source} are sealed as "
            f"{self.seal.id}. {looked}"
        ]
        if self.path.endswith(SPACES):
            lines += ["", f"  tune search {self.path}   searches without them"]
        return "\n".join(lines)


def seal(
    path: str, overrides: Mapping[str, Any], target: str | None, retire: str | None
) -> SealReport:
    """Seal the test rows of a split.

    Args:
        path: an experiment file, or data, whose split is then the one that `tune init` writes.
        overrides: dotted keys to values that replace the file's own.
        target: the column to predict, of data.
        retire: why sets that are sealed and whose rows would be trained on are given up.

    Raises:
        InputError: there is a mistake in the file or the data.
        GuardError: sealed rows would be trained on, or the vault is not as it was left.
    """
    experiment = _experiment(path, overrides, target)
    places = Places.here()
    places.check(Path(path).parent)
    preparation = Preparation(experiment, places, retire)
    try:
        development = preparation.result()
    finally:
        preparation.cancel()
    assert development.seal is not None
    return SealReport(development.seal, development.description, path)


def _experiment(path: str, overrides: Mapping[str, Any], target: str | None) -> Experiment:
    from .run import load

    if path.endswith(SPACES):
        if target is not None:
            rule = f"--target names a column of data, but {path} is an experiment file."
            raise InputError(rule, "Leave it out: the file says what the target is.")
        return load(path, overrides).experiment
    from .drafts import write_draft

    with tempfile.TemporaryDirectory() as folder:
        written, _ = write_draft(path, target, Path(folder) / "draft.yaml")
        return load(written, overrides).experiment
