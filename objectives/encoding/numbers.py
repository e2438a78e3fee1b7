"""Numbers: a missing one is the median, and all are standardised."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from ..development import Array


@dataclass(frozen=True)
class Numbers:
    """What replaces a missing number, and what takes each column to mean 0 and deviation 1.

    The same as scikit-learn's `SimpleImputer(strategy="median", keep_empty_features=True)` and
    then its `StandardScaler`.
    """

    median: Array  # (columns,)
    mean: Array  # (columns,); zeros where inputs stay in their own unit
    scale: Array  # (columns,); ones there

    @classmethod
    def fit(cls, columns: Array, is_scaled: bool) -> Numbers:
        """Fit to numbers (rows, columns), NaN where missing."""
        columns = np.asarray(columns, np.float64)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="All-NaN slice")
            median = np.nan_to_num(np.nanmedian(columns, axis=0))  # 0 where all are missing
        mean, scale = np.zeros(len(median)), np.ones(len(median))
        if is_scaled:
            from sklearn.preprocessing import StandardScaler

            scaler = StandardScaler().fit(_filled(columns, median))
            mean, scale = scaler.mean_, scaler.scale_
        return cls(median, mean, scale)

    def transform(self, columns: Array) -> Array:
        """Return numbers (rows, columns) of float64."""
        columns = _filled(np.asarray(columns, np.float64), self.median)
        result: Array = (columns - self.mean) / self.scale
        return result


def _filled(columns: Array, median: Array) -> Array:
    is_missing = np.isnan(columns)
    return np.where(is_missing, median, columns) if is_missing.any() else columns
