"""Duplicates: copies of a row, exact or nearly so, held against pandas' `duplicated`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from truetune.objectives.development import Array
from truetune.objectives.duplicates import copies, ties

NAN = np.nan


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def pairs(inputs: Any) -> list[tuple[int, int]]:
    """Return the rows that are copies, each with the first that it is a copy of."""
    return [(i, int(first)) for i, first in enumerate(copies(inputs)) if first != i]


def first_of(frame: pd.DataFrame) -> Array:
    """Return each row's first equal, by pandas."""
    numbers = frame.groupby(list(frame.columns), dropna=False, observed=True).ngroup()
    firsts: Array = np.unique(numbers, return_index=True)[1][numbers]
    return firsts


def mixed(n: int, seed: int = 0) -> pd.DataFrame:
    """A column of each kind, each with missing values, few enough values for many copies."""
    drawn = rng(seed)
    codes = drawn.integers(-1, 3, size=(4, n))
    days = np.array(["2020-02-29", "2020-12-31", "2021-01-01", "NaT"], "datetime64[ns]")
    return pd.DataFrame(
        {
            "number": np.array([0.5, -2.0, 1e3, NAN])[codes[0]],
            "date": days[codes[1]],
            "level": pd.Categorical.from_codes(codes[2], ["a", "b", "c"]),
            "text": pd.Series(np.array(["one", "two", "three", None])[codes[3]], dtype="str"),
        }
    )


def texts(*values: str | None) -> pd.DataFrame:
    return pd.DataFrame({"text": pd.Series(values, dtype="str")})


def levels(*values: str | None) -> pd.DataFrame:
    return pd.DataFrame({"level": pd.Categorical(values)})


def dates(*values: str, unit: str = "ns") -> pd.DataFrame:
    return pd.DataFrame({"date": np.array(values, f"datetime64[{unit}]")})


def numbers(*values: float) -> Array:
    return np.array(values)[:, None]


@pytest.mark.parametrize("seed", range(5))
def test_exact_copies_are_those_that_pandas_finds(seed: int) -> None:
    frame = mixed(300, seed)
    first = copies(frame)
    np.testing.assert_array_equal(first, first_of(frame))
    counts = np.bincount(first, minlength=300)
    np.testing.assert_array_equal(counts[first] > 1, frame.duplicated(keep=False))


def test_exact_copies_of_arrays_are_those_that_pandas_finds() -> None:
    drawn = rng().integers(0, 4, size=(500, 3))
    expected = first_of(pd.DataFrame(drawn))
    for kind in (np.float64, np.float32, np.uint8, np.int64):
        np.testing.assert_array_equal(copies(drawn.astype(kind)), expected)


def test_jitter_of_a_billionth_is_seen_through() -> None:
    unlike = rng().normal(size=(700, 20))
    jittered = unlike[:300] + rng(1).uniform(-1e-9, 1e-9, size=(300, 20))
    order = rng(2).permutation(1000)
    source = np.concatenate([np.arange(700), np.arange(300)])[order]
    expected = first_of(pd.DataFrame(source))
    inputs = np.concatenate([unlike, jittered])[order]
    np.testing.assert_array_equal(copies(inputs), expected)
    assert np.count_nonzero(expected != np.arange(1000)) == 300


def test_jitter_is_seen_through_in_any_unit() -> None:
    unit = np.array([1e-12, 1e-3, 1.0, 1e6, 1e12])
    unlike = rng().normal(size=(200, 5))
    inputs = np.concatenate([unlike, unlike + rng(1).uniform(-1e-9, 1e-9, (200, 5))]) * unit
    np.testing.assert_array_equal(copies(inputs), np.tile(np.arange(200), 2))


@pytest.mark.parametrize("column", range(6))
def test_a_thousandth_of_a_deviation_in_one_cell_is_another_row(column: int) -> None:
    inputs = rng().normal(size=(100, 6))
    near = inputs[:1].copy()
    near[0, column] += 1e-3 * inputs[:, column].std()
    assert pairs(np.concatenate([inputs, near])) == []


