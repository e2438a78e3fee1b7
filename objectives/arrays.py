"""NumPy files: an `.npz` holds inputs and targets, an `.npy` inputs with targets in another.

Headers say what a file holds, so all but the values is checked before anything is loaded.
"""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from ..errors import InputError, did_you_mean
from .development import Array
from .findings import shown

SUFFIXES = (".npz", ".npy")
MAX_DIMENSIONS = 5
_INPUTS = ("x", "X")
_TARGETS = ("target", "targets", "labels", "label")  # where there is no `y`
_CHANNELS = (1, 3, 4)
_MISSING = ("", "nan", "None")  # what NumPy makes of a missing value among text
_CORRUPT = (
    OSError,
    ValueError,
    EOFError,
    RuntimeError,  # a password, or a compression that is not built in
    zipfile.BadZipFile,
    zlib.error,
    tokenize.TokenError,  # these two of a header
    TypeError,
)
_BLOCK = 2**24  # bytes looked at together
_NAME_IT = "Name it: `target:` under `data:`, or `--target`."


class _Stored(NamedTuple):
    """An array in a file, known by its header."""

    path: str
    name: str  # in its archive; empty where the file is the array
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __str__(self) -> str:
        return f"the array '{self.name}'" if self.name else "the array"


def is_arrays(source: str) -> bool:
    """Return whether a source is named as a NumPy file is."""
    return Path(source).suffix.lower() in SUFFIXES


def shapes(source: str, target: str | None) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
    """Return shape and dtype of `inputs` and `targets` as stored, from the headers alone.

    Raises:
        InputError: a file cannot be read, or does not say which array is which.
    """
    inputs, targets = _find(source, target)
    return {
        "inputs": (inputs.shape, inputs.dtype),
        "targets": (targets.shape, targets.dtype),
    }


def read(source: str, target: str | None) -> tuple[Array, Array]:
    """Read inputs and targets of a NumPy file.

    Args:
        target: names an array of an `.npz` (default: `y`), or is the path of another `.npy`.

    Returns:
        Inputs (rows, ...) in the type they are stored in, and targets, numbers (rows,) or
        (rows, outputs), or text as objects. Pictures are (rows, channels, height, width).

    Raises:
        InputError: a file cannot be read, or its content cannot be used as it is.
    """
    inputs, targets = _find(source, target)
    _check_inputs(inputs)
    _check_targets(targets)
    if inputs.shape[0] != targets.shape[0]:
        raise InputError(
            f"{source}: every row has a target, but there are {inputs.shape[0]:,} rows of inputs "
            f"and {targets.shape[0]:,} of targets.",
            "Save both from the same rows; rows are the first axis.",
        )
    y = _as_targets(targets, _load(targets))
    return _as_inputs(inputs, _load(inputs)), y


def _find(source: str, target: str | None) -> tuple[_Stored, _Stored]:
    if Path(source).suffix.lower() == ".npz":
        return _in_archive(source, target)
    if target is None:
        rule = f"{source}: an .npy file holds inputs, but no file of targets is named."
        raise InputError(rule, "Name it: `target: targets.npy` under `data:`, or `--target`.")
    if Path(target).suffix.lower() != ".npy":
        rule = f"{source}: the targets of an .npy file are in another, but got '{target}'."
        raise InputError(rule, "Name a file that ends in .npy, or save both arrays in an .npz.")
    return _in_file(source), _in_file(target)


def _in_file(path: str) -> _Stored:
    with _reading(path), open(path, "rb") as file:
        return _Stored(path, "", *_header(file, Path(path).stat().st_size))


def _in_archive(source: str, target: str | None) -> tuple[_Stored, _Stored]:
    arrays: dict[str, _Stored] = {}
    with _reading(source), zipfile.ZipFile(source) as archive:
        for member in archive.infolist():
            if member.filename.endswith(".npy"):
                name = member.filename.removesuffix(".npy")
                with archive.open(member) as file:
                    arrays[name] = _Stored(source, name, *_header(file, member.file_size))
    name = _target_name(source, target, arrays)
    others = [array for array in arrays if array != name]
    candidates = [array for array in _INPUTS if array in others] or others
    if len(candidates) != 1:
        found = f"there are {_listed(arrays, candidates)}" if candidates else "there is no other"
        raise InputError(
            f"{source}: inputs are the array 'x', or the only one besides '{name}', but {found}.",
            "Save the inputs as `x`, in one array.",
        )
    return arrays[candidates[0]], arrays[name]


def _target_name(source: str, target: str | None, arrays: dict[str, _Stored]) -> str:
    if not arrays:
        raise InputError(f"{source}: there are no arrays in it.", "Save it with `numpy.savez`.")
    held = _listed(arrays, list(arrays))
    if target is not None:
        if target not in arrays:
            rule = f"{source}: there is no array '{target}' to predict among {held}."
            raise InputError(rule, did_you_mean(target, arrays))
        return target
    if "y" in arrays:
        return "y"
    candidates = [name for name in _TARGETS if name in arrays]
    if len(candidates) != 1:
        raise InputError(f"{source}: it is not clear which to predict of {held}.", _NAME_IT)
    return candidates[0]


