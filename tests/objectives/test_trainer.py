"""The trainer: equal to a loop written by hand, and deaf to everything but its seed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn import metrics
from torch import Generator, Tensor

from truetune.objectives.contracts import Assignment, DivergedError, Report
from truetune.objectives.development import Description, Development, Fold
from truetune.objectives.seeds import INITIAL_WEIGHTS, draws, fold_seed
from truetune.objectives.trainer import (
    EagerObjective,
    EagerPack,
)
from truetune.spaces import Experiment, Scalar, load

SPACES = Path(__file__).parents[2] / "spaces"
FLAT = Path(__file__).parents[1] / "flat.yaml"
N_TRAIN, N_INPUTS, SEED = 50, 6, 11
ADAM: dict[str, Scalar] = {
    "learning_rate": 0.01,
    "batch_size": 16,  # 50 rows make three whole batches and one of two rows
    "layers": 2,
    "hidden_units": 8,
    "dropout": 0.0,
}
SGD: dict[str, Scalar] = {**ADAM, "optimizer": "sgd", "momentum": 0.9, "weight_decay": 0.1}
Optimizer = Callable[[list[Tensor], list[Tensor]], torch.optim.Optimizer]


def development(task: str) -> Development:
    """Rows whose targets a small network can learn, though not all of them."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, N_INPUTS)).astype(np.float32)
    y = x @ rng.normal(size=(N_INPUTS, 3)) + rng.normal(0, 2, size=(90, 3))
    y = y.argmax(axis=1) if task == "classification" else (100 + 20 * y).astype(np.float32)
    rows, mean, scale = np.arange(90), np.zeros(1, np.float32), np.ones(1, np.float32)
    if task == "regression":
        mean, scale = y[:N_TRAIN].mean(axis=0), y[:N_TRAIN].std(axis=0)
    parts = slice(None, N_TRAIN), slice(N_TRAIN, None)
    (x_train, x_rest), (y_train, y_rest) = ([a[part] for part in parts] for a in (x, y))
    fold = Fold(x_train, y_train, x_rest, y_rest, rows[parts[0]], rows[parts[1]], mean, scale)
    facts = Description("made up", N_INPUTS, 3, N_TRAIN, 40, 10, "", "")
    return Development((fold,), facts)


CLASSES, NUMBERS = development("classification"), development("regression")


def classification(**training: Any) -> Experiment:
    return load(FLAT, {"training": {"epochs": 4, **training}})


def start(
    experiment: Experiment,
    configuration: Mapping[str, Scalar] = ADAM,
    seed: int = SEED,
    data: Development = CLASSES,
) -> EagerPack:
    return EagerPack(Assignment(3, configuration, seed), experiment, data, "cpu")


def train(pack: EagerPack) -> list[Report]:
    """Train to the end and return every report."""
    reports = pack.advance()
    while reports[-1].kept_epoch is None:
        reports += pack.advance()
    return reports


def content(data: Development) -> list[bytes]:
    pairs = [(fold, field.name) for fold in data.folds for field in fields(Fold)]
    return [getattr(fold, name).tobytes() for fold, name in pairs]


def curve(reports: list[Report], metric: str) -> list[float]:
    return [report.metrics[metric] for report in reports]


def weights(pack: EagerPack) -> list[Tensor]:
    return [tensor.clone() for tensor in pack.results(3).weights.values()]


def weights_after(pack: EagerPack) -> list[Tensor]:
    train(pack)
    return weights(pack)