@pytest.mark.parametrize(("distance", "expected"), [(1e-3, []), (1e-5, []), (1e-7, [(2, 1)])])
def test_values_far_apart_are_alike_within_a_millionth_of_a_deviation(
    distance: float, expected: list[tuple[int, int]]
) -> None:
    deviation = np.std([0, 1, 1])
    assert pairs(numbers(0, 1, 1 + distance * deviation)) == expected


def test_values_that_lie_close_everywhere_are_not_run_together() -> None:
    inputs = numbers(*np.linspace(0, 1, 1_000_000))  # 3.5e-6 deviations apart
    assert not pairs(np.concatenate([inputs, inputs[-1:] * 1e3]))
    assert len(np.unique(copies(numbers(*np.linspace(0, 1, 3000), 1e6)))) == 3001


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (texts("A  cat\n", "a cat", "acat", "a dog"), [(1, 0)]),
        (texts("STRASSE", "straße", "strase"), [(1, 0)]),
        (texts("\tx", "x ", " X\u00a0"), [(1, 0), (2, 0)]),
        (texts(None, "", None, " "), [(2, 0), (3, 1)]),
        (levels("New York", "new  york ", "york", "NEW YORK"), [(1, 0), (3, 0)]),
        (levels("a", None, "b", None), [(3, 1)]),
        (levels(None, None), [(1, 0)]),
        (dates("2020-01-01", "NaT", "2020-01-01", "NaT", "2020-01-02"), [(2, 0), (3, 1)]),
        (dates("9999-12-31", "1816-03-29T05:56:08", "9999-12-31", unit="s"), [(2, 0)]),
        (dates("2020-01-01T00:00:00.000000001", "2020-01-01"), []),
        (numbers(1, NAN, 2, NAN), [(3, 1)]),
        (numbers(1, NAN, 0, -0.0), [(3, 2)]),
        (numbers(np.inf, 1, np.inf, -np.inf, NAN, -np.inf), [(2, 0), (5, 3)]),
        (numbers(5, 5, 5), [(1, 0), (2, 0)]),
        (numbers(NAN, NAN), [(1, 0)]),
    ],
)
def test_what_is_alike_is_a_copy(frame: Any, expected: list[tuple[int, int]]) -> None:
    assert pairs(frame) == expected


def test_copy_is_alike_in_every_column() -> None:
    frame = mixed(1).loc[[0] * 5].reset_index(drop=True)
    frame.loc[1, "number"] = 7
    frame.loc[2, "date"] = pd.Timestamp("1999-01-01")
    frame["level"] = pd.Categorical(["a", "a", "a", "b", "a"])
    assert pairs(frame) == [(4, 0)]


def test_missing_number_is_alike_to_no_number() -> None:
    drawn = rng().normal(size=(50, 2))
    hidden = drawn.copy()
    hidden[:, 1] = NAN
    assert pairs(np.concatenate([drawn, hidden])) == []


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int64, np.uint64, np.float32, bool])
def test_pictures_are_copies_if_every_pixel_is_equal(kind: type) -> None:
    pictures = rng().integers(0, 2, size=(20, 3, 8, 8)).astype(kind)
    pictures[7] = pictures[3]
    pictures[9] = pictures[3]
    pictures[9, 2, 7, 7] = not pictures[3, 2, 7, 7]
    assert pairs(pictures) == [(7, 3)]


def test_whole_numbers_of_64_bits_are_told_apart() -> None:
    inputs = np.array([2**63, 2**63 + 1, 0, 2**64 - 1, 2**63], np.uint64)[:, None]
    assert pairs(inputs) == [(4, 0)]


def test_order_of_columns_groups_the_same_rows() -> None:
    frame = mixed(300)
    for seed in range(3):
        shuffled = frame[rng(seed).permutation(frame.columns)]
        np.testing.assert_array_equal(copies(shuffled), copies(frame))
    inputs = np.tile(rng().normal(size=(50, 5)), (2, 1))
    np.testing.assert_array_equal(copies(inputs[:, ::-1]), copies(inputs))


def test_order_of_levels_groups_the_same_rows() -> None:
    frame = mixed(100)
    again = frame.assign(level=frame["level"].cat.reorder_categories(["c", "a", "b"]))
    np.testing.assert_array_equal(copies(again), copies(frame))


