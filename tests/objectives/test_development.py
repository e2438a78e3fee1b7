"""Development: what a search sees, to a folder and back."""

from __future__ import annotations

import pickle
import shutil
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import numpy as np
import pytest

from truetune.objectives.development import Array, Description, Development, Fold, Seal

FACTS = Description("sklearn:\u00e9t\u00e9", 3, 3, 8, 4, 2, "ab" * 32, "cd" * 32)


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
    facts = replace(FACTS, n_left_out=7, n_folds=len(folds), classes=("a", "\u00e9", "c"))
    return Development(folds, facts, tuple(f'{{"version": {i}}}' for i in range(len(folds))))


def arrays(development: Development) -> list[Array]:
    return [getattr(fold, field.name) for fold in development.folds for field in fields(Fold)]


@pytest.fixture
def loaded(tmp_path: Path) -> Development:
    development(fold(0), fold(1)).save(tmp_path)
    return Development.load(tmp_path)


@pytest.mark.parametrize("n_folds", [1, 2, 11])
def test_every_array_comes_back_bit_for_bit(n_folds: int, tmp_path: Path) -> None:
    before = development(*(fold(i) for i in range(n_folds)))
    before.save(tmp_path)
    after = Development.load(tmp_path)
    assert len(after.folds) == n_folds
    for a, b in zip(arrays(before), arrays(after), strict=True):
        assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())


@pytest.mark.parametrize("shape", [(5, 3, 8, 8), (5, 1), (5, 0), (0, 3)])
def test_inputs_of_any_shape_come_back(shape: tuple[int, ...], tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    development(replace(fold(0), x_train=x)).save(tmp_path)
    np.testing.assert_array_equal(Development.load(tmp_path).folds[0].x_train, x)


def test_values_that_compare_unequal_or_alike_come_back_as_they_were(tmp_path: Path) -> None:
    before = fold(0)
    before.x_train[0] = [np.nan, -0.0, -np.inf]
    development(before).save(tmp_path)
    after = Development.load(tmp_path).folds[0]
    assert after.x_train.tobytes() == before.x_train.tobytes()


@pytest.mark.parametrize("classes", [(), (0, 1, 2), (0.5, 1.5), ("no", "yes")])
def test_description_and_preprocessing_come_back(classes: tuple[str], tmp_path: Path) -> None:
    before = development(fold(0), fold(1))
    before = replace(before, description=replace(before.description, classes=classes))
    before.save(tmp_path)
    after = Development.load(tmp_path)
    assert after.description == before.description
    assert after.preprocessing == before.preprocessing == ('{"version": 0}', '{"version": 1}')


def test_blocks_and_the_seal_come_back(tmp_path: Path) -> None:
    blocks = (np.array([0, 0, 1, 1]), np.arange(4))
    seal = Seal("ab12", "cd" * 32, 7, 1, "ef" * 32)
    replace(development(fold(0), fold(1)), blocks=blocks, seal=seal).save(tmp_path)
    after = Development.load(tmp_path)
    assert [of_fold.tolist() for of_fold in after.blocks] == [b.tolist() for b in blocks]
    assert after.seal == seal


def test_without_rows_the_validation_targets_are_left() -> None:
    before = development(fold(0), fold(1))
    after = before.without_rows()
    for a, b in zip(before.folds, after.folds, strict=True):
        assert b.y_validation.tolist() == a.y_validation.tolist()
        assert b.target_scale.tolist() == a.target_scale.tolist()
        assert sum(array.size for array in (b.x_train, b.x_validation, b.y_train)) == 0


def test_description_has_what_a_holdout_of_numbers_needs_no_word_of() -> None:
    assert (FACTS.n_left_out, FACTS.n_folds, FACTS.classes) == (0, 1, ())


def test_what_is_loaded_cannot_be_written_to(loaded: Development) -> None:
    for array in arrays(loaded):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_what_is_loaded_is_mapped_and_not_read(loaded: Development) -> None:
    for array in arrays(loaded):
        assert type(array) is np.ndarray  # a memmap would be copied by a pickle
        assert isinstance(array.base, np.memmap)


def test_files_may_be_deleted_once_they_are_loaded(tmp_path: Path) -> None:
    before, folder = development(fold(0)), tmp_path / "data"
    folder.mkdir()
    before.save(folder)
    after = Development.load(folder)
    shutil.rmtree(folder)
    assert [a.tobytes() for a in arrays(after)] == [a.tobytes() for a in arrays(before)]


def test_pickle_hands_arrays_on_without_a_copy(loaded: Development) -> None:
    buffers: list[pickle.PickleBuffer] = []
    content = pickle.dumps(loaded, protocol=5, buffer_callback=buffers.append)
    assert [b.raw().tobytes() for b in buffers] == [a.tobytes() for a in arrays(loaded)]
    assert all(array.tobytes() not in content for array in arrays(loaded) if array.nbytes > 8)
    again = pickle.loads(content, buffers=buffers)  # noqa: S301
    for a, b in zip(arrays(loaded), arrays(again), strict=True):
        assert np.shares_memory(a, b)


def test_folder_holds_no_pickles(tmp_path: Path) -> None:
    development(fold(0), fold(1)).save(tmp_path)
    saved = list(tmp_path.glob("*.npy"))
    kinds = {np.load(path, allow_pickle=False).dtype.kind for path in saved}
    assert len(saved) == 2 * len(fields(Fold))
    assert kinds == {"f", "i"}
    assert {path.suffix for path in tmp_path.iterdir()} == {".npy", ".json"}


def test_pickle_in_a_folder_is_refused(tmp_path: Path) -> None:
    development(fold(0)).save(tmp_path)
    np.save(tmp_path / "0.x_train.npy", np.array({"source": "evil"}, dtype=object))
    with pytest.raises(ValueError, match=r"[Pp]ickle|object"):
        Development.load(tmp_path)


def test_array_of_objects_is_never_written(tmp_path: Path) -> None:
    odd = replace(fold(0), y_train=np.array(["a", None], object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        development(odd).save(tmp_path)


def test_development_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        development(fold(0)).folds = ()  # type: ignore[misc]
