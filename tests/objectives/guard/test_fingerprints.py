"""Fingerprints: which rows are the same, whatever they come in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from truetune.objectives.development import Array
from truetune.objectives.guard.fingerprints import fingerprint, n_shared

KEY = bytes(range(32))
N = 200


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": rng.normal(size=N),
            "age": rng.integers(18, 90, N).astype(np.float64),
            "town": pd.Categorical(rng.choice(["Oslo", "Bergen", "Tromsø"], N)),
            "day": pd.to_datetime("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, N), "D"),
            "note": pd.Series([f"note number {i % 150}" for i in range(N)], dtype="str"),
        }
    )


@pytest.fixture
def targets() -> Array:
    return np.array(["yes", "no"] * (N // 2), object)


def shared(frame: pd.DataFrame, targets: Array, other: pd.DataFrame, others: Array) -> int:
    (found,) = n_shared(other, others, KEY, [fingerprint(frame, targets, KEY)])
    return found


def test_all_rows_of_a_set_are_found_in_itself(frame: pd.DataFrame, targets: Array) -> None:
    assert shared(frame, targets, frame, targets) == N


def test_order_of_rows_and_columns_changes_nothing(frame: pd.DataFrame, targets: Array) -> None:
    order = np.random.default_rng(1).permutation(N)
    other = frame.iloc[order][["note", "age", "day", "size", "town"]]
    assert shared(frame, targets, other, targets[order]) == N


@pytest.mark.parametrize("kept", [198, 150, 100, 20, 1])
def test_so_many_rows_are_found_as_there_are(
    kept: int, frame: pd.DataFrame, targets: Array
) -> None:
    assert shared(frame, targets, frame.iloc[:kept], targets[:kept]) == kept


def test_rows_among_many_others_are_found(frame: pd.DataFrame, targets: Array) -> None:
    more = pd.concat([frame.assign(size=frame["size"] + i) for i in range(1, 5)] + [frame])
    more["town"] = more["town"].astype("category")
    assert shared(frame, targets, more, np.tile(targets, 5)) == N


def test_a_row_counts_as_often_as_it_is_there(frame: pd.DataFrame, targets: Array) -> None:
    twice = pd.concat([frame.iloc[:1]] * 3)
    assert shared(frame, targets, twice, np.repeat(targets[:1], 3)) == 1


def test_added_dropped_and_changed_columns_do_not_hide_rows(
    frame: pd.DataFrame, targets: Array
) -> None:
    other = frame.drop(columns="age").assign(ratio=frame["size"] / frame["age"])
    assert shared(frame, targets, other, targets) == N


def test_what_makes_no_difference_to_a_reader_hides_no_row(
    frame: pd.DataFrame, targets: Array
) -> None:
    other = frame.assign(
        size=frame["size"] * (1 + 1e-9),
        town=pd.Categorical(frame["town"].astype(str).str.upper() + " "),
        note=frame["note"].str.replace(" ", "  "),
    )
    assert shared(frame, targets, other, targets) >= 0.99 * N  # numbers round to one side or other


def test_number_and_category_of_the_same_column_are_alike(
    frame: pd.DataFrame, targets: Array
) -> None:
    other = frame.assign(age=pd.Categorical(frame["age"].astype(int).astype(str)))
    assert shared(frame, targets, other, targets) == N


def test_class_as_number_and_as_text_is_the_same(frame: pd.DataFrame) -> None:
    numbers = np.arange(N) % 3
    assert shared(frame, numbers, frame, numbers.astype(str).astype(object)) == N


def test_fresh_rows_of_the_same_population_are_others(targets: Array) -> None:
    rng = np.random.default_rng(2)
    first, second = (pd.DataFrame(rng.normal(size=(N, 3)), columns=list("abc")) for _ in range(2))
    assert shared(first, targets, second, targets) == 0


@pytest.mark.parametrize("column", ["size", "age", "town", "day", "note"])
def test_a_changed_cell_makes_another_row(
    column: str, frame: pd.DataFrame, targets: Array
) -> None:
    other = frame.copy()
    other.loc[0, column] = frame.loc[frame[column] != frame.loc[0, column], column].iloc[0]
    assert shared(frame, targets, other, targets) == N - 1


def test_another_target_makes_another_row(frame: pd.DataFrame, targets: Array) -> None:
    other = targets.copy()
    other[:5] = "perhaps"
    assert shared(frame, targets, frame, other) == N - 5


def test_missing_cells_are_alike(targets: Array) -> None:
    frame = pd.DataFrame({"x": np.arange(N, dtype=np.float64), "z": np.nan})
    assert shared(frame, targets, frame.copy(), targets) == N


def test_rows_alike_by_chance_are_the_same_only_as_a_whole() -> None:
    rng = np.random.default_rng(0)
    first, second = (
        pd.DataFrame(rng.integers(0, 2, (N, 3)).astype(np.float64), columns=list("abc"))
        for _ in range(2)
    )
    zeros = np.zeros(N)
    assert shared(first, zeros, second, zeros) == 0
    order = rng.permutation(N)
    assert shared(first, zeros, first.iloc[order], zeros) == N


def test_columns_that_do_not_tell_rows_apart_say_nothing(
    frame: pd.DataFrame, targets: Array
) -> None:
    other = frame[["town"]].assign(another=np.arange(N, dtype=np.float64))
    assert shared(frame, targets, other, targets) == 0


@pytest.mark.parametrize("shape", [(N, 6), (N, 3, 4, 4)])
def test_rows_of_arrays_are_found_by_their_content(shape: tuple[int, ...]) -> None:
    x, y = np.random.default_rng(0).normal(size=shape), np.arange(N) % 3
    order = np.random.default_rng(1).permutation(N)[:150]
    known = fingerprint(x, y, KEY)
    assert n_shared(x[order], y[order], KEY, [known]) == [150]
    assert n_shared(x + 1, y, KEY, [known]) == [0]
    assert n_shared(x.reshape(N, -1), y, KEY, [known]) == [N]


def test_integers_and_floats_are_the_same_numbers() -> None:
    x, y = np.arange(N * 3, dtype=np.uint8 if N < 80 else np.int16).reshape(N, 3), np.arange(N)
    assert n_shared(x * 1.0, y * 1.0, KEY, [fingerprint(x, y, KEY)]) == [N]


@pytest.mark.parametrize(
    ("first", "second", "are_equal"),
    [
        (1.0, 1.0 + 1e-8, True),
        (1.0, 1.0 - 1e-8, True),
        (1e30, 1e30 * (1 + 1e-9), True),
        (1e-30, 1e-30 * (1 + 1e-9), True),
        (0.0, -0.0, True),
        (1.0, 1.00001, False),
        (0.0, 1e-300, False),
        (1.0, -1.0, False),
        (1.0, 2.0, False),
        (np.inf, -np.inf, False),
        (np.inf, np.nan, False),
        (np.nan, 0.0, False),
        (2.0**60, 2.0**61, False),
    ],
)
def test_numbers_are_equal_to_a_millionth(first: float, second: float, are_equal: bool) -> None:
    def code(value: float) -> int:
        frame = pd.DataFrame({"x": [value]})
        return int(fingerprint(frame, np.zeros(1), KEY).codes[0, 0])

    assert (code(first) == code(second)) is are_equal


def test_hashes_need_the_key_and_tell_columns_apart() -> None:
    frame = pd.DataFrame({"a": [1.0], "b": [1.0]})
    mine, yours = (fingerprint(frame, np.zeros(1), key).codes for key in (KEY, bytes(32)))
    assert mine[0, 0] != mine[0, 1]
    assert not np.intersect1d(mine, yours).size


def test_cell_is_a_block_of_aes() -> None:
    import hashlib

    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    from truetune.objectives.guard.keys import CELLS, derived

    name = hashlib.blake2b(b"x", digest_size=8).digest()
    value = (2**19 * 4 * 4096 + (1 + 2048) * 4).to_bytes(8, "little")  # 1 = 0.5 * 2^1
    encryptor = Cipher(algorithms.AES(derived(KEY, CELLS)), modes.ECB()).encryptor()
    expected = int.from_bytes(encryptor.update(name + value)[:8], "little")
    found = fingerprint(pd.DataFrame({"x": [1.0]}), np.zeros(1), KEY)
    assert (found.names[0], int(found.codes[0, 0])) == ("x", expected)
