"""The learner: how many rows are in memory at once changes no bit of what it learns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from truetune.objectives import learner, networks
from truetune.objectives.contracts import Assignment
from truetune.objectives.development import Description, Fold
from truetune.objectives.learner import Learner, optimizer_of
from truetune.spaces import Experiment, load
from truetune.spaces.experiment import Training

FLAT = Path(__file__).parents[1] / "flat.yaml"
EXPERIMENT = load(FLAT)
CONFIGURATION = {"layers": 1, "hidden_units": 8, "dropout": 0.4}
N_TRAIN, N_VALIDATION = 230, 170
TRAINING = Training(batch_size=16, learning_rate=0.01)


def fold(shape: tuple[int, ...] = (6,), seed: int = 0) -> Fold:
    """Rows of two classes, told apart by the mean of their inputs."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N_TRAIN + N_VALIDATION, *shape)).astype(np.float32)
    y = (x.reshape(len(x), -1).mean(axis=1) > 0).astype(np.int64)
    rows, zero, one = np.arange(len(x)), np.zeros(1, np.float32), np.ones(1, np.float32)
    (x_train, x_rest), (y_train, y_rest), (train, rest) = (
        np.split(part, [N_TRAIN]) for part in (x, y, rows)
    )
    return Fold(x_train, y_train, x_rest, y_rest, train, rest, zero, one)


def learn(
    of_fold: Fold, experiment: Experiment = EXPERIMENT, seed: int = 5, **training: Any
) -> Learner:
    facts = Description("made up", 1, 2, N_TRAIN, N_VALIDATION, 10, "", "")
    settings = TRAINING.model_copy(update=training)
    assignment = Assignment(0, CONFIGURATION, seed)
    return Learner(assignment, seed, experiment, settings, of_fold, facts, "cpu")


def after(n_epochs: int, of_fold: Fold, **arguments: Any) -> tuple[list[float], list[bytes]]:
    """Return the loss of each epoch, and the bits of the weights after the last."""
    learned = learn(of_fold, **arguments)
    losses = [learned.train(epoch) for epoch in range(1, n_epochs + 1)]
    return losses, [tensor.numpy().tobytes() for tensor in learned.weights().values()]


# 230 rows of 6 numbers: in batches of 16 fourteen whole ones, and one of six rows.
@pytest.mark.parametrize("gathered", [1, 6 * 16, 6 * 16 * 3, 6 * 16 * 14, 6 * 16 * 15, 10**9])
@pytest.mark.parametrize("batch_size", [16, 230, 1000])
def test_epoch_does_not_depend_on_how_much_is_gathered(
    gathered: int, batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = after(3, fold(), batch_size=batch_size)
    monkeypatch.setattr(learner, "_GATHERED", gathered)
    assert after(3, fold(), batch_size=batch_size) == expected


@pytest.mark.parametrize("gathered", [1, 96 * 4, 10**9])
def test_epoch_takes_every_row_once_in_a_new_order(
    gathered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learner, "_GATHERED", gathered)
    learned = learn(fold())
    orders = []
    for epoch in (1, 2, 1):
        batches = list(learned._batches(epoch))
        assert [len(x) for x, _, _ in batches] == [16] * 14 + [6]
        assert len({seed for *_, seed in batches}) == 15
        orders.append(torch.cat([x for x, _, _ in batches]))
        targets = torch.cat([y for _, y, _ in batches])
        assert torch.equal(targets, (orders[-1].mean(dim=1) > 0).long())
    rows = {row.numpy().tobytes() for row in orders[0]}
    assert rows == {row.tobytes() for row in fold().x_train}
    assert torch.equal(orders[0], orders[2])
    assert not torch.equal(orders[0], orders[1])


@pytest.mark.parametrize("validated", [1, 7, 169, 170, 10**6])
def test_validation_does_not_depend_on_how_many_rows_are_validated_at_once(
    validated: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = learn(fold())
    learned.train(1)
    metrics, predicted = learned.validate(), learned.predictions(learned.weights())
    monkeypatch.setattr(networks, "_AT_ONCE", validated)
    assert learned.validate() == pytest.approx(metrics, rel=1e-5)
    np.testing.assert_allclose(learned.predictions(learned.weights()), predicted, rtol=1e-5)


def test_predictions_are_those_of_the_weights_that_are_given() -> None:
    learned = learn(fold())
    before = learned.weights()
    expected = learned.predictions(before)
    learned.train(1)
    assert learned.predictions(before).tobytes() == expected.tobytes()
    assert learned.predictions(learned.weights()).tobytes() != expected.tobytes()


def test_weights_are_a_copy() -> None:
    learned = learn(fold())
    before = learned.weights()
    kept = {name: tensor.clone() for name, tensor in before.items()}
    learned.train(1)
    assert all(torch.equal(before[name], kept[name]) for name in kept)


@pytest.mark.parametrize("model", ["mlp", "linear"])
@pytest.mark.parametrize("shape", [(3, 4, 5), (4, 5)])
def test_pictures_train_as_the_rows_of_their_pixels(model: str, shape: tuple[int, ...]) -> None:
    pictures = fold(shape)
    rows = Fold(
        **{
            **pictures.__dict__,
            "x_train": pictures.x_train.reshape(N_TRAIN, -1),
            "x_validation": pictures.x_validation.reshape(N_VALIDATION, -1),
        }
    )
    parameters = {"learning_rate": {"type": "float", "low": 0.001, "high": 0.1}}
    experiment = load(FLAT, {"model": model, "parameters": parameters})
    losses, weights = after(5, pictures, experiment=experiment)
    assert (losses, weights) == after(5, rows, experiment=experiment)
    assert losses[-1] < losses[0]


def test_mean_loss_of_an_epoch_weighs_every_row_alike() -> None:
    still = learn(fold(), optimizer="sgd", learning_rate=1e-30)
    still.network.rates = (0.0,)  # nothing is dropped, and nothing learned
    outputs = still.network(torch.from_numpy(fold().x_train))
    loss = torch.nn.functional.cross_entropy(outputs, torch.from_numpy(fold().y_train))
    assert still.train(1) == pytest.approx(loss.item(), rel=1e-6)


@pytest.mark.parametrize(("name", "kind"), [("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_optimizer_has_what_the_training_says(name: str, kind: type, weight_decay: float) -> None:
    training = TRAINING.model_copy(update={"optimizer": name, "weight_decay": weight_decay})
    network = torch.nn.Linear(3, 2)
    optimizer = optimizer_of(network, training)
    assert isinstance(optimizer, kind)
    decays = {id(p): g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    assert decays == {id(network.weight): weight_decay, id(network.bias): 0}
    assert {group["lr"] for group in optimizer.param_groups} == {0.01}
