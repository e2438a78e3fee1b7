"""Advice for training rows that could be fitted better, in the order of the guide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from truetune.search.diagnosis import Advice, Diagnosis, Evidence, Tried, diagnosed
from truetune.search.diagnosis.curves import is_falling, is_noisy
from truetune.spaces import Categorical, Experiment, Float, Int

Make = Callable[..., Evidence]
MakeTrial = Callable[..., Tried]
Advised = Callable[[Evidence, Advice], Experiment]

BETTER = {"linear": {"value": 0.05}, "boosting": {"value": 0.02}}  # than a fit of 0.5
ROUGH = [1.0, 0.8, 0.7, 0.6, 0.5, 0.6, 0.45, 0.65, 0.4, 0.6]
SLOW = [2.0, 1.8, 1.6, 1.4, 1.2, 1.0, 0.9, 0.8, 0.7, 0.6] * 2
SLOW.sort(reverse=True)


def unfit(make_trial: MakeTrial, n: int = 9, **more: Any) -> list[Tried]:
    """Trials that fit neither training nor validation rows, all alike."""
    return [make_trial(i, fit=0.5, value=0.55, **more) for i in range(n)]


def first(evidence: Evidence) -> Advice:
    found = diagnosed(evidence)
    return found.findings[0]


def causes(evidence: Evidence) -> list[str]:
    return [advice.cause for advice in diagnosed(evidence).findings]


def test_a_bias_is_training_error_against_the_human_level(
    make: Make, make_trial: MakeTrial
) -> None:
    evidence = make(unfit(make_trial), {"card": {"human_level": 0.1}})
    assert "loss is 0.5 on its training rows, and the human level is 0.1" in first(evidence).what


def test_a_bias_is_held_against_the_best_that_is_published(
    make: Make, make_trial: MakeTrial
) -> None:
    published = [{"value": 0.3, "source": "A 2001"}, {"value": 0.05, "source": "B 2002"}]
    card = {"human_level": 0.2, "published": published}
    assert (
        "what is published (B 2002) is 0.05" in first(make(unfit(make_trial), {"card": card})).what
    )


def test_a_human_level_that_is_reached_leaves_no_bias(make: Make, make_trial: MakeTrial) -> None:
    evidence = make(unfit(make_trial), {"card": {"human_level": 0.55}}, baselines=BETTER)
    assert causes(evidence) == ["verify"]


def test_a_bias_is_held_against_baselines_without_a_human_level(
    make: Make, make_trial: MakeTrial
) -> None:
    evidence = make(unfit(make_trial), baselines=BETTER)
    assert "boosting has 0.02 on validation rows" in first(evidence).what


def test_baselines_that_are_no_better_leave_no_bias(make: Make, make_trial: MakeTrial) -> None:
    evidence = make(unfit(make_trial), baselines={"linear": {"value": 0.6}, "boosting": {}})
    assert causes(evidence) == ["verify"]


def test_many_diverged_trials_lower_the_rate_first(
    make: Make, make_trial: MakeTrial, advised: Advised
) -> None:
    lost = [
        make_trial(
            i,
            state="pruned",
            cause="training_loss is nan in epoch 3: exploding gradients; lower it",
            configuration={"learning_rate": 0.04 + i / 1000},
        )
        for i in range(9, 14)
    ]
    evidence = make([*unfit(make_trial), *lost], baselines=BETTER)
    advice = first(evidence)
    assert advice.cause == "rate"
    assert "5 of 14 trials diverged, at a learning rate of 0.049 to 0.053" in advice.what
    rate = advised(evidence, advice).parameters["learning_rate"]
    assert isinstance(rate, Float)
    assert rate.high == pytest.approx(0.0245, rel=0.05)


@pytest.mark.parametrize(
    ("value", "way", "span"),
    [(0.09, "upwards", (1e-4, 1.0)), (1.1e-4, "downwards", (3.33e-6, 0.1))],
)
def test_a_rate_at_an_end_of_its_range_is_widened(
    value: float, way: str, span: Any, make: Make, make_trial: MakeTrial, advised: Advised
) -> None:
    near = [make_trial(i, 0.5, 0.55, configuration={"learning_rate": value}) for i in range(4)]
    far = [make_trial(i, 0.9, 0.95) for i in range(4, 12)]
    evidence = make([*near, *far], baselines=BETTER)
    advice = first(evidence)
    assert advice.attempt.startswith(f"Widen learning_rate {way}")
    rate = advised(evidence, advice).parameters["learning_rate"]
    assert isinstance(rate, Float)
    assert (rate.low, rate.high) == pytest.approx(span)


def test_a_rate_that_no_optimizer_is_used_with_is_lowered(
    make: Make, make_trial: MakeTrial, advised: Advised
) -> None:
    trials = unfit(make_trial, configuration={"learning_rate": 5.0})
    over = {"parameters.learning_rate": {"type": "float", "low": 1.0, "high": 9.0, "log": True}}
    evidence = make(trials, over, baselines=BETTER)
    advice = first(evidence)
    assert "above those that adam is mostly used with" in advice.what
    rate = advised(evidence, advice).parameters["learning_rate"]
    assert isinstance(rate, Float)
    assert rate.high <= 0.1


def test_a_rate_that_was_never_searched_is_searched(
    make: Make, make_trial: MakeTrial, advised: Advised
) -> None:
    over = {"parameters": {"layers": {"type": "int", "low": 1, "high": 3}}}
    evidence = make(unfit(make_trial), over, baselines=BETTER)
    advice = first(evidence)
    assert (advice.cause, advice.command) == ("rate", "tune lr SPACE")
    assert isinstance(advised(evidence, advice).parameters["learning_rate"], Float)


def test_a_loss_that_still_falls_asks_for_epochs(
    make: Make, make_trial: MakeTrial, advised: Advised
) -> None:
    evidence = make(unfit(make_trial, losses=SLOW), baselines=BETTER)
    advice = first(evidence)
    assert advice.cause == "epochs"
    assert advised(evidence, advice).training.epochs == 60


def test_adam_comes_after_sgd(make: Make, make_trial: MakeTrial, advised: Advised) -> None:
    momentum = {"type": "float", "low": 0.0, "high": 0.99}
    over = {"training.optimizer": "sgd", "parameters.momentum": momentum}
    evidence = make(unfit(make_trial), over, baselines=BETTER)
    advice = first(evidence)
    assert "All 9 trials trained with sgd" in advice.what
    parameters = advised(evidence, advice).parameters
    assert parameters["optimizer"] == Categorical(type="categorical", choices=("sgd", "adam"))


@pytest.mark.parametrize("optimizer", ["adam", "adamw"])
def test_adam_is_not_advised_where_it_was_tried(
    optimizer: str, make: Make, make_trial: MakeTrial
) -> None:
    over = {"training.optimizer": "sgd"}
    trials = unfit(make_trial, configuration={"optimizer": optimizer})
    assert "adam" not in causes(make(trials, over, baselines=BETTER))


def test_a_decay_is_for_a_loss_that_jumps(
    make: Make, make_trial: MakeTrial, advised: Advised
) -> None:
    evidence = make(unfit(make_trial, losses=ROUGH), baselines=BETTER)
    advice = first(evidence)
    assert advice.cause == "decay"
    assert "cosine" in str(advised(evidence, advice).parameters["schedule"])


def test_a_decay_that_was_tried_is_not_advised(make: Make, make_trial: MakeTrial) -> None:
    trials = unfit(make_trial, losses=ROUGH, configuration={"schedule": "cosine"})
    assert "decay" not in causes(make(trials, baselines=BETTER))


@pytest.mark.parametrize(
    ("name", "value", "cause", "high"),
    [("hidden_units", 250, "units", 1024), ("layers", 3, "layers", 6)],
)
def test_a_network_at_the_end_of_its_range_grows(
    name: str,
    value: int,
    cause: str,
    high: int,
    make: Make,
    make_trial: MakeTrial,
    advised: Advised,
) -> None:
    near = [make_trial(i, 0.5, 0.55, configuration={name: value}) for i in range(4)]
    far = [make_trial(i, 0.9, 0.95) for i in range(4, 12)]
    evidence = make([*near, *far], baselines=BETTER)
    advice = first(evidence)
    assert advice.cause == cause
    parameter = advised(evidence, advice).parameters[name]
    assert isinstance(parameter, Int)
    assert parameter.high == high


def test_a_width_that_is_fixed_is_searched(
    make: Make, make_trial: MakeTrial, advised: Advised
) -> None:
    over = {
        "model": {"name": "mlp", "hidden_units": 2},
        "parameters": {"learning_rate": {"type": "float", "low": 1e-4, "high": 0.1, "log": True}},
    }
    trials = [
        Tried(
            i,
            "complete",
            {"learning_rate": 3e-3},
            0.55,
            {"validation_loss": 0.55, "fit_loss": 0.5},
            {"training_loss": [1.0, 0.6, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]},
            8,
        )
        for i in range(9)
    ]
    evidence = make(trials, over, baselines=BETTER)
    advice = first(evidence)
    assert "All 9 trials have 2 hidden units" in advice.what
    assert isinstance(advised(evidence, advice).parameters["hidden_units"], Int)


def test_without_a_reason_what_is_untried_comes_in_the_guides_order(
    make: Make, make_trial: MakeTrial, advised: Advised
) -> None:
    over: dict[str, Any] = {
        "training.optimizer": "sgd",
        "parameters": {
            "hidden_units": {"type": "int", "low": 16, "high": 256, "log": True},
            "layers": {"type": "int", "low": 1, "high": 3},
        },
    }
    evidence = make(unfit(make_trial), over, baselines=BETTER)
    found = diagnosed(evidence).findings
    of_step = [advice.cause for advice in found if advice.step == "training set"]
    assert of_step == ["rate", "adam", "units", "batch", "layers", "decay"]
    for advice in found:
        advised(evidence, advice)


def test_a_search_without_yardsticks_is_told_only_what_its_trials_show(
    make: Make, make_trial: MakeTrial
) -> None:
    plain = [make_trial(i, fit=1.0, value=1.05) for i in range(9)]
    assert causes(make(plain)) == ["verify"]
    rough = [make_trial(i, fit=1.0, value=1.05, losses=ROUGH) for i in range(9)]
    assert causes(make(rough)) == ["decay"]


@pytest.mark.parametrize(
    ("losses", "falls", "jumps"),
    [
        ([1.0, 0.5, 0.3, 0.2, 0.2, 0.2, 0.2, 0.2], False, False),
        ([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3], True, False),
        (ROUGH, False, True),
        ([0.5] * 8, False, False),
        ([1.0, 0.5], False, False),
        ([], False, False),
    ],
)
def test_the_shape_of_a_curve(losses: list[float], falls: bool, jumps: bool) -> None:
    assert (is_falling(losses), is_noisy(losses)) == (falls, jumps)


def test_all_trials_lost_to_the_rate_are_told_of_the_rate(
    make: Make, make_trial: MakeTrial, advised: Advised
) -> None:
    cause = "training_loss is inf in epoch 1: exploding gradients"
    evidence = make([make_trial(i, state="failed", cause=cause) for i in range(4)])
    found: Diagnosis = diagnosed(evidence)
    assert [advice.cause for advice in found.findings] == ["rate"]
    advised(evidence, found.findings[0])
    assert {item.state for item in found.checklist[1:]} == {"open"}


def test_a_baseline_that_validates_better_asks_what_the_trials_show(
    make: Make, make_trial: MakeTrial
) -> None:
    near = [make_trial(i, 0.1, 0.3, configuration={"learning_rate": 0.09}) for i in range(4)]
    far = [make_trial(i, 0.9, 0.95) for i in range(4, 12)]
    advice = first(make([*near, *far], baselines={"linear": {"value": 0.12}}))
    assert advice.cause == "rate"
    assert "0.3 on validation rows, and a linear model has 0.12" in advice.what
