"""The range test: the trainer's own steps at growing rates, on the rows that it may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from truetune.errors import InputError
from truetune.models.inputs import Inputs
from truetune.objectives import range_test
from truetune.objectives.configurations import training_of
from truetune.objectives.contracts import Assignment
from truetune.objectives.development import Array, Description, Development, Fold
from truetune.objectives.learner import Learner
from truetune.objectives.range_test import HIGHEST, LOWEST, rates, run, sweep
from truetune.objectives.rate_curve import Curve, marks_of
from truetune.objectives.seeds import trial_seed
from truetune.spaces import Experiment, load

FLAT = Path(__file__).parents[1] / "flat.yaml"
N_INPUTS = 5


def made_up(n_train: int = 200, seed: int = 0) -> Development:
    """Rows whose standardised target is a linear function of their inputs, and some noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_train + 50, N_INPUTS)).astype(np.float32) * [3, 1, 1, 1, 0.5]
    y = (x @ rng.normal(size=(N_INPUTS, 1)) + rng.normal(size=(len(x), 1))).astype(np.float32)
    rows = np.arange(len(x))
    fold = Fold(
        x_train=x[:n_train].astype(np.float32),
        y_train=y[:n_train],
        x_validation=x[n_train:].astype(np.float32),
        y_validation=y[n_train:],
        train_rows=rows[:n_train],
        validation_rows=rows[n_train:],
        target_mean=y[:n_train].mean(axis=0),
        target_scale=y[:n_train].std(axis=0),
    )
    return Development((fold,), Description("made up", N_INPUTS, 1, n_train, 50, 0, "", ""))


def experiment_of(parameters: Mapping[str, Any] | None = None, **training: Any) -> Experiment:
    """A linear model, trained with plain SGD where nothing else is said."""
    fixed = {"optimizer": "sgd", "batch_size": 32, "epochs": 2, **training}
    return load(
        FLAT,
        {
            "data.source": "sklearn:diabetes",
            "data.split.stratify": False,
            "task": "regression",
            "model": "linear",
            "training": fixed,
            "parameters": parameters or {"learning_rate": {**RATE}},
        },
    )


def swept(experiment: Experiment, development: Development) -> Curve:
    """Sweep twice, which is enough where no noise is looked at."""
    return run(experiment, development, n_sweeps=2)


RATE = {"type": "float", "low": 1e-4, "high": 1e-1, "log": True}


def changed(development: Development, **arrays: Array) -> Development:
    return replace(development, folds=(replace(development.folds[0], **arrays),))


def test_rates_grow_by_the_same_factor() -> None:
    assert rates() == pytest.approx(np.logspace(-8, 2, 201))
    assert (rates()[0], rates()[-1]) == (LOWEST, HIGHEST)


def test_a_sweep_is_plain_gradient_descent_at_each_rate_in_turn() -> None:
    experiment, development = experiment_of(), made_up()
    seed = trial_seed(experiment.seed, 3)
    fold = development.folds[0]
    drawn = Learner(  # for its initial weights and the order of its rows
        Assignment(3, {}, seed),
        seed,
        experiment,
        training_of(experiment, {}),
        fold,
        Inputs((N_INPUTS,)),
        1,
        "cpu",
    )
    weight, bias = (p.detach().double() for p in drawn.network.parameters())
    expected = []
    batches = (batch for epoch in range(1, 40) for batch in drawn.batches(epoch))
    for rate, (x, y, _) in zip(rates(), batches, strict=False):
        error = x.double() @ weight.T + bias - y.double()
        expected.append(float((error**2).mean()))
        weight = weight - rate * 2 * error.T @ x.double() / len(x)
        bias = bias - rate * 2 * error.mean(dim=0)
    losses = sweep(experiment, development, 3, "cpu").losses
    assert 100 < len(losses) < len(rates())
    assert losses == pytest.approx(expected[: len(losses)], rel=1e-3)


def test_the_minimum_is_where_gradient_descent_on_all_rows_is_known_to_diverge() -> None:
    """Along an eigenvector of the Hessian the loss grows from a rate of 2 / eigenvalue on, and
    takes some steps until it has grown from next to nothing."""
    development = made_up()
    x = development.folds[0].x_train
    inputs = np.hstack([x, np.ones((len(x), 1))])
    largest = np.linalg.eigvalsh(2 * inputs.T @ inputs / len(x)).max()
    marks = marks_of(swept(experiment_of(batch_size=1000), development))
    assert marks is not None
    assert marks.suggested.rate < 2 / largest < marks.minimum.rate < 3 * 2 / largest