def same(first: list[Tensor], second: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def adam(matrices: list[Tensor], biases: list[Tensor]) -> torch.optim.Optimizer:
    return torch.optim.Adam([*matrices, *biases], lr=0.01, fused=True)


def adam_with_decay(matrices: list[Tensor], biases: list[Tensor]) -> torch.optim.Optimizer:
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": biases}]
    return torch.optim.Adam(groups, lr=0.01, fused=True)


def sgd(matrices: list[Tensor], biases: list[Tensor]) -> torch.optim.Optimizer:
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": biases}]
    return torch.optim.SGD(groups, lr=0.01, momentum=0.9, fused=True)


def initial_weights() -> tuple[list[Tensor], list[Tensor]]:
    """Draw what `ADAM` and `SGD` start from: matrices of 6-8-8-3 units, and biases."""
    generator = Generator().manual_seed(draws(SEED, INITIAL_WEIGHTS, 1)[0])
    shapes = [(8, N_INPUTS, 2.0), (8, 8, 2.0), (3, 8, 1.0)]
    drawn = [
        torch.empty(n_out, n_in).normal_(0, math.sqrt(gain) / math.sqrt(n_in), generator=generator)
        for n_out, n_in, gain in shapes
    ]
    return [w.requires_grad_() for w in drawn], [
        torch.zeros(n_out, requires_grad=True) for n_out, _, _ in shapes
    ]


def forward(
    x: Tensor, matrices: list[Tensor], biases: list[Tensor], rate: float, generator: Generator
) -> Tensor:
    for weight, bias in zip(matrices[:-1], biases[:-1], strict=True):
        x = F.relu(F.linear(x, weight, bias))
        if rate > 0:
            x = x * ((torch.rand(x.shape, generator=generator) >= rate) / (1 - rate))
    return F.linear(x, matrices[-1], biases[-1])


def train_by_hand(
    x: Tensor, y: Tensor, make: Optimizer, rate: float, epochs: int
) -> tuple[list[float], list[Tensor]]:
    """Return the training loss of every epoch, and the weights in the network's order."""
    cost = F.cross_entropy if y.ndim == 1 else F.mse_loss
    matrices, biases = initial_weights()
    optimizer = make(matrices, biases)
    losses = []
    for epoch in range(1, epochs + 1):
        shuffle, *steps = draws(SEED, epoch, 1 + math.ceil(len(x) / 16))
        order = torch.randperm(len(x), generator=Generator().manual_seed(shuffle))
        batches = zip(steps, x[order].split(16), y[order].split(16), strict=True)
        sums = []
        for step, x_batch, y_batch in batches:
            optimizer.zero_grad()
            dropout = Generator().manual_seed(step)
            loss = cost(forward(x_batch, matrices, biases, rate, dropout), y_batch)
            loss.backward()
            optimizer.step()
            sums.append(loss.detach() * len(x_batch))
        losses.append(torch.stack(sums).sum().item() / len(x))
    pairs = zip(matrices, biases, strict=True)
    return losses, [parameter.detach() for pair in pairs for parameter in pair]


def patient(**training: Any) -> Experiment:
    return classification(**{"epochs": 60, "early_stopping": {"patience": 3}, **training})


@pytest.mark.parametrize(
    ("configuration", "make"),
    [
        (ADAM, adam),
        ({**ADAM, "dropout": 0.4}, adam),
        ({**ADAM, "dropout": 0.4, "weight_decay": 0.1}, adam_with_decay),
        (SGD, sgd),
        ({**SGD, "dropout": 0.4}, sgd),
    ],
    ids=["adam", "adam-dropout", "adam-dropout-decay", "sgd", "sgd-dropout"],
)
def test_training_equals_a_loop_written_by_hand(
    configuration: dict[str, Scalar], make: Optimizer
) -> None:
    pack = start(classification(), configuration)
    (fold,) = CLASSES.folds
    x, y = torch.from_numpy(fold.x_train), torch.from_numpy(fold.y_train)
    losses, by_hand = train_by_hand(x, y, make, float(str(configuration["dropout"])), epochs=4)
    assert curve(train(pack), "training_loss") == losses
    assert same(weights(pack), by_hand)


def test_regression_is_trained_on_standard_targets() -> None:
    experiment = load(SPACES / "regression.yaml", {"training": {"epochs": 4}})
    pack = start(experiment, data=NUMBERS)
    (fold,) = NUMBERS.folds
    y = (fold.y_train - fold.y_train.mean(axis=0)) / fold.y_train.std(axis=0)
    losses, by_hand = train_by_hand(
        torch.from_numpy(fold.x_train), torch.from_numpy(y), adam, rate=0, epochs=4
    )
    assert curve(train(pack), "training_loss") == losses
    assert same(weights(pack), by_hand)


def test_validation_metrics_are_those_of_the_epochs_weights() -> None:
    pack = start(classification(), {**ADAM, "dropout": 0.4})
    (fold,) = CLASSES.folds
    for _ in range(4):
        (report,) = pack.advance()
        w = weights(pack)
        outputs = forward(torch.from_numpy(fold.x_validation), w[::2], w[1::2], 0, Generator())
        loss = F.cross_entropy(outputs, torch.from_numpy(fold.y_validation)).item()
        assert report.metrics["validation_loss"] == loss


def test_first_step_decays_matrices_and_no_biases() -> None:
    decay, one_batch = 0.5, {"batch_size": N_TRAIN, "momentum": 0.0}
    plain = start(classification(), {**SGD, **one_batch, "weight_decay": 0.0})
    decayed = start(classification(), {**SGD, **one_batch, "weight_decay": decay})
    before = weights(plain)
    plain.advance()
    decayed.advance()
    for start_value, a, b in zip(before, weights(plain), weights(decayed), strict=True):
        expected = a - 0.01 * decay * start_value if a.ndim == 2 else a
        torch.testing.assert_close(b, expected)


def test_two_packs_with_the_same_seed_are_identical() -> None:
    first, second = (start(classification(), {**ADAM, "dropout": 0.4}) for _ in range(2))
    metrics_of = [[r.metrics for r in train(pack)] for pack in (first, second)]
    assert metrics_of[0] == metrics_of[1]
    assert same(weights(first), weights(second))


def test_another_seed_gives_other_weights_at_once() -> None:
    first, other = (weights(start(classification(), seed=seed)) for seed in (1, 2))
    assert not same(first, other)


def test_the_number_of_a_trial_changes_nothing() -> None:
    first = start(classification(), {**ADAM, "dropout": 0.4})
    assignment = Assignment(99, {**ADAM, "dropout": 0.4}, SEED)
    other = EagerPack(assignment, classification(), CLASSES, "cpu")
    assert curve(train(first), "validation_loss") == curve(train(other), "validation_loss")


def test_global_seeds_change_nothing() -> None:
    curves = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)
        reports = train(start(classification(), {**ADAM, "dropout": 0.4}))
        curves.append(curve(reports, "training_loss"))
    assert curves[0] == curves[1]


