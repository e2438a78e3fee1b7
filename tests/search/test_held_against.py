"""What the best trial is held against: gains with the right sign, intervals by hand."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score

from truetune.objectives.development import Development
from truetune.objectives.files import save_data, save_predictions
from truetune.objectives.rowwise import Part
from truetune.search import held_against as holding
from truetune.search.held_against import Held, held_against, held_lines, paired_gains
from truetune.search.home import Home
from truetune.spaces import Experiment

LINEAR = {
    "value": 0.5,
    "metrics": {"validation_loss": 0.5},
    "seconds": 1,
    "note": "",
    "n_rows": 90,
}


def experiment_with(quick: Experiment, **changes: Any) -> Experiment:
    return Experiment.model_validate({**quick.model_dump(mode="json"), **changes})


def study_of(baselines: dict[str, Any], **metrics: float) -> optuna.Study:
    study = optuna.create_study(study_name="quick", direction="minimize")
    study.set_user_attr("baselines", baselines)
    if metrics:
        value = next(iter(metrics.values()))
        trial = optuna.trial.create_trial(value=value, user_attrs={"metrics": metrics})
        study.add_trial(trial)
    return study


def held(
    home: Home, experiment: Experiment, study: optuna.Study, has_trial: bool = True
) -> dict[str, Held]:
    trial = study.trials[0] if has_trial else None
    found = held_against(home, experiment, study, trial)
    return {each.name: each for each in found}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.at(tmp_path / "mlruns")


@pytest.mark.parametrize(
    ("objective", "baseline", "gain"),
    [
        ({"metric": "validation_loss"}, 0.5, 0.25),  # less is better: 0.25 against 0.5
        ({"metric": "validation_loss"}, 0.125, -0.125),
        ({"metric": "validation_accuracy"}, 0.5, 0.375),  # more is better: 0.875 against 0.5
        ({"metric": "validation_accuracy"}, 1.0, -0.125),
        ({"metric": "validation_accuracy", "direction": "minimize"}, 1.0, 0.125),
    ],
)
def test_a_gain_is_above_0_where_the_trial_is_better(
    objective: dict[str, str], baseline: float, gain: float, home: Home, quick: Experiment
) -> None:
    experiment = experiment_with(quick, objective=objective, baselines=["linear"])
    study = study_of(
        {"linear": {**LINEAR, "value": baseline}}, validation_loss=0.25, validation_accuracy=0.875
    )
    found = held(home, experiment, study)["linear"]
    assert (found.value, found.gain) == (baseline, pytest.approx(gain))
    assert found.interval is None  # there are no predictions


def test_published_figures_and_the_human_level_come_from_the_card(
    home: Home, quick: Experiment
) -> None:
    card = {
        "human_level": 0.2,
        "published": [{"value": 0.3, "source": "A 2001"}, {"value": 0.1, "source": "B 2002"}],
    }
    experiment = experiment_with(quick, card=card)
    found = held_against(home, experiment, s := study_of({}, validation_loss=0.25), s.trials[0])
    assert [(h.name, h.value, round(h.gain or 0, 9), h.note) for h in found] == [
        ("published", 0.3, 0.05, "A 2001"),
        ("published", 0.1, -0.15, "B 2002"),
        ("human level", 0.2, -0.05, ""),
    ]


def test_what_the_file_does_not_say_is_said_to_be_missing(home: Home, quick: Experiment) -> None:
    experiment = experiment_with(quick, baselines=["linear"])
    found = held(home, experiment, study_of({}, validation_loss=0.25))
    assert "card: {published: " in found["published"].note
    assert "card: {human_level: " in found["human level"].note
    assert found["linear"] == Held("linear", note=holding.NOT_YET)


def test_a_baseline_that_failed_says_why(home: Home, quick: Experiment) -> None:
    experiment = experiment_with(quick, baselines=["linear"])
    study = study_of({"linear": {"cause": "MemoryError: no room"}}, validation_loss=0.25)
    assert held(home, experiment, study)["linear"] == Held("linear", note="MemoryError: no room")


def test_one_that_an_earlier_file_named_is_still_shown(home: Home, quick: Experiment) -> None:
    study = study_of({"linear": LINEAR}, validation_loss=0.25)
    assert held(home, experiment_with(quick, baselines=[]), study)["linear"].gain == 0.25


def test_an_own_objective_function_has_none_and_says_so(home: Home, quick: Experiment) -> None:
    objective = {"metric": "score", "direction": "maximize", "function": "./own.py:train"}
    experiment = experiment_with(
        quick, objective=objective, model="mlp", training={"epochs": 2}, baselines=["linear"]
    )
    found = held(home, experiment, study_of({}, score=1.0))
    assert found["linear"].note.startswith("a function of your own scores the trials")


def test_without_a_trial_there_are_values_and_no_gains(home: Home, quick: Experiment) -> None:
    found = held(home, quick, study_of({"linear": LINEAR}), has_trial=False)["linear"]
    assert (found.value, found.gain, found.interval) == (0.5, None, None)


def predicted(rng: np.random.Generator, targets: np.ndarray, skill: float) -> np.ndarray:
    logits = rng.normal(size=(len(targets), 3)) + skill * np.eye(3)[targets]
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@pytest.fixture
def kept(home: Home, quick: Experiment, development: Development) -> Home:
    """A home in which a trial and two baselines have left what they predict."""
    targets = development.folds[0].y_validation
    save_data(development, home.data(quick.study))
    rng = np.random.default_rng(0)
    good = predicted(rng, targets, 4.0)
    for name, predictions in {
        "0": good,
        "baseline-dummy": np.full_like(good, 1 / 3),
        "baseline-linear": good[:, :] ** 1.05 / (good**1.05).sum(axis=1, keepdims=True),
    }.items():
        save_predictions(predictions, home.trials(quick.study) / name)
    return home


def test_an_interval_leaves_no_doubt_where_there_is_none(kept: Home, quick: Experiment) -> None:
    worth = {"dummy": {**LINEAR, "value": 1.1}, "linear": {**LINEAR, "value": 0.25}}
    found = held(kept, quick, study_of(worth, validation_loss=0.25))
    assert found["dummy"].interval is not None
    assert found["dummy"].interval[0] > 0
    assert found["dummy"].is_clear
    # The same predictions, a little surer of themselves.
    assert found["linear"].interval is not None
    low, high = found["linear"].interval
    assert low < high < 0.1 < found["dummy"].interval[0]


@pytest.mark.parametrize("damage", ["trial", "baseline", "rows", "another length"])
def test_what_cannot_be_read_costs_the_intervals_and_no_more(
    damage: str, kept: Home, quick: Experiment
) -> None:
    trials = kept.trials(quick.study)
    if damage == "trial":
        shutil.rmtree(trials / "0")
    elif damage == "baseline":
        (trials / "baseline-linear" / "validation.npy").write_bytes(b"nonsense")
    elif damage == "rows":
        shutil.rmtree(kept.data(quick.study))
    else:
        save_predictions(np.zeros((2, 3)), trials / "baseline-linear")
    found = held(kept, quick, study_of({"linear": LINEAR}, validation_loss=0.25))
    assert (found["linear"].gain, found["linear"].interval) == (0.25, None)


def test_a_baseline_that_cannot_be_read_leaves_the_others_their_intervals(
    kept: Home, quick: Experiment
) -> None:
    shutil.rmtree(kept.trials(quick.study) / "baseline-linear")
    study = study_of({"linear": LINEAR, "dummy": LINEAR}, validation_loss=0.25)
    found = held(kept, quick, study)
    assert found["linear"].interval is None
    assert found["dummy"].interval is not None


@pytest.mark.parametrize("metric", ["accuracy", "auroc"])
def test_gains_are_those_of_rows_drawn_again_by_hand(metric: str, quick: Experiment) -> None:
    rng = np.random.default_rng(1)
    targets = rng.integers(3, size=200)
    candidates = [predicted(rng, targets, skill) for skill in (2.0, 1.0)]
    part = Part.of([targets])
    gains = paired_gains(metric, quick, part, candidates)
    assert gains is not None
    expected, n_resamples = [], 300
    for _ in range(n_resamples):
        drawn = rng.integers(200, size=200)
        y = targets[drawn]
        of_each = [
            accuracy_score(y, c[drawn].argmax(axis=1))
            if metric == "accuracy"
            else roc_auc_score(y, c[drawn], multi_class="ovr")
            for c in candidates
        ]
        expected.append(of_each[0] - of_each[1])
    ends = np.quantile(gains, (0.025, 0.5, 0.975))
    np.testing.assert_allclose(ends, np.quantile(expected, (0.025, 0.5, 0.975)), atol=0.025)


def test_pairs_are_narrower_than_each_alone(quick: Experiment) -> None:
    rng = np.random.default_rng(2)
    targets = rng.integers(3, size=300)
    one = predicted(rng, targets, 2.0)
    other = 0.9 * one + 0.1 / 3
    gains = paired_gains("loss", quick, Part.of([targets]), [one, other])
    assert gains is not None
    costs = [-np.log(c[np.arange(300), targets]) for c in (one, other)]
    alone = np.sqrt(sum(c.var() for c in costs) / 300)
    assert gains.std() == pytest.approx((costs[0] - costs[1]).std() / np.sqrt(300), rel=0.1)
    assert gains.std() < 0.5 * alone


def test_very_many_rows_have_no_interval(
    quick: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = np.arange(300) % 3
    candidates = [np.eye(3)[targets], np.full((300, 3), 1 / 3)]
    assert paired_gains("accuracy", quick, Part.of([targets]), candidates) is not None
    monkeypatch.setattr(holding, "MAX_DRAWS", 300 * holding.MIN_RESAMPLES - 1)
    assert paired_gains("accuracy", quick, Part.of([targets]), candidates) is None


def test_the_table_is_aligned_and_says_what_is_not_clear() -> None:
    found = [
        Held("dummy", 2.3026, 2.2, (2.1, 2.25)),
        Held("linear", 0.12, 0.01, (-0.01, 0.03), "on 50 of 90 rows"),
        Held("boosting", note="MemoryError: no room"),
        Held("published", 0.05, -0.03, None, "LeCun 1998"),
    ]
    assert held_lines(found, "validation_loss") == [
        "  held against (validation_loss, gain of the best trial)",
        "    dummy      2.303  +2.2   +2.1 to +2.25",
        "    linear     0.12   +0.01  -0.01 to +0.03, no clear difference; on 50 of 90 rows",
        "    boosting   none          MemoryError: no room",
        "    published  0.05   -0.03  LeCun 1998",
    ]
    assert held_lines([], "validation_loss") == []


def test_json_has_every_part() -> None:
    found = Held("linear", 0.12, 0.01, (-0.01, 0.03), "x").to_json()
    assert found == {
        "name": "linear",
        "value": 0.12,
        "gain": 0.01,
        "interval": [-0.01, 0.03],
        "note": "x",
    }
