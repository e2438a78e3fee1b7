"""Bootstrap intervals, against the binomial's own and a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, binomtest
from sklearn import metrics

from truetune.objectives.development import Array
from truetune.objectives.guard import drawn as drawn_again
from truetune.objectives.guard import resampling
from truetune.objectives.guard.resampling import Resampler, interval
from truetune.objectives.guard.shift import auc_and_components
from truetune.objectives.rowwise import Part, score
from truetune.spaces import Task


def sure(targets: Array, is_right: Array) -> Array:
    """Return binary predictions that are right where they should be."""
    return np.where(is_right, targets[:, 0], 1 - targets[:, 0])[:, None] * 0.8 + 0.1


def answers(n_right: int, n: int, n_copies: int = 1) -> tuple[Part, Array]:
    """Return a binary part of which so many are predicted rightly, each row copied."""
    targets = np.tile(np.arange(n) % 2, n_copies).astype(np.float32)[:, None]
    is_right = np.tile(np.arange(n) < n_right, n_copies)
    part = Part(targets, (n * n_copies,), np.ones((1, 1)), np.arange(n * n_copies))
    return part, sure(targets, is_right)


def with_blocks(part: Part, blocks: Array) -> Part:
    return Part(part.targets, part.folds, part.scale, blocks)


@pytest.mark.parametrize(("n_right", "n"), [(850, 1000), (255, 300), (45, 60)])
@pytest.mark.parametrize("alpha", [0.05, 0.025])
def test_interval_of_an_accuracy_is_nearly_the_binomials_exact_one(
    n_right: int, n: int, alpha: float
) -> None:
    part, predictions = answers(n_right, n)
    found = interval("accuracy", "binary", part, predictions, alpha)
    exact = binomtest(n_right, n).proportion_ci(1 - alpha, "exact")
    assert found.value == pytest.approx(n_right / n)
    assert found.low == pytest.approx(exact.low, abs=1.5 / n + 0.004)
    assert found.high == pytest.approx(exact.high, abs=1.5 / n + 0.004)


@pytest.mark.parametrize(("n", "accuracy"), [(300, 0.85), (200, 0.95), (100, 0.99), (50, 0.7)])
def test_interval_covers_the_truth_as_often_as_it_says(n: int, accuracy: float) -> None:
    counts = np.arange(n + 1)
    likely = counts[binom.pmf(counts, n, accuracy) > 1e-3]
    covered = 0.0
    for n_right in likely.tolist():
        found = interval("accuracy", "binary", *answers(n_right, n), 0.05)
        covered += binom.pmf(n_right, n, accuracy) * (found.low <= accuracy <= found.high)
    assert 0.92 <= covered / binom.pmf(likely, n, accuracy).sum() <= 0.99


@pytest.mark.parametrize("n_right", [0, 40])
def test_interval_of_a_perfect_or_hopeless_accuracy_is_wilsons(n_right: int) -> None:
    found = interval("accuracy", "binary", *answers(n_right, 40), 0.05)
    wilson = binomtest(n_right, 40).proportion_ci(0.95, "wilson")
    assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high))
    assert found.high - found.low > 0.08


def test_rows_copied_ten_times_are_worth_no_more_when_drawn_together() -> None:
    part, predictions = answers(170, 200, n_copies=10)
    by_row = interval("accuracy", "binary", part, predictions, 0.05)
    together = with_blocks(part, np.tile(np.arange(200), 10))
    by_block = interval("accuracy", "binary", together, predictions, 0.05)
    alone = interval("accuracy", "binary", *answers(170, 200), 0.05)
    assert by_block.half_width / by_row.half_width == pytest.approx(10**0.5, rel=0.08)
    assert by_block.half_width == pytest.approx(alone.half_width, rel=0.05)


def test_perfect_accuracy_of_blocks_has_the_interval_of_as_many_rows() -> None:
    part, predictions = answers(40, 40, n_copies=10)
    together = with_blocks(part, np.tile(np.arange(40), 10))
    found = interval("accuracy", "binary", together, predictions, 0.05)
    assert found == interval("accuracy", "binary", *answers(40, 40), 0.05)


def test_same_rows_in_two_folds_are_drawn_together() -> None:
    """The mean of two networks that answer alike is as uncertain as one network's."""
    once, of_one = answers(170, 200)
    twice, of_both = answers(170, 200, n_copies=2)
    folds = Part(twice.targets, (200, 200), np.ones((2, 1)), np.tile(np.arange(200), 2))
    found = interval("loss", "binary", folds, of_both, 0.05)
    expected = interval("loss", "binary", once, of_one, 0.05)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("metric", ["loss", "rmse", "mae", "r2"])