def test_global_generators_are_left_untouched() -> None:
    def states() -> tuple[bytes, bytes, int, object]:
        _, key, position, *_ = np.random.get_state()
        of_torch = torch.get_rng_state().numpy().tobytes()
        return of_torch, key.tobytes(), position, random.getstate()

    before = states()
    pack = start(classification(), {**ADAM, "dropout": 0.4})
    train(pack)
    pack.results(3)
    assert states() == before


def test_interleaved_packs_train_as_one_after_another() -> None:
    configuration = {**ADAM, "dropout": 0.4}
    alone = [weights_after(start(classification(), configuration, seed)) for seed in (1, 2)]
    packs = [start(classification(), configuration, seed) for seed in (1, 2)]
    for _ in range(4):
        for pack in packs:
            pack.advance()
    assert same(weights(packs[0]), alone[0])
    assert same(weights(packs[1]), alone[1])


def test_reports_count_epochs_from_one_and_only_the_last_says_what_is_kept() -> None:
    reports = train(start(classification()))
    assert [report.epoch for report in reports] == [1, 2, 3, 4]
    assert [report.kept_epoch for report in reports] == [None, None, None, 4]
    assert {report.number for report in reports} == {3}


def test_last_epoch_is_kept_without_early_stopping() -> None:
    *_, last = reports = train(start(classification(epochs=40)))
    assert min(reports, key=lambda report: report.metrics["validation_loss"]).epoch < 40
    assert last.kept_epoch == 40
    assert (last.kept_metrics or {}).items() >= last.metrics.items()


def test_early_stopping_keeps_the_best_epoch_and_waits_for_its_patience() -> None:
    *_, last = reports = train(start(patient()))
    losses = curve(reports, "validation_loss")
    best = losses.index(min(losses)) + 1
    assert last.kept_epoch == best
    assert (last.kept_metrics or {}).items() >= reports[best - 1].metrics.items()
    assert last.epoch == len(reports) == best + 3 < 60


@pytest.mark.parametrize("patience", [1, 5])
def test_early_stopping_looks_at_the_ends_of_periods_only(patience: int) -> None:
    """Within a period the rate, and with it the loss, is higher than at its end."""
    schedule = {"name": "cosine", "period": 4}
    experiment = patient(schedule=schedule, early_stopping={"patience": patience})
    *_, last = reports = train(start(experiment, {**ADAM, "learning_rate": 0.05}))
    assert [r.epoch for r in reports if r.is_comparable] == list(range(4, last.epoch + 1, 4))
    ends = {r.epoch: r.metrics["validation_loss"] for r in reports if r.is_comparable}
    best = min(ends, key=lambda epoch: ends[epoch])
    assert last.kept_epoch == best
    assert min(curve(reports, "validation_loss")) < ends[best]  # in the midst of one
    assert last.epoch == best + 4 * math.ceil(patience / 4) < 60


