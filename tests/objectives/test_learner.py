"""The learner: how many rows are in memory at once changes no bit of what it learns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

from truetune.models.inputs import Inputs
from truetune.objectives import learner, minibatches, networks
from truetune.objectives.contracts import Assignment
from truetune.objectives.development import Fold
from truetune.objectives.learner import Learner
from truetune.objectives.mixup import mixed
from truetune.objectives.optimizers import optimizer_of
from truetune.spaces import Experiment, load
from truetune.spaces.experiment import Training
from truetune.spaces.schedule import Schedule

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
    settings = TRAINING.model_copy(update=training)
    assignment = Assignment(0, CONFIGURATION, seed)
    return Learner(
        assignment,
        seed,
        experiment,
        settings,
        of_fold,
        Inputs(of_fold.x_train.shape[1:]),
        2,
        "cpu",
    )


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
    monkeypatch.setattr(minibatches, "_GATHERED", gathered)
    assert after(3, fold(), batch_size=batch_size) == expected


@pytest.mark.parametrize("gathered", [1, 96 * 4, 10**9])
def test_epoch_takes_every_row_once_in_a_new_order(
    gathered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minibatches, "_GATHERED", gathered)
    learned = learn(fold())
    orders = []
    for epoch in (1, 2, 1):
        batches = list(learned.batches(epoch))
        assert [len(x) for x, _, _ in batches] == [16] * 14 + [6]
        assert len({seed for *_, seed in batches}) == 15
        orders.append(torch.cat([x for x, _, _ in batches]))
        targets = torch.cat([y for _, y, _ in batches])
        assert torch.equal(targets, (orders[-1].mean(dim=1) > 0).long())
    rows = {row.numpy().tobytes() for row in orders[0]}
    assert rows == {row.tobytes() for row in fold().x_train}
    assert torch.equal(orders[0], orders[2])
    assert not torch.equal(orders[0], orders[1])


@pytest.mark.parametrize("validated", [1, 6 * 7, 6 * 169, 6 * 170, 10**6])
def test_validation_does_not_depend_on_how_many_rows_are_validated_at_once(
    validated: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = learn(fold())
    learned.train(1)
    metrics, predicted = learned.validate(), learned.predictions(learned.weights())
    monkeypatch.setattr(networks, "_NUMBERS_AT_ONCE", validated)
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


KINDS = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
    "sgd": torch.optim.SGD,
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_optimizer_has_what_the_training_says(name: str, weight_decay: float) -> None:
    training = TRAINING.model_copy(update={"optimizer": name, "weight_decay": weight_decay})
    network = torch.nn.Linear(3, 2)
    optimizer = optimizer_of(network, training)
    assert type(optimizer) is KINDS[name]
    decays = {id(p): g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    assert decays == {id(network.weight): weight_decay, id(network.bias): 0}
    assert {group["lr"] for group in optimizer.param_groups} == {0.01}
    assert {bool(group.get("fused")) for group in optimizer.param_groups} == {name != "rmsprop"}


# The tools of training, each against a loop by hand with torch's own.

Step = Callable[[torch.nn.Module], None]


def by_hand(
    make: Callable[[list[dict[str, Any]]], torch.optim.Optimizer],
    n_epochs: int = 3,
    decay: float = 0.0,
    before: Step = lambda network: None,
    penalty: float = 0.0,
    after_step: Callable[[torch.optim.Optimizer], Callable[[], None]] = lambda o: lambda: None,
) -> list[bytes]:
    """Return the bits of the weights that torch's optimizer trains on the same draws."""
    learned = learn(fold())
    network = learned.network
    matrices = [p for p in network.parameters() if p.ndim > 1]
    biases = [p for p in network.parameters() if p.ndim == 1]
    groups: list[dict[str, Any]] = [{"params": [*network.parameters()], "weight_decay": 0.0}]
    if decay:
        groups = [{"params": matrices, "weight_decay": decay}]
        groups.append({"params": biases, "weight_decay": 0.0})
    optimizer = make(groups)
    advance = after_step(optimizer)
    for epoch in range(1, n_epochs + 1):
        for x, y, seed in learned.batches(epoch):
            optimizer.zero_grad()
            outputs = network(x, torch.Generator().manual_seed(seed))
            loss = torch.nn.functional.cross_entropy(outputs, y)
            if penalty:
                loss = loss + penalty * torch.stack([w.abs().sum() for w in matrices]).sum()
            loss.backward()
            before(network)
            optimizer.step()
            advance()
    return [tensor.numpy().tobytes() for tensor in learned.weights().values()]


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize(
    ("training", "make"),
    [
        ({"optimizer": "sgd"}, lambda g: torch.optim.SGD(g, lr=0.01, fused=True)),
        (
            {"optimizer": "sgd", "momentum": 0.9},
            lambda g: torch.optim.SGD(g, lr=0.01, momentum=0.9, fused=True),
        ),
        (
            {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
            lambda g: torch.optim.SGD(g, lr=0.01, momentum=0.9, nesterov=True, fused=True),
        ),
        (
            {"optimizer": "sgd", "nesterov": True},
            lambda g: torch.optim.SGD(g, lr=0.01, fused=True),
        ),
        ({"optimizer": "adam"}, lambda g: torch.optim.Adam(g, lr=0.01, fused=True)),
        (
            {"optimizer": "adam", "beta1": 0.5, "beta2": 0.8, "epsilon": 0.01},
            lambda g: torch.optim.Adam(g, lr=0.01, betas=(0.5, 0.8), eps=0.01, fused=True),
        ),
        ({"optimizer": "adamw"}, lambda g: torch.optim.AdamW(g, lr=0.01, fused=True)),
        (
            {"optimizer": "adamw", "beta1": 0.0},
            lambda g: torch.optim.AdamW(g, lr=0.01, betas=(0.0, 0.999), fused=True),
        ),
        ({"optimizer": "rmsprop"}, lambda g: torch.optim.RMSprop(g, lr=0.01)),
        (
            {"optimizer": "rmsprop", "epsilon": 0.1},
            lambda g: torch.optim.RMSprop(g, lr=0.01, eps=0.1),
        ),
    ],
)
def test_an_optimizer_is_torchs_to_the_bit(
    training: dict[str, Any], make: Callable[..., torch.optim.Optimizer], decay: float
) -> None:
    _, weights = after(3, fold(), weight_decay=decay, **training)
    assert weights == by_hand(make, decay=decay)


def adam(groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    return torch.optim.Adam(groups, lr=0.01, fused=True)


def sgd(groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    return torch.optim.SGD(groups, lr=0.01, fused=True)


@pytest.mark.parametrize("norm", [0.01, 0.5, 100.0])
def test_clipping_by_norm_is_torchs(norm: float) -> None:
    def clip(network: torch.nn.Module) -> None:
        torch.nn.utils.clip_grad_norm_(network.parameters(), norm)

    assert after(3, fold(), optimizer="sgd", clip_norm=norm)[1] == by_hand(sgd, before=clip)


@pytest.mark.parametrize("value", [0.001, 0.1, 100.0])
def test_clipping_by_value_is_torchs(value: float) -> None:
    def clip(network: torch.nn.Module) -> None:
        torch.nn.utils.clip_grad_value_(network.parameters(), value)

    assert after(3, fold(), optimizer="sgd", clip_value=value)[1] == by_hand(sgd, before=clip)


def test_a_value_is_clipped_before_the_norm() -> None:
    def clip(network: torch.nn.Module) -> None:
        torch.nn.utils.clip_grad_value_(network.parameters(), 0.05)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 0.2)

    clipped = after(3, fold(), optimizer="sgd", clip_value=0.05, clip_norm=0.2)
    assert clipped[1] == by_hand(sgd, before=clip)


def test_a_step_of_clipped_gradients_is_no_longer_than_its_norm() -> None:
    learned = learn(fold(), optimizer="sgd", learning_rate=1.0, clip_norm=0.1, batch_size=1000)
    before = torch.cat([w.flatten() for w in learned.weights().values()])
    learned.train(1)
    step = torch.cat([w.flatten() for w in learned.weights().values()]) - before
    assert step.norm().item() == pytest.approx(0.1, rel=1e-3)


@pytest.mark.parametrize("l1", [0.0, 0.003, 0.1])
@pytest.mark.parametrize(("name", "make"), [("sgd", sgd), ("adam", adam)])
def test_l1_is_what_autograd_makes_of_the_sum_of_absolute_weights(
    name: str, make: Callable[..., torch.optim.Optimizer], l1: float
) -> None:
    assert after(3, fold(), optimizer=name, l1=l1)[1] == by_hand(make, penalty=l1)


def test_l1_is_not_in_the_loss_that_is_reported() -> None:
    still = {"optimizer": "sgd", "learning_rate": 1e-30}
    assert after(1, fold(), l1=10.0, **still)[0] == after(1, fold(), **still)[0]


def test_l1_leaves_fewer_large_weights_and_biases_alone() -> None:
    sizes = []
    for l1 in (0.0, 0.05):
        learned = learn(fold(), l1=l1)
        for epoch in range(1, 11):
            learned.train(epoch)
        sizes.append(sum(w.abs().sum().item() for w in learned.matrices))
    assert sizes[1] < sizes[0] / 2


@pytest.mark.parametrize("rate", [0.01, 0.1])
def test_adamw_without_a_gradient_shrinks_weights_by_rate_times_decay(rate: float) -> None:
    """Algorithm 2 of Loshchilov and Hutter, 2019 (arXiv:1711.05101)."""
    update = {"optimizer": "adamw", "weight_decay": 0.2, "learning_rate": rate}
    network = torch.nn.Linear(3, 2).double()
    optimizer = optimizer_of(network, TRAINING.model_copy(update=update))
    weight, bias = network.weight.detach().clone(), network.bias.detach().clone()
    for _ in range(5):
        for parameter in network.parameters():
            parameter.grad = torch.zeros_like(parameter)
        optimizer.step()
    torch.testing.assert_close(network.weight.detach(), weight * (1 - rate * 0.2) ** 5)
    assert torch.equal(network.bias.detach(), bias)


def test_adam_without_a_gradient_takes_decay_for_one() -> None:
    update = {"optimizer": "adam", "weight_decay": 0.2}
    network = torch.nn.Linear(3, 2).double()
    before = network.weight.detach().clone()
    optimizer = optimizer_of(network, TRAINING.model_copy(update=update))
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    expected = before - 0.01 * before.sign()  # its first step is one rate long
    torch.testing.assert_close(network.weight.detach(), expected, rtol=0, atol=1e-6)


SCHEDULES: dict[str, Callable[[torch.optim.Optimizer], Any]] = {
    "one_cycle": lambda o: lr_scheduler.OneCycleLR(o, 0.01, 45, cycle_momentum=False),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, 45),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_sets_the_rate_of_each_step(name: str) -> None:
    def scheduled(optimizer: torch.optim.Optimizer) -> Callable[[], None]:
        scheduler = SCHEDULES[name](optimizer)
        return lambda: scheduler.step() if scheduler.last_epoch < 44 else None

    learned = learn(fold(), optimizer="sgd", epochs=3, schedule=Schedule(name=name))
    for epoch in (1, 2, 3):
        learned.train(epoch)
    expected = by_hand(sgd, after_step=scheduled)
    for weight, bits in zip(learned.weights().values(), expected, strict=True):
        reference = torch.frombuffer(bytearray(bits), dtype=torch.float32).reshape(weight.shape)
        torch.testing.assert_close(weight, reference, rtol=1e-5, atol=1e-7)


def test_plateau_goes_by_the_losses_of_the_training() -> None:
    schedule = Schedule(name="plateau", factor=0.1, patience=0)
    learned = learn(fold(), optimizer="sgd", learning_rate=5.0, epochs=12, schedule=schedule)
    losses, factors = [], []
    for epoch in range(1, 13):
        losses.append(learned.train(epoch))
        factors.append(learned.factor)
    assert learned.losses == losses
    assert factors == [learned.course.factors(e, losses[: e - 1])[0] for e in range(1, 13)]
    assert min(factors) < 1 == factors[0]


def test_a_constant_rate_is_never_set(monkeypatch: pytest.MonkeyPatch) -> None:
    learned = learn(fold(), schedule=Schedule(name="constant"))
    monkeypatch.setattr(learned.optimizer, "param_groups", None, raising=True)
    learned._set_rate(learned.course.factors(7, [1.0] * 6)[0])


def test_infinite_weights_are_not_finite() -> None:
    learned = learn(fold())
    assert learned.is_finite()
    for bad in (float("inf"), float("nan")):
        learned.parameters[-1].data[0] = bad
        assert not learned.is_finite()


# What is done to a minibatch, and to the network beside it.


def cross_entropy(network: torch.nn.Module, x: torch.Tensor, y: torch.Tensor, seed: int) -> Any:
    outputs = network(x, torch.Generator().manual_seed(seed))
    return torch.nn.functional.cross_entropy(outputs, y)


def test_mixup_blends_inputs_and_costs_of_each_minibatch() -> None:
    learned, reference = learn(fold(), mixup=0.4), learn(fold())
    expected = []
    for x, y, seed in reference.batches(1):
        generator = torch.Generator().manual_seed(seed)
        blended, first, other, share = mixed(x, y, 0.4, generator)
        outputs = reference.network(blended, generator)
        cost = torch.nn.functional.cross_entropy
        loss = share * cost(outputs, first) + (1 - share) * cost(outputs, other)
        reference.optimizer.zero_grad()
        loss.backward()
        reference.optimizer.step()
        expected.append(loss.item() * len(x))
    assert learned.train(1) == pytest.approx(sum(expected) / N_TRAIN, rel=1e-6)
    for name, tensor in reference.weights().items():
        assert torch.equal(learned.weights()[name], tensor), name


def test_training_rows_alone_are_augmented_each_step_by_its_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[torch.Tensor, int]] = []

    def augment(x: torch.Tensor, seed: int) -> torch.Tensor:
        seen.append((x, seed))
        return x + 1

    plain = learn(fold())
    monkeypatch.setattr(learner, "augmenter", lambda training, shape: augment)
    learned = learn(fold())
    batches = list(plain.batches(1))
    assert learned.train(1) != plain.train(1)
    assert [seed for _, seed in seen] == [seed for _, _, seed in batches]
    assert all(torch.equal(x, batch) for (x, _), (batch, _, _) in zip(seen, batches, strict=True))
    n = len(seen)
    learned.validate()
    learned.predictions(learned.weights())
    assert len(seen) == n


def test_half_precision_trains_float32_weights_and_validates_in_float32() -> None:
    half, whole = learn(fold(), precision="bfloat16"), learn(fold(), precision="float32")
    assert half.train(1) == pytest.approx(whole.train(1), rel=0.02)
    trained = half.weights()
    assert all(tensor.dtype == torch.float32 for tensor in trained.values())
    assert any(not torch.equal(trained[name], t) for name, t in whole.weights().items())
    whole.network.load_state_dict(trained)
    assert half.validate() == whole.validate()


NORMED = load(FLAT, {"model": {"name": "mlp", "norm": "batch"}})


def test_running_averages_are_of_training_minibatches_and_never_of_validation_rows() -> None:
    learned = learn(fold(), NORMED)
    means = [torch.zeros(8)]
    for x, y, seed in learned.batches(1):
        hidden = learned.network.hidden[0](x).detach()
        means.append(0.9 * means[-1] + 0.1 * hidden.mean(dim=0))
        loss = cross_entropy(learned.network, x, y, seed)
        learned.optimizer.zero_grad()
        loss.backward()
        learned.optimizer.step()
    trained = learn(fold(), NORMED)
    trained.train(1)
    of_training = trained.weights()["norms.0.running_mean"]
    torch.testing.assert_close(of_training, means[-1])
    trained.validate()
    trained.predictions(trained.weights())
    assert torch.equal(trained.weights()["norms.0.running_mean"], of_training)


@pytest.mark.parametrize("batch_size", [229, 114])
def test_last_row_by_itself_does_not_stop_batch_norm(batch_size: int) -> None:
    learned = learn(fold(), NORMED, batch_size=batch_size)
    assert sum(learned.sizes) == N_TRAIN
    assert min(learned.sizes) > 1
    assert learned.train(1) > 0
    assert len(learned.course.factors(1, [])) == len(learned.sizes)


def test_what_is_kept_predicts_as_it_did_when_it_was_validated() -> None:
    """Running averages are weights like others: they are kept aside with them."""
    learned = learn(fold(), NORMED)
    learned.train(1)
    kept, then = learned.weights(), learned.validate()["validation_loss"]
    learned.train(2)
    predicted = learned.predictions(kept)
    truth = learned.fold.y_validation
    loss = -np.log(predicted[np.arange(len(truth)), truth]).mean()
    assert loss == pytest.approx(then, rel=1e-5)


def test_only_the_output_layer_learns_at_first(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    torch.save(learn(fold(), seed=9).network.state_dict(), path)
    learned = learn(fold(), start_from=str(path), unfreeze_every=2)
    before = learned.weights()
    for epoch, moved in ((1, {"output"}), (2, {"output"}), (3, {"output", "hidden"})):
        learned.train(epoch)
        after_it = learned.weights()
        found = {n.partition(".")[0] for n in before if not torch.equal(before[n], after_it[n])}
        assert found == moved, epoch
