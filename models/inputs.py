"""What a row of inputs is to a network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Inputs:
    """The shape of a row, and what its numbers are made of.

    A row is (inputs,), (steps, features) or (channels, height, width). Of text that is read word
    by word it is (words,): numbers of words, 1 for a word that training rows do not have, and 0
    where the text has ended.
    """

    shape: tuple[int, ...]
    categories: tuple[tuple[int, int], ...] = ()  # first and end of each category's levels
    n_words: int | None = None  # numbers that a word can have, 0 and 1 among them; None: no text
    columns: tuple[str, ...] = ()  # what each number is made of; () where columns have no names
    ranking: tuple[int, ...] = ()  # columns by how much each says alone; () where nobody asked

    @classmethod
    def of(cls, **facts: Any) -> Inputs:
        """Return what `dataclasses.asdict` made a mapping of, read back from JSON."""
        categories = tuple((first, end) for first, end in facts["categories"])
        lists = {key: tuple(facts[key]) for key in ("shape", "columns", "ranking")}
        return cls(categories=categories, n_words=facts["n_words"], **lists)

    @property
    def n(self) -> int:
        """How many numbers a row is."""
        return math.prod(self.shape)
