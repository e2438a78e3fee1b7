"""The values that a parameter of a network takes.

It imports no torch: see the catalogue.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """The values that a network takes: from `low`, and less than `below`.

    With `per_layer` it takes a list of such values too: see `n_entries` for how many.
    """

    low: float
    below: float = math.inf
    is_whole: bool = True
    is_odd: bool = False
    per_layer: bool = False

    def admits(self, value: object) -> bool:
        entries = value if self.per_layer and isinstance(value, list | tuple) else [value]
        return all(self._admits_one(entry) for entry in entries)

    def _admits_one(self, value: object) -> bool:
        kinds = int if self.is_whole else (int, float)
        if not isinstance(value, kinds) or isinstance(value, bool):
            return False
        return self.low <= value < self.below and (not self.is_odd or value % 2 == 1)

    def __str__(self) -> str:
        whole = "an odd whole number" if self.is_odd else "a whole number"
        kind = whole if self.is_whole else "a number"
        below = f", less than {self.below:g}" if self.below < math.inf else ""
        lists = ", or a list of one per hidden layer" if self.per_layer else ""
        return f"{kind} from {self.low:g}{below}{lists}"


@dataclass(frozen=True)
class Choice:
    """The names that a network takes, or true and false."""

    values: tuple[str | bool, ...]
    per_layer: bool = False  # a choice is one for the whole network

    def admits(self, value: object) -> bool:
        return any(type(value) is type(known) and value == known for known in self.values)

    def __str__(self) -> str:
        return f"one of {', '.join(str(value).lower() for value in self.values)}"
