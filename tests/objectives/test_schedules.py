"""Schedules: the rates that torch's own schedulers give, from the epoch and the step alone."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler

from truetune.objectives.schedules import Course
from truetune.spaces.schedule import OPTIONS, Schedule

RATE = 0.3
SETTINGS = range(25)


def course(random_: random.Random, **said: Any) -> Course:
    return Course(Schedule(**said), random_.randint(2, 40), random_.randint(1, 12))


def rates(of: Course, losses: list[float] | None = None) -> list[float]:
    """Return the rate of every step of a run."""
    known = losses or [1.0] * of.n_epochs
    epochs = range(1, of.n_epochs + 1)
    return [RATE * f for epoch in epochs for f in of.factors(epoch, known[: epoch - 1])]


def optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)


@pytest.fixture(autouse=True)
def _no_step_before_a_scheduler() -> Iterator[None]:
    """Nothing is trained here, which torch's schedulers warn of."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step")
        yield


def by_epochs(of: Course, scheduler: lr_scheduler.LRScheduler) -> list[float]:
    """Return the rates of a scheduler of torch's that is stepped after each epoch."""
    found = []
    for _ in range(of.n_epochs):
        found += [scheduler.optimizer.param_groups[0]["lr"]] * of.n_steps
        scheduler.step()
    return found


def by_steps(of: Course, scheduler: lr_scheduler.LRScheduler) -> list[float]:
    """Return the rates of a scheduler of torch's that is stepped after each minibatch."""
    found = []
    for step in range(of.n_epochs * of.n_steps):
        found.append(scheduler.optimizer.param_groups[0]["lr"])
        if step < of.n_epochs * of.n_steps - 1:
            scheduler.step()
    return found


def close(found: list[float], expected: list[float]) -> None:
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("seed", SETTINGS)
def test_exponential_is_torchs(seed: int) -> None:
    draw = random.Random(seed)
    decay = draw.uniform(0.5, 0.999)
    ours = course(draw, name="exponential", decay=decay)
    close(rates(ours), by_epochs(ours, lr_scheduler.ExponentialLR(optimizer(), decay)))


@pytest.mark.parametrize("seed", SETTINGS)
def test_staircase_is_torchs(seed: int) -> None:
    draw = random.Random(seed)
    factor, every = draw.uniform(0.05, 0.95), draw.randint(1, 10)
    ours = course(draw, name="staircase", factor=factor, every=every)
    close(rates(ours), by_epochs(ours, lr_scheduler.StepLR(optimizer(), every, factor)))


@pytest.mark.parametrize("seed", SETTINGS)
def test_plateau_is_torchs(seed: int) -> None:
    draw = random.Random(seed)
    factor, patience = draw.uniform(0.05, 0.95), draw.randint(0, 4)
    ours = course(draw, name="plateau", factor=factor, patience=patience)
    losses = [draw.choice([1.0, 0.99995, draw.uniform(0.5, 1.5)]) for _ in range(ours.n_epochs)]
    of_torch = optimizer()
    scheduler = lr_scheduler.ReduceLROnPlateau(of_torch, "min", factor, patience, eps=0)
    expected = []
    for loss in losses:
        expected += [of_torch.param_groups[0]["lr"]] * ours.n_steps
        scheduler.step(loss)
    close(rates(ours, losses), expected)
    assert len({*rates(ours, [1.0] * ours.n_epochs)}) > 1 or ours.n_epochs <= patience + 2


@pytest.mark.parametrize("seed", SETTINGS)
def test_cosine_with_restarts_is_torchs_stepped_by_parts_of_epochs(seed: int) -> None:
    draw = random.Random(seed)
    period, multiplier = draw.randint(1, 9), draw.randint(1, 3)
    ours = course(draw, name="cosine", period=period, multiplier=multiplier)
    of_torch = optimizer()
    scheduler = lr_scheduler.CosineAnnealingWarmRestarts(of_torch, period, multiplier)
    expected = []
    for epoch in range(ours.n_epochs):
        for step in range(ours.n_steps):
            scheduler.step(epoch + step / ours.n_steps)
            expected.append(of_torch.param_groups[0]["lr"])
    close(rates(ours), expected)


@pytest.mark.parametrize("seed", SETTINGS)
def test_cosine_without_a_period_is_torchs_over_the_run(seed: int) -> None:
    ours = course(random.Random(seed), name="cosine")
    n_steps = ours.n_epochs * ours.n_steps
    close(rates(ours), by_steps(ours, lr_scheduler.CosineAnnealingLR(optimizer(), n_steps)))