def test_gradient_norms_are_recorded_where_they_are_asked_for() -> None:
    silent, recorded = (start(classification(gradient_norms=said)) for said in (None, True))
    plain, *_ = train(silent)
    first, *_, last = train(recorded)
    names = {f"gradient_norm.{layer}" for layer in ("hidden.0", "hidden.1", "output")}
    assert set(first.metrics) - set(plain.metrics) == names
    assert all(first.metrics[name] > 0 for name in names)
    assert first.metrics["training_loss"] == plain.metrics["training_loss"]
    assert not names & set(last.kept_metrics or {})  # a curve, and no quality of the weights


def test_kept_weights_are_those_of_a_run_that_ends_with_the_best_epoch() -> None:
    stopped = start(patient())
    best = train(stopped)[-1].kept_epoch
    until_then = start(classification(epochs=best))
    assert same(weights_after(until_then), weights(stopped))


def test_predictions_reproduce_the_kept_metrics() -> None:
    pack = start(patient())
    kept = train(pack)[-1].kept_metrics or {}
    predicted, truth = pack.results(3).predictions, CLASSES.folds[0].y_validation
    assert kept["validation_loss"] == pytest.approx(metrics.log_loss(truth, predicted))
    accuracy = metrics.accuracy_score(truth, predicted.argmax(axis=1))
    assert kept["validation_accuracy"] == pytest.approx(accuracy)
    f1 = metrics.f1_score(truth, predicted.argmax(axis=1), average="macro")
    assert kept["validation_f1"] == pytest.approx(f1)
    auroc = metrics.roc_auc_score(truth, predicted.astype(np.float64), multi_class="ovr")
    assert kept["validation_auroc"] == pytest.approx(auroc)


def test_metric_that_is_optimised_is_that_of_the_epoch_in_every_epoch() -> None:
    overrides = {"objective": {"metric": "validation_f1"}, "training": {"epochs": 6}}
    *_, last = reports = train(start(load(FLAT, overrides)))
    values = curve(reports, "validation_f1")
    assert len(set(values)) > 1
    assert "validation_auroc" not in last.metrics
    assert (last.kept_metrics or {})["validation_f1"] == values[-1]


def test_predictions_of_a_regression_reproduce_the_kept_metrics() -> None:
    training = {"epochs": 60, "early_stopping": {"patience": 3}}
    pack = start(load(SPACES / "regression.yaml", {"training": training}), data=NUMBERS)
    kept = train(pack)[-1].kept_metrics or {}
    predicted, truth = pack.results(3).predictions, NUMBERS.folds[0].y_validation
    assert kept["validation_r2"] == pytest.approx(metrics.r2_score(truth, predicted), rel=1e-4)
    mae = metrics.mean_absolute_error(truth, predicted)
    assert kept["validation_mae"] == pytest.approx(mae, rel=1e-4)


def test_early_stopping_ends_with_the_last_epoch_at_the_latest() -> None:
    reports = train(start(patient(epochs=2)))
    assert len(reports) == 2
    assert reports[-1].kept_epoch in (1, 2)


def test_maximised_objective_keeps_the_first_of_the_highest() -> None:
    overrides = {
        "objective": {"metric": "validation_accuracy"},
        "training": {"epochs": 60, "early_stopping": {"patience": 3}},
    }
    *_, last = reports = train(start(load(FLAT, overrides)))
    accuracies = curve(reports, "validation_accuracy")
    assert last.kept_epoch == accuracies.index(max(accuracies)) + 1
    assert last.epoch == last.kept_epoch + 3 < 60
    assert min(accuracies) < max(accuracies)


def test_learning_rate_out_of_all_bounds_is_a_divergence_and_not_a_number() -> None:
    pack = start(classification(), {**ADAM, "optimizer": "sgd", "learning_rate": 1e30})
    with pytest.raises(DivergedError, match=r"_loss is (nan|inf) in epoch \d") as caught:
        train(pack)
    assert caught.value.number == 3
    assert caught.value.epoch == pack.epoch


def test_exploding_gradients_are_named_with_the_line_that_clips_them() -> None:
    exploding = {**ADAM, "optimizer": "sgd", "learning_rate": 1e30}
    with pytest.raises(DivergedError) as caught:
        train(start(classification(), exploding))
    assert caught.value.cause == (
        f"training_loss is nan in epoch {caught.value.epoch}: exploding gradients; "
        "`training: {clip_norm: 1.0}` clips them"
    )
    with pytest.raises(DivergedError, match=r"`clip_norm: 1.0` did not hold them, lower"):
        train(start(classification(clip_norm=1.0), exploding))


