"""Preparation: the child process that alone holds test rows, and what it lets out."""

from __future__ import annotations

import signal
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import datasets
from sklearn.preprocessing import StandardScaler

from truetune.errors import InputError, TuneError
from truetune.objectives import preparation, sources
from truetune.objectives.development import Array, Development, Fold
from truetune.objectives.preparation import Preparation, _develop, _fold, prepare
from truetune.objectives.splits import Rows
from truetune.spaces import Experiment, load

SPACES = Path(__file__).parents[2] / "spaces"
ROWS = Rows(train=np.arange(0, 12), validation=np.arange(12, 16), test=np.arange(16, 20))


def classification(overrides: dict[str, Any] | None = None) -> Experiment:
    return load(SPACES / "mlp.yaml", overrides)


def regression(overrides: dict[str, Any] | None = None) -> Experiment:
    return load(SPACES / "regression.yaml", overrides)


@pytest.fixture(scope="module")
def digits() -> Development:
    return prepare(classification())


@pytest.fixture(scope="module")
def diabetes() -> Development:
    return prepare(regression())


@pytest.fixture(scope="module")
def linnerud() -> Development:
    return prepare(regression({"data.source": "sklearn:linnerud"}))


@pytest.fixture(scope="module")
def cancer() -> Development:
    return prepare(classification({"data.source": "sklearn:breast_cancer", "task": "binary"}))


@pytest.fixture
def inputs() -> Array:
    return np.random.default_rng(0).normal(5, 3, size=(20, 4))


@pytest.fixture
def targets() -> Array:
    return np.random.default_rng(1).normal(50, 9, size=(20, 2)).astype(np.float32)


def same(first: Fold, second: Fold, *names: str) -> bool:
    pairs = ((getattr(first, name), getattr(second, name)) for name in names)
    return all(a.tobytes() == b.tobytes() for a, b in pairs)


def test_inputs_are_standardised_by_the_training_rows_alone(digits: Development) -> None:
    (fold,) = digits.folds
    source = datasets.load_digits().data
    scaler = StandardScaler().fit(source[fold.train_rows])
    expected = scaler.transform(source).astype(np.float32)
    np.testing.assert_array_equal(fold.x_train, expected[fold.train_rows])
    np.testing.assert_array_equal(fold.x_validation, expected[fold.validation_rows])


def test_classes_are_those_of_the_rows(digits: Development) -> None:
    (fold,) = digits.folds
    source = datasets.load_digits().target
    np.testing.assert_array_equal(fold.y_train, source[fold.train_rows])
    np.testing.assert_array_equal(fold.y_validation, source[fold.validation_rows])
    assert fold.y_train.dtype == np.int64


def test_inputs_are_single_precision(digits: Development) -> None:
    assert digits.folds[0].x_train.dtype == np.float32
    assert digits.folds[0].x_validation.dtype == np.float32


def test_rows_of_a_development_are_all_but_the_test_rows(digits: Development) -> None:
    (fold,) = digits.folds
    seen = np.concatenate([fold.train_rows, fold.validation_rows])
    assert len(np.unique(seen)) == len(seen) == 1797 - 360


def test_no_test_row_is_anywhere_in_a_development(digits: Development) -> None:
    (fold,) = digits.folds
    source = datasets.load_digits().data
    scaled = StandardScaler().fit(source[fold.train_rows]).transform(source).astype(np.float32)
    test_rows = np.setdiff1d(np.arange(1797), [*fold.train_rows, *fold.validation_rows])
    seen = {row.tobytes() for row in (*fold.x_train, *fold.x_validation)}
    assert len(test_rows) == 360
    assert seen.isdisjoint(row.tobytes() for row in scaled[test_rows])


def test_every_array_has_training_or_validation_rows_only(digits: Development) -> None:
    lengths = {field.name: len(getattr(digits.folds[0], field.name)) for field in fields(Fold)}
    expected = {"train": 1078, "validation": 359, "target": 1}
    parts = {name: next(part for part in expected if part in name) for name in lengths}
    assert lengths == {name: expected[part] for name, part in parts.items()}


def test_description_counts_the_rows_and_columns(digits: Development) -> None:
    facts = digits.description
    assert facts.source == "sklearn:digits"
    assert (facts.n_inputs, facts.n_outputs) == (64, 10)
    assert (facts.n_train, facts.n_validation, facts.n_test) == (1078, 359, 360)


def test_binary_task_has_one_output_of_zeros_and_ones(cancer: Development) -> None:
    (fold,) = cancer.folds
    expected = datasets.load_breast_cancer().target[fold.train_rows]
    assert cancer.description.n_outputs == 1
    assert fold.y_train.dtype == np.float32
    np.testing.assert_array_equal(fold.y_train, expected[:, None])


