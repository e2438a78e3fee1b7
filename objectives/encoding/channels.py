"""Pictures and the like: each channel standardised as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..development import Array

_ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class Channels:
    """Takes inputs (rows, channels, ...) to mean 0 and deviation 1 in each channel.

    Inputs (rows, height, width) or (rows, steps, features) are one channel. A missing number is
    the channel's mean.
    """

    filling: Array  # (channels,): the mean, in the inputs' own unit
    mean: Array  # (channels,); zeros where inputs stay in their own unit
    scale: Array  # (channels,); ones there
    shape: tuple[int, ...] | None = None  # that a row is given; None: the one it is stored in

    @classmethod
    def fit(cls, inputs: Array, is_scaled: bool, shape: tuple[int, ...] | None = None) -> Channels:
        """Fit a part of the rows at a time: in double precision all would be large."""
        inputs = _shaped(inputs, shape)
        n_channels = inputs.shape[1] if inputs.ndim > 3 else 1
        n = sum((~np.isnan(part)).sum(axis=(0, 2)) for part in _parts(inputs))
        n = np.maximum(n, 1)
        filling = sum(np.nansum(part, axis=(0, 2)) for part in _parts(inputs)) / n
        if not is_scaled:
            return cls(filling, np.zeros(n_channels), np.ones(n_channels), shape)
        squares = (np.nansum((p - filling[:, None]) ** 2, axis=(0, 2)) for p in _parts(inputs))
        deviation = np.sqrt(sum(squares) / n)
        return cls(filling, filling, np.where(deviation > 0, deviation, 1.0), shape)

    def transform(self, inputs: Array) -> Array:
        """Return float32 of the inputs' shape, or of the one that rows are given."""
        inputs = _shaped(inputs, self.shape)
        result = np.empty(inputs.shape, np.float32)
        done = 0
        for part in _parts(inputs):
            filled = np.where(np.isnan(part), self.filling[:, None], part)
            scaled = (filled - self.mean[:, None]) / self.scale[:, None]
            result[done : done + len(part)] = scaled.reshape(-1, *inputs.shape[1:])
            done += len(part)
        return result


def _shaped(inputs: Array, shape: tuple[int, ...] | None) -> Array:
    return inputs if shape is None else inputs.reshape(len(inputs), *shape)


def _parts(inputs: Array) -> Iterator[Array]:
    """Yield (rows, channels, values) of float64."""
    n_channels = inputs.shape[1] if inputs.ndim > 3 else 1
    for start in range(0, len(inputs), _ROWS_AT_ONCE):
        part = inputs[start : start + _ROWS_AT_ONCE]
        yield part.reshape(len(part), n_channels, -1).astype(np.float64)
