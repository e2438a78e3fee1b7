"""Categories: the same as scikit-learn's one-hot encoder, column for column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import OneHotEncoder

from truetune.objectives.encoding.categories import Categories


def column(values: Any) -> pd.Series[Any]:
    return pd.Series(pd.Categorical(values))


def by_scikit_learn(column: pd.Series[Any]) -> OneHotEncoder:
    encoder = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=100, sparse_output=False
    )
    return encoder.fit(objects(column))


def objects(column: pd.Series[Any]) -> Any:
    values = column.astype(object)
    return values.where(values.notna(), None).to_frame().to_numpy()


def drawn(n_levels: int, n: int, seed: int = 0) -> list[str]:
    """Return levels of which the first are the most frequent, many of the others equally so."""
    shares = 1 / (1 + np.arange(n_levels))
    names = np.array([f"level {i:03}" for i in range(n_levels)])
    return names[np.random.default_rng(seed).choice(n_levels, n, p=shares / shares.sum())].tolist()


@pytest.mark.parametrize("n_levels", [1, 2, 99, 100, 101, 150, 400])
@pytest.mark.parametrize("n_missing", [0, 1, 300])
def test_inputs_are_those_of_scikit_learn(n_levels: int, n_missing: int) -> None:
    every = [f"level {i:03}" for i in range(n_levels)]
    seen = column([*drawn(n_levels, 2000), *every, *[None] * n_missing])
    other = column([*drawn(n_levels, 500, seed=1), "unseen", None])
    reference, fitted = by_scikit_learn(seen), Categories.fit(seen)
    for rows in (seen, other):
        inputs = fitted.transform(rows)
        np.testing.assert_array_equal(inputs, reference.transform(objects(rows)))
        assert inputs.dtype == np.float32
        assert inputs.shape == (len(rows), fitted.n_inputs)


def test_of_equally_rare_levels_those_are_kept_that_scikit_learn_keeps() -> None:
    seen = column([f"{i:03}" for i in range(150)])
    inputs = Categories.fit(seen).transform(seen)
    np.testing.assert_array_equal(inputs, by_scikit_learn(seen).transform(objects(seen)))


def test_levels_come_in_order_and_then_the_missing_one() -> None:
    fitted = Categories.fit(column(["b", None, "a", "b"]))
    assert (fitted.levels, fitted.has_missing, fitted.has_rest) == (["a", "b"], True, False)
    assert fitted.transform(column(["a", "b", None])).tolist() == np.eye(3).tolist()


def test_level_that_was_not_seen_is_zeros() -> None:
    fitted = Categories.fit(column(["a", "b"]))
    assert fitted.transform(column(["c", None, "b"])).tolist() == [[0, 0], [0, 0], [0, 1]]


def test_level_that_was_not_seen_is_one_of_the_rest_where_there_is_one() -> None:
    fitted = Categories.fit(column([str(i) for i in range(101)]))
    inputs = fitted.transform(column(["unseen", None]))
    assert fitted.n_inputs == 100
    assert inputs.sum() == inputs[:, -1].sum() == 2


def test_level_that_no_row_has_is_no_input() -> None:
    rows = column(["a", "b", "c"])
    assert Categories.fit(rows[rows != "b"]).levels == ["a", "c"]


def test_order_in_which_levels_are_stored_changes_nothing() -> None:
    rows = column(["b", "a", None, "c", "d"])
    fitted = Categories.fit(rows[:4])
    again = rows.cat.reorder_categories(["d", "c", "b", "a"])
    np.testing.assert_array_equal(fitted.transform(again), fitted.transform(rows))


def test_column_that_is_missing_throughout_is_one_input() -> None:
    rows = column(np.array([None, None], object))
    assert Categories.fit(rows).transform(rows).tolist() == [[1], [1]]


def test_no_rows_have_the_same_inputs() -> None:
    fitted = Categories.fit(column(["a", None]))
    assert fitted.transform(column(["a"])[:0]).shape == (0, 2)
