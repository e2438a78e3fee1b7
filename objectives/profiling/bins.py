"""Bins of a histogram: whole where values are, on a log scale where one is wanted."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..development import Array
from .page import count

N_BINS = 30
SPREAD = 5.0  # where values are so many times as wide as 96% of them, their ends are not drawn
FEW = 8  # bins of whole numbers that have a tick each
SKEW = 50.0  # positive values go to so many times their median: a log scale shows them all


class Bins(NamedTuple):
    """Between what edges values lie, those left out apart."""

    edges: Array
    is_log: bool = False
    n_beyond: int = 0

    @property
    def middles(self) -> Array:
        low, high = self.edges[:-1], self.edges[1:]
        middles: Array = np.sqrt(low) * np.sqrt(high) if self.is_log else (low + high) / 2
        return middles

    @property
    def axis(self) -> dict[str, Any]:
        """What Plotly's axis is to be."""
        if not self.is_log:
            return {"dtick": 1} if len(self.edges) < FEW and self.edges[0] % 1 == 0.5 else {}
        powers = np.log10(self.edges[-1]) - np.log10(self.edges[0])
        return {"type": "log", "dtick": max(1, int(np.ceil(powers / 4))), "tickangle": 0}

    @property
    def notes(self) -> list[str]:
        """What there is to say of the picture."""
        notes = ["log scale"] if self.is_log else []
        beyond = f"{count(self.n_beyond, 'row')} beyond what is drawn"
        return [*notes, beyond] if self.n_beyond else notes

    def holds(self, values: Array) -> Array:
        """Return whether each value is in a bin: False for NaN."""
        held: Array = (values >= self.edges[0]) & (values <= self.edges[-1])
        return held


def binned(values: Array, n: int = N_BINS) -> Bins:
    """Return at most `n` bins for values, of which there is one at least and none is missing."""
    low, first, middle, last, high = np.quantile(values, [0, 0.02, 0.5, 0.98, 1])
    if low > 0 and last > SKEW * middle:
        edges = np.geomspace(low, high, n + 1)
        edges[[0, -1]] = low, high  # not a bit off
        return Bins(edges, is_log=True)
    width = last - first
    if width > 0 and high - low > SPREAD * width:
        is_drawn = (values >= first - width / 2) & (values <= last + width / 2)
        drawn = values[is_drawn]
        return Bins(edges_of(drawn, n), n_beyond=len(values) - len(drawn))
    return Bins(edges_of(values, n))


def edges_of(values: Array, n: int = N_BINS) -> Array:
    """Return edges of at most `n` bins of one width; whole numbers lie in the middle of theirs."""
    low, high = float(values.min()), float(values.max())
    if (values % 1 == 0).all() and high - low < 2**52:
        width = max(1.0, float(np.ceil((high - low + 1) / n)))
        n_bins = int(np.ceil((high - low + 1) / width))
        return low - 0.5 + width * np.arange(n_bins + 1)
    edges: Array = np.histogram_bin_edges(values, n)
    return edges
