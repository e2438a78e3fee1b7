"""Channels: each standardised as a whole, against NumPy's mean and deviation."""

from __future__ import annotations

import numpy as np
import pytest

from truetune.objectives.development import Array
from truetune.objectives.encoding import channels
from truetune.objectives.encoding.channels import Channels


def pictures(kind: type, n: int = 50) -> Array:
    """Pictures (rows, 3, 4, 5), a channel brighter than the other."""
    drawn = np.random.default_rng(0).uniform(0, 80, size=(n, 3, 4, 5))
    return (drawn + 80 * np.arange(3)[:, None, None]).astype(kind)


def standard(rows: Array, fitted_on: Array) -> Array:
    of_all = fitted_on.astype(np.float64)
    mean = np.nanmean(of_all, axis=(0, 2, 3), keepdims=True)
    return (rows - mean) / np.nanstd(of_all, axis=(0, 2, 3), keepdims=True)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32, np.float64])
def test_channels_are_standardised_one_by_one(kind: type) -> None:
    rows = pictures(kind)
    inputs = Channels.fit(rows[:30], True).transform(rows)
    assert (inputs.dtype, inputs.shape) == (np.float32, rows.shape)
    np.testing.assert_allclose(inputs, standard(rows, rows[:30]), rtol=1e-6, atol=1e-6)


def test_statistics_are_those_of_numpy() -> None:
    rows = pictures(np.float64) * 1e6
    fitted = Channels.fit(rows, True)
    np.testing.assert_allclose(fitted.mean, rows.mean(axis=(0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(fitted.scale, rows.std(axis=(0, 2, 3)), rtol=1e-12)


def test_rows_of_height_and_width_are_one_channel() -> None:
    rows = pictures(np.float32)[:, 0]
    inputs = Channels.fit(rows, True).transform(rows)
    assert inputs.shape == (50, 4, 5)
    np.testing.assert_allclose(inputs, (rows - rows.mean()) / rows.std(), atol=1e-5)


@pytest.mark.parametrize("is_scaled", [True, False])
def test_missing_number_is_the_mean_of_its_channel(is_scaled: bool) -> None:
    rows = pictures(np.float64)
    rows[::7, 1, 2, 3] = np.nan
    fitted = Channels.fit(rows, is_scaled)
    inputs = fitted.transform(rows)
    filled = np.where(np.isnan(rows), np.nanmean(rows[:, 1]), rows)
    expected = standard(filled, rows) if is_scaled else filled
    np.testing.assert_allclose(inputs, expected, rtol=1e-6, atol=1e-6)


def test_unscaled_inputs_keep_their_own_unit() -> None:
    rows = pictures(np.uint8)
    np.testing.assert_array_equal(Channels.fit(rows, False).transform(rows), rows)


@pytest.mark.parametrize("value", [0, 7, np.nan])
def test_channel_that_does_not_vary_is_zeros(value: float) -> None:
    rows = pictures(np.float64)
    rows[:, 2] = value
    inputs = Channels.fit(rows, True).transform(rows)
    np.testing.assert_array_equal(inputs[:, 2], 0)
    assert np.isfinite(inputs).all()


def test_rows_taken_a_few_at_a_time_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pictures(np.uint8)
    whole = Channels.fit(rows, True)
    inputs = whole.transform(rows)
    monkeypatch.setattr(channels, "_ROWS_AT_ONCE", 7)
    np.testing.assert_array_equal(whole.transform(rows), inputs)
    np.testing.assert_allclose(Channels.fit(rows, True).scale, whole.scale, rtol=1e-12)


def test_no_rows_have_the_same_inputs() -> None:
    rows = pictures(np.uint8)
    assert Channels.fit(rows, True).transform(rows[:0]).shape == (0, 3, 4, 5)