def test_clipped_gradients_do_not_explode() -> None:
    data = development("regression")
    data.folds[0].x_train[:] *= 1e4
    said = {"epochs": 4, "optimizer": "sgd", "learning_rate": 0.01, "batch_size": 16}
    space = SPACES / "regression.yaml"
    configuration = {"layers": 2, "hidden_units": 8}
    parameters = {"parameters": {"layers": 2}}
    with pytest.raises(DivergedError, match="exploding gradients"):
        train(start(load(space, {"training": said} | parameters), configuration, data=data))
    clipped = load(space, {"training": {**said, "clip_norm": 1.0}} | parameters)
    assert len(train(start(clipped, configuration, data=data))) == 4


def test_a_unit_that_an_infinite_gradient_has_killed_does_not_hide_it() -> None:
    pack = start(classification())
    pack.advance()
    weight = pack.learners[0].parameters[1]  # the biases of the first layer
    weight.data[0] = -math.inf  # and ReLU makes nothing of it
    with pytest.raises(DivergedError, match="weights are not finite in epoch 2: exploding"):
        pack.advance()


def test_divergence_of_the_last_step_is_seen_on_the_validation_rows() -> None:
    configuration = {**ADAM, "optimizer": "sgd", "learning_rate": 1e30, "batch_size": N_TRAIN}
    with pytest.raises(DivergedError, match=r"validation_loss is (nan|inf) in epoch 1"):
        start(classification(), configuration).advance()


def test_data_are_left_as_they_were() -> None:
    data = development("regression")
    before = content(data)
    train(start(load(SPACES / "regression.yaml", {"training": {"epochs": 2}}), data=data))
    assert content(data) == before


# Ray hands out arrays that cannot be written.
def test_read_only_data_train_alike() -> None:
    arrays = {f.name: getattr(CLASSES.folds[0], f.name).copy() for f in fields(Fold)}
    for array in arrays.values():
        array.flags.writeable = False
    read_only = replace(CLASSES, folds=(Fold(**arrays),))
    first = train(start(classification(), data=read_only))
    assert curve(first, "training_loss") == curve(train(start(classification())), "training_loss")


def test_objective_starts_a_pack_of_one_that_admits_no_other() -> None:
    assignment = Assignment(5, ADAM, SEED)
    pack = EagerObjective(classification()).start([assignment], CLASSES, "cpu")
    assert not pack.admit(Assignment(6, ADAM, SEED))
    assert [report.number for report in pack.advance()] == [5]


# Folds: a network for each, judged as one.


def folded(data: Development, n: int = 2) -> Development:
    """Return folds of the same rows: the first as it is, those after it turned round."""
    (fold,) = data.folds
    x, y = (
        np.concatenate(pair)
        for pair in ((fold.x_train, fold.x_validation), (fold.y_train, fold.y_validation))
    )
    folds = [fold]
    for i in range(1, n):
        rows = np.roll(np.arange(90), 40 * i)
        train, validation = rows[:N_TRAIN], rows[N_TRAIN : 90 - i]
        mean, scale = fold.target_mean, fold.target_scale
        if y.ndim == 2:
            mean, scale = y[train].mean(axis=0), y[train].std(axis=0)
        folds.append(
            Fold(x[train], y[train], x[validation], y[validation], train, validation, mean, scale)
        )
    return replace(data, folds=tuple(folds), description=replace(data.description, n_folds=n))


def alone(data: Development, i: int) -> Development:
    return replace(data, folds=data.folds[i : i + 1])


DROPOUT: dict[str, Scalar] = {**ADAM, "dropout": 0.4}


@pytest.mark.parametrize("n", [2, 3])
def test_folds_are_networks_that_train_alone(n: int) -> None:
    data = folded(CLASSES, n)
    pack = start(classification(), DROPOUT, data=data)
    reports = train(pack)
    packs = [
        start(classification(), DROPOUT, fold_seed(SEED, i), alone(data, i)) for i in range(n)
    ]
    each = [train(one) for one in packs]
    for name in reports[0].metrics:
        expected = np.mean([curve(of_fold, name) for of_fold in each], axis=0)
        np.testing.assert_allclose(curve(reports, name), expected, rtol=1e-12)
    results = pack.results(3)
    assert [*results.weights] == [
        f"{i}.{name}" for i in range(n) for name in packs[0].results(3).weights
    ]
    assert same(weights(pack), [tensor for one in packs for tensor in weights(one)])
    predicted = np.concatenate([one.results(3).predictions for one in packs])
    assert results.predictions.tobytes() == predicted.tobytes()


