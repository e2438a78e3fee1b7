"""Seeds: functions of two numbers, and nothing else."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import torch

from truetune.objectives.seeds import INITIAL_WEIGHTS, draws, fold_seed, trial_seed


def test_draws_are_the_words_of_a_numpy_seed_sequence() -> None:
    sequence = np.random.SeedSequence([7, 3])
    assert draws(7, 3, 5) == sequence.generate_state(5).tolist()


def test_draws_are_the_same_in_another_process() -> None:
    code = "from truetune.objectives.seeds import draws; print(draws(7, 3, 5))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert other.stdout.strip() == str(draws(7, 3, 5)), other.stderr


def test_draws_ignore_and_leave_numpys_global_state() -> None:
    np.random.seed(0)
    before = draws(7, 3, 5)
    np.random.seed(1)
    expected = np.random.RandomState(1).uniform()
    assert draws(7, 3, 5) == before
    assert np.random.uniform() == expected


def test_draws_of_neighbouring_seeds_and_indices_all_differ() -> None:
    pairs = itertools.product(range(20), range(20))
    words = [word for seed, index in pairs for word in draws(seed, index, 4)]
    assert len(set(words)) == 20 * 20 * 4


def test_seed_and_index_do_not_stand_for_each_other() -> None:
    assert draws(1, 2, 3) != draws(2, 1, 3)


def test_first_draws_do_not_depend_on_how_many_follow() -> None:
    assert draws(7, 3, 100)[:2] == draws(7, 3, 2)


def test_every_draw_seeds_a_torch_generator() -> None:
    seeded = [torch.Generator().manual_seed(word).initial_seed() for word in draws(7, 3, 50)]
    assert seeded == draws(7, 3, 50)
    assert max(seeded) < 2**32


def test_trials_of_one_study_and_of_others_have_seeds_of_their_own() -> None:
    seeds = [trial_seed(study, number) for study in range(5) for number in range(200)]
    assert len(set(seeds)) == 1000


def test_seed_of_a_trial_does_not_change() -> None:
    assert trial_seed(4, 17) == int(np.random.SeedSequence([4, 17]).generate_state(1)[0])


def test_initial_weights_share_no_draw_with_an_epoch() -> None:
    of_epochs = {word for epoch in range(1, 100) for word in draws(5, epoch, 20)}
    assert draws(5, INITIAL_WEIGHTS, 1)[0] not in of_epochs


def test_first_fold_has_the_trials_own_seed() -> None:
    assert [fold_seed(seed, 0) for seed in (0, 7, 2**32 - 1)] == [0, 7, 2**32 - 1]


def test_folds_of_all_trials_have_seeds_of_their_own() -> None:
    trials = [trial_seed(4, number) for number in range(100)]
    seeds = [fold_seed(seed, fold) for seed in trials for fold in range(20)]
    assert len(set(seeds)) == 2000
    assert max(seeds) < 2**32


def test_fold_shares_no_draw_with_an_epoch_or_another_fold() -> None:
    words = [
        word
        for fold in range(5)
        for epoch in range(50)
        for word in draws(fold_seed(7, fold), epoch, 20)
    ]
    assert len(set(words)) == len(words) == 5000


def test_seed_of_a_fold_does_not_change() -> None:
    sequence = np.random.SeedSequence(7, spawn_key=(3,))
    assert fold_seed(7, 3) == int(sequence.generate_state(1)[0]) == fold_seed(7, 3)
