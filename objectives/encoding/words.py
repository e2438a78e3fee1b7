"""Free text: how much its words say, by tf-idf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ...spaces.writing import scalar
from ..development import Array

if TYPE_CHECKING:
    import pandas as pd

MAX_WORDS = 1000


@dataclass(frozen=True)
class Words:
    """The most frequent words, of two letters or more, and the logarithm of how rare each is.

    The same as scikit-learn's `TfidfVectorizer(max_features=1000)`; a missing text has no words.
    """

    words: list[str]
    idf: Array  # (words,)

    @classmethod
    def fit(cls, texts: pd.Series[Any]) -> Words:
        """Fit to a column of text. Raises InputError if it has no word at all."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(max_features=MAX_WORDS)
        try:
            vectorizer.fit(texts.fillna(""))
        except ValueError:  # "empty vocabulary"
            name = str(texts.name)
            rule = f"a text column has words of two letters or more, but '{name}' has none."
            fix = f"Write `columns: {{{scalar(name)}: category}}` under `data:`, or drop."
            raise InputError(rule, fix) from None
        return cls(vectorizer.get_feature_names_out().tolist(), vectorizer.idf_)

    def transform(self, texts: pd.Series[Any]) -> Array:
        """Return weights (rows, words); the squares of a row's add up to 1, or 0 without words."""
        if not len(texts):
            return np.zeros((0, len(self.words)))
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(vocabulary=self.words)
        vectorizer.idf_ = np.asarray(self.idf)
        weights: Array = vectorizer.transform(texts.fillna("")).toarray()
        return weights
