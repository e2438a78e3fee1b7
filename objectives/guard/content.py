"""Sealed rows as bytes and back: a zip of NumPy, Arrow and JSON, and no pickle.

A few canary rows stand behind the others: random numbers and a random word in every column. They
are found nowhere else, so a search for them in what a study leaves shows whether sealed rows got
out. They are taken off when the rows are opened.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..development import Array

if TYPE_CHECKING:
    import pandas as pd

N_CANARIES = 3


@dataclass(frozen=True)
class Sealed:
    """Opened rows. They exist in the processes that seal and score them, and nowhere else."""

    inputs: Array | pd.DataFrame  # as in `Table`: (rows, ...), or typed columns
    targets: Array  # as stored: numbers, or text as objects
    blocks: Array  # (rows,): see `blocks`
    blocks_are: str  # "", "group" or "time"

    def __len__(self) -> int:
        return len(self.targets)


def packed(rows: Sealed, canary: str) -> bytes:
    """Return rows, with canaries, as bytes."""
    inputs = with_canaries(rows.inputs, canary)
    is_text = rows.targets.dtype == object
    members = {
        "inputs.npy": _npy(inputs) if isinstance(inputs, np.ndarray) else None,
        "inputs.arrow": None if isinstance(inputs, np.ndarray) else _arrow(inputs),
        "targets.npy": None if is_text else _npy(rows.targets),
        "targets.json": json.dumps(rows.targets.tolist()).encode() if is_text else None,
        "blocks.npy": _npy(rows.blocks),
        "blocks.json": json.dumps(rows.blocks_are).encode(),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            if content is not None:
                archive.writestr(name, content)
    return buffer.getvalue()


def unpacked(content: bytes) -> Sealed:
    """Return what `packed` was given."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        if "inputs.npy" in names:
            inputs: Any = _array(archive.read("inputs.npy"))
        else:
            inputs = _frame(archive.read("inputs.arrow"))
        if "targets.npy" in names:
            targets = _array(archive.read("targets.npy"))
        else:
            targets = np.array(json.loads(archive.read("targets.json")), object)
        return Sealed(
            inputs[: len(targets)],  # without the canaries
            targets,
            _array(archive.read("blocks.npy")),
            json.loads(archive.read("blocks.json")),
        )


def with_canaries(inputs: Array | pd.DataFrame, canary: str) -> Any:
    """Return inputs with canary rows at their end, made from the canary's own text."""
    rng = np.random.default_rng(list(canary.encode()))
    chosen = np.zeros(N_CANARIES, np.int64)
    if isinstance(inputs, np.ndarray):
        return np.concatenate([inputs, _random(rng, inputs[chosen])])
    import pandas as pd

    columns = {}
    for name, column in inputs.items():
        if column.dtype == "category":
            column = column.cat.add_categories([canary])
            added = pd.Series([canary] * N_CANARIES, dtype=column.dtype)
        elif column.dtype.kind == "f":
            added = pd.Series(_random(rng, np.zeros(N_CANARIES)))
        elif column.dtype.kind == "M":
            seconds = rng.integers(0, 2**31, N_CANARIES)
            added = pd.Series(seconds.astype("datetime64[s]").astype(column.dtype))
        else:
            added = pd.Series([canary] * N_CANARIES, dtype=column.dtype)
        columns[name] = pd.concat([column, added], ignore_index=True)
    return pd.DataFrame(columns)


def _random(rng: np.random.Generator, like: Array) -> Array:
    if like.dtype.kind in "iu":
        ends = np.iinfo(like.dtype)
        return rng.integers(ends.min, ends.max, like.shape, like.dtype)
    found: Array = rng.uniform(1e6, 1e7, like.shape).astype(like.dtype)
    return found


def _npy(array: Array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _array(content: bytes) -> Array:
    loaded: Array = np.load(io.BytesIO(content), allow_pickle=False)
    return loaded


def _arrow(frame: pd.DataFrame) -> bytes:
    import pyarrow as pa

    table = pa.Table.from_pandas(frame, preserve_index=False)
    buffer = pa.BufferOutputStream()
    with pa.ipc.new_file(buffer, table.schema) as file:
        file.write_table(table)
    return bytes(buffer.getvalue())


def _frame(content: bytes) -> pd.DataFrame:
    import pyarrow as pa

    frame: pd.DataFrame = pa.ipc.open_file(pa.BufferReader(content)).read_all().to_pandas()
    return frame
