"""Files: what a trial leaves on disk, whole or not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from truetune.objectives.contracts import Results
from truetune.objectives.files import PREDICTIONS, WEIGHTS, save

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
