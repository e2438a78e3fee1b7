"""Networks trained on: as a trial is trained that begins with the same weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from truetune.objectives.contracts import Assignment, Report
from truetune.objectives.development import Development
from truetune.objectives.guard.predicting import weights_of_fold
from truetune.objectives.metrics import OBJECTIVES
from truetune.objectives.preparation import develop
from truetune.objectives.pruning.retraining import (
    networks_of,
    predicted,
    scores,
    threads_of,
    train_on,
)
from truetune.objectives.rowwise import Part
from truetune.objectives.single import train
from truetune.spaces import Experiment

CONFIGURATION = {"layers": 1, "hidden_units": 6, "batch_size": 32}


def part_of(development: Development) -> Part:
    folds = development.folds
    return Part.of([f.y_validation for f in folds], [f.target_scale for f in folds])


def test_weights_predict_what_the_trial_predicted(
    quick: Experiment, development: Development
) -> None:
    assignment = Assignment(3, CONFIGURATION, seed=7)
    trained = train(quick, assignment, development)
    assert trained.results is not None
    networks = networks_of(quick, assignment, development, [trained.results.weights])
    found = predicted(quick, development, networks)
    assert np.array_equal(found, trained.results.predictions)
    metrics = scores(quick, part_of(development), found)
    assert trained.last.kept_metrics is not None
    assert set(metrics) == set(OBJECTIVES[quick.task])
    for name, value in metrics.items():
        assert value == pytest.approx(trained.last.kept_metrics[name], rel=1e-5)


def test_training_on_begins_with_the_weights_it_is_given(
    quick: Experiment, development: Development
) -> None:
    assignment = Assignment(3, CONFIGURATION, seed=7)
    begun = networks_of(quick, assignment, development, [_initial(quick, development)])
    told: list[Report] = []
    state = {key: tensor.clone() for key, tensor in begun[0].state_dict().items()}
    found = train_on(quick, assignment, development, [state], "cpu", told.append)
    plain = train(quick, assignment, development)
    assert found.results is not None
    assert plain.results is not None
    assert [report.epoch for report in told] == [1, 2, 3, 4]
    # Another seed's first weights, and the seed's own order of rows.
    assert not np.allclose(found.results.predictions, plain.results.predictions)
    own = networks_of(quick, assignment, development, [_initial(quick, development, seed=7)])
    same = train_on(quick, assignment, development, [own[0].state_dict()], "cpu")
    assert same.results is not None
    assert np.array_equal(same.results.predictions, plain.results.predictions)


def _initial(
    experiment: Experiment, development: Development, seed: int = 1
) -> dict[str, torch.Tensor]:
    from truetune.objectives.networks import initial

    inputs, n_outputs = development.inputs[0], development.description.n_outputs
    return initial(experiment, CONFIGURATION, inputs, n_outputs, seed).state_dict()


def test_every_fold_trains_on_with_its_own_weights(quick: Experiment) -> None:
    split = quick.data.split.model_copy(update={"folds": 3})
    experiment = quick.model_copy(update={"data": quick.data.model_copy(update={"split": split})})
    development = develop(experiment)
    assignment = Assignment(0, CONFIGURATION, seed=5)
    first = train(experiment, assignment, development)
    assert first.results is not None
    states = [weights_of_fold(first.results.weights, i, 3) for i in range(3)]
    networks = networks_of(experiment, assignment, development, states)
    assert np.array_equal(predicted(experiment, development, networks), first.results.predictions)
    again = train_on(experiment, assignment, development, states, "cpu")
    assert again.results is not None
    losses = [
        t.last.kept_metrics["validation_loss"] for t in (first, again) if t.last.kept_metrics
    ]
    assert losses[1] < losses[0]


def test_as_many_threads_are_used_as_a_worker_has(quick: Experiment) -> None:
    before = torch.get_num_threads()
    with threads_of(quick):
        assert torch.get_num_threads() == quick.resources.cpus == 1
    assert torch.get_num_threads() == before
