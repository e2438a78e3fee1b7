"""What trials predicted for the validation rows, as far as it is still on disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ...objectives.development import Array
from ...objectives.files import PREDICTIONS

N_READ = 100  # trials
N_CELLS = 20_000_000  # numbers that are read in all


def read(folder: Path | None, n_rows: int) -> Array | None:
    """Map a trial's predictions, (rows, outputs); None where there are none of these rows."""
    if folder is None:
        return None
    try:
        found: Array = np.load(folder / PREDICTIONS, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    is_whole = found.ndim == 2 and len(found) == n_rows
    return found.view(np.ndarray) if is_whole else None


def read_all(folders: Iterable[Path | None], n_rows: int) -> list[Array]:
    """Read those of several trials, of which some may be gone, and no more than is needed."""
    found: list[Array] = []
    for folder in list(folders)[:N_READ]:
        predictions = read(folder, n_rows)
        if predictions is None or (found and predictions.shape != found[0].shape):
            continue
        if found and (len(found) + 1) * predictions.size > N_CELLS:
            break
        found.append(predictions)
    return found
