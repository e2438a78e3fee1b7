"""The scale: an error of 0 is perfect, and a guess is the yardstick."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import log_loss

from truetune.objectives.rowwise import Part
from truetune.search.diagnosis import Evidence
from truetune.search.diagnosis.scale import Scale

Make = Callable[..., Evidence]

LABELS = np.repeat([0, 1, 2], [60, 30, 10])
PART = Part(LABELS, (100,), np.ones((1, 1)), np.arange(100))


def scale(make: Make, metric: str, **over: Any) -> Scale:
    settings = {"objective": {"metric": f"validation_{metric}"}, "data.source": "sklearn:wine"}
    found = make(over=settings | over, part=PART).scale
    assert found is not None
    return found


def test_a_guess_is_scikit_learns_prior(make: Make) -> None:
    prior = DummyClassifier(strategy="prior").fit(np.zeros((100, 1)), LABELS)
    expected = log_loss(LABELS, prior.predict_proba(np.zeros((100, 1))))
    assert scale(make, "loss").guess == pytest.approx(expected)
    assert scale(make, "accuracy").guess == pytest.approx(1 - 0.6)
    assert scale(make, "accuracy").guess_loss == pytest.approx(expected)


@pytest.mark.parametrize(
    ("metric", "value", "error"),
    [("loss", 0.4, 0.4), ("accuracy", 0.9, 0.1), ("f1", 0.75, 0.25), ("auroc", 1.0, 0.0)],
)
def test_an_error_is_what_is_missing_to_perfect(
    metric: str, value: float, error: float, make: Make
) -> None:
    assert scale(make, metric).error(value) == pytest.approx(error)


@pytest.mark.parametrize(("metric", "matters"), [("accuracy", 0.05), ("loss", 0.05 * 2.0)])
def test_what_matters_is_the_files_own(metric: str, matters: float, make: Make) -> None:
    known = scale(make, metric, verify={"min_effect": 0.05})
    assert known.matters(2.0) == pytest.approx(matters)


def test_of_a_small_loss_what_matters_is_a_share_of_a_guess(make: Make) -> None:
    known = scale(make, "loss")
    assert known.guess is not None
    assert known.matters(1e-6) == pytest.approx(0.02 * known.guess)


def test_without_validation_rows_there_is_no_guess(make: Make) -> None:
    found = make(part=None).scale
    assert found is not None
    assert (found.guess, found.share(0.5)) == (None, None)
