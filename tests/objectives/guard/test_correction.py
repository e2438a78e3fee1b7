"""What the best of many owes to being picked: against simulated truth and a plain loop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy.stats import norm

from truetune.objectives.development import Array
from truetune.objectives.guard import correction as module
from truetune.objectives.guard.correction import (
    Candidate,
    Correction,
    correct,
    selection_cost,
    validation_rows_needed,
)
from truetune.objectives.rowwise import Part, score

NONE = np.empty((0, 1))


def part_of(n: int, n_folds: int = 1) -> Part:
    targets = np.zeros((n, 1), np.float32)
    return Part(targets, (n // n_folds,) * n_folds, np.ones((n_folds, 1)), np.arange(n))


def candidates_of(is_right: Array) -> list[Candidate]:
    """Return finished trials (candidates, rows) that answer rightly where they should."""
    accuracies = is_right.mean(axis=1).tolist()
    return [
        Candidate(i, np.where(right, 0.1, 0.9)[:, None], False, 2, (accuracies[i] - 0.1, accuracy))
        for i, (right, accuracy) in enumerate(zip(is_right, accuracies, strict=True))
    ]


def equal(rng: np.random.Generator, n_candidates: int, n: int) -> list[Candidate]:
    return candidates_of(rng.random((n_candidates, n)) < 0.85)


def corrected(candidates: Sequence[Candidate], part: Part, seed: int = 0) -> Correction:
    return correct("accuracy", "binary", "maximize", part, candidates, seed)


def test_best_of_equal_candidates_is_corrected_to_what_they_are_worth() -> None:
    rng = np.random.default_rng(0)
    found = [corrected(equal(rng, 40, 300), part_of(300)) for _ in range(25)]
    naive = np.mean([each.naive for each in found])
    honest = [each.corrected for each in found]
    assert naive > 0.885
    assert np.mean(honest) == pytest.approx(0.85, abs=3 * np.std(honest) / 5)
    assert all(each.method == "bootstrap" for each in found)


def test_candidate_far_ahead_of_the_others_keeps_its_value() -> None:
    rng = np.random.default_rng(0)
    worse = rng.random((20, 500)) < 0.6
    better = rng.random((1, 500)) < 0.9
    found = corrected(candidates_of(np.concatenate([worse, better])), part_of(500))
    assert (found.winner, found.n_trials) == (20, 21)
    assert found.corrected == found.naive == better.mean()


def test_only_candidate_owes_nothing_to_being_picked() -> None:
    found = corrected(equal(np.random.default_rng(0), 1, 200), part_of(200))
    assert found.corrected == found.naive


def test_copies_of_one_candidate_owe_nothing_to_being_picked() -> None:
    (one,) = equal(np.random.default_rng(0), 1, 200)
    copies = [replace(one, number=number) for number in (7, 8, 9)]
    assert corrected(copies, part_of(200)) == Correction(
        corrected(copies[:1], part_of(200)).naive,
        corrected(copies[:1], part_of(200)).naive,
        7,
        3,
        "bootstrap",
    )


@pytest.mark.parametrize("n_folds", [1, 3])
def test_correction_agrees_with_a_plain_loop(n_folds: int) -> None:
    """The paper's own: the mean of what picks are worth out of bag."""
    rng = np.random.default_rng(1)
    part, candidates = part_of(240, n_folds), equal(rng, 12, 240)
    right = np.stack([each.read()[:, 0] < 0.5 for each in candidates])
    plain = []
    for _ in range(4000):
        drawn = np.bincount(rng.integers(240, size=240), minlength=240)
        out = drawn == 0
        in_bag = [np.average(right[:, s], axis=1, weights=drawn[s]) for s in part.slices]
        pick = np.mean(in_bag, axis=0).argmax()
        plain.append(np.mean([right[pick, s][out[s]].mean() for s in part.slices]))
    found = corrected(candidates, part)
    assert found.corrected == pytest.approx(np.mean(plain), abs=0.0025)


def test_minimised_metric_is_corrected_upwards_as_much() -> None:
    rng = np.random.default_rng(2)
    y = rng.normal(size=(200, 2))
    part = Part(y, (200,), np.ones((1, 2)), np.arange(200))
    candidates = [
        Candidate(i, y + rng.normal(0, 0.5, size=y.shape), False, 1, (0.5,)) for i in range(30)
    ]
    loss = correct("loss", "regression", "minimize", part, candidates)
    rmse = correct("rmse", "regression", "minimize", part, candidates)
    r2 = correct("r2", "regression", "maximize", part, candidates)
    assert loss.naive < loss.corrected == pytest.approx(0.25, abs=0.015)
    assert rmse.naive < rmse.corrected == pytest.approx(0.5, abs=0.015)
    assert r2.naive > r2.corrected == pytest.approx(0.75, abs=0.06)


