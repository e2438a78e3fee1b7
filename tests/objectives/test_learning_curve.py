"""A learning curve of made data: its runs are trials, and its law says what more rows bring."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from truetune.errors import InputError, TuneError
from truetune.objectives import learning_curve
from truetune.objectives.contracts import Assignment, DivergedError
from truetune.objectives.development import Development
from truetune.objectives.learning_curve import LearningCurve, Run, measure, metric_of, sizes_of
from truetune.objectives.single import train
from truetune.spaces import Experiment, load

from ..conftest import FLAT, QUICK

SIZES = [32, 64, 128, 256, 512, 1024]


def curve_of(a: float, b: float, c: float, is_cost: bool = True) -> LearningCurve:
    errors = [(n, k, (a + b * n**-c) * (1 + 0.02 * (k - 0.8))) for n in SIZES for k in range(3)]
    runs = tuple(Run(n, k, e if is_cost else 1 - e, None, False) for n, k, e in errors)
    return LearningCurve("validation_loss", is_cost, SIZES[-1], runs)


def test_a_known_law_says_what_more_rows_bring() -> None:
    curve = curve_of(0.1, 3, 0.5)
    for factor in (2, 4, 10):
        truth = 0.1 + 3 * (factor * 1024) ** -0.5
        expected = curve.expected(factor * 1024)
        assert expected.value == pytest.approx(truth, rel=0.02)
        assert expected.low <= truth <= expected.high
    now, twice = (0.1 + 3 * n**-0.5 for n in (1024, 2048))
    assert curve.gain(2).value == pytest.approx(1 - twice / now, rel=0.03)


def test_a_metric_of_which_more_is_better_is_its_lack() -> None:
    cost, share = curve_of(0.1, 3, 0.5), curve_of(0.1, 3, 0.5, is_cost=False)
    assert share.expected(2048).value == pytest.approx(1 - cost.expected(2048).value)
    assert share.expected(2048).low == pytest.approx(1 - cost.expected(2048).high)
    assert share.rows_for(0.8).value == pytest.approx(cost.rows_for(0.2).value)
    assert vars(share.gain(4)) == pytest.approx(vars(cost.gain(4)))


def test_rows_for_a_value() -> None:
    rows = curve_of(0.1, 3, 0.5).rows_for(0.15)
    assert rows.low <= 3600 <= rows.high
    assert rows.value == pytest.approx(3600, rel=0.1)
    assert curve_of(0.1, 3, 0.5).rows_for(0.01).value == np.inf


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    return load(FLAT, {**QUICK, "training.epochs": 2, "study": "curve"})


def test_the_first_run_of_all_rows_is_the_trial(
    experiment: Experiment, development: Development
) -> None:
    assignment = Assignment(3, experiment.space.default(), seed=11)
    shown: list[Run | DivergedError] = []
    n_rows = len(development.folds[0].y_train)
    curve = measure(
        experiment, assignment, development, [20, 30, 40, 60, n_rows], 2, show=shown.append
    )
    assert shown == list(curve.runs)
    assert curve.sizes == [20, 30, 40, 60, n_rows]
    whole = [run for run in curve.runs if run.n_rows == n_rows]
    metrics = train(experiment, assignment, development).last.kept_metrics
    assert metrics is not None
    assert (whole[0].value, whole[0].fit) == (metrics["validation_loss"], metrics["fit_loss"])
    assert len({run.value for run in curve.runs}) == len(curve.runs)


def test_what_diverges_is_left_out_and_too_much_of_it_ends_the_curve(
    experiment: Experiment, development: Development, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverging(own: Experiment, assignment: Assignment, share: Development, _: str) -> None:
        raise DivergedError(assignment.number, 1, "training_loss is nan in epoch 1")

    monkeypatch.setattr(learning_curve, "train", diverging)
    assignment = Assignment(0, experiment.space.default(), seed=1)
    shown: list[Run | DivergedError] = []
    with pytest.raises(TuneError, match="diverged") as ended:
        measure(experiment, assignment, development, [20, 30, 40, 50, 60], 2, show=shown.append)
    assert len(shown) == 10
    assert "lower learning rate" in ended.value.fix


@pytest.mark.parametrize("n_sizes", [5, 6, 8])
def test_sizes_grow_by_equal_ratios_up_to_all_rows(
    n_sizes: int, experiment: Experiment, development: Development
) -> None:
    sizes = sizes_of(_with_rows(development, 3200), n_sizes)
    assert (sizes[0], sizes[-1], len(sizes)) == (100, 3200, n_sizes)
    ratios = np.array(sizes[1:]) / sizes[:-1]
    assert ratios == pytest.approx(np.full(n_sizes - 1, 32 ** (1 / (n_sizes - 1))), rel=0.02)


def test_too_few_rows_make_no_curve(development: Development) -> None:
    with pytest.raises(InputError, match="takes 64 training rows, but there are 50"):
        sizes_of(_with_rows(development, 50), 6)


def _with_rows(development: Development, n_rows: int) -> Development:
    (fold,) = development.folds
    rows = np.resize(np.arange(len(fold.y_train)), n_rows)
    more = replace(fold, x_train=fold.x_train[rows], y_train=fold.y_train[rows])
    return replace(development, folds=(more,))


def test_a_function_of_ones_own_has_no_curve(experiment: Experiment) -> None:
    assert metric_of(experiment) == "validation_loss"
    own = experiment.objective.model_copy(update={"function": "./own.py:train"})
    with pytest.raises(InputError, match=r"own\.py:train` trains here"):
        metric_of(experiment.model_copy(update={"objective": own}))
