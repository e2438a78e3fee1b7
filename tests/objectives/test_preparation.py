"""Preparation: the child process that alone holds test rows, and what it lets out."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from sklearn.preprocessing import StandardScaler

from truetune.errors import InfrastructureError, InputError, TuneError
from truetune.models.inputs import Inputs
from truetune.objectives import preparation, sizes, sources, splits
from truetune.objectives.development import Array, Development, Fold
from truetune.objectives.features import Features, take
from truetune.objectives.preparation import Preparation, develop, make_fold, prepare
from truetune.objectives.rows import FoldRows, Rows
from truetune.objectives.table import Table
from truetune.spaces import Experiment, load
from truetune.spaces.experiment import Data

SPACES = Path(__file__).parents[2] / "spaces"
FLAT = Path(__file__).parents[1] / "flat.yaml"
ROWS = FoldRows(train=np.arange(0, 12), validation=np.arange(12, 16))  # four are left to test


def classification(overrides: dict[str, Any] | None = None) -> Experiment:
    return load(FLAT, overrides)


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


def fold_of(inputs: Any, targets: Array, experiment: Experiment) -> Fold:
    """Return the fold of `ROWS`."""
    fitted = Features.fit(take(inputs, ROWS.train), experiment.data.preprocess)
    return make_fold(inputs, targets, ROWS, fitted, experiment.task)


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
    def refuse(data: Data) -> None:
        raise AssertionError(f"{data.source} was read outside the child")

    monkeypatch.setattr(sources, "load", refuse)
    with pytest.raises(AssertionError, match="read outside the child"):
        develop(classification())
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
    assert child.child.process.returncode == -signal.SIGKILL


def test_validation_and_test_rows_do_not_move_the_scaling(inputs: Array, targets: Array) -> None:
    changed_inputs, changed_targets = inputs.copy(), targets.copy()
    changed_inputs[12:], changed_targets[12:] = 1e12, 1e12
    before = fold_of(inputs, targets, regression())
    after = fold_of(changed_inputs, changed_targets, regression())
    assert same(before, after, "x_train", "y_train", "target_mean", "target_scale")
    assert not same(before, after, "x_validation")


def test_training_rows_do_move_the_scaling(inputs: Array, targets: Array) -> None:
    changed_inputs, changed_targets = inputs.copy(), targets.copy()
    changed_inputs[0], changed_targets[0] = 1e3, 1e3
    before = fold_of(inputs, targets, regression())
    after = fold_of(changed_inputs, changed_targets, regression())
    assert not np.array_equal(before.x_validation, after.x_validation)
    assert not np.array_equal(before.target_mean, after.target_mean)
    assert not np.array_equal(before.target_scale, after.target_scale)


def test_unscaled_inputs_are_those_of_the_source(inputs: Array, targets: Array) -> None:
    experiment = regression({"data.preprocess.scale": "none"})
    fold = fold_of(inputs, targets, experiment)
    np.testing.assert_array_equal(fold.x_train, inputs[:12].astype(np.float32))
    np.testing.assert_array_equal(fold.x_validation, inputs[12:16].astype(np.float32))


def test_constant_columns_stay_finite(inputs: Array, targets: Array) -> None:
    inputs[:, 1], targets[:, 1] = 7, 7
    fold = fold_of(inputs, targets, regression())
    np.testing.assert_array_equal(fold.x_train[:, 1], 0)
    assert fold.target_scale[1] == 1


def test_classes_have_no_mean_and_no_scale(inputs: Array) -> None:
    fold = fold_of(inputs, np.arange(20) % 3, classification())
    assert (fold.target_mean.tolist(), fold.target_scale.tolist()) == ([0.0], [1.0])


def test_another_split_seed_changes_both_hashes() -> None:
    first, other = (develop(regression({"data.split.seed": seed})).description for seed in (0, 1))
    assert first.data_sha256 != other.data_sha256  # of the rows that may be seen
    assert first.split_sha256 != other.split_sha256


def test_another_source_changes_the_datas_hash(diabetes: Development, digits: Development) -> None:
    assert diabetes.description.data_sha256 != digits.description.data_sha256
    assert len(digits.description.data_sha256) == 64


# What follows is about tables. `colour` has a level, green, that no training row has.
COLOURS = ["red", "blue", None, "red"] * 3 + ["green", "red", None, "blue"] + ["black"] * 4


@pytest.fixture
def frame(inputs: Array) -> pd.DataFrame:
    sizes = inputs[:, 0].copy()
    sizes[[1, 5, 13]] = np.nan
    return pd.DataFrame({"size": sizes, "colour": pd.Categorical(COLOURS), "age": inputs[:, 1]})


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Experiment]:
    """Write a table, and return an experiment that predicts its `y`."""

    def write(frame: pd.DataFrame, task: str = "classification", **overrides: Any) -> Experiment:
        path = tmp_path / "rows.parquet"
        frame.to_parquet(path)
        base = regression if task == "regression" else classification
        stratify = {} if task == "regression" else {"data.split.stratify": False}
        settings = {"data.source": str(path), "data.target": "y", "task": task}
        return base({**stratify, **settings, **overrides})

    return write


def test_missing_numbers_are_the_median_of_the_training_rows(
    frame: pd.DataFrame, targets: Array
) -> None:
    fold = fold_of(frame, targets, regression({"data.preprocess.scale": "none"}))
    median = np.nanmedian(frame["size"][:12])
    expected = np.where(np.isnan(frame["size"]), median, frame["size"]).astype(np.float32)
    np.testing.assert_array_equal(fold.x_train[:, 0], expected[:12])
    np.testing.assert_array_equal(fold.x_validation[:, 0], expected[12:16])
    assert fold.x_validation[1, 0] == np.float32(median)


def test_numbers_of_a_table_are_filled_in_and_then_standardised(
    frame: pd.DataFrame, targets: Array
) -> None:
    fold = fold_of(frame, targets, regression())
    numbers = frame[["size", "age"]].to_numpy()
    filled = np.where(np.isnan(numbers), np.nanmedian(numbers[:12], axis=0), numbers)
    scaled = (filled - filled[:12].mean(axis=0)) / filled[:12].std(axis=0)
    np.testing.assert_allclose(fold.x_train[:, :2], scaled[:12], rtol=1e-5)
    np.testing.assert_allclose(fold.x_validation[:, :2], scaled[12:16], rtol=1e-5)


def test_every_level_of_the_training_rows_is_an_input(frame: pd.DataFrame, targets: Array) -> None:
    fold = fold_of(frame, targets, regression())
    levels = ["blue", "red", None]
    expected = [[colour == level for level in levels] for colour in COLOURS]
    assert fold.x_train.shape == (12, 5)
    np.testing.assert_array_equal(fold.x_train[:, 2:], expected[:12])
    np.testing.assert_array_equal(fold.x_validation[:, 2:], expected[12:16])


def test_level_that_training_never_saw_is_zeros(frame: pd.DataFrame, targets: Array) -> None:
    fold = fold_of(frame, targets, regression())
    assert COLOURS[12] == "green"
    np.testing.assert_array_equal(fold.x_validation[0, 2:], 0)


def test_missing_level_that_training_never_saw_is_zeros(targets: Array) -> None:
    frame = pd.DataFrame({"colour": pd.Categorical(["a", "b"] * 6 + [None] * 8)})
    fold = fold_of(frame, targets, regression())
    np.testing.assert_array_equal(fold.x_validation, np.zeros((4, 2)))


def test_number_that_training_never_saw_stays_an_input(
    frame: pd.DataFrame, targets: Array
) -> None:
    frame.loc[:11, "age"] = np.nan
    fold = fold_of(frame, targets, regression())
    np.testing.assert_array_equal(fold.x_train[:, 1], 0)
    assert fold.x_validation.shape == (4, 5)
    assert np.isfinite(fold.x_validation).all()


def test_rows_outside_training_do_not_move_a_tables_preprocessing(
    frame: pd.DataFrame, targets: Array
) -> None:
    changed = frame.copy()
    changed.loc[12:, ["size", "age"]] = 1e12
    changed["colour"] = pd.Categorical(COLOURS[:12] + ["new"] * 8)
    before, after = (fold_of(rows, targets, regression()) for rows in (frame, changed))
    assert same(before, after, "x_train")
    assert not same(before, after, "x_validation")


def test_test_rows_do_not_reach_a_tables_development(frame: pd.DataFrame, targets: Array) -> None:
    changed = frame.copy()
    changed.loc[16:, ["size", "age"]] = np.nan
    changed["colour"] = pd.Categorical([*COLOURS[:16], "a", "b", "c", None])
    before, after = (fold_of(rows, targets, regression()) for rows in (frame, changed))
    assert same(before, after, *(field.name for field in fields(Fold)))


def test_table_of_numbers_is_prepared_as_the_array_is(
    table: Callable[..., Experiment], diabetes: Development
) -> None:
    bunch = datasets.load_diabetes(as_frame=True)
    frame = bunch.data.assign(y=bunch.target)
    (fold,), (expected,) = prepare(table(frame, "regression")).folds, diabetes.folds
    assert same(fold, expected, *(field.name for field in fields(Fold)))


def test_description_counts_inputs_after_preprocessing(
    table: Callable[..., Experiment], frame: pd.DataFrame
) -> None:
    development = develop(table(frame.assign(y=range(20)), "regression"))
    (fold,), facts = development.folds, development.description
    seen = pd.Series(COLOURS)[fold.train_rows].nunique(dropna=False)
    assert facts.n_inputs == fold.x_train.shape[1] == fold.x_validation.shape[1] == 2 + seen


@pytest.mark.parametrize(
    ("labels", "task"),
    [
        (["b", "a", "c", "a"], "classification"),
        ([30, 10, 20, 10], "classification"),
        ([1.5, 0.5, 2.5, 0.5], "classification"),
        (["yes", "no"], "binary"),
        ([True, False], "binary"),
        ([7, -1], "binary"),
    ],
)
def test_classes_are_places_among_the_sorted_labels(
    table: Callable[..., Experiment], labels: list[Any], task: str
) -> None:
    targets = (labels * 20)[:20]
    development = develop(table(pd.DataFrame({"x": range(20), "y": targets}), task))
    (fold,) = development.folds
    places = np.array([sorted(set(labels)).index(label) for label in targets])
    np.testing.assert_array_equal(fold.y_train.ravel(), places[fold.train_rows])
    np.testing.assert_array_equal(fold.y_validation.ravel(), places[fold.validation_rows])
    assert fold.y_train.shape == ((12, 1) if task == "binary" else (12,))
    assert fold.y_train.dtype == (np.float32 if task == "binary" else np.int64)
    assert development.description.n_outputs == (1 if task == "binary" else 3)


def test_text_classes_are_stratified(table: Callable[..., Experiment]) -> None:
    frame = pd.DataFrame({"x": range(20), "y": ["a"] * 15 + ["b"] * 5})
    (fold,) = develop(table(frame, "binary", **{"data.split.stratify": True})).folds
    assert (fold.y_train.sum(), fold.y_validation.sum()) == (3, 1)


@pytest.mark.parametrize(
    ("targets", "task", "cause", "fix"),
    [
        (["a", "b"] * 10, "regression", "takes numbers, but the target is text", "classification"),
        (
            ["a", "b", "c", "d"] * 5,
            "binary",
            "two classes, but the target has 4",
            "classification",
        ),
        (np.linspace(0, 1, 30), "classification", "has 30 different numbers", "regression"),
        (np.linspace(0, 1, 30), "binary", "has 30 different numbers", "regression"),
        (["a"] * 20, "classification", "but the target is a always", "another class"),
        ([1] * 20, "binary", "but the target is 1 always", "another class"),
    ],
)
def test_target_that_does_not_fit_the_task_is_refused(
    table: Callable[..., Experiment], targets: Any, task: str, cause: str, fix: str
) -> None:
    frame = pd.DataFrame({"x": range(len(targets)), "y": targets})
    with pytest.raises(InputError, match=cause) as caught:
        develop(table(frame, task))
    assert fix in caught.value.fix


def test_what_is_wrong_with_a_table_is_told_across_processes(
    table: Callable[..., Experiment],
) -> None:
    with pytest.raises(InputError, match="no column 'y' to predict") as caught:
        prepare(table(pd.DataFrame({"x": [1], "why": [2]}), "regression"))
    assert caught.value.fix == "Known: why, x."


def test_hash_of_a_table_is_that_of_its_content(
    table: Callable[..., Experiment], frame: pd.DataFrame
) -> None:
    def hashed(frame: pd.DataFrame, task: str = "regression") -> str:
        return develop(table(frame, task)).description.data_sha256

    frame = frame.assign(y=np.arange(20))
    cells = [("size", 3, 0.0), ("size", 1, 0.0), ("age", 19, 0.0), ("colour", 0, "blue"),
             ("colour", 2, "blue"), ("colour", 0, None), ("y", 7, 8)]  # fmt: skip
    fold = develop(table(frame, "regression")).folds[0]
    seen = {*fold.train_rows, *fold.validation_rows}
    changed, sealed = [], []
    for name, row, value in cells:
        other = frame.copy()
        other.loc[row, name] = value
        (changed if row in seen else sealed).append(other)
    others = [
        frame.rename(columns={"age": "years"}),
        frame[["age", "colour", "size", "y"]],
        frame.iloc[::-1],
        frame.assign(age=frame["age"].round().astype(int).astype(str)),
        frame.assign(y=frame["y"] * 1.0),
    ]
    hashes = [hashed(other) for other in (frame, *changed, *others)]
    assert len(set(hashes)) == len(hashes)
    assert sealed
    assert {hashed(other) for other in (frame.copy(), *sealed)} == {hashes[0]}


def test_hash_of_text_targets_covers_every_one(table: Callable[..., Experiment]) -> None:
    labels = ["a", "b"] * 10
    swapped = ["b", "a", *labels[2:]]
    hashes = {
        develop(table(pd.DataFrame({"x": range(20), "y": y}))).description.data_sha256
        for y in (labels, swapped)
    }
    assert len(hashes) == 2


def test_hash_of_a_built_in_set_stays(digits: Development, cancer: Development) -> None:
    assert [facts.description.data_sha256[:16] for facts in (digits, cancer)] == [
        "e1a2644d9d732366",
        "ebb65717fb64c982",
    ]


# The folder in which rows go from one process to the other.


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this process and its children put what is temporary: empty so far."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def test_folder_is_for_its_owner_alone(temporary: Path) -> None:
    child = Preparation(classification())
    (folder,) = temporary.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    child.cancel()


def test_nothing_is_left_after_success_and_rows_are_still_there(temporary: Path) -> None:
    development = prepare(classification())
    assert list(temporary.iterdir()) == []
    expected = develop(classification())
    assert same(development.folds[0], expected.folds[0], *(f.name for f in fields(Fold)))
    assert development.description == expected.description
    assert development.preprocessing == expected.preprocessing


def test_nothing_is_left_after_a_refusal(temporary: Path) -> None:
    with pytest.raises(InputError):
        prepare(classification({"task": "binary"}))
    assert list(temporary.iterdir()) == []


def test_nothing_is_left_where_only_the_result_is_asked_for(temporary: Path) -> None:
    child = Preparation(classification({"task": "binary"}))
    with pytest.raises(InputError):
        child.result()
    assert list(temporary.iterdir()) == []
    child.cancel()


def test_nothing_is_left_after_a_cancel(temporary: Path) -> None:
    child = Preparation(classification())
    child.cancel()
    child.cancel()
    assert list(temporary.iterdir()) == []


# What does not fit.


def test_data_that_do_not_fit_are_refused_with_both_numbers(
    table: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = np.random.default_rng(0).integers(0, 90, size=(5, 20_000))
    levels = [f"level {i}" for i in range(90)]
    frame = pd.DataFrame(
        {str(i): pd.Categorical.from_codes(c, levels) for i, c in enumerate(codes)}
    )
    experiment = table(frame.assign(y=codes[0] % 2), "binary")
    monkeypatch.setattr(sizes, "available", lambda: 10 * 2**20)
    with pytest.raises(InfrastructureError) as caught:
        develop(experiment)
    expected = "16,000 rows of 450 inputs each take about 27 MiB of memory, and 10 MiB are free."
    assert caught.value.cause == expected
    assert "larger machine" in caught.value.fix


def test_error_of_the_child_keeps_its_class(tmp_path: Path) -> None:
    source = tmp_path / "own.py"
    source.write_text(
        "import numpy as np\n"
        "from truetune.objectives import sizes\n"
        "sizes.available = lambda: 2**20\n"
        "def rows():\n"
        "    inputs = np.random.default_rng(0).normal(size=(20_000, 60))\n"
        "    return inputs, np.arange(20_000) % 2\n"
    )
    with pytest.raises(InfrastructureError, match="about 4 MiB of memory, and 1 MiB are free"):
        prepare(classification({"data.source": f"{source}:rows", "task": "binary"}))


# Folds, and rows that are left out.


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_every_fold_is_preprocessed_by_its_own_training_rows(task: str) -> None:
    source = {"regression": "sklearn:diabetes"}.get(task, "sklearn:digits")
    experiment = regression if task == "regression" else classification
    split = {"folds": 3, "test": 0.2, "seed": 0}
    development = develop(experiment({"data": {"source": source, "split": split}}))
    assert development.description.n_folds == len(development.folds) == 3
    assert len(set(development.preprocessing)) == 3
    inputs = getattr(datasets, f"load_{source[8:]}")().data
    for fold, text in zip(development.folds, development.preprocessing, strict=True):
        scaler = StandardScaler().fit(inputs[fold.train_rows])
        expected = scaler.transform(inputs).astype(np.float32)
        np.testing.assert_array_equal(fold.x_train, expected[fold.train_rows])
        np.testing.assert_array_equal(fold.x_validation, expected[fold.validation_rows])
        again = Features.from_json(text).transform(inputs, fold.validation_rows)
        assert again.tobytes() == fold.x_validation.tobytes()
        if task == "regression":
            np.testing.assert_allclose(fold.target_mean, fold.y_train.mean(axis=0))


def test_folds_come_through_the_child_as_they_were() -> None:
    experiment = regression({"data.split": {"folds": 3}})
    for fold, expected in zip(prepare(experiment).folds, develop(experiment).folds, strict=True):
        assert same(fold, expected, *(field.name for field in fields(Fold)))


def test_what_a_row_is_comes_through_the_child(table: Callable[..., Experiment]) -> None:
    frame = pd.DataFrame({"x": range(20), "town": ["a", "b"] * 10, "y": [0, 0, 1, 1] * 5})
    parameters = {"n_inputs": {"type": "int", "low": 1, "high": 2}}
    experiment = table(frame, parameters=parameters)
    (found,) = prepare(experiment).inputs
    assert found == develop(experiment).inputs[0]
    assert (found.shape, found.columns) == ((3,), ("x", "town", "town"))
    assert (found.categories, sorted(found.ranking)) == (((1, 3),), [0, 1])


def test_rows_of_a_shape_leave_the_datas_hashes_as_they_were(digits: Development) -> None:
    development = develop(classification({"data.preprocess.shape": [8, 8]}))
    described = development.description
    assert described == digits.description
    assert development.folds[0].x_train.shape == (described.n_train, 8, 8)
    assert development.inputs == (Inputs((8, 8)),)


@pytest.mark.parametrize(
    ("labels", "task", "classes"),
    [
        (["b", "a", "c", "a"], "classification", ("a", "b", "c")),
        ([30, 10, 20, 10], "classification", (10, 20, 30)),
        ([True, False], "binary", (0, 1)),
        ([1.5, 0.5, 2.5, 4.0], "regression", ()),
    ],
)
def test_description_says_what_class_numbers_stand_for(
    table: Callable[..., Experiment], labels: list[Any], task: str, classes: tuple[Any, ...]
) -> None:
    frame = pd.DataFrame({"x": range(20), "y": (labels * 20)[:20]})
    development = prepare(table(frame, task))
    assert development.description.classes == classes


def test_description_counts_rows_that_are_left_out(table: Callable[..., Experiment]) -> None:
    frame = pd.DataFrame({"day": range(100), "x": np.arange(100) ** 2, "y": range(100)})
    split = {"time": "day", "embargo": 3}
    facts = develop(table(frame, "regression", **{"data.split": split})).description
    assert (facts.n_train, facts.n_validation, facts.n_test) == (56, 20, 20)
    assert (facts.n_left_out, facts.n_inputs, facts.n_folds) == (4, 1, 1)


def test_description_of_a_holdout_leaves_nothing_out(digits: Development) -> None:
    assert (digits.description.n_left_out, digits.description.n_folds) == (0, 1)
    assert digits.description.classes == tuple(range(10))


def test_pictures_keep_their_shape_and_count_their_numbers(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, size=(50, 3, 4, 5), dtype=np.uint8)
    np.savez(tmp_path / "rows.npz", x=pictures, y=np.arange(50) % 2)
    source = {"data.source": str(tmp_path / "rows.npz"), "task": "binary"}
    development = prepare(classification(source))
    (fold,), facts = development.folds, development.description
    assert (fold.x_train.shape, fold.x_validation.shape) == ((30, 3, 4, 5), (10, 3, 4, 5))
    assert (facts.n_inputs, fold.x_train.dtype) == (60, np.float32)
    channels = fold.x_train.swapaxes(0, 1).reshape(3, -1)
    np.testing.assert_allclose(channels.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(channels.std(axis=1), 1, rtol=1e-5)


# Rows that do not train decide nothing, from the source to the development.


def of_every_kind(n: int = 80) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(["cat", "dog", "hat", "mat"], 6)) for _ in range(n)]
    return pd.DataFrame(
        {
            "a": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
            "day": np.datetime64("2020-01-01", "s") + rng.integers(0, 9e7, size=n),
            "colour": pd.Categorical(rng.choice(["red", "blue"], n)),
            "note": pd.Series(texts, dtype="str"),
        }
    )


def poisoned(table: Table, rows: Array) -> Table:
    """Return a table in which nothing of some rows is as it was."""
    inputs, targets = table.inputs.copy(), table.targets.copy()
    inputs.loc[rows, "a"] = 1e12
    inputs.loc[rows, "day"] = pd.Timestamp("2199-12-31")
    inputs.loc[rows, "note"] = "zebra aardvark"
    colours = inputs["colour"].astype(object)
    colours.loc[rows] = "a new one"
    inputs["colour"] = pd.Categorical(colours)
    targets[rows] = 1e12 if targets.dtype.kind == "f" else targets[rows][::-1]
    return replace(table, inputs=inputs, targets=targets)


Develop = Callable[[Table], Development]


@pytest.fixture(params=[None, 3])
def frozen(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> tuple[Table, Rows, Develop]:
    """Return a table, its rows, and what makes a development of any table by the same rows."""
    table = Table(of_every_kind(), np.random.default_rng(1).normal(size=80))
    experiment = regression({"data.split": {"folds": request.param}} if request.param else None)
    rows = splits.split_rows(table, experiment.data.split, "regression")

    def by_these_rows(table: Table) -> Development:
        monkeypatch.setattr(sources, "load", lambda data: table)
        monkeypatch.setattr(splits, "split_rows", lambda table, split, task: rows)
        return develop(experiment)

    return table, rows, by_these_rows


def test_test_rows_reach_nothing_of_a_development(frozen: tuple[Table, Rows, Develop]) -> None:
    table, rows, developed = frozen
    before, after = developed(table), developed(poisoned(table, rows.test))
    assert before.preprocessing == after.preprocessing
    for first, second in zip(before.folds, after.folds, strict=True):
        assert same(first, second, *(field.name for field in fields(Fold)))
    assert after.description == before.description


def test_validation_rows_do_not_move_what_is_fitted(frozen: tuple[Table, Rows, Develop]) -> None:
    table, rows, developed = frozen
    for i, of_fold in enumerate(rows.folds):
        others = np.setdiff1d(np.arange(len(table)), of_fold.train)
        before, after = developed(table), developed(poisoned(table, others))
        assert before.preprocessing[i] == after.preprocessing[i]
        kept = ("x_train", "y_train", "target_mean", "target_scale")
        assert same(before.folds[i], after.folds[i], *kept)
        assert not same(before.folds[i], after.folds[i], "x_validation")


def test_one_training_row_does_move_what_is_fitted(frozen: tuple[Table, Rows, Develop]) -> None:
    table, rows, developed = frozen
    changed = poisoned(table, rows.folds[0].train[3:4])
    before, after = developed(table), developed(changed)
    assert before.preprocessing[0] != after.preprocessing[0]
    assert not same(before.folds[0], after.folds[0], "target_mean")
    assert not same(before.folds[0], after.folds[0], "target_scale")