def test_resampled_metric_is_that_of_the_rows_drawn(metric: str) -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(50, 4, size=(60, 2)).astype(np.float32)
    candidates = [(y + rng.normal(0, 2, size=y.shape)).astype(np.float32) for _ in range(3)]
    blocks = rng.permutation(np.arange(60) // 4)
    part = Part(y, (25, 35), np.array([[4.0, 3.0], [2.0, 1.0]]), blocks)
    resampler = Resampler(metric, "regression", part)
    (counts,) = resampler.draws(20, seed=0)
    found = resampler.prepare(candidates).values(counts)
    for drawn, values in zip(counts, found, strict=True):
        n_times = drawn[blocks]
        rows = [np.repeat(np.arange(60)[s], n_times[s]) for s in part.slices]
        again = Part(
            np.concatenate([y[r] for r in rows]),
            tuple(len(r) for r in rows),
            part.scale,
            np.arange(sum(map(len, rows))),
        )
        for predictions, value in zip(candidates, values, strict=True):
            drawn_too = np.concatenate([predictions[r] for r in rows])
            assert value == pytest.approx(score(metric, "regression", again, drawn_too))


def by_scikit_learn(metric: str, targets: Array, predictions: Array) -> float:
    """Score rows as they are, each class that has an AUROC alone."""
    is_binary = predictions.shape[1] == 1
    answers = predictions[:, 0] > 0.5 if is_binary else predictions.argmax(axis=1)
    if metric == "balanced_accuracy":
        return float(metrics.balanced_accuracy_score(targets, answers))
    if metric == "f1":
        average = "binary" if is_binary else "macro"
        return float(metrics.f1_score(targets, answers, average=average, zero_division=0))
    columns = [(1, predictions[:, 0])] if is_binary else enumerate(predictions.T)
    areas = [
        metrics.roc_auc_score(targets == number, column)
        for number, column in columns
        if len(np.unique(targets == number)) == 2
    ]
    return float(np.mean(areas)) if areas else 0.5


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.filterwarnings("ignore:A single label was found")
@pytest.mark.parametrize("metric", ["balanced_accuracy", "f1", "auroc"])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_resampled_metric_of_classes_is_that_of_the_rows_drawn(
    metric: str, n_classes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few rows and many classes: some resamples miss a class, and one class is never drawn."""
    rng = np.random.default_rng(4)
    targets = rng.integers(0, max(n_classes - 1, 2), size=24)
    candidates = [rng.dirichlet(np.ones(n_classes), size=24).round(1) for _ in range(3)]
    blocks = rng.permutation(np.arange(24) // 2)
    task: Task = "classification"
    if n_classes == 2:
        task, candidates = "binary", [each[:, 1:] for each in candidates]
    shaped = targets[:, None].astype(np.float32) if task == "binary" else targets
    part = Part(shaped, (10, 14), np.ones((2, 1)), blocks)
    resampler = Resampler(metric, task, part)
    (counts,) = resampler.draws(30, seed=0)
    prepared = resampler.prepare(candidates)
    found = prepared.values(counts)
    for drawn, values in zip(counts, found, strict=True):
        n_times = drawn[blocks]
        rows = [np.repeat(np.arange(24)[s], n_times[s]) for s in part.slices]
        for predictions, value in zip(candidates, values, strict=True):
            expected = [
                by_scikit_learn(metric, targets[r], predictions[r]) for r in rows if len(r)
            ]
            assert value == pytest.approx(np.mean(expected))
    full = prepared.values(np.ones((1, resampler.n_blocks)))[0]
    assert full == pytest.approx([score(metric, task, part, each) for each in candidates])
    monkeypatch.setattr(drawn_again, "_MAX_CELLS", 20)
    assert resampler.prepare(candidates).values(counts) == pytest.approx(found)


@pytest.mark.parametrize("metric", ["balanced_accuracy", "f1", "auroc"])
def test_fold_without_a_row_drawn_has_no_metric_of_classes_either(metric: str) -> None:
    targets = np.array([0, 1, 0, 1])
    predictions = np.array([[0.9, 0.1], [0.1, 0.9], [0.1, 0.9], [0.9, 0.1]])
    part = Part(targets, (2, 2), np.ones((2, 1)), np.array([0, 0, 1, 1]))
    counts = np.array([[2, 0], [1, 1], [0, 2], [0, 0]])
    prepared = Resampler(metric, "classification", part).prepare([predictions])
    found = prepared.values(counts)[:, 0]
    assert found.tolist()[:3] == [1.0, 0.5, 0.0]
    assert np.isnan(found[3])


@pytest.mark.parametrize("metric", ["balanced_accuracy", "f1", "auroc"])
@pytest.mark.parametrize("n_right", [0, 40])
def test_share_that_no_resample_would_change_has_wilsons_interval(
    metric: str, n_right: int
) -> None:
    found = interval(metric, "binary", *answers(n_right, 40), 0.05)
    wilson = binomtest(n_right, 40).proportion_ci(0.95, "wilson")
    assert (found.value, found.low, found.high) == pytest.approx(
        (n_right / 40, wilson.low, wilson.high)
    )


def test_interval_of_an_auroc_is_as_wide_as_its_standard_error_says() -> None:
    """Against DeLong's, which `guard.shift` finds from ranks."""
    rng = np.random.default_rng(6)
    targets = rng.random((400, 1)) < 0.3
    predictions = 1 / (1 + np.exp(-rng.normal(1.2 * targets, 1)))
    part = Part.of([targets.astype(np.float32)])
    found = interval("auroc", "binary", part, predictions, 0.05)
    auc, components = auc_and_components(predictions[:, 0], targets[:, 0])
    assert found.value == pytest.approx(auc)
    assert found.half_width == pytest.approx(1.96 * np.sqrt((components**2).sum()), rel=0.07)


def test_fold_without_a_row_drawn_is_left_out_and_nothing_drawn_is_no_number() -> None:
    part = Part(np.ones((4, 1), np.float32), (2, 2), np.ones((2, 1)), np.array([0, 0, 1, 1]))
    predictions = np.array([[0.9], [0.9], [0.1], [0.1]])
    resampler = Resampler("accuracy", "binary", part)
    counts = np.array([[2, 0], [1, 1], [0, 2], [0, 0]])
    found = resampler.prepare([predictions]).values(counts)[:, 0]
    assert found.tolist()[:3] == [1.0, 0.5, 0.0]
    assert np.isnan(found[3])


def test_interval_depends_on_the_seed_alone_and_not_on_how_much_memory_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    part, predictions = answers(255, 300)
    np.random.seed(1)
    first = interval("accuracy", "binary", part, predictions, 0.05, seed=1)
    assert first != interval("accuracy", "binary", part, predictions, 0.05, seed=2)
    monkeypatch.setattr(resampling, "_MAX_CELLS", 1000)
    np.random.seed(2)
    assert interval("accuracy", "binary", part, predictions, 0.05, seed=1) == first


def test_rmse_interval_agrees_with_a_plain_bootstrap() -> None:
    rng = np.random.default_rng(5)
    y = rng.normal(size=(300, 1))
    predictions = y + rng.normal(0, 0.5, size=y.shape)
    part = Part(y, (300,), np.ones((1, 1)), np.arange(300))
    found = interval("rmse", "regression", part, predictions, 0.05)
    plain = []
    for _ in range(2000):
        rows = rng.integers(300, size=300)
        plain.append(metrics.root_mean_squared_error(y[rows], predictions[rows]))
    assert [found.low, found.high] == pytest.approx(np.quantile(plain, [0.025, 0.975]), abs=0.005)


def test_part_of_one_block_is_drawn_by_row() -> None:
    part, predictions = answers(170, 200)
    one = with_blocks(part, np.full(200, 7))
    found = interval("accuracy", "binary", one, predictions, 0.05)
    assert found == interval("accuracy", "binary", part, predictions, 0.05)


def test_single_row_is_as_uncertain_as_it_is_large() -> None:
    part, predictions = answers(1, 1)
    found = interval("loss", "binary", part, predictions, 0.05)
    assert (found.low, found.high) == pytest.approx((0, 2 * found.value))
    assert interval("accuracy", "binary", part, predictions, 0.05).low < 0.3
