"""Which rows are the same, whatever file, order, split or study they come in.

Every cell has a keyed hash (64 bits of AES over the column's name and the value), and a row's is
the sum over the columns it shares with the rows it is held against: a column that was added,
dropped or moved changes nothing. Numbers count as equal to a part in a million, text apart from
case and spaces, and a level that spells a number as that number.

Not seen through: columns renamed one and all, values in another unit, pictures of another size.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..development import Array
from ..duplicates import normal_text
from .keys import CELLS, NAMES, derived

if TYPE_CHECKING:
    import pandas as pd

TARGET = "\0target"  # no column's name: the target may be renamed
ROW = "\0row"  # of inputs without names, a row is one cell
TELLS_APART = 0.9  # of the rows that all columns tell apart, shared columns must tell so many
_MANTISSA = 2.0**20  # numbers are equal to about a millionth
_EXPONENTS = 4096
_MISSING, _INFINITE = 1, 2  # and 3, minus infinity: numbers' codes are multiples of four
_CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Fingerprint:
    """Keyed hashes (rows, columns) of the cells of some rows."""

    names: tuple[str, ...]
    codes: Array  # (rows, columns) of uint64

    def __len__(self) -> int:
        return len(self.codes)

    def keys(self, names: Sequence[str]) -> Array:
        """Return a number (rows,) that is equal where rows are equal in these columns."""
        places = [self.names.index(name) for name in names]
        keys: Array = self.codes[:, places].sum(axis=1, dtype=np.uint64)
        return keys

    def shared_names(self, others: Sequence[str]) -> tuple[str, ...]:
        """Return the columns by which rows can be held against those of other columns; none
        where these would not tell rows apart that are different."""
        names = tuple(name for name in self.names if name in others)
        n_apart = len(np.unique(self.keys(self.names)))
        is_told = len(np.unique(self.keys(names))) >= TELLS_APART * n_apart
        return names if is_told and set(names) - {TARGET} else ()


def fingerprint(inputs: Array | pd.DataFrame, targets: Array, key: bytes) -> Fingerprint:
    """Return the fingerprint of rows."""
    cells = list(_cells(inputs, targets, key))
    codes = np.empty((len(targets), len(cells)), np.uint64)
    for i, (_, column) in enumerate(cells):
        codes[:, i] = column
    return Fingerprint(tuple(name for name, _ in cells), codes)


def names_of(inputs: Array | pd.DataFrame) -> tuple[str, ...]:
    """Return the names that a fingerprint of these inputs has."""
    columns = (ROW,) if isinstance(inputs, np.ndarray) else map(str, inputs.columns)
    return (*columns, TARGET)


def n_shared(
    inputs: Array | pd.DataFrame, targets: Array, key: bytes, sealed: Sequence[Fingerprint]
) -> list[int]:
    """Return, for each of several sealed sets, how many of its rows are among these.

    Two sets whose rows are alike by chance (few columns of few values) share rows only if they
    are the same from end to end.
    """
    named = names_of(inputs)
    names = [known.shared_names(named) for known in sealed]
    keys = dict.fromkeys(filter(None, names), np.zeros(0, np.uint64))
    for shared in keys:
        keys[shared] = np.zeros(len(targets), np.uint64)
    for name, codes in _cells(inputs, targets, key) if keys else ():
        for shared, summed in keys.items():
            if name in shared:
                summed += codes
    pairs = zip(sealed, names, strict=True)
    return [n_common(known.keys(n), keys[n]) if n else 0 for known, n in pairs]


def n_common(known: Array, keys: Array) -> int:
    """Return how many of the known rows are among others, each of which counts once."""
    values, counts = np.unique(known, return_counts=True)
    if len(values) < len(known) / 2:  # alike by chance
        return len(known) if np.array_equal(np.sort(known), np.sort(keys)) else 0
    found, n_found = np.unique(keys, return_counts=True)
    _, here, there = np.intersect1d(values, found, assume_unique=True, return_indices=True)
    return int(np.minimum(counts[here], n_found[there]).sum())


def _cells(
    inputs: Array | pd.DataFrame, targets: Array, key: bytes
) -> Iterator[tuple[str, Array]]:
    """Yield each column's name and the hashes (rows,) of its cells."""
    hashed = _Hashing(key)
    if isinstance(inputs, np.ndarray):
        yield ROW, hashed.column(ROW, _whole_rows(inputs, derived(key, NAMES)))
    else:
        for name, column in inputs.items():
            yield str(name), hashed.column(str(name), _values(column))
    yield TARGET, hashed.column(TARGET, _target_values(targets))


