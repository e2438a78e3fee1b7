"""Advice for validation rows that are not fitted, in the order of the guide."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from truetune.objectives.files import PREDICTIONS
from truetune.objectives.gradients import PREFIX
from truetune.objectives.rowwise import Part
from truetune.search.diagnosis import Advice, Evidence, Tried, diagnosed
from truetune.search.diagnosis.gradients import GRADIENT
from truetune.spaces import Experiment

Make = Callable[..., Evidence]
MakeTrial = Callable[..., Tried]
Advised = Callable[[Evidence, Advice], Experiment]

RATE = {"learning_rate": {"type": "float", "low": 1e-4, "high": 0.1, "log": True}}
WIDTH = {"hidden_units": {"type": "int", "low": 16, "high": 256, "log": True}}
PLAIN = {"parameters": RATE | WIDTH, "data.preprocess.scale": "none"}
RISING = [2.0, 1.0, 0.8, 0.7, 0.9, 1.2]


def overfit(make_trial: MakeTrial, n: int = 9, **more: Any) -> list[Tried]:
    configuration = {"dropout": 0.0, **more.pop("configuration", {})}
    return [
        make_trial(i, fit=0.01, value=1.2, configuration=configuration, **more) for i in range(n)
    ]


def test_a_gap_is_told_by_both_numbers(make: Make, make_trial: MakeTrial) -> None:
    advice = diagnosed(make(overfit(make_trial))).findings[0]
    assert "loss is 1.2 on validation rows and 0.01 on its training rows" in advice.what
    assert (advice.step, advice.cause) == ("validation set", "dropout")


def test_what_is_untried_comes_in_the_guides_order_and_loads(
    make: Make, make_trial: MakeTrial, advised: Advised
) -> None:
    evidence = make(overfit(make_trial), PLAIN | {"training.early_stopping": None})
    found = diagnosed(evidence).findings
    assert [advice.cause for advice in found] == [
        "dropout",
        "L2",
        "normalise",
        "batch norm",
        "more data",
        "architecture",
    ]
    for advice in found:
        advised(evidence, advice)


def test_dropout_comes_before_the_last_layer_first_with_none_as_a_choice(
    make: Make, make_trial: MakeTrial, advised: Advised
) -> None:
    evidence = make(overfit(make_trial), PLAIN)
    parameters = advised(evidence, diagnosed(evidence).findings[0]).parameters
    assert parameters["use_dropout"].choices == (False, True)  # type: ignore[union-attr]
    assert parameters["dropout_last"].when == "use_dropout"  # type: ignore[union-attr]


def tried_all(make_trial: MakeTrial, **more: Any) -> list[Tried]:
    configuration = {
        "dropout": 0.2,
        "dropout_last": 0.3,
        "weight_decay": 1e-3,
        "norm": "batch",
        "mixup": 0.2,
        **more,
    }
    return overfit(make_trial, configuration=configuration)


def test_what_was_tried_is_not_advised(make: Make, make_trial: MakeTrial) -> None:
    found = diagnosed(make(tried_all(make_trial))).findings
    assert [advice.cause for advice in found] == ["architecture"]


def test_where_all_was_tried_more_rows_are_left(make: Make, make_trial: MakeTrial) -> None:
    over = {"parameters": RATE}
    found = diagnosed(make(tried_all(make_trial), over)).findings
    assert [advice.cause for advice in found] == ["more data"]
    assert found[0].command == "tune learning-curve digits"


@pytest.mark.parametrize(
    ("name", "high", "expected"), [("dropout", 0.5, 0.8), ("weight_decay", 1e-2, 0.3)]
)
def test_a_penalty_whose_best_lie_at_the_end_is_widened(
    name: str, high: float, expected: float, make: Make, make_trial: MakeTrial, advised: Advised
) -> None:
    ranges = {
        "dropout": {"type": "float", "low": 0.0, "high": 0.5},
        "weight_decay": {"type": "float", "low": 1e-6, "high": 1e-2, "log": True},
    }
    trials = tried_all(make_trial, **{name: high})
    evidence = make(trials, {"parameters": RATE | ranges})
    advice = diagnosed(evidence).findings[0]
    assert f"Widen {name} upwards." == advice.attempt
    assert advised(evidence, advice).parameters[name].high == pytest.approx(expected)  # type: ignore[union-attr]


def test_pictures_are_augmented(make: Make, make_trial: MakeTrial, advised: Advised) -> None:
    over = {"data.preprocess.shape": [8, 8]}
    evidence = make(overfit(make_trial), over)
    advice = next(a for a in diagnosed(evidence).findings if a.cause == "more data")
    assert "augment_shift" in advised(evidence, advice).parameters


def test_a_loss_that_rises_asks_for_early_stopping(
    make: Make, make_trial: MakeTrial, advised: Advised
) -> None:
    trials = overfit(make_trial, curves={"training_loss": [1.0], "validation_loss": RISING})
    evidence = make(trials, {"training.early_stopping": None})
    advice = next(a for a in diagnosed(evidence).findings if a.cause == "early stopping")
    assert "was 0.7 in epoch 4 and is 1.2 after 6" in advice.what
    assert advised(evidence, advice).training.early_stopping is not None


def test_vanishing_gradients_are_told_by_their_norms(
    make: Make, make_trial: MakeTrial, advised: Advised
) -> None:
    norms = {"gradient_norm.hidden.0": 1e-6, "gradient_norm.output": 0.5}
    metrics = {"validation_loss": 1.2, "fit_loss": 0.01, **norms}
    evidence = make(overfit(make_trial, metrics=metrics))
    advice = next(a for a in diagnosed(evidence).findings if a.cause == "gradients")
    assert "hidden.0 is 2e-06 times that of output" in advice.what
    advised(evidence, advice)


def test_a_small_gap_is_none(make: Make, make_trial: MakeTrial) -> None:
    found = diagnosed(make([make_trial(i, fit=0.01, value=0.15) for i in range(9)])).findings
    assert [advice.cause for advice in found] == ["verify"]


def test_a_gap_below_the_human_level_is_none(make: Make, make_trial: MakeTrial) -> None:
    found = diagnosed(make(overfit(make_trial), {"card": {"human_level": 1.3}})).findings
    assert [advice.cause for advice in found] == ["verify"]


def test_a_linear_model_is_not_told_of_layers(make: Make, make_trial: MakeTrial) -> None:
    trials = [
        Tried(i, "complete", {"learning_rate": 1e-3}, 1.2, {"fit_loss": 0.01}) for i in range(9)
    ]
    over = {"model": "linear", "parameters": RATE}
    causes = [advice.cause for advice in diagnosed(make(trials, over)).findings]
    assert causes == ["L2", "more data"]


def confident(
    make: Make, make_trial: MakeTrial, folder: Path, share: float, **more: Any
) -> Evidence:
    """A study whose best trial contradicts a share of the labels, and is sure of the others."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 10, 300)
    said = np.full((300, 10), 0.05 / 9)
    said[np.arange(300), true] = 0.95
    np.save(folder / PREDICTIONS, said)
    given = np.where(rng.random(300) < share, (true + 1) % 10, true)
    trials = [make_trial(i, **more, folder=folder) for i in range(3)]
    return make(trials, part=Part(given, (300,), np.ones((1, 1)), np.arange(300)))


