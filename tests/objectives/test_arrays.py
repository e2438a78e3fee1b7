"""NumPy files: what comes back as stored, and a sentence for what cannot be used."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from truetune.errors import InputError
from truetune.objectives.arrays import is_arrays, read, shapes

N = 6
X = np.arange(N * 4, dtype=np.float32).reshape(N, 4)
Y = np.array([0, 1, 2, 0, 1, 2])


def archive(folder: Path, **arrays: Any) -> str:
    path = folder / "rows.npz"
    np.savez(path, **arrays)
    return str(path)


@pytest.mark.parametrize(
    ("source", "expected"),
    [("a.npz", True), ("/b/A.NPY", True), ("a.npy.txt", False), ("npz", False), ("a.csv", False)],
)
def test_arrays_are_known_by_their_ending(source: str, expected: bool) -> None:
    assert is_arrays(source) is expected


def test_archive_holds_inputs_and_targets(tmp_path: Path) -> None:
    inputs, targets = read(archive(tmp_path, x=X, y=Y), None)
    np.testing.assert_array_equal(inputs, X)
    np.testing.assert_array_equal(targets, Y)
    assert (inputs.dtype, targets.dtype) == (np.float32, np.int64)


def test_compressed_archive_reads_the_same(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "rows.npz", x=X, y=Y)
    np.testing.assert_array_equal(read(str(tmp_path / "rows.npz"), None)[0], X)


def test_file_of_inputs_goes_with_a_file_of_targets(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    inputs, targets = read(str(tmp_path / "x.npy"), str(tmp_path / "y.npy"))
    np.testing.assert_array_equal(inputs, X)
    np.testing.assert_array_equal(targets, Y)


@pytest.mark.parametrize(
    ("names", "target"),
    [
        (("x", "y"), None),
        (("X", "labels"), None),
        (("data", "target"), None),
        (("features", "outcome"), "outcome"),
        (("y", "label"), "label"),
    ],
)
def test_names_tell_inputs_from_targets(
    tmp_path: Path, names: tuple[str, str], target: str | None
) -> None:
    source = archive(tmp_path, **{names[0]: X, names[1]: Y})
    inputs, targets = read(source, target)
    assert (inputs.shape, targets.shape) == (X.shape, Y.shape)


def test_x_and_y_go_before_other_arrays(tmp_path: Path) -> None:
    inputs, targets = read(archive(tmp_path, x=X, y=Y, label=Y + 1, weights=X + 1), None)
    np.testing.assert_array_equal(inputs, X)
    np.testing.assert_array_equal(targets, Y)


@pytest.mark.parametrize(
    ("arrays", "target", "message"),
    [
        ({}, None, "there are no arrays in it"),
        ({"x": X, "z": Y}, None, r"not clear which to predict of x \(6, 4\), z \(6,\)"),
        ({"x": X, "label": Y, "target": Y}, None, "not clear which"),
        ({"x": X, "y": Y}, "yy", r"no array 'yy' to predict among x \(6, 4\), y \(6,\)"),
        ({"a": X, "b": X, "y": Y}, None, r"but there are a \(6, 4\), b \(6, 4\)"),
        ({"x": X, "X": X, "y": Y}, None, r"but there are x \(6, 4\), X \(6, 4\)"),
        ({"y": Y}, None, "but there is no other"),
    ],
)
def test_unclear_names_are_listed_with_shapes(
    tmp_path: Path, arrays: dict[str, Any], target: str | None, message: str
) -> None:
    source = archive(tmp_path, **arrays)
    with pytest.raises(InputError, match=message) as error:
        read(source, target)
    assert error.value.cause.startswith(f"{source}: ")


def test_inputs_need_a_file_of_targets(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    with pytest.raises(InputError, match="no file of targets is named"):
        read(str(tmp_path / "x.npy"), None)
    with pytest.raises(InputError, match="are in another, but got 'label'"):
        read(str(tmp_path / "x.npy"), "label")


@pytest.mark.parametrize(
    "dtype", ["uint8", "int64", "float16", "float32", "float64", "longdouble", ">f4", ">i2"]
)
def test_inputs_keep_their_type_in_this_machines_byte_order(tmp_path: Path, dtype: str) -> None:
    inputs, _ = read(archive(tmp_path, x=X.astype(dtype), y=Y), None)
    assert inputs.dtype == np.dtype(dtype).newbyteorder("=")
    assert inputs.dtype.isnative
    np.testing.assert_array_equal(inputs, X)


def test_true_and_false_are_one_and_zero(tmp_path: Path) -> None:
    inputs, targets = read(archive(tmp_path, x=X > 5, y=Y > 0), None)
    assert (inputs.dtype, targets.dtype) == (np.uint8, np.uint8)
    np.testing.assert_array_equal(inputs, (X > 5).astype(int))
    assert targets.tolist() == [0, 1, 1, 0, 1, 1]


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ((N,), (N, 1)),
        ((N, 3), (N, 3)),
        ((N, 7, 3), (N, 7, 3)),  # a series, not a picture
        ((N, 28, 32, 1), (N, 1, 28, 32)),
        ((N, 28, 32, 3), (N, 3, 28, 32)),
        ((N, 28, 32, 4), (N, 4, 28, 32)),
        ((N, 28, 32, 2), (N, 28, 32, 2)),
        ((N, 3, 32, 3), (N, 3, 32, 3)),  # a channel axis is where it belongs
        ((N, 2, 3, 4, 3), (N, 2, 3, 4, 3)),
    ],
)
def test_pictures_come_back_with_channels_first(
    tmp_path: Path, stored: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    values = np.arange(np.prod(stored), dtype=np.uint8).reshape(stored)
    inputs, _ = read(archive(tmp_path, x=values, y=Y), None)
    assert inputs.shape == expected
    if len(stored) == 4 and expected != stored:
        np.testing.assert_array_equal(inputs[1, 0], values[1, :, :, 0])


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (["a", "b", "a", "b", "é", "b"], ["a", "b", "a", "b", "é", "b"]),
        ([t.encode() for t in "abcabé"], list("abcabé")),
        ([["a"], ["b"], ["a"], ["b"], ["a"], ["b"]], list("ababab")),
        (Y.reshape(-1, 1), Y.tolist()),
        (np.c_[Y, Y] / 2, (np.c_[Y, Y] / 2).tolist()),
    ],
)
def test_targets_are_text_or_numbers(tmp_path: Path, stored: Any, expected: list[Any]) -> None:
    _, targets = read(archive(tmp_path, x=X, y=np.array(stored)), None)
    assert targets.tolist() == expected
    assert (targets.dtype == object) is isinstance(expected[0], str)


def test_missing_inputs_are_kept(tmp_path: Path) -> None:
    values = np.where(X > 20, np.nan, X)
    np.testing.assert_array_equal(read(archive(tmp_path, x=values, y=Y), None)[0], values)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (X, Y[:5], "there are 6 rows of inputs and 5 of targets"),
        (X[:0], Y[:0], r"inputs have rows and values, but the array 'x' is \(0, 4\)"),
        (X[:, :0], Y, r"but the array 'x' is \(6, 0\)"),
        (np.float32(1), Y, "1 to 5 dimensions, but the array 'x' has 0"),
        (X.reshape(N, 4, 1, 1, 1, 1), Y, "1 to 5 dimensions, but the array 'x' has 6"),
        (X.astype(complex), Y, "inputs are numbers, but the array 'x' is of type complex128"),
        (X.astype(str), Y, "inputs are numbers, but the array 'x' is of type <U"),
        (X.astype("datetime64[s]"), Y, "is of type datetime64"),
        (X.astype(object), Y, "the array 'x' is of Python objects"),
        (X, Y.astype(object), "targets are numbers or text, but the array 'y' is of Python"),
        (X, Y.astype(complex), "the array 'y' is of type complex128"),
        (X, Y.astype("datetime64[D]"), "the array 'y' is of type datetime64"),
        (X, np.ones((N, 2, 2)), r"targets are \(rows,\) or .*, but the array 'y' is \(6, 2, 2\)"),
        (X, np.ones((N, 0)), r"but the array 'y' is \(6, 0\)"),
        (X, np.full((N, 2), "a"), r"targets are text \(rows,\), but the array 'y' is \(6, 2\)"),
        (X, np.where(Y > 1, np.nan, Y), "the target is missing in 2 of 6 rows"),
        (X, np.where(np.c_[Y, Y + 1] > 2, np.nan, 1), "the target is missing in 2 of 6 rows"),
        (X, np.array(["a", "", "b", "nan", "None", "Nan"]), "is missing in 3 of 6 rows"),
        (X, np.array([b"\xff"] * N), "text is UTF-8, but the array 'y' is not"),
        (np.where(X > 20, np.inf, X), Y, "infinite or beyond in 3 of 24 values"),
        (np.where(X > 20, -4e38, X.astype(float)), Y, "infinite or beyond in 3 of 24 values"),
        (np.where(X > 20, np.inf, X).astype(np.float16), Y, "beyond in 3 of 24 values"),
        (X, np.where(Y > 1, np.inf, Y), "the array 'y' is infinite or beyond in 2 of 6 values"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, x: Any, y: Any, message: str) -> None:
    source = archive(tmp_path, x=x, y=y)
    with pytest.raises(InputError, match=message) as error:
        read(source, None)
    assert error.value.cause.startswith(f"{source}: ")
    assert error.value.fix


def test_largest_number_of_single_precision_is_no_infinity(tmp_path: Path) -> None:
    values = np.full((N, 1), np.finfo(np.float32).max, np.float64)
    np.testing.assert_array_equal(read(archive(tmp_path, x=values, y=Y), None)[0], values)


def test_headers_tell_shapes_before_anything_is_loaded(tmp_path: Path) -> None:
    big = np.zeros((2000, 28, 28, 1), np.uint8)
    source = archive(tmp_path, x=big, y=np.arange(2000.0))
    tracemalloc.start()
    found = shapes(source, None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == {
        "inputs": ((2000, 28, 28, 1), np.dtype(np.uint8)),
        "targets": ((2000,), np.dtype(np.float64)),
    }
    assert peak < big.nbytes / 4


def test_reading_takes_hardly_more_memory_than_the_arrays(tmp_path: Path) -> None:
    big = np.zeros((N, 64, 2**17), np.float32)  # 192 MiB
    np.save(tmp_path / "x.npy", big)
    np.save(tmp_path / "y.npy", Y)
    tracemalloc.start()
    read(str(tmp_path / "x.npy"), str(tmp_path / "y.npy"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.3 * big.nbytes


@pytest.mark.parametrize("name", ["none.npz", "none.npy"])
def test_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"{name}: there is no such file"):
        read(str(tmp_path / name), "y.npy")


def test_missing_file_of_targets_is_named(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    with pytest.raises(InputError, match=r"y\.npy: there is no such file"):
        shapes(str(tmp_path / "x.npy"), str(tmp_path / "y.npy"))


@pytest.mark.parametrize("name", ["text.npz", "text.npy"])
@pytest.mark.parametrize("content", [b"", b"a,y\n1,2\n", b"PK\x03\x04", b"\x93NUMPY\x01\x00"])
def test_file_of_something_else_is_no_array(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"{name}: cannot be read as {path.suffix} \("):
        read(str(path), str(path.with_suffix(".npy")))


def test_file_that_is_cut_short_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, X)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match="it has 223 of 224 bytes"):
        shapes(str(path), str(path))


def test_broken_file_never_ends_in_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "rows.npz"
    np.savez_compressed(path, x=X, y=Y)
    whole = path.read_bytes()
    generator = np.random.default_rng(0)
    n_refused = 0
    for _ in range(300):
        broken = bytearray(whole)
        broken[generator.integers(len(whole))] = generator.integers(256)
        path.write_bytes(broken)
        try:
            read(str(path), None)
        except InputError:
            n_refused += 1
    assert n_refused > 100
