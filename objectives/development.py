"""What a search may see of the data: training and validation rows, and never a test row."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..models.inputs import Inputs
from .handing import OpenFiles

Array = NDArray[Any]
_FACTS, _BLOCKS = "facts.json", "blocks"


@dataclass(frozen=True)
class Seal:
    """All that a search knows of its sealed test rows."""

    id: str
    manifest_sha256: str
    n_rows: int
    n_looks: int  # at these rows, before this search began
    ledger_head: str  # hash of the ledger's last entry; "" where there is none


@dataclass(frozen=True)
class Fold:
    """Training and validation rows, preprocessed by what the training rows alone decided.

    Inputs are float32 (rows, inputs), or (rows, channels, height, width) of pictures. Targets
    are int64 (rows,) for a classification, else float32 (rows, outputs) in the target's own unit.
    `*_rows` are row numbers in the source.
    """

    x_train: Array
    y_train: Array
    x_validation: Array
    y_validation: Array
    train_rows: Array
    validation_rows: Array
    target_mean: Array  # (outputs,), of the training rows; zeros where targets are classes
    target_scale: Array  # (outputs,), their standard deviation; ones where targets are classes


@dataclass(frozen=True)
class Description:
    """Facts about the data that are no row of it. Of folds, rows and inputs are the first's."""

    source: str
    n_inputs: int  # numbers in a row
    n_outputs: int  # classes, or regression targets; 1 for a binary task
    n_train: int
    n_validation: int
    n_test: int
    data_sha256: str  # of the training and validation rows, as read
    split_sha256: str  # of which row went where
    n_left_out: int = 0  # rows in no part: see `splits`
    n_folds: int = 1
    classes: tuple[Any, ...] = ()  # what class numbers stand for; none where targets are numbers


@dataclass(frozen=True)
class Development:
    """The folds of a search (one for a holdout), and what they came from."""

    folds: tuple[Fold, ...]
    description: Description
    preprocessing: tuple[str, ...] = ()  # of each fold, as `Features.to_json` wrote it
    blocks: tuple[Array, ...] = ()  # of each fold's validation rows: see `guard.blocks`
    seal: Seal | None = None  # what is known of the test rows, where they were sealed
    inputs: tuple[Inputs, ...] = ()  # of each fold; () where rows are numbers and no more

    def __post_init__(self) -> None:
        if len(self.inputs) != len(self.folds):
            plain = tuple(Inputs(tuple(fold.x_train.shape[1:])) for fold in self.folds)
            object.__setattr__(self, "inputs", plain)

    def without_rows(self) -> Development:
        """Return what is known of the data, and the validation targets, so that the memory of
        the rows can be let go of."""
        none = np.empty(0, np.float32)
        folds = tuple(
            replace(fold, x_train=none, y_train=none, x_validation=none, train_rows=none)
            for fold in self.folds
        )
        return replace(self, folds=folds)

    def save(self, folder: Path) -> None:
        """Write a file an array, which `load` maps into memory; no pickles."""
        for i, fold in enumerate(self.folds):
            for field in fields(Fold):
                array = getattr(fold, field.name)
                np.save(folder / f"{i}.{field.name}.npy", array, allow_pickle=False)
        for i, blocks in enumerate(self.blocks):
            np.save(folder / f"{i}.{_BLOCKS}.npy", blocks, allow_pickle=False)
        facts = {
            "description": asdict(self.description),
            "preprocessing": self.preprocessing,
            "seal": None if self.seal is None else asdict(self.seal),
            "inputs": [asdict(of_fold) for of_fold in self.inputs],
        }
        (folder / _FACTS).write_text(json.dumps(facts))

    @classmethod
    def load(cls, folder: Path | OpenFiles) -> Development:
        """Map what `save` wrote: read-only, and read from disk where it is looked at.

        The files may be deleted then: what is mapped stays until the process ends.
        """
        facts = json.loads((folder / _FACTS).read_text())
        described = facts["description"]
        description = Description(**{**described, "classes": tuple(described["classes"])})

        def array(i: int, name: str) -> Array:
            path = folder / f"{i}.{name}.npy"
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)
            plain: Array = mapped.view(
                np.ndarray
            )  # which, unlike a memmap, pickles without a copy
            return plain

        folds = tuple(
            Fold(**{field.name: array(i, field.name) for field in fields(Fold)})
            for i in range(description.n_folds)
        )
        has_blocks = (folder / f"0.{_BLOCKS}.npy").exists()
        blocks = tuple(array(i, _BLOCKS) for i in range(len(folds) if has_blocks else 0))
        seal = None if facts["seal"] is None else Seal(**facts["seal"])
        inputs = tuple(Inputs.of(**of_fold) for of_fold in facts["inputs"])
        return cls(folds, description, tuple(facts["preprocessing"]), blocks, seal, inputs)