def _listed(arrays: dict[str, _Stored], names: list[str]) -> str:
    return shown([f"{name} {arrays[name].shape}" for name in names])


def _header(file: IO[bytes], n_bytes: int) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape and dtype. Raises ValueError, too, of a file that is shorter than it says."""
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"it is of version {version}")
    is_old = version == (1, 0)
    read_header = (
        np.lib.format.read_array_header_1_0 if is_old else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read_header(file)
    if min(shape, default=0) < 0:
        raise ValueError(f"its shape is {shape}")
    n_expected = file.tell() + math.prod(shape) * dtype.itemsize
    if not dtype.hasobject and n_bytes < n_expected:
        raise ValueError(f"it has {n_bytes:,} of {n_expected:,} bytes")
    return shape, dtype


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """Turn what a missing or corrupt file raises into a sentence."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file.", "Check the path.") from None
    except _CORRUPT as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        suffix = Path(path).suffix.lower()
        raise InputError(
            f"{path}: cannot be read as {suffix} ({reason}).", "Save it again with NumPy."
        ) from None


def _check_inputs(stored: _Stored) -> None:
    _check_type(stored, "inputs are numbers", "biuf")
    if not 1 <= len(stored.shape) <= MAX_DIMENSIONS:
        raise InputError(
            f"{stored.path}: inputs have 1 to {MAX_DIMENSIONS} dimensions, but {stored} has "
            f"{len(stored.shape)}.",
            "Reshape it; rows are the first axis.",
        )
    if 0 in stored.shape:
        rule = f"{stored.path}: inputs have rows and values, but {stored} is {stored.shape}."
        raise InputError(rule, "Bring rows.")


def _check_targets(stored: _Stored) -> None:
    _check_type(stored, "targets are numbers or text", "biufUS")
    is_text = stored.dtype.kind in "US"
    n_outputs = stored.shape[1:]
    if not stored.shape or len(n_outputs) > 1 or 0 in n_outputs or (is_text and n_outputs > (1,)):
        rule = "text (rows,)" if is_text else "(rows,) or (rows, outputs)"
        raise InputError(
            f"{stored.path}: targets are {rule}, but {stored} is {stored.shape}.", "Reshape it."
        )


def _check_type(stored: _Stored, rule: str, kinds: str) -> None:
    if stored.dtype.kind in kinds:
        return
    found = "of Python objects" if stored.dtype.hasobject else f"of type {stored.dtype}"
    raise InputError(
        f"{stored.path}: {rule}, but {stored} is {found:.60}.",
        "Convert it before it is saved, such as by `.astype(numpy.float32)`.",
    )


def _load(stored: _Stored) -> Array:
    """Return the array in this machine's byte order, true and false as 1 and 0."""
    array: Array
    with _reading(stored.path):
        if stored.name:
            with np.load(stored.path, allow_pickle=False) as archive:
                array = archive[stored.name]
        else:
            array = np.load(stored.path, allow_pickle=False)
    if array.dtype.kind == "b":
        return array.view(np.uint8)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _as_inputs(stored: _Stored, array: Array) -> Array:
    _check_range(stored, array)
    if array.ndim == 1:
        return array.reshape(-1, 1)
    is_channels_last = array.ndim == 4 and array.shape[-1] in _CHANNELS
    if is_channels_last and array.shape[1] not in _CHANNELS:
        return np.moveaxis(array, -1, 1)
    return array


def _as_targets(stored: _Stored, array: Array) -> Array:
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.dtype.kind in "US":
        array = _as_text(stored, array)
        is_missing = np.isin(array.astype(str), _MISSING)
    else:
        _check_range(stored, array)
        is_missing = np.any(np.isnan(array.reshape(len(array), -1)), axis=1)
    n_missing = np.count_nonzero(is_missing)
    if n_missing:
        raise InputError(
            f"{stored.path}: the target is missing in {n_missing:,} of {len(array):,} rows.",
            "Remove these rows, or fill in their targets.",
        )
    return array


def _as_text(stored: _Stored, array: Array) -> Array:
    if array.dtype.kind == "U":
        return array.astype(object)
    try:
        return np.char.decode(array, "utf-8").astype(object)
    except UnicodeDecodeError as error:
        rule = f"{stored.path}: text is UTF-8, but {stored} is not ({error.reason})."
        raise InputError(rule, "Save it as text (dtype `str`) instead of bytes.") from None


def _check_range(stored: _Stored, array: Array) -> None:
    """Refuse what single precision, in which networks train, cannot hold."""
    if array.dtype.kind != "f":
        return
    n_rows = max(1, _BLOCK // (array.nbytes // len(array)))  # never a copy of it all
    blocks = (array[first : first + n_rows] for first in range(0, len(array), n_rows))
    bound = np.finfo(np.float32).max
    n_beyond = sum(int(np.count_nonzero(np.abs(block) > bound)) for block in blocks)
    if n_beyond:
        raise InputError(
            f"{stored.path}: numbers lie within 3.4e38 of zero, but {stored} is infinite or "
            f"beyond in {n_beyond:,} of {array.size:,} values.",
            "Correct these values, or make them NaN, which is missing.",
        )
