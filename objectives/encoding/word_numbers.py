"""Text read word by word: the number of each word, in their order."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ...spaces.writing import scalar
from ..development import Array

if TYPE_CHECKING:
    import pandas as pd

MAX_VOCABULARY = 10_000  # words known, where the file does not say
MAX_LENGTH = 512  # words kept of a text, where the file does not say
PERCENT = 95  # of the training rows' texts are no longer, where that is less
PADDING, UNKNOWN, FIRST = 0, 1, 2  # numbers of no word, of one not known, and of the commonest

# A letter or a digit alone is a word too: in a sentence it says something.
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class WordNumbers:
    """The commonest words, in lower case, and how many words of a text are kept.

    The commonest word is 2, the next one 3; of words that are as common the first in alphabetical
    order comes first. A word not among them is 1. After a text's last word there are zeros, and
    of a longer text the first words are kept. A missing text has no words.
    """

    words: list[str]
    length: int

    @classmethod
    def fit(
        cls, texts: pd.Series[Any], length: int | None = None, n_known: int | None = None
    ) -> WordNumbers:
        """Fit to a column of text.

        Args:
            texts: of the training rows.
            length: words kept; None: what 95 % of the texts have at most, up to 512.
            n_known: words that get a number of their own; None: 10,000.

        Raises:
            InputError: there is no word at all.
        """
        counts: Counter[str] = Counter()
        lengths = []
        for text in texts.fillna(""):
            found = words_of(text)
            counts.update(found)
            lengths.append(len(found))
        if not counts:
            name = str(texts.name)
            rule = f"a text has words, but '{name}' has none in the rows that are trained on."
            raise InputError(rule, f"Write `columns: {{{scalar(name)}: drop}}` under `data:`.")
        common = sorted(counts, key=lambda word: (-counts[word], word))
        usual = int(np.percentile(lengths, PERCENT, method="inverted_cdf"))
        kept = length or min(max(usual, 1), MAX_LENGTH)
        return cls(common[: n_known or MAX_VOCABULARY], kept)

    @property
    def n_words(self) -> int:
        """How many numbers a word can have, those of no word and of an unknown one among them."""
        return len(self.words) + FIRST

    def transform(self, texts: pd.Series[Any]) -> Array:
        """Return numbers of words (rows, length) of float32, which holds them exactly."""
        numbers = {word: FIRST + i for i, word in enumerate(self.words)}
        inputs = np.full((len(texts), self.length), PADDING, np.float32)
        for row, text in enumerate(texts.fillna("")):
            found = [numbers.get(word, UNKNOWN) for word in words_of(text)[: self.length]]
            inputs[row, : len(found)] = found
        return inputs


def words_of(text: str) -> list[str]:
    """Return the words of a text in their order, in lower case: runs of letters and digits."""
    return _WORD.findall(text.lower())