def test_a_sweep_starts_as_the_trial_of_its_number_does() -> None:
    experiment, development = experiment_of(), made_up()
    losses = [sweep(experiment, development, number, "cpu").losses[0] for number in (0, 1)]
    for number, loss in enumerate(losses):
        seed = trial_seed(experiment.seed, number)
        arguments = (experiment, training_of(experiment, {}), development.folds[0])
        learner = Learner(
            Assignment(number, {}, seed), seed, *arguments, Inputs((N_INPUTS,)), 1, "cpu"
        )
        x, y, _ = next(learner.batches(1))
        assert loss == F.mse_loss(learner.network(x), y).item()
    assert losses[0] != losses[1]


def test_rows_are_gone_over_again_where_they_are_few() -> None:
    development = made_up(n_train=7)
    found = sweep(experiment_of(batch_size=5), development, 0, "cpu")
    assert found.n_rows[:4] == (5, 2, 5, 2)
    assert len(found.losses) > 100


def test_two_rows_are_enough_to_go_through_rates() -> None:
    assert marks_of(swept(experiment_of(), made_up(n_train=2))) is not None


@pytest.mark.parametrize(
    "training",
    [
        {"schedule": {"name": "cosine", "period": 1}},
        {"schedule": {"name": "one_cycle", "warmup": 0.5}},
        {"epochs": 50},
        {"learning_rate": 7.0},
        {"gradient_norms": True},
        {"unfreeze_every": 1},
    ],
)
def test_what_the_file_says_of_rates_and_epochs_changes_nothing(training: dict[str, Any]) -> None:
    parameters = {"weight_decay": 0.001}
    plain, other = (experiment_of(parameters, **said) for said in ({}, training))
    assert swept(other, made_up()) == swept(plain, made_up())


def test_validation_rows_change_nothing() -> None:
    development = made_up()
    other = changed(
        development,
        x_validation=np.full((9, N_INPUTS), 1e6, np.float32),
        y_validation=np.full((9, 1), -1e6, np.float32),
    )
    assert swept(experiment_of(), other) == swept(experiment_of(), development)


def test_other_folds_than_the_first_change_nothing() -> None:
    development = made_up()
    folds = (*development.folds, *made_up(seed=1).folds)
    assert swept(experiment_of(), Development(folds, development.description)) == swept(
        experiment_of(), development
    )


def test_the_same_seed_gives_the_same_curve_and_another_another() -> None:
    experiment, development = experiment_of(), made_up()
    assert swept(experiment, development) == swept(experiment, development)
    other = experiment.model_copy(update={"seed": 1})
    assert swept(other, development) != swept(experiment, development)


def test_torchs_own_generator_is_left_as_it_was() -> None:
    before = torch.random.get_rng_state()
    swept(experiment_of(), made_up())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_network_with_dropout_and_batch_norm_is_swept_like_it_trains(
    quick: Experiment, development: Development
) -> None:
    marks = marks_of(swept(quick, development))
    assert marks is not None
    assert 1e-5 < marks.low < marks.suggested.rate < marks.high < 10


def test_no_further_sweep_begins_once_the_time_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    run(experiment_of(), made_up(), n_sweeps=3, show=begun.append)
    monkeypatch.setattr(range_test, "SECONDS", 0.0)
    assert run(experiment_of(), made_up(), show=begun.append).n_sweeps == 1
    assert begun == [1, 2, 3, 1]


def test_a_cost_that_no_weight_changes_has_no_marks(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def f(outputs, targets):\n    return (0 * outputs).mean()\n")
    assert marks_of(swept(experiment_of(cost=f"{tmp_path}/own.py:f"), made_up())) is None


def test_a_cost_below_nothing_is_swept_like_any_other(tmp_path: Path) -> None:
    body = "def f(outputs, targets):\n    return ((outputs - targets) ** 2).mean() - 100\n"
    (tmp_path / "own.py").write_text(body)
    plain = marks_of(swept(experiment_of(), made_up()))
    own = marks_of(swept(experiment_of(cost=f"{tmp_path}/own.py:f"), made_up()))
    assert plain is not None
    assert own is not None
    assert own.suggested.rate == pytest.approx(plain.suggested.rate, rel=0.1)


def test_rows_that_are_not_finite_are_refused() -> None:
    development = made_up()
    x = development.folds[0].x_train.copy()
    x[0] = np.nan
    with pytest.raises(InputError, match="not a finite number before any step"):
        swept(experiment_of(batch_size=1000), changed(development, x_train=x))