def test_wrong_labels_come_before_what_helps_to_fit_them(
    make: Make, make_trial: MakeTrial, advised: Advised, tmp_path: Path
) -> None:
    evidence = confident(make, make_trial, tmp_path, 0.2, fit=0.01, value=1.2)
    found = diagnosed(evidence).findings
    assert (found[0].step, found[0].cause) == ("validation set", "labels")
    assert found[1].cause == "L2"
    assert advised(evidence, found[0]).training.label_smoothing is not None


def test_right_labels_are_not_doubted(make: Make, make_trial: MakeTrial, tmp_path: Path) -> None:
    evidence = confident(make, make_trial, tmp_path, 0.0, fit=0.05, value=0.05)
    assert [advice.cause for advice in diagnosed(evidence).findings] == ["verify"]


def test_no_signal_ends_the_advice(
    make: Make, make_trial: MakeTrial, advised: Advised, tmp_path: Path
) -> None:
    rng = np.random.default_rng(1)
    for i in range(3):
        (tmp_path / str(i)).mkdir()
        np.save(tmp_path / str(i) / PREDICTIONS, rng.dirichlet(np.ones(10), 300))
    trials = [make_trial(i, fit=0.5, value=2.4, folder=tmp_path / str(i)) for i in range(3)]
    evidence = make(trials, baselines={"dummy": {"value": 2.3}, "linear": {"value": 2.32}})
    (advice,) = diagnosed(evidence).findings
    assert (advice.step, advice.cause) == ("training set", "no signal")
    assert "linear 2.32" in advice.what
    advised(evidence, advice)


def test_a_baseline_that_finds_something_speaks_for_a_signal(
    make: Make, make_trial: MakeTrial, tmp_path: Path
) -> None:
    np.save(tmp_path / PREDICTIONS, np.random.default_rng(1).dirichlet(np.ones(10), 300))
    trials = [make_trial(i, fit=2.3, value=2.4, folder=tmp_path) for i in range(3)]
    evidence = make(trials, baselines={"boosting": {"value": 0.4}})
    assert "no signal" not in [advice.cause for advice in diagnosed(evidence).findings]


def test_gradients_are_found_by_the_name_they_are_recorded_under() -> None:
    assert GRADIENT == PREFIX
