"""Words: the same as scikit-learn's tf-idf, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from truetune.errors import InputError
from truetune.objectives.encoding.words import Words

TEXTS = ["The cat sat.", "the CAT, the hat!", "a b c", "", "Ünïcode straße 42", "hat hat hat"]


def column(*texts: str | None, name: str = "note") -> pd.Series[Any]:
    return pd.Series(texts, dtype="str", name=name)


def drawn(n: int, n_words: int, seed: int = 0) -> pd.Series[Any]:
    """Return texts of which a few words are frequent and most are rare."""
    words = np.random.default_rng(seed).zipf(1.3, size=(n, 12)) % n_words
    return column(*(" ".join(f"w{word}" for word in row) for row in words))


@pytest.mark.parametrize("texts", [column(*TEXTS), drawn(300, 200), drawn(2000, 5000)])
def test_weights_are_those_of_scikit_learn(texts: pd.Series[Any]) -> None:
    reference = TfidfVectorizer(max_features=1000).fit(texts)
    fitted = Words.fit(texts)
    assert fitted.words == reference.get_feature_names_out().tolist()
    for rows in (texts, drawn(50, 6000, seed=1), column("unseen", "", "the the cat")):
        np.testing.assert_array_equal(fitted.transform(rows), reference.transform(rows).toarray())


def test_words_are_the_thousand_most_frequent() -> None:
    assert len(Words.fit(drawn(2000, 5000)).words) == 1000


def test_text_without_known_words_is_zeros() -> None:
    fitted = Words.fit(column("a cat", "the dog"))
    weights = fitted.transform(column("", None, "zebra", "cat"))
    assert weights[:3].tolist() == [[0, 0, 0]] * 3
    assert weights[3].tolist() == [1, 0, 0]


def test_missing_text_is_an_empty_one() -> None:
    with_missing, with_empty = (Words.fit(column("a cat", "a dog", x)) for x in (None, ""))
    assert with_missing.words == with_empty.words
    np.testing.assert_array_equal(with_missing.idf, with_empty.idf)


@pytest.mark.parametrize("texts", [["", "a b", None], [None, None], ["?", "1 2 3"]])
def test_column_without_a_word_is_refused_by_name(texts: list[str | None]) -> None:
    with pytest.raises(InputError, match="letters or more, but 'of: it' has none") as caught:
        Words.fit(column(*texts, name="of: it"))
    assert '{"of: it": category}' in caught.value.fix.replace("'", '"')


def test_no_rows_have_the_same_inputs() -> None:
    assert Words.fit(column("a cat", "the dog")).transform(column("x")[:0]).shape == (0, 3)
