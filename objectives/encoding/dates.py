"""Dates: how long ago, and where in the year, the week and the day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..development import Array
from .numbers import Numbers

if TYPE_CHECKING:
    import pandas as pd

DAY = 86_400  # seconds
_CYCLES = ("day_of_year", 365.25), ("day_of_week", 7)


@dataclass(frozen=True)
class Dates:
    """Seven inputs a column: the day, standardised, and a point on a circle each for the day in
    the year, the day in the week and the time in the day.

    A circle puts December beside January. A missing date is the median day, at no point: zeros.
    """

    days: Numbers  # since 1970

    @classmethod
    def fit(cls, dates: pd.DataFrame) -> Dates:
        """Fit to dates (rows, columns), NaT where missing."""
        # Whatever the file says of scaling: days by the thousand would drown all else.
        return cls(Numbers.fit(_days(dates), is_scaled=True))

    def transform(self, dates: pd.DataFrame) -> Array:
        """Return (rows, 7 x columns) of float64, column after column."""
        days = _days(dates)
        standard = self.days.transform(days)
        inputs = []
        for i, (_, column) in enumerate(dates.items()):
            inputs.append(standard[:, i])
            shares = [getattr(column.dt, name).to_numpy(np.float64) / n for name, n in _CYCLES]
            for share in (*shares, days[:, i] % 1):
                inputs += [np.sin(2 * np.pi * share), np.cos(2 * np.pi * share)]
        stacked: Array = np.nan_to_num(np.stack(inputs, axis=1))
        return stacked


def _days(dates: pd.DataFrame) -> Array:
    columns = [column.to_numpy() for _, column in dates.items()]
    values = np.stack([column.astype("datetime64[us]") for column in columns], axis=1)
    days: Array = np.where(np.isnat(values), np.nan, values.astype(np.int64) / 1e6 / DAY)
    return days