@pytest.mark.parametrize("metric", ["balanced_accuracy", "f1", "auroc"])
def test_best_of_equal_candidates_by_a_metric_of_classes_is_corrected_to_what_they_are_worth(
    metric: str,
) -> None:
    """What they are worth is told by rows of the same kind that picked nothing."""
    rng = np.random.default_rng(3)

    def rows(n: int) -> tuple[Part, list[Array]]:
        targets = rng.integers(0, 3, size=n)
        logits = 1.5 * np.eye(3)[targets] + rng.normal(size=(30, n, 3))
        return Part.of([targets]), [*(np.exp(logits) / np.exp(logits).sum(-1, keepdims=True))]

    part, predictions = rows(20_000)
    truth = score(metric, "classification", part, predictions[0])
    gains, owed = [], []
    for _ in range(12):
        part, predictions = rows(150)
        candidates = [Candidate(i, each, False, 1, (0.5,)) for i, each in enumerate(predictions)]
        found = correct(metric, "classification", "maximize", part, candidates)
        gains.append(found.naive - truth)
        owed.append(found.naive - found.corrected)
    error = np.std(np.subtract(gains, owed)) / len(gains) ** 0.5
    assert np.mean(gains) > 3 * error
    assert np.mean(owed) == pytest.approx(np.mean(gains), abs=3 * error)


def test_rows_of_a_block_are_drawn_together() -> None:
    """Copied rows must not stand in the bag and out of it at once."""
    rng = np.random.default_rng(3)
    is_right = rng.random((40, 100)) < 0.85
    once = corrected(candidates_of(is_right), part_of(100))
    copied, part = candidates_of(np.tile(is_right, 8)), part_of(800)
    by_block = corrected(copied, replace(part, blocks=np.tile(np.arange(100), 8)))
    assert by_block.corrected == pytest.approx(once.corrected)
    assert corrected(copied, part).corrected > by_block.corrected + 0.02


def halved(rng: np.random.Generator, n_candidates: int, n: int) -> list[Candidate]:
    """Return equal trials of which the worse half is pruned in epoch 1, at accuracies near .8."""
    final = rng.random((n_candidates, n)) < 0.85
    early = rng.random(final.shape) < np.where(final, 0.93, 0.064)
    accuracies = early.mean(axis=1)
    is_pruned = accuracies.argsort().argsort() < n_candidates // 2
    kept = candidates_of(np.where(is_pruned[:, None], early, final))
    return [
        replace(
            each,
            is_pruned=bool(pruned),
            epoch=1 if pruned else 2,
            curve=(accuracy,) if pruned else (accuracy, each.curve[-1]),
        )
        for each, pruned, accuracy in zip(kept, is_pruned, accuracies.tolist(), strict=True)
    ]


def test_best_survivor_of_equal_trials_is_corrected_to_what_they_are_worth() -> None:
    rng = np.random.default_rng(4)
    found = [corrected(halved(rng, 60, 500), part_of(500)) for _ in range(30)]
    honest = [each.corrected for each in found]
    assert np.mean([each.naive for each in found]) > 0.88
    assert np.mean(honest) == pytest.approx(0.85, abs=3 * np.std(honest) / 30**0.5)


def test_pruned_trials_take_more_off_than_survivors_alone() -> None:
    rng = np.random.default_rng(5)
    differences = []
    for _ in range(10):
        trials = halved(rng, 60, 300)
        survivors = [trial for trial in trials if not trial.is_pruned]
        with_all, alone = (corrected(some, part_of(300)) for some in (trials, survivors))
        assert with_all.winner == alone.winner
        differences.append(alone.corrected - with_all.corrected)
    assert np.mean(differences) > 0


def test_pruned_trial_never_wins_however_good_its_last_epoch_was() -> None:
    rng = np.random.default_rng(6)
    trials = candidates_of(rng.random((5, 200)) < np.array([[0.99], [0.8], [0.8], [0.8], [0.8]]))
    trials[0] = replace(trials[0], is_pruned=True)
    assert corrected(trials, part_of(200)).winner != 0


def test_pruned_trial_is_credited_with_what_survivors_gained_up_to_the_winner() -> None:
    is_right = np.arange(100)[None] < np.array([[90], [80], [50], [85]])
    trials = candidates_of(is_right)
    gains = (0.6, 0.5)  # in epoch 1, of trials that end at .9 and .8: .3 was gained since
    finished = [replace(trials[i], curve=(gains[i], 0.9 - i / 10)) for i in range(2)]
    pruned = [replace(trial, is_pruned=True, epoch=1, curve=()) for trial in trials[2:]]
    race = module._race("accuracy", "binary", 1, part_of(100), [*finished, *pruned], 0)
    assert module._credits(race, 1).tolist() == pytest.approx([0, 0, 0.3, 0.05])


def test_survivor_that_ended_before_has_gained_nothing_since() -> None:
    is_right = np.arange(100)[None] < np.array([[90], [50]])
    first, last = candidates_of(is_right)
    trials = [replace(first, curve=(0.7, 0.9)), replace(last, is_pruned=True, epoch=9)]
    race = module._race("accuracy", "binary", 1, part_of(100), trials, 0)
    assert module._credits(race, 1).tolist() == pytest.approx([0, 0])


