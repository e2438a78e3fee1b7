"""Numbers of words: the same as of a tokeniser by hand, in the order of the text."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from truetune.errors import InputError
from truetune.objectives.encoding.word_numbers import WordNumbers

TEXTS = ["The cat sat.", "the CAT, the hat!", "I am 1 of 2", "", "Ünïcode straße 42"]


def column(*texts: str | None, name: str = "note") -> pd.Series[Any]:
    return pd.Series(texts, dtype="str", name=name)


def drawn(n: int, n_words: int, seed: int = 0) -> pd.Series[Any]:
    """Return texts of one to twenty words, of which a few are frequent."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 21, n)
    return column(*(" ".join(f"w{w}" for w in rng.zipf(1.3, k) % n_words) for k in lengths))


def by_hand(train: list[str], text: str, length: int) -> list[int]:
    """Return a text's numbers, character by character and without what is tested."""

    def split(text: str) -> list[str]:
        kept = "".join(c if c.isalnum() or c == "_" else " " for c in text.lower())
        return kept.split()

    counts = Counter(word for each in train for word in split(each))
    order = sorted(sorted(counts), key=lambda word: -counts[word])
    numbers = [order.index(w) + 2 if w in order else 1 for w in split(text)][:length]
    return numbers + [0] * (length - len(numbers))


@pytest.mark.parametrize("texts", [column(*TEXTS), drawn(100, 50)])
@pytest.mark.parametrize("length", [1, 4, 30])
def test_numbers_are_those_of_a_tokeniser_by_hand(texts: pd.Series[Any], length: int) -> None:
    fitted = WordNumbers.fit(texts, length)
    rows = [*texts, "a new HAT; the cat, zebra", "  ", "w1 w2 w999"]
    expected = [by_hand(list(texts), row, length) for row in rows]
    found = fitted.transform(column(*rows))
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float32


def test_words_known_are_those_that_scikit_learn_counts_most() -> None:
    texts = drawn(300, 400)
    counter = CountVectorizer(token_pattern=r"\w+").fit(texts)
    counts = np.asarray(counter.transform(texts).sum(axis=0))[0]
    words = counter.get_feature_names_out()
    order = sorted(range(len(words)), key=lambda i: (-counts[i], words[i]))
    assert WordNumbers.fit(texts).words == [words[i] for i in order]
    assert WordNumbers.fit(texts, n_known=20).words == [words[i] for i in order[:20]]


def test_of_words_as_frequent_the_first_in_the_alphabet_comes_first() -> None:
    assert WordNumbers.fit(column("b c a", "d a")).words == ["a", "b", "c", "d"]


def test_ten_thousand_words_are_known_where_nothing_is_said() -> None:
    texts = column(*(" ".join(f"w{i}" for i in range(k, k + 100)) for k in range(0, 12_000, 100)))
    fitted = WordNumbers.fit(texts)
    assert (len(fitted.words), fitted.n_words) == (10_000, 10_002)
    assert fitted.transform(texts).max() == 10_001


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([1] * 95 + [9] * 5, 1),
        ([1] * 94 + [9] * 6, 9),
        (range(1, 101), 95),
        ([700] * 10, 512),
        ([0] * 99 + [3], 1),
    ],
)
def test_as_many_words_are_kept_as_most_texts_have(lengths: Any, expected: int) -> None:
    texts = column(*(" ".join(["word"] * n) for n in lengths))
    assert WordNumbers.fit(texts).length == expected


def test_missing_text_is_an_empty_one() -> None:
    fitted = WordNumbers.fit(column("a cat", None), 3)
    assert fitted.transform(column(None, "")).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_of_a_longer_text_the_first_words_are_kept() -> None:
    fitted = WordNumbers.fit(column("a a a b b c"), 2)
    assert fitted.transform(column("c b a", "z z z")).tolist() == [[4, 3], [1, 1]]


@pytest.mark.parametrize("texts", [["", None], ["?", "... !"]])
def test_column_without_a_word_is_refused_by_name(texts: list[str | None]) -> None:
    with pytest.raises(InputError, match="'of: it' has none") as caught:
        WordNumbers.fit(column(*texts, name="of: it"))
    assert "drop" in caught.value.fix


def test_no_rows_have_the_same_inputs() -> None:
    assert WordNumbers.fit(column("a cat", "the dog")).transform(column("x")[:0]).shape == (0, 2)