class _Hashing:
    """AES of one block a cell: the column, and the value. A random permutation to whoever has
    not got the key, and a second for millions of cells."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        # A block is one cell's, and no two cells that differ have the same: ECB hides nothing
        # less here than what is wanted, that equal cells are equal.
        self.cipher = Cipher(algorithms.AES(derived(key, CELLS)), modes.ECB())

    def column(self, name: str, values: Array) -> Array:
        blocks = np.empty((len(values), 2), np.uint64)
        blocks[:, 0] = _of_text(name)
        blocks[:, 1] = values
        encryptor = self.cipher.encryptor()
        encrypted = encryptor.update(blocks.tobytes()) + encryptor.finalize()
        codes: Array = np.frombuffer(encrypted, np.uint64).reshape(-1, 2)[:, 0]
        return codes


def _values(column: pd.Series[Any]) -> Array:
    """Return a number (rows,) of uint64 for each value of a typed column."""
    import pandas as pd

    if column.dtype == "category":
        return _taken([_of_level(level) for level in column.cat.categories], column.cat.codes)
    if column.dtype.kind == "f":
        return _of_numbers(column.to_numpy())
    if column.dtype.kind == "M":
        return _of_numbers(column.to_numpy().astype("datetime64[ms]").astype(np.float64))
    places, texts = pd.factorize(column)
    return _taken([_of_text(normal_text(text)) for text in texts], places)


def _taken(values: list[int], places: Any) -> Array:
    """Return the value at each place; -1 is that of what is missing."""
    taken: Array = np.array([*values, _MISSING], np.uint64)[np.asarray(places)]
    return taken


def _target_values(targets: Array) -> Array:
    """Return a number (rows,) for each row's target or targets."""
    if targets.ndim > 1:
        summed: Array = np.sum([_of_numbers(t) * (2 * i + 1) for i, t in enumerate(targets.T)], 0)
        return summed
    if targets.dtype != object:
        return _of_numbers(targets)
    classes, places = np.unique(targets.astype(str), return_inverse=True)
    return np.array([_of_level(name) for name in classes], np.uint64)[places]


def _of_numbers(values: Array) -> Array:
    """Return numbers that are equal where values are, to about a millionth."""
    numbers = values.astype(np.float64)
    is_finite = np.isfinite(numbers)
    mantissas, exponents = np.frexp(np.where(is_finite, numbers, 0.0))
    whole = np.rint(mantissas * _MANTISSA)
    # 0.99999999 and 1 stand on two sides of a power of two.
    is_over = np.abs(whole) == _MANTISSA
    whole, exponents = np.where(is_over, whole / 2, whole), exponents + is_over
    codes = whole.astype(np.int64) * (4 * _EXPONENTS) + (exponents + _EXPONENTS // 2) * 4
    found: Array = codes.view(np.uint64)
    if not is_finite.all():
        special = np.where(np.isnan(numbers), _MISSING, _INFINITE + (numbers < 0))
        found = np.where(is_finite, found, special.astype(np.uint64))
    return found


def _of_level(level: Any) -> int:
    """Return a level's number: as a number where it spells one, for roles may change."""
    try:
        number = float(level)
    except ValueError:
        return _of_text(normal_text(str(level)))
    return int(_of_numbers(np.array([number]))[0])


def _of_text(text: str) -> int:
    digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _whole_rows(inputs: Array, key: bytes) -> Array:
    """Return a number (rows,) for each row of inputs (rows, ...) without names."""
    flat = inputs.reshape(len(inputs), math.prod(inputs.shape[1:]))
    at_once = max(1, _CELLS_AT_ONCE // max(flat.shape[1], 1))
    found = np.empty(len(flat), np.uint64)
    for start in range(0, len(flat), at_once):
        part = _of_numbers(flat[start : start + at_once])
        for i, row in enumerate(part, start):
            digest = hashlib.blake2b(row.tobytes(), digest_size=8, key=key).digest()
            found[i] = int.from_bytes(digest, "little")
    return found
