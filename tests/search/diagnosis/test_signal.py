"""Signal: the best of many trials against shuffled targets."""

from __future__ import annotations

import numpy as np
import pytest

from truetune.objectives.rowwise import Part, score
from truetune.search.diagnosis.signal import LEVEL, N_SHUFFLES, signal

N = 200


def part(targets: np.ndarray, folds: tuple[int, ...] = (N,)) -> Part:
    return Part(targets, folds, np.ones((len(folds), 1)), np.arange(len(targets)))


def probabilities(rng: np.random.Generator, n_classes: int = 3) -> np.ndarray:
    return rng.dirichlet(np.ones(n_classes), N).astype(np.float32)


def test_a_trial_that_knows_its_rows_has_a_signal() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, N)
    known = np.full((N, 3), 0.2)
    known[np.arange(N), labels] = 0.6
    found = signal("classification", part(labels), [probabilities(rng), known])
    assert found is not None
    assert not found.is_none
    assert found.p == pytest.approx(1 / (1 + N_SHUFFLES))
    assert found.cost == pytest.approx(score("loss", "classification", part(labels), known))


@pytest.mark.parametrize("task", ["classification", "binary", "regression"])
def test_of_trials_that_know_nothing_few_are_said_to(task: str) -> None:
    n_found = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        if task == "regression":
            targets = rng.normal(size=(N, 1))
            trials = [rng.normal(size=(N, 1)) for _ in range(12)]
        elif task == "binary":
            targets = rng.integers(0, 2, (N, 1))
            trials = [rng.random((N, 1)) for _ in range(12)]
        else:
            targets = rng.integers(0, 3, N)
            trials = [probabilities(rng) for _ in range(12)]
        found = signal(task, part(targets), trials)  # type: ignore[arg-type]
        assert found is not None
        n_found += not found.is_none
    assert n_found <= 6  # 2 are expected at a level of 0.05; without the maximum it would be 18


def test_a_squared_error_is_that_of_numbers_in_deviations() -> None:
    rng = np.random.default_rng(0)
    targets = rng.normal(5, 3, size=(N, 1))
    said = targets + rng.normal(size=(N, 1))
    found = signal("regression", part(targets), [said])
    assert found is not None
    assert found.cost == pytest.approx(np.square(said - targets).mean() / targets.var())
    assert not found.is_none


def test_rows_are_shuffled_within_their_fold() -> None:
    """What differs between folds alone is no signal."""
    targets = np.repeat([0, 1], N // 2).reshape(-1, 1)
    said = np.where(targets == 1, 0.9, 0.1)
    assert signal("binary", part(targets, (N // 2, N // 2)), [said]) is None
    found = signal("binary", part(targets), [said])
    assert found is not None
    assert not found.is_none


def test_picking_the_best_of_many_is_accounted_for() -> None:
    """The luckiest of a hundred is what is expected of a hundred."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, (N, 1))
    trials = [rng.random((N, 1)) for _ in range(100)]
    alone = [signal("binary", part(labels), [trial]) for trial in trials]
    together = signal("binary", part(labels), trials)
    assert min(one.p for one in alone if one is not None) < LEVEL
    assert together is not None
    assert together.is_none


@pytest.mark.parametrize("predictions", [[], [np.full((N, 3), np.nan)], [np.full((N, 3), 1 / 3)]])
def test_nothing_is_said_where_nothing_can_be_tested(predictions: list[np.ndarray]) -> None:
    assert signal("classification", part(np.arange(N) % 3), predictions) is None
