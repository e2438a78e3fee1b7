"""Pictures become lines of numbers, texts become counts, and many rows become fewer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from truetune.models.inputs import Inputs
from truetune.objectives.baselines import rows
from truetune.objectives.baselines.rows import counts, n_counted, plain, rows_kept
from truetune.objectives.development import Fold


def test_pictures_are_flattened(make_fold: Callable[..., Fold]) -> None:
    pictures = np.arange(2 * 3 * 4 * 4, dtype=np.float32).reshape(2, 3, 4, 4)
    fold = make_fold(pictures, np.array([0, 1]), pictures, np.array([0, 1]))
    flat = plain(fold, Inputs((3, 4, 4)), 2, seed=0)
    assert flat.x_train.shape == flat.x_validation.shape == (2, 48)
    assert flat.x_train[1].tolist() == pictures[1].reshape(-1).tolist()


def test_words_become_counts_as_scikit_learn_counts_them() -> None:
    words = np.array([[2, 3, 3, 0], [4, 2, 2, 2], [0, 0, 0, 0]], np.float32)
    texts = ["w2 w3 w3", "w4 w2 w2 w2", ""]
    vectorizer = CountVectorizer(vocabulary=["w2", "w3", "w4"])
    expected = vectorizer.transform(texts).toarray()
    found = counts(words, Inputs((4,), n_words=5))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[:, :3], expected)
    assert (found[:, 3] == 0).all()  # no word was unknown


def test_unknown_and_rare_words_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_WORDS", 2)
    words = np.array([[2, 3, 4, 9, 1, 0]], np.float32)
    inputs = Inputs((6,), n_words=10)
    assert n_counted(inputs) == 3
    assert counts(words, inputs).tolist() == [[1, 1, 3]]


def test_some_training_rows_are_kept_and_all_validation_rows(
    make_fold: Callable[..., Fold],
) -> None:
    x = np.arange(100, dtype=np.float32)[:, None]
    fold = make_fold(x, np.arange(100), x, np.arange(100))
    kept = plain(fold, Inputs((1,)), 10, seed=0)
    assert len(set(kept.x_train[:, 0])) == 10
    assert kept.x_train[:, 0].tolist() == kept.y_train.tolist() == kept.train_rows.tolist()
    assert len(kept.x_validation) == 100
    same, other = plain(fold, Inputs((1,)), 10, seed=0), plain(fold, Inputs((1,)), 10, seed=1)
    assert same.y_train.tolist() == kept.y_train.tolist() != other.y_train.tolist()


@pytest.mark.parametrize(
    ("n_train", "n_inputs", "n_outputs", "n_folds", "kept"),
    [
        (1_078, 64, 10, 1, 1_078),  # digits: all
        (1_000_000, 10, 1, 1, 100_000),  # never more
        (1_000_000, 10, 1, 5, 20_000),  # in all folds together
        (60_000, 784, 10, 1, 12_755),  # 10^8 / 7,840
        (60_000, 150_528, 1_000, 1, 2_000),  # never fewer, if there are as many
        (500, 150_528, 1_000, 1, 500),
    ],
)
def test_how_many_rows_are_kept(
    n_train: int, n_inputs: int, n_outputs: int, n_folds: int, kept: int
) -> None:
    assert rows_kept(n_train, Inputs((n_inputs,)), n_outputs, n_folds) == kept


def test_a_text_is_as_wide_as_its_counts() -> None:
    wide = Inputs((512,), n_words=10_002)
    assert rows_kept(10**6, wide, 10, 1) == 10**8 // (1_001 * 10)