def test_few_diverged_trials_are_left_out_of_the_race_but_counted() -> None:
    trials = equal(np.random.default_rng(7), 40, 200)
    diverged = Candidate(40, np.full((200, 1), np.nan), True, 1, (0.5,))
    silent = Candidate(41, NONE, True, 1, (0.5,))
    found = corrected([*trials, diverged, silent], part_of(200))
    assert found == replace(corrected(trials, part_of(200)), n_trials=42)


def test_without_the_pruned_trials_predictions_the_bound_is_taken_off() -> None:
    trials = equal(np.random.default_rng(8), 20, 200)
    pruned = [Candidate(20 + i, NONE, True, 1, (0.5,)) for i in range(20)]
    found = corrected([*trials, *pruned], part_of(200))
    error = math.sqrt(found.naive * (1 - found.naive) / 200)
    assert found.method == "bound"
    expected = found.naive - error * math.sqrt(2 * math.log(40))
    assert found.corrected == pytest.approx(expected, abs=0.005)


def test_one_row_cannot_be_drawn_and_left_out() -> None:
    found = corrected(equal(np.random.default_rng(0), 4, 1), part_of(1))
    assert found.method == "bound"
    assert found.corrected < found.naive


def test_correction_depends_on_the_seed_alone_and_not_on_how_candidates_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trials, part = equal(np.random.default_rng(9), 30, 200), part_of(200)
    first = corrected(trials, part, seed=1)
    assert first != corrected(trials, part, seed=2)
    monkeypatch.setattr(module, "_MAX_CELLS", 600)
    assert corrected(trials, part, seed=1).corrected == pytest.approx(first.corrected, abs=1e-12)


def test_first_of_equally_good_trials_wins() -> None:
    rng = np.random.default_rng(12)
    y = rng.normal(size=(333, 1))
    part = Part(y, (333,), np.ones((1, 1)), np.arange(333))
    best = y + rng.normal(0, 0.1, size=y.shape)
    for position in (5, 30, 70):
        trials = [Candidate(i, best, False, 1, (0.01,)) for i in range(position, 97)]
        worse = [Candidate(i, best + 1, False, 1, (1.01,)) for i in range(position)]
        found = correct("loss", "regression", "minimize", part, [*worse, *trials])
        assert found.winner == position


def test_predictions_may_be_loaded_when_they_are_looked_at() -> None:
    trials, part = equal(np.random.default_rng(11), 30, 200), part_of(200)
    n_loads = [0] * 30

    def load(i: int) -> Array:
        n_loads[i] += 1
        return np.asarray(trials[i].predictions)

    lazy = [replace(trial, predictions=partial(load, trial.number)) for trial in trials]
    assert corrected(lazy, part) == corrected(trials, part)
    assert max(n_loads) <= 3


def test_bound_is_above_what_the_best_of_equal_candidates_gains() -> None:
    rng = np.random.default_rng(10)
    gains = []
    for _ in range(200):
        values = rng.binomial(1000, 0.9, size=100) / 1000
        gains.append(values.max() - 0.9)
    part = part_of(1000)
    predictions = np.where(np.arange(1000) < 900, 0.1, 0.9)[:, None]
    cost = selection_cost("accuracy", "binary", part, predictions, 100)
    assert cost == pytest.approx(0.0288, abs=0.001)
    assert 0.7 * cost < np.mean(gains) < cost


def test_rows_needed_keep_the_cost_of_picking_at_the_smallest_effect() -> None:
    predictions = np.where(np.arange(1000) < 850, 0.1, 0.9)[:, None]
    part = part_of(1000)
    n = validation_rows_needed("accuracy", "binary", part, predictions, 100, 0.01)
    error = 0.01 / math.sqrt(2 * math.log(100))
    assert n == pytest.approx(0.85 * 0.15 / error**2, rel=0.06)
    assert validation_rows_needed("accuracy", "binary", part, predictions, 1, 0.01) == 1


def test_rows_needed_are_more_where_rows_are_copies() -> None:
    predictions = np.where(np.arange(1000) < 850, 0.1, 0.9)[:, None]
    copied = replace(part_of(1000), blocks=np.arange(1000) // 10)
    few = validation_rows_needed("accuracy", "binary", part_of(1000), predictions, 50, 0.01)
    many = validation_rows_needed("accuracy", "binary", copied, predictions, 50, 0.01)
    assert many == pytest.approx(10 * few, rel=0.15)


def test_largest_of_normal_variables_stays_under_the_bound() -> None:
    for n in (2, 10, 100, 1000):
        grid = np.linspace(-8, 8, 20_001)
        largest = np.trapezoid(grid * n * norm.pdf(grid) * norm.cdf(grid) ** (n - 1), grid)
        assert largest < math.sqrt(2 * math.log(n))