def test_first_folds_network_is_the_holdouts() -> None:
    holdout, first = (
        start(classification(), DROPOUT),
        start(classification(), DROPOUT, data=folded(CLASSES)),
    )
    train(holdout)
    train(first)
    of_holdout, of_folds = holdout.results(3), first.results(3)
    for name, tensor in of_holdout.weights.items():
        assert torch.equal(of_folds.weights[f"0.{name}"], tensor)
    n_validation = len(CLASSES.folds[0].y_validation)
    assert of_folds.predictions[:n_validation].tobytes() == of_holdout.predictions.tobytes()


def test_folds_start_from_weights_of_their_own() -> None:
    started = start(classification(), data=folded(CLASSES)).results(3).weights
    assert not torch.equal(started["0.hidden.0.weight"], started["1.hidden.0.weight"])


def test_folds_stop_as_one_and_keep_one_epoch() -> None:
    pack = start(patient(), data=folded(CLASSES))
    *_, last = reports = train(pack)
    losses = curve(reports, "validation_loss")
    assert last.kept_epoch == losses.index(min(losses)) + 1
    assert last.epoch == last.kept_epoch + 3 < 60
    until_then = start(classification(epochs=last.kept_epoch), data=folded(CLASSES))
    assert same(weights_after(until_then), weights(pack))


def test_predictions_of_folds_reproduce_the_kept_metrics() -> None:
    experiment = load(SPACES / "regression.yaml", {"training": {"epochs": 5}})
    pack, data = start(experiment, data=folded(NUMBERS)), folded(NUMBERS)
    kept = train(pack)[-1].kept_metrics or {}
    truth = [fold.y_validation for fold in data.folds]
    predicted = np.split(pack.results(3).predictions, [len(truth[0])])
    pairs = list(zip(truth, predicted, strict=True))
    mae = np.mean([metrics.mean_absolute_error(*pair) for pair in pairs])
    assert kept["validation_mae"] == pytest.approx(mae, rel=1e-4)
    r2 = np.mean([metrics.r2_score(*pair) for pair in pairs])
    assert kept["validation_r2"] == pytest.approx(r2, rel=1e-4)


def test_fold_that_diverges_ends_the_trial() -> None:
    data = folded(CLASSES)
    data.folds[1].x_train[...] = np.inf
    with pytest.raises(DivergedError, match="training_loss is nan in epoch 1"):
        start(classification(), data=data).advance()


def test_loaded_development_trains_alike(tmp_path: Path) -> None:
    folded(CLASSES).save(tmp_path)
    expected = train(start(classification(), DROPOUT, data=folded(CLASSES)))
    loaded = train(start(classification(), DROPOUT, data=Development.load(tmp_path)))
    assert [r.metrics for r in loaded] == [r.metrics for r in expected]


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_fit_is_the_metric_of_the_kept_weights_on_evenly_spread_training_rows(
    task: str,
) -> None:
    data = CLASSES if task == "classification" else NUMBERS
    experiment = load(FLAT, {"task": task, "training": {"epochs": 4}})
    pack = start(experiment, {**ADAM, "dropout": 0.4}, data=data)
    kept = train(pack)[-1].kept_metrics
    weights = {k: v.numpy().astype(float) for k, v in pack.results(3).weights.items()}
    places = np.linspace(0, N_TRAIN - 1, 40).round().astype(int)  # as many as are validated
    rows = data.folds[0].x_train[places].astype(float)
    for i in range(2):
        rows = rows @ weights[f"hidden.{i}.weight"].T + weights[f"hidden.{i}.bias"]
        rows = np.maximum(rows, 0)
    outputs = rows @ weights["output.weight"].T + weights["output.bias"]
    targets, fold = data.folds[0].y_train[places], data.folds[0]
    if task == "classification":
        shares = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
        expected = metrics.log_loss(targets, shares, labels=[0, 1, 2])
    else:
        standard = (targets - fold.target_mean) / fold.target_scale
        expected = metrics.mean_squared_error(standard, outputs)
    assert kept is not None
    assert kept["fit_loss"] == pytest.approx(expected, rel=1e-4)
