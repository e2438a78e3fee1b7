"""A forecast is what a rehearsal played, with what a search does besides, and its price."""

from __future__ import annotations

from typing import Any

import pytest

from truetune.errors import TuneError
from truetune.objectives.development import Development
from truetune.objectives.timing import Timings
from truetune.search import forecast as forecasting
from truetune.search.forecast import Forecast, forecast, n_workers
from truetune.search.rehearsal import Rehearsed
from truetune.spaces import Experiment
from truetune.spaces.experiment import Resources


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rehearsal of an hour."""
    known = Rehearsed(3600.0, trials=6, epochs=24, pruned=2, is_whole=True)
    monkeypatch.setattr(forecasting, "rehearse", lambda *_: known)
    monkeypatch.setattr(forecasting, "n_cpus", lambda: 4)


def of(experiment: Experiment, development: Development, **resources: Any) -> Forecast:
    changed = experiment.resources.model_copy(update={"gpus": 0, **resources})
    own = experiment.model_copy(update={"resources": changed})
    return forecast(own, development.description, Timings((), 1.0, ready_s=2.0))


@pytest.mark.usefixtures("played")
def test_the_price_is_that_of_all_workers_for_as_long_as_it_takes(
    quick: Experiment, development: Development
) -> None:
    told = of(quick, development, workers=3, price_per_hour=2.0)
    beside = 2.0 * (forecasting.STARTING + forecasting.LOADING + forecasting.ENDING)
    assert told.seconds == pytest.approx(3600 + beside)
    assert told.price == pytest.approx(3 * 2.0 * (3600 + beside) / 3600)
    assert any("price 6.0" in line for line in told.lines())


@pytest.mark.usefixtures("played")
def test_without_a_price_none_is_told(quick: Experiment, development: Development) -> None:
    told = of(quick, development)
    assert told.price is None
    assert told.to_json()["price"] is None
    assert not any("price" in line for line in told.lines())


@pytest.mark.usefixtures("played")
def test_a_machine_is_told_what_a_person_is(quick: Experiment, development: Development) -> None:
    content = of(quick, development).to_json()
    expected = {"trials": 6, "epochs": 24, "pruned": 2, "workers": 4, "is_late": False}
    assert expected.items() <= content.items()
    words = "\n".join(of(quick, development).lines())
    assert "1 h 00 min with 4 workers" in words
    assert "6 trials, some 2 of them pruned; 24 epochs" in words


def test_a_forecast_that_cannot_be_made_says_why(
    quick: Experiment, development: Development, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Rehearsed:
        raise TuneError("5 trials in a row failed", "")

    monkeypatch.setattr(forecasting, "rehearse", fail)
    told = of(quick, development)
    assert told.to_json() == {"cause": "5 trials in a row failed"}
    assert told.lines()[-1].endswith("cannot be told: 5 trials in a row failed")


@pytest.mark.parametrize(
    ("resources", "cpus", "gpus", "expected"),
    [
        ({}, 4, "", 4),
        ({"cpus": 2}, 5, "", 2),
        ({"cpus": 8}, 4, "", 1),
        ({"workers": 7}, 4, "", 7),
        ({}, 16, "0,1", 2),
        ({"gpus": 0.5}, 16, "0,1", 4),
        ({"gpus": 0}, 16, "0,1", 16),
        ({"gpus": 0.25}, 2, "0", 2),
    ],
)
def test_as_many_workers_as_fit(
    resources: dict[str, Any],
    cpus: int,
    gpus: str,
    expected: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forecasting, "n_cpus", lambda: cpus)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", gpus)
    assert n_workers(Resources.model_validate(resources)) == expected
