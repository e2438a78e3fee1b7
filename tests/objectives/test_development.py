"""Development: what a search sees, to bytes and back."""

from __future__ import annotations

import io
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from truetune.objectives.development import Description, Development, Fold


def fold(seed: int) -> Fold:
    rng = np.random.default_rng(seed)
    train, validation = np.split(rng.permutation(12), [8])
    x = rng.normal(size=(12, 3)).astype(np.float32)
    return Fold(
        x_train=x[:8],
        y_train=rng.integers(0, 3, size=8),
        x_validation=x[8:],
        y_validation=rng.integers(0, 3, size=4),
        train_rows=train,
        validation_rows=validation,
        target_mean=np.zeros(1, np.float32),
        target_scale=np.ones(1, np.float32),
    )


def development(*folds: Fold) -> Development:
    facts = Description("sklearn:\u00e9t\u00e9", 3, 3, 8, 4, 2, "ab" * 32, "cd" * 32)
    return Development(folds, facts)


@pytest.mark.parametrize("n_folds", [1, 2, 11])
def test_every_array_comes_back_bit_for_bit(n_folds: int) -> None:
    before = development(*(fold(i) for i in range(n_folds)))
    after = Development.from_bytes(before.to_bytes())
    assert len(after.folds) == n_folds
    for old, new in zip(before.folds, after.folds, strict=True):
        for field in fields(Fold):
            a, b = getattr(old, field.name), getattr(new, field.name)
            assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())


def test_values_that_compare_unequal_or_alike_come_back_as_they_were() -> None:
    before = fold(0)
    before.x_train[0] = [np.nan, -0.0, -np.inf]
    after = Development.from_bytes(development(before).to_bytes()).folds[0]
    assert after.x_train.tobytes() == before.x_train.tobytes()


def test_description_comes_back() -> None:
    before = development(fold(0))
    assert Development.from_bytes(before.to_bytes()).description == before.description


def test_archive_holds_no_pickles() -> None:
    content = development(fold(0), fold(1)).to_bytes()
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        kinds = {name: archive[name].dtype.kind for name in archive}
    assert len(kinds) == 1 + 2 * len(fields(Fold))
    assert set(kinds.values()) == {"f", "i", "U"}


def test_pickle_in_an_archive_is_refused() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, description=np.array({"source": "evil"}, dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        Development.from_bytes(buffer.getvalue())


def test_development_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        development(fold(0)).folds = ()  # type: ignore[misc]
