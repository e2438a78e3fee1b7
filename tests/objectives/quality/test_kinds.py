"""A column's kind, its values as numbers, and the words for both."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from truetune.objectives.findings import Finding
from truetune.objectives.quality import kinds
from truetune.objectives.quality.view import View


def test_dtype_says_what_a_column_is() -> None:
    columns = pd.DataFrame(
        {
            "n": [1.0, 2.0],
            "c": pd.Categorical(["a", "b"]),
            "d": pd.to_datetime(["2020-01-01", None]),
            "t": pd.array(["x", "y"], dtype="str"),
        }
    )
    assert list(kinds.kinds(columns)) == ["number", "category", "date", "text"]


def test_inputs_become_numbers_and_missing_ones_nan(view: Callable[..., View]) -> None:
    inputs = {
        "n": [1.5, np.inf] * 5,
        "c": pd.Categorical(["b", None] * 5),
        "d": pd.to_datetime(["1970-01-02", None] * 5),
    }
    names, values, _ = kinds.encoded(view(inputs), np.array([0, 1]))
    assert names == ["n", "c", "d"]
    np.testing.assert_array_equal(values, [[1.5, 0, 86400], [np.nan] * 3])


def test_array_is_read_by_row_of_the_source(view: Callable[..., View]) -> None:
    inputs = np.arange(40.0).reshape(10, 4)
    names, values, _ = kinds.encoded(view(inputs), np.array([2]), step=2)
    assert (names, values.tolist()) == (["input 0", "input 2"], [[8, 10]])


def test_sample_is_the_same_always_and_sorted() -> None:
    at = kinds.sample(1_000, 10)
    np.testing.assert_array_equal(at, kinds.sample(1_000, 10))
    assert len(set(at)) == 10
    assert list(at) == sorted(at)
    np.testing.assert_array_equal(kinds.sample(5, 10), np.arange(5))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("customer_id", ["customer", "id"]),
        ("customerID", ["customer", "id"]),
        ("Customer No 2", ["customer", "no", "2"]),
        ("covid", ["covid"]),
    ],
)
def test_names_are_taken_apart(name: str, words: list[str]) -> None:
    assert kinds.words_of(name) == words


def test_value_below_which_a_share_lies_is_one_of_the_values() -> None:
    values = np.array([[3.0, np.nan], [1.0, 7.0], [2.0, np.nan]])
    in_order, n_present = kinds.ordered(values)
    np.testing.assert_array_equal(kinds.at_share(in_order, n_present, 0.5), [2, 7])


def test_a_thousand_columns_are_eleven_lines() -> None:
    findings = [
        Finding("warning", kinds.column(f"x{i}"), "rule", "found", "fix", i / 1000)
        for i in range(1000)
    ]
    told = kinds.told(findings)
    assert len(told) == kinds.N_TOLD + 1
    assert told[0].where == "column 'x999'"
    assert told[-1].where == "columns 'x989', 'x988', 'x987', 'x986', 'x985' and 985 more"


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("x", "Write `columns: {x: drop}` under `data:`."),
        ("a: b", 'Write `columns: {"a: b": drop}` under `data:`.'),
    ],
)
def test_fix_is_yaml_to_paste(name: str, fix: str) -> None:
    assert kinds.write("drop", name) == fix
