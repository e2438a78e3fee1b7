"""What a study and its trials leave on disk: each file whole, or not there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from .contracts import Results
from .development import Array, Development

WEIGHTS = "weights.safetensors"
PREDICTIONS = "validation.npy"
VALIDATION = "validation.npz"  # what those predictions are of


def save(results: Results, folder: Path, with_weights: bool) -> None:
    """Write a trial's predictions, and its weights if it was trained to its end."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    if not with_weights:
        (folder / WEIGHTS).unlink(missing_ok=True)  # an earlier attempt's
    else:
        weights = {name: tensor.contiguous() for name, tensor in results.weights.items()}
        _write(folder / WEIGHTS, lambda path: save_file(weights, path))
    save_predictions(results.predictions, folder)


def save_predictions(predictions: Array, folder: Path) -> None:
    """Write what was predicted for the validation rows, fold after fold."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / PREDICTIONS, lambda path: _save_array(path, predictions))


def save_data(development: Development, folder: Path) -> None:
    """Write what is known of the data, what each fold's preprocessing was fitted to, and the
    validation targets, fold after fold, that all trials' predictions are scored by."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {f"features.{i}.json": text for i, text in enumerate(development.preprocessing)}
    contents["description.json"] = json.dumps(asdict(development.description), indent=1)
    for name, text in contents.items():
        _write(folder / name, partial(_write_text, text))
    folds = development.folds
    arrays = {
        "targets": np.concatenate([fold.y_validation for fold in folds]),
        "folds": np.array([len(fold.y_validation) for fold in folds]),
        "mean": np.stack([fold.target_mean for fold in folds]),
        "scale": np.stack([fold.target_scale for fold in folds]),
        "blocks": _numbered(development.blocks),
    }
    _write(folder / VALIDATION, partial(_save_arrays, arrays))


def _numbered(blocks: Sequence[Array]) -> Array:
    """Return the blocks of all folds, those of different folds with different numbers."""
    starts = np.cumsum([0, *(of_fold.max() + 1 for of_fold in blocks)])
    return np.concatenate([b + start for b, start in zip(blocks, starts, strict=False)])


def _save_arrays(arrays: Mapping[str, Array], path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def _write_text(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")


def _save_array(path: Path, array: Array) -> None:
    with path.open("wb") as file:  # given a path, NumPy would add a suffix
        np.save(file, array, allow_pickle=False)


def _write(path: Path, write: Callable[[Path], None]) -> None:
    """Write aside and rename, so that a reader finds all of a file or none of it."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
