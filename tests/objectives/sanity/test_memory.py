"""What a step takes is what its tensors take, and what does not fit is told before a search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from truetune.models.inputs import Inputs
from truetune.objectives.preparation import develop
from truetune.objectives.sanity import memory
from truetune.objectives.sanity.largest import Measurement
from truetune.objectives.sanity.memory import need_of
from truetune.spaces import Experiment

Make = Callable[..., Experiment]
FLOAT = 4  # bytes


def need(experiment: Experiment, **chosen: Any) -> memory.Need:
    configuration = {"layers": 1, "hidden_units": 10, **chosen}
    return need_of(experiment, configuration, Inputs((13,)), 3, 100, "cpu")


@pytest.mark.parametrize(
    ("training", "n_states", "n_copies"),
    [
        ({"optimizer": "adam"}, 2, 0),
        ({"optimizer": "adamw", "early_stopping": {"patience": 2}}, 2, 1),
        ({"optimizer": "rmsprop"}, 1, 0),
        ({"optimizer": "sgd"}, 0, 0),
        ({"optimizer": "sgd", "momentum": 0.9}, 1, 0),
    ],
)
def test_weights_are_counted_with_all_that_is_kept_of_each(
    training: dict[str, Any], n_states: int, n_copies: int, make: Make
) -> None:
    found = need(make(training=training))
    n = 13 * 10 + 10 + 10 * 3 + 3
    assert found.n_parameters == n
    assert (found.weights, found.gradients) == (n * FLOAT, n * FLOAT)
    assert (found.optimizer, found.kept) == (n_states * n * FLOAT, n_copies * n * FLOAT)
    assert found.is_taken
    assert not found.has_failed


@pytest.mark.parametrize(("batch_size", "n_rows"), [(16, 16), (64, 64), (256, 100)])
def test_what_the_backward_pass_needs_grows_by_the_row(
    batch_size: int, n_rows: int, make: Make
) -> None:
    found = need(make(training={"batch_size": batch_size}))
    # The inputs, of which the first layer's gradient is made, and the units after the ReLU.
    assert (found.n_rows, found.backward) == (n_rows, n_rows * (13 + 10) * FLOAT)


def test_a_step_that_fails_for_memory_says_so(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any) -> None:
        raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9")

    monkeypatch.setattr(memory, "_step", failing)
    found = need(make())
    assert (found.has_failed, found.is_taken) == (True, False)
    assert found.total > 0


def test_another_error_is_not_taken_for_want_of_memory(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> None:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(memory, "_step", failing)
    with pytest.raises(RuntimeError, match="shapes"):
        need(make())


def test_a_network_that_no_machine_holds_is_an_error_and_ends_nothing_else(make: Make) -> None:
    widths = {"type": "int", "low": 8, "high": 10_000_000, "log": True, "repeat": "layers"}
    layers = {"type": "int", "low": 1, "high": 3}
    experiment = make(parameters={"layers": layers, "hidden_units": widths})
    measurement = Measurement(experiment, develop(experiment), "cpu")
    try:
        most, (one,) = measurement.result()
    finally:
        measurement.cancel()
    assert most is not None
    assert most.need.has_failed
    assert one.finding.level == "error"
    assert "hidden_units.2: 10000000" in one.finding.where
    assert "are free" in one.finding.found


@pytest.mark.parametrize(
    ("workers", "free", "levels"), [(1, 1.5, []), (2, 1.5, ["warning"]), (1, 0.5, ["error"])]
)
def test_all_workers_steps_are_held_against_what_is_free(
    workers: int, free: float, levels: list[str], make: Make
) -> None:
    experiment = make(resources={"workers": workers})
    measurement = Measurement(experiment, develop(experiment), "cpu")
    configuration = experiment.space.default()
    total = need_of(experiment, configuration, Inputs((13,)), 3, 106, "cpu").total
    measurement.free = int(free * total)
    most, faults = measurement.result()
    assert most is not None
    assert [one.finding.level for one in faults] == levels
    assert all("--workers 1" in one.finding.fix for one in faults if workers == 2)
