"""The network of two hidden layers is trained by the trainer that trials have."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from truetune.objectives.baselines import network
from truetune.objectives.baselines.network import batch_size, predict
from truetune.objectives.development import Fold


def test_it_learns_what_can_be_learnt(three_classes: Fold) -> None:
    found = predict(three_classes, "classification", 3, seed=0)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    right = (found.argmax(axis=1) == three_classes.y_validation).mean()
    assert right > 0.65  # the clouds overlap; the best there is has about 0.75


def test_of_two_classes_the_seconds_probability_is_returned(two_classes: Fold) -> None:
    found = predict(two_classes, "binary", 1, seed=0)
    assert found.shape == (60, 1)
    assert ((found > 0.5) == two_classes.y_validation).mean() > 0.7


def test_numbers_come_in_their_own_unit(numbers: Fold) -> None:
    found = predict(numbers, "regression", 2, seed=0)
    errors = np.abs(found - numbers.y_validation).mean(axis=0)
    assert (errors < 0.5 * numbers.y_train.std(axis=0)).all()


def test_it_has_two_hidden_layers(three_classes: Fold, monkeypatch: pytest.MonkeyPatch) -> None:
    import truetune.objectives.single as single

    seen = []
    train = single.train

    def spy(*arguments: object) -> single.Trained:
        seen.append(train(*arguments))
        return seen[-1]

    monkeypatch.setattr(single, "train", spy)
    monkeypatch.setattr(network, "EPOCHS", 1)
    predict(three_classes, "classification", 3, seed=0)
    (trained,) = seen
    shapes = {tuple(w.shape) for w in trained.results.weights.values() if w.dim() == 2}
    assert shapes == {(64, 4), (64, 64), (3, 64)}


def test_the_same_seed_gives_the_same_network_and_draws_nothing_globally(
    three_classes: Fold, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "EPOCHS", 3)
    before = torch.get_rng_state()
    first, again, other = (predict(three_classes, "classification", 3, s) for s in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("n_rows", "size"), [(1, 16), (90, 16), (1_078, 16), (6_400, 64), (60_000, 512), (10**7, 512)]
)
def test_an_epoch_has_about_a_hundred_minibatches(n_rows: int, size: int) -> None:
    assert batch_size(n_rows) == size