def test_columns_taken_a_few_at_a_time_group_the_same_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pictures = rng().integers(0, 2, size=(200, 1, 2, 4), dtype=np.uint8)
    frame = pd.DataFrame(rng().integers(0, 2, size=(200, 8)).astype(float)).rename(columns=str)
    whole = [copies(inputs) for inputs in (pictures, pictures * 0.5, frame)]
    monkeypatch.setattr("truetune.objectives.duplicates._CELLS_AT_ONCE", 1)
    for expected, inputs in zip(whole, (pictures, pictures * 0.5, frame), strict=True):
        np.testing.assert_array_equal(copies(inputs), expected)
        assert (expected != np.arange(200)).any()


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (np.zeros((0, 3)), []),
        (np.zeros((0, 3, 2, 2), np.uint8), []),
        (mixed(0), []),
        (mixed(1), [0]),
        (np.ones((1, 2)), [0]),
        (np.zeros((3, 0)), [0, 0, 0]),  # alike in all columns, of which there are none
    ],
)
def test_few_rows_and_no_columns_are_taken_as_they_come(inputs: Any, expected: list[int]) -> None:
    assert copies(inputs).tolist() == expected
    assert ties(inputs).tolist() == list(range(len(inputs)))


def test_inputs_are_left_as_they_were() -> None:
    inputs, frame = numbers(2, NAN, 1, 2), mixed(50)
    before, frame_before = inputs.tobytes(), frame.copy()
    ties(inputs)
    ties(frame)
    assert inputs.tobytes() == before
    pd.testing.assert_frame_equal(frame, frame_before)


def coded(n_levels: int, n_columns: int, n_rows: int) -> pd.DataFrame:
    names = [f"level {i}" for i in range(n_levels)]
    codes = rng().integers(0, n_levels, size=(n_columns, n_rows))
    columns = {str(i): pd.Categorical.from_codes(c, names) for i, c in enumerate(codes)}
    return pd.DataFrame(columns)


def test_rows_of_few_values_are_observations_of_their_own() -> None:
    frame = coded(n_levels=4, n_columns=3, n_rows=10_000)  # 64 different rows
    assert len(np.unique(copies(frame))) == 64
    np.testing.assert_array_equal(ties(frame), np.arange(10_000))


def test_rows_of_few_numbers_are_observations_of_their_own() -> None:
    inputs = rng().integers(0, 4, size=(10_000, 3))
    for kind in (np.uint8, np.float64):
        np.testing.assert_array_equal(ties(inputs.astype(kind)), np.arange(10_000))


@pytest.mark.parametrize("kind", [np.asarray, lambda x: pd.DataFrame(x).rename(columns=str)])
def test_measurements_that_stand_there_five_times_are_tied(kind: Any) -> None:
    inputs = np.tile(rng().normal(size=(2000, 3)), (5, 1))
    np.testing.assert_array_equal(ties(kind(inputs)), np.tile(np.arange(2000), 5))


def test_one_measurement_makes_rows_of_few_values_copies() -> None:
    frame = coded(4, 3, 1000).assign(size=rng().normal(size=1000), age=rng(1).normal(size=1000))
    again = pd.concat([frame, frame.iloc[:300]], ignore_index=True)
    np.testing.assert_array_equal(ties(again)[1000:], np.arange(300))


def test_prose_is_never_the_same_by_chance() -> None:
    lines = [f"line {i} of a longer text" for i in range(700)]
    frame = texts(*lines, *(line.upper() for line in lines[:300]))
    np.testing.assert_array_equal(ties(frame)[700:], np.arange(300))


def test_single_words_are_the_same_by_chance() -> None:
    frame = texts(*(["yes", "no", "do not know", None] * 250))
    np.testing.assert_array_equal(ties(frame), np.arange(1000))


def test_ties_are_the_same_every_time() -> None:
    inputs = np.tile(rng().normal(size=(6000, 2)), (2, 1))  # more rows than are looked at
    np.random.seed(0)
    first = ties(inputs)
    np.random.seed(1)
    np.testing.assert_array_equal(ties(inputs), first)
    assert (first[6000:] == np.arange(6000)).all()
