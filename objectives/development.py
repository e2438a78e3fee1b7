"""What a search may see of the data: training and validation rows, and never a test row."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Fold:
    """Training and validation rows, preprocessed by what the training rows alone decided.

    Inputs are float32 (rows, inputs). Targets are int64 (rows,) for a classification, else
    float32 (rows, outputs) in the target's own unit. `*_rows` are row numbers in the source.
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
    """Facts about the data that are no row of it."""

    source: str
    n_inputs: int
    n_outputs: int  # classes, or regression targets; 1 for a binary task
    n_train: int
    n_validation: int
    n_test: int
    data_sha256: str  # of all rows, as read
    split_sha256: str  # of which row went where


@dataclass(frozen=True)
class Development:
    """The folds of a search (one for a holdout), and what they came from."""

    folds: tuple[Fold, ...]
    description: Description

    def to_bytes(self) -> bytes:
        """Return an `.npz` archive without pickles."""
        buffer = io.BytesIO()
        arrays = {
            f"{i}.{field.name}": getattr(fold, field.name)
            for i, fold in enumerate(self.folds)
            for field in fields(Fold)
        }
        description = np.array(json.dumps(asdict(self.description)))
        np.savez(buffer, description=description, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Development:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            description = Description(**json.loads(str(archive["description"])))
            n_folds = 1 + max(int(name.split(".")[0]) for name in archive if "." in name)
            folds = tuple(
                Fold(**{field.name: archive[f"{i}.{field.name}"] for field in fields(Fold)})
                for i in range(n_folds)
            )
        return cls(folds, description)