@pytest.mark.parametrize("seed", SETTINGS)
def test_one_cycle_is_torchs(seed: int) -> None:
    ours = course(random.Random(seed), name="one_cycle")
    scheduler = lr_scheduler.OneCycleLR(
        optimizer(), RATE, ours.n_epochs * ours.n_steps, cycle_momentum=False
    )
    close(rates(ours), by_steps(ours, scheduler))


@pytest.mark.parametrize("seed", SETTINGS)
def test_warmup_is_torchs_linear_one(seed: int) -> None:
    draw = random.Random(seed)
    n_epochs, n_steps = draw.randint(2, 20), draw.randint(2, 12)
    warmup = draw.randint(1, n_epochs)
    ours = Course(Schedule(name="constant", warmup=warmup), n_epochs, n_steps)
    n_rising = warmup * n_steps
    scheduler = lr_scheduler.LinearLR(optimizer(), 1 / n_rising, total_iters=n_rising - 1)
    close(rates(ours), by_steps(ours, scheduler))


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("warmup", [0.25, 1.5, 6])
def test_warmup_multiplies_any_schedule(name: str, warmup: float) -> None:
    losses = [1.0, 0.9, 0.9, 0.9, 0.9, 0.9]
    alone = rates(Course(Schedule(name=name), 6, 4), losses)
    rising = rates(Course(Schedule(name=name, warmup=warmup), 6, 4), losses)
    ramp = [min(1, (step + 1) / (4 * warmup)) for step in range(24)]
    assert rising == pytest.approx([r * f for r, f in zip(alone, ramp, strict=True)])
    assert ramp[-1] == 1


@pytest.mark.parametrize("period", [1, 3, 7])
def test_every_period_starts_at_the_full_rate_to_the_bit(period: int) -> None:
    ours = Course(Schedule(name="cosine", period=period), 1000, 7)
    starts = [ours.factors(epoch, [])[0] for epoch in range(1, 1001, period)]
    assert {*starts} == {1.0}


def test_periods_grow_by_the_multiplier() -> None:
    ours = Course(Schedule(name="cosine", period=1, multiplier=5), 1000, 3)
    starts = [epoch for epoch in range(1, 1001) if ours.factors(epoch, [])[0] == 1.0]
    assert starts == [1, 2, 7, 32, 157, 782]  # after 1, 5, 25, 125 and 625 epochs


def test_the_constant_schedule_is_one() -> None:
    assert Course(Schedule(name="constant"), 5, 3).factors(4, [2.0, 3.0, 1.0]) == [1.0] * 3


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("n_epochs", [1, 2, 3])
def test_the_shortest_runs_have_rates(name: str, n_epochs: int) -> None:
    found = rates(Course(Schedule(name=name), n_epochs, 1))
    assert len(found) == n_epochs
    assert all(0 < rate <= RATE for rate in found)


@pytest.mark.parametrize("name", OPTIONS)
def test_an_epoch_needs_none_of_those_before_it(name: str) -> None:
    ours = Course(Schedule(name=name), 9, 4)
    losses = [1.0] * 9
    in_order = [ours.factors(epoch, losses[: epoch - 1]) for epoch in range(1, 10)]
    assert [ours.factors(epoch, losses) for epoch in range(9, 0, -1)] == in_order[::-1]


@pytest.mark.parametrize(
    ("schedule", "ends"),
    [
        ({"name": "constant"}, range(1, 13)),
        ({"name": "cosine"}, range(1, 13)),
        ({"name": "cosine", "period": 1}, range(1, 13)),
        ({"name": "cosine", "period": 4}, [4, 8, 12]),
        ({"name": "cosine", "period": 5}, [5, 10, 12]),  # a run's last epoch is all there is
        ({"name": "cosine", "period": 20}, [12]),
        ({"name": "cosine", "period": 2, "multiplier": 2}, [2, 6, 12]),
        ({"name": "cosine", "period": 1, "multiplier": 2}, [1, 3, 7, 12]),
    ],
)
def test_epochs_are_compared_at_the_ends_of_periods(
    schedule: dict[str, Any], ends: Sequence[int]
) -> None:
    ours = Course(Schedule(**schedule), 12, 3)
    assert [epoch for epoch in range(1, 13) if ours.ends_period(epoch)] == list(ends)


def test_the_rate_is_lowest_where_a_period_ends() -> None:
    ours = Course(Schedule(name="cosine", period=2, multiplier=2), 14, 5)
    found = [ours.factors(epoch, [])[-1] for epoch in range(1, 15)]
    jumps = [e for e in range(1, 14) if ours.factors(e + 1, [])[0] > found[e - 1]]
    assert [epoch for epoch in range(1, 14) if ours.ends_period(epoch)] == jumps
