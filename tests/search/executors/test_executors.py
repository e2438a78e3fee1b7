"""Every executor does the same, seen from the loop."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from truetune.objectives.contracts import Assignment
from truetune.objectives.development import Development
from truetune.search.executors import cluster
from truetune.search.executors.base import (
    Diverged,
    Event,
    Executor,
    Failed,
    Finished,
    Lost,
    Progress,
)
from truetune.search.executors.inline import InlineExecutor
from truetune.spaces import Experiment

GOOD = {
    "learning_rate": 0.01,
    "batch_size": 32,
    "layers": 1,
    "hidden_units": 8,
    "dropout": 0.1,
}


@pytest.fixture(scope="module")
def ray_started(quick: Experiment) -> Iterator[None]:
    cluster.start(None, quick.resources)
    yield
    cluster.stop()


@pytest.fixture
def on_ray(
    ray_started: None, quick: Experiment, development: Development, tmp_path: Path
) -> Iterator[Callable[..., Any]]:
    """Make executors on Ray; their actors end with the test, Ray with the module."""
    import ray

    from truetune.search.executors.ray_actors import RayExecutor

    made: list[RayExecutor] = []

    def make(n_workers: int) -> RayExecutor:
        made.append(RayExecutor(quick, development, str(tmp_path), n_workers, 0.0))
        return made[-1]

    yield make
    for seat in (seat for executor in made for seat in executor.seats):
        ray.kill(seat.actor)


@pytest.fixture(params=["inline", "ray"])
def executor(
    request: pytest.FixtureRequest, quick: Experiment, development: Development, tmp_path: Path
) -> Any:
    if request.param == "inline":
        return InlineExecutor(quick, development, str(tmp_path))
    return request.getfixturevalue("on_ray")(1)


def step(executor: Executor) -> list[Event]:
    """Let what is there train an epoch, and wait for what comes of it."""
    executor.dispatch()
    for _ in range(100):
        if events := executor.events():
            return events
    raise AssertionError("nothing happened")


def test_a_trial_trains_epoch_by_epoch_to_its_end(executor: Executor) -> None:
    executor.submit(Assignment(3, GOOD, 5))
    events = [event for _ in range(4) for event in step(executor)]
    assert [type(event) for event in events] == [Progress, Progress, Progress, Finished]
    assert [event.report.epoch for event in events] == [1, 2, 3, 4]
    assert {event.report.number for event in events} == {3}


def test_a_finished_trial_has_its_files_where_it_says(executor: Executor) -> None:
    executor.submit(Assignment(0, GOOD, 5))
    (finished,) = [step(executor) for _ in range(4)][-1]
    folder = Path(finished.folder)
    assert {p.name for p in folder.iterdir()} == {"weights.safetensors", "validation.npy"}


def test_a_pruned_trial_makes_room_and_leaves_its_predictions(
    executor: Executor, tmp_path: Path
) -> None:
    executor.submit(Assignment(0, GOOD, 5))
    step(executor)
    executor.prune(0)
    executor.submit(Assignment(1, GOOD, 6))
    (event,) = step(executor)
    assert (event.report.number, event.report.epoch) == (1, 1)
    assert [path.name for path in (tmp_path / "0").iterdir()] == ["validation.npy"]


def test_a_trial_that_raises_fails_with_its_own_traceback(executor: Executor) -> None:
    executor.submit(Assignment(0, {**GOOD, "hidden_units": 0}, 5))
    (event,) = step(executor)
    assert isinstance(event, Failed)
    assert event.cause == "ValueError: `hidden_units >= 1` must hold, but got 0."
    assert "models/mlp.py" in event.traceback
    executor.submit(Assignment(1, GOOD, 5))
    assert isinstance(step(executor)[0], Progress)


def test_a_trial_that_diverges_says_when_and_how(executor: Executor) -> None:
    settings = {**GOOD, "learning_rate": 1e30, "optimizer": "sgd"}
    executor.submit(Assignment(0, settings, 5))
    (event,) = [event for _ in range(1) for event in step(executor)]
    assert isinstance(event, Diverged)
    assert event.epoch == 1
    assert "in epoch 1" in event.cause


def test_both_executors_train_the_same_numbers(
    on_ray: Callable[..., Any], quick: Experiment, development: Development, tmp_path: Path
) -> None:
    metrics = []
    for twin in (InlineExecutor(quick, development, str(tmp_path / "a")), on_ray(1)):
        twin.submit(Assignment(0, GOOD, 5))
        metrics.append([step(twin)[0].report.metrics for _ in range(4)])
    assert metrics[0] == metrics[1]


def test_a_worker_that_dies_loses_its_trial_and_is_replaced(on_ray: Callable[..., Any]) -> None:
    import ray

    executor = on_ray(1)
    executor.submit(Assignment(7, GOOD, 5))
    step(executor)
    pid = ray.get(executor.seats[0].actor.__ray_call__.remote(lambda self: os.getpid()))
    os.kill(pid, signal.SIGKILL)
    (event,) = step(executor)
    assert isinstance(event, Lost)
    assert event.number == 7
    executor.submit(Assignment(7, GOOD, 5))
    assert step(executor)[0].report.epoch == 1


def test_two_workers_train_side_by_side(on_ray: Callable[..., Any]) -> None:
    executor = on_ray(2)
    for number in (0, 1):
        executor.submit(Assignment(number, GOOD, number))
    seen = {event.report.number for _ in range(6) for event in step(executor)}
    assert seen == {0, 1}
