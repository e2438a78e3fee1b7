"""Files: what a study and its trials leave on disk, whole or not there."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from truetune.objectives.contracts import Results
from truetune.objectives.development import Description, Development, Fold
from truetune.objectives.features import Features
from truetune.objectives.files import PREDICTIONS, VALIDATION, WEIGHTS, save, save_data
from truetune.spaces.experiment import Preprocess

WEIGHT = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def results() -> Results:
    predictions = np.random.default_rng(0).random((5, 3), dtype=np.float32)
    return Results({"output.weight": WEIGHT, "output.bias": torch.zeros(4)}, predictions)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_weights_are_read_by_safetensors(results: Results, tmp_path: Path) -> None:
    save(results, tmp_path, with_weights=True)
    loaded = load_file(tmp_path / "weights.safetensors")
    assert loaded.keys() == results.weights.keys()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in results.weights.items())


def test_predictions_are_read_by_numpy(results: Results, tmp_path: Path) -> None:
    save(results, tmp_path, with_weights=True)
    loaded = np.load(tmp_path / "validation.npy", allow_pickle=False)
    assert loaded.dtype == np.float32
    np.testing.assert_array_equal(loaded, results.predictions)


def test_nothing_but_the_two_files_is_left(results: Results, tmp_path: Path) -> None:
    save(results, tmp_path, with_weights=True)
    assert names(tmp_path) == {WEIGHTS, PREDICTIONS}


def test_pruned_trial_leaves_predictions_only(results: Results, tmp_path: Path) -> None:
    save(results, tmp_path, with_weights=False)
    assert names(tmp_path) == {PREDICTIONS}


def test_folders_on_the_way_are_made(results: Results, tmp_path: Path) -> None:
    save(results, tmp_path / "trials" / "12", with_weights=False)
    assert names(tmp_path / "trials" / "12") == {PREDICTIONS}


def test_saving_again_replaces_what_stood_there(results: Results, tmp_path: Path) -> None:
    save(results, tmp_path, with_weights=True)
    save(Results({"output.bias": torch.ones(2)}, np.ones(2)), tmp_path, with_weights=True)
    assert load_file(tmp_path / WEIGHTS)["output.bias"].tolist() == [1, 1]
    assert np.load(tmp_path / PREDICTIONS).tolist() == [1, 1]


def test_tensor_that_is_not_contiguous_is_saved_in_order(tmp_path: Path) -> None:
    save(Results({"weight": WEIGHT.T}, np.ones(2)), tmp_path, with_weights=True)
    assert torch.equal(load_file(tmp_path / WEIGHTS)["weight"], WEIGHT.T)


def test_failed_write_leaves_the_earlier_file_whole(results: Results, tmp_path: Path) -> None:
    save(results, tmp_path, with_weights=False)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        save(Results({}, np.array([object()])), tmp_path, with_weights=False)
    np.testing.assert_array_equal(np.load(tmp_path / PREDICTIONS), results.predictions)


@pytest.fixture
def development() -> Development:
    inputs = np.random.default_rng(0).normal(size=(9, 2))
    fitted = [Features.fit(inputs[i:], Preprocess()).to_json() for i in range(2)]
    facts = Description("caf\u00e9.csv", 2, 3, 8, 4, 2, "ab" * 32, "cd" * 32, classes=("a", 1.5))
    rows = np.arange(9)
    parts = ((rows[3:], rows[:3]), (rows[:7], rows[7:]))
    folds = tuple(
        Fold(inputs[t], rows[t] % 3, inputs[v], rows[v] % 3, t, v, np.zeros(1), np.ones(1) + i)
        for i, (t, v) in enumerate(parts)
    )
    blocks = (np.array([0, 0, 1]), np.array([1, 0]))
    return Development(folds, facts, tuple(fitted), blocks)


def test_what_each_fold_was_fitted_to_is_read_back(
    development: Development, tmp_path: Path
) -> None:
    save_data(development, tmp_path / "study" / "data")
    for i, text in enumerate(development.preprocessing):
        saved = (tmp_path / "study" / "data" / f"features.{i}.json").read_text()
        assert Features.from_json(saved).to_json() == text


def test_description_is_json(development: Development, tmp_path: Path) -> None:
    save_data(development, tmp_path)
    described = json.loads((tmp_path / "description.json").read_text())
    assert described == {**asdict(development.description), "classes": ["a", 1.5]}


def test_validation_targets_stand_fold_after_fold(
    development: Development, tmp_path: Path
) -> None:
    save_data(development.without_rows(), tmp_path)
    with np.load(tmp_path / VALIDATION, allow_pickle=False) as saved:
        assert saved["targets"].tolist() == [0, 1, 2, 1, 2]
        assert saved["folds"].tolist() == [3, 2]
        assert saved["scale"].tolist() == [[1], [2]]
        assert saved["blocks"].tolist() == [0, 0, 1, 3, 2]  # no block is of two folds


def test_data_are_saved_again_in_the_same_place(development: Development, tmp_path: Path) -> None:
    (tmp_path / "description.json").write_text("{" * 10_000)
    for _ in range(2):
        save_data(development, tmp_path)
    assert names(tmp_path) == {
        "description.json",
        "features.0.json",
        "features.1.json",
        VALIDATION,
    }
    json.loads((tmp_path / "description.json").read_text())
