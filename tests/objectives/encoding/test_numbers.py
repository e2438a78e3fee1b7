"""Numbers: the same as scikit-learn's median and standard scaler, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from truetune.objectives.development import Array
from truetune.objectives.encoding.numbers import Numbers


def measured(n: int = 200, seed: int = 0) -> Array:
    """Columns in units far apart, one of them constant; a tenth of the cells is missing."""
    rng = np.random.default_rng(seed)
    columns = rng.normal([0, 1e6, -3, 7], [1, 1e3, 1e-6, 0], size=(n, 4))
    return np.where(rng.random(columns.shape) < 0.1, np.nan, columns)


def by_scikit_learn(is_scaled: bool) -> Pipeline:
    median = SimpleImputer(strategy="median", keep_empty_features=True)
    return make_pipeline(median, StandardScaler()) if is_scaled else make_pipeline(median)


@pytest.mark.parametrize("is_scaled", [True, False])
def test_numbers_are_those_of_scikit_learn(is_scaled: bool) -> None:
    reference = by_scikit_learn(is_scaled).fit(measured())
    fitted = Numbers.fit(measured(), is_scaled)
    for rows in (measured(), measured(50, seed=1)):
        np.testing.assert_array_equal(fitted.transform(rows), reference.transform(rows))


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32])
def test_numbers_of_any_type_are_those_of_scikit_learn(kind: type) -> None:
    rows = np.random.default_rng(0).integers(0, 200, size=(30, 3)).astype(kind)
    expected = by_scikit_learn(True).fit_transform(rows.astype(np.float64))
    np.testing.assert_array_equal(Numbers.fit(rows, True).transform(rows), expected)


def test_missing_number_is_the_median_of_what_was_fitted() -> None:
    fitted = Numbers.fit(np.array([[1.0], [np.nan], [2.0], [9.0]]), is_scaled=False)
    assert fitted.transform(np.array([[np.nan], [4.0]])).tolist() == [[2.0], [4.0]]


@pytest.mark.parametrize("is_scaled", [True, False])
def test_column_that_is_missing_throughout_is_zeros(is_scaled: bool) -> None:
    rows = np.array([[np.nan, 1.0], [np.nan, 2.0]])
    fitted = Numbers.fit(rows, is_scaled)
    np.testing.assert_array_equal(fitted.transform(rows)[:, 0], 0)
    assert fitted.transform(np.array([[5.0, 1.0]]))[0, 0] == 5


def test_constant_column_is_zeros() -> None:
    np.testing.assert_array_equal(
        Numbers.fit(np.full((9, 1), 7.0), True).transform(np.full((2, 1), 7.0)), 0
    )


def test_no_rows_have_the_same_inputs() -> None:
    assert Numbers.fit(measured(), True).transform(np.zeros((0, 4))).shape == (0, 4)