def test_regression_targets_keep_their_own_unit(diabetes: Development) -> None:
    (fold,) = diabetes.folds
    target = datasets.load_diabetes().target
    np.testing.assert_array_equal(fold.y_train, target[fold.train_rows, None])
    np.testing.assert_array_equal(fold.y_validation, target[fold.validation_rows, None])


def test_targets_mean_and_scale_are_those_of_the_training_rows(linnerud: Development) -> None:
    (fold,) = linnerud.folds
    scaler = StandardScaler().fit(datasets.load_linnerud().target[fold.train_rows])
    np.testing.assert_allclose(fold.target_mean, scaler.mean_, rtol=1e-6)
    np.testing.assert_allclose(fold.target_scale, scaler.scale_, rtol=1e-6)


def test_regression_has_an_output_for_every_target(linnerud: Development) -> None:
    (fold,) = linnerud.folds
    assert linnerud.description.n_outputs == 3
    assert (fold.y_train.shape, fold.y_validation.shape) == ((12, 3), (4, 3))
    assert fold.y_train.dtype == fold.target_mean.dtype == fold.target_scale.dtype == np.float32


def test_process_that_searches_never_reads_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str) -> None:
        raise AssertionError(f"{source} was read outside the child")

    monkeypatch.setattr(sources, "load", refuse)
    with pytest.raises(AssertionError, match="read outside the child"):
        _develop(classification())
    assert prepare(classification()).description.n_test == 360


def test_binary_task_on_ten_classes_is_refused_across_processes() -> None:
    with pytest.raises(InputError, match="takes two classes, but the target has 10") as caught:
        prepare(classification({"task": "binary"}))
    assert caught.value.fix == "Write `task: classification`."


def test_crash_of_the_child_names_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "__name__", "truetune.no_such_module")
    with pytest.raises(TuneError, match=r"reading the data failed: .*no_such_module"):
        prepare(classification())


def test_cancelled_child_is_gone() -> None:
    child = Preparation(classification())
    child.cancel()
    assert child.child.returncode == -signal.SIGKILL


def test_validation_and_test_rows_do_not_move_the_scaling(inputs: Array, targets: Array) -> None:
    changed_inputs, changed_targets = inputs.copy(), targets.copy()
    changed_inputs[12:], changed_targets[12:] = 1e12, 1e12
    before = _fold(inputs, targets, ROWS, regression())
    after = _fold(changed_inputs, changed_targets, ROWS, regression())
    assert same(before, after, "x_train", "y_train", "target_mean", "target_scale")
    assert not same(before, after, "x_validation")


def test_training_rows_do_move_the_scaling(inputs: Array, targets: Array) -> None:
    changed_inputs, changed_targets = inputs.copy(), targets.copy()
    changed_inputs[0], changed_targets[0] = 1e3, 1e3
    before = _fold(inputs, targets, ROWS, regression())
    after = _fold(changed_inputs, changed_targets, ROWS, regression())
    assert not np.array_equal(before.x_validation, after.x_validation)
    assert not np.array_equal(before.target_mean, after.target_mean)
    assert not np.array_equal(before.target_scale, after.target_scale)


def test_unscaled_inputs_are_those_of_the_source(inputs: Array, targets: Array) -> None:
    experiment = regression({"data.preprocess.scale": "none"})
    fold = _fold(inputs, targets, ROWS, experiment)
    np.testing.assert_array_equal(fold.x_train, inputs[:12].astype(np.float32))
    np.testing.assert_array_equal(fold.x_validation, inputs[12:16].astype(np.float32))


def test_constant_columns_stay_finite(inputs: Array, targets: Array) -> None:
    inputs[:, 1], targets[:, 1] = 7, 7
    fold = _fold(inputs, targets, ROWS, regression())
    np.testing.assert_array_equal(fold.x_train[:, 1], 0)
    assert fold.target_scale[1] == 1


def test_classes_have_no_mean_and_no_scale(inputs: Array) -> None:
    fold = _fold(inputs, np.arange(20) % 3, ROWS, classification())
    assert (fold.target_mean.tolist(), fold.target_scale.tolist()) == ([0.0], [1.0])


def test_another_split_seed_changes_the_splits_hash_and_not_the_datas() -> None:
    first, other = (_develop(regression({"data.split.seed": seed})).description for seed in (0, 1))
    assert first.data_sha256 == other.data_sha256
    assert first.split_sha256 != other.split_sha256


def test_another_source_changes_the_datas_hash(diabetes: Development, digits: Development) -> None:
    assert diabetes.description.data_sha256 != digits.description.data_sha256
    assert len(digits.description.data_sha256) == 64
