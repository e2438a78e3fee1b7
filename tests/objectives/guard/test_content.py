"""Content: rows to bytes and back, with canaries that are nowhere else."""

from __future__ import annotations

import struct

import numpy as np
import pandas as pd
import pytest

from truetune.objectives.development import Array
from truetune.objectives.guard.content import N_CANARIES, Sealed, packed, unpacked, with_canaries

CANARY = "canary-0f8fad5b"


def rows(inputs: Array | pd.DataFrame, targets: Array | None = None) -> Sealed:
    targets = np.arange(len(inputs)) if targets is None else targets
    return Sealed(inputs, targets, np.arange(len(inputs)), "group")


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "n": [1.5, np.nan, -0.0, 1e300],
            "level": pd.Categorical(["b", None, "a", "b"], categories=["a", "b", "c"]),
            "day": pd.to_datetime(["2024-01-01", None, "1969-12-31", "2024-02-29"]),
            "prose": pd.Series(["one", None, "", "zwölf \n"], dtype="str"),
        }
    )


def test_typed_columns_come_back_as_they_were(frame: pd.DataFrame) -> None:
    opened = unpacked(packed(rows(frame), CANARY))
    level = frame["level"].cat.add_categories([CANARY])
    pd.testing.assert_frame_equal(opened.inputs, frame.assign(level=level))


@pytest.mark.parametrize("kind", ["float64", "float32", "uint8", "int64", "uint16", "bool"])
def test_arrays_come_back_bit_for_bit(kind: str) -> None:
    x = np.random.default_rng(0).integers(0, 2, (5, 3, 2)).astype(kind)
    opened = unpacked(packed(rows(x), CANARY))
    assert (opened.inputs.dtype, opened.inputs.tobytes()) == (x.dtype, x.tobytes())


@pytest.mark.parametrize(
    "targets",
    [
        np.array(["yes", "no", "zwölf", ""], object),
        np.array([0, 1, 2, 3]),
        np.array([[0.5, 1], [2, np.nan], [0, 0], [1, 1]]),
    ],
)
def test_targets_and_blocks_come_back(targets: Array) -> None:
    opened = unpacked(packed(rows(np.zeros((4, 2)), targets), CANARY))
    assert opened.targets.dtype == targets.dtype
    np.testing.assert_array_equal(opened.targets, targets)
    assert (opened.blocks.tolist(), opened.blocks_are) == ([0, 1, 2, 3], "group")


def test_canary_words_stand_in_every_column_of_words(frame: pd.DataFrame) -> None:
    canaries = with_canaries(frame, CANARY).iloc[len(frame) :]
    assert len(canaries) == N_CANARIES
    assert (canaries[["level", "prose"]] == CANARY).all(axis=None)
    assert canaries.notna().all(axis=None)


def test_canary_numbers_are_found_in_the_bytes_and_follow_from_the_word() -> None:
    x = np.zeros((4, 2))
    first, again, other = (with_canaries(x, c)[4:] for c in (CANARY, CANARY, "canary-2"))
    np.testing.assert_array_equal(first, again)
    assert not np.intersect1d(first, other).size
    assert struct.pack("<d", first[0, 0]) in packed(rows(x), CANARY)


def test_no_pickle_is_written_or_read(frame: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        packed(rows(np.array([[object()]])), CANARY)
