"""Shift: what a classifier finds between two sets of rows, held against closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from truetune.objectives.development import Array
from truetune.objectives.features import Features
from truetune.objectives.guard.content import Sealed
from truetune.objectives.guard.shift import (
    MAX_INPUTS,
    N_MAX,
    N_MIN,
    Shift,
    Side,
    auc_and_components,
    shift,
)
from truetune.spaces.experiment import Preprocess

NAMES = ["a", "b", "c", "d"]


def side(inputs: Array, blocks: Array | None = None) -> Side:
    return Side(inputs.astype(np.float32), np.arange(len(inputs)) if blocks is None else blocks)


def normal(rng: np.random.Generator, n: int, mean: float = 0.0) -> Array:
    """Rows of four columns, the third of another mean."""
    rows = rng.normal(size=(n, 4))
    rows[:, 2] += mean
    return rows


def between(first: Array, second: Array) -> Shift:
    found = shift(side(first), side(second), NAMES, NAMES)
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(6))
def test_rows_of_one_population_cannot_be_told_apart(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = between(normal(rng, 300), normal(rng, 200))
    assert found.low <= 0.5 <= found.high
    assert 0 <= found.low < found.auc < found.high <= 1
    assert all(abs(changed.auc - 0.5) < 0.1 for changed in found.columns)


def test_intervals_of_one_population_miss_about_as_often_as_they_may() -> None:
    """Twenty at 95 %: three misses or fewer, but for one in a hundred runs."""
    rng = np.random.default_rng(0)
    pairs = [(normal(rng, 80), normal(rng, 80)) for _ in range(20)]
    found = [between(*pair) for pair in pairs]
    assert sum(not f.low <= 0.5 <= f.high for f in found) <= 3


@pytest.mark.parametrize("mean", [0.5, 1.0, 2.0, -1.0])
def test_shifted_column_is_named_first_with_the_auc_of_two_normal_means(mean: float) -> None:
    """P(X < Y) of two normal variables of variance 1 and means 0 and d is Phi(d / sqrt 2)."""
    rng = np.random.default_rng(0)
    found = between(normal(rng, 2000), normal(rng, 2000, mean))
    first = found.columns[0]
    assert first.name == "c"
    assert first.direction == ("higher" if mean > 0 else "lower")
    assert first.auc == pytest.approx(norm.cdf(mean / math.sqrt(2)), abs=0.02)
    assert found.low > 0.5
    # The best classifier knows the one column that differs: its AUC is that column's.
    assert found.auc == pytest.approx(norm.cdf(abs(mean) / math.sqrt(2)), abs=0.04)


def test_auc_of_a_column_is_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    first, second = np.round(normal(rng, 90)), np.round(normal(rng, 40, mean=0.7))  # with ties
    found = between(first, second)
    labels = np.repeat([0, 1], [90, 40])
    for changed in found.columns:
        i = NAMES.index(changed.name)
        values = np.concatenate([first, second])[:, i]
        assert changed.auc == pytest.approx(roc_auc_score(labels, values))
    distances = [abs(changed.auc - 0.5) for changed in found.columns]
    assert len(distances) == 3
    assert distances == sorted(distances, reverse=True)


def pairwise(scores: Array, is_second: Array) -> tuple[float, float]:
    """Return the AUC and DeLong's variance of it, from all pairs as the paper defines them."""
    first, second = scores[~is_second], scores[is_second]
    wins = (second[:, None] > first) + 0.5 * (second[:, None] == first)
    of_second, of_first = wins.mean(axis=1), wins.mean(axis=0)
    variance = of_second.var(ddof=1) / len(second) + of_first.var(ddof=1) / len(first)
    return float(wins.mean()), float(variance)


def test_components_add_up_to_delongs_variance() -> None:
    rng = np.random.default_rng(0)
    scores, is_second = np.round(rng.normal(size=70), 1), np.arange(70) < 30
    auc, components = auc_and_components(scores, is_second)
    expected, variance = pairwise(scores, is_second)
    assert auc == pytest.approx(expected)
    assert auc == pytest.approx(roc_auc_score(is_second, scores))
    sides = (components[is_second], components[~is_second])
    assert sum(n.size / (n.size - 1) * (n**2).sum() for n in sides) == pytest.approx(variance)


def groups(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Ten rows of each group, alike in all but a little."""
    rows = np.repeat(rng.normal(size=(n, 4)), 10, axis=0)
    return rows + 0.2 * rng.normal(size=rows.shape), np.repeat(np.arange(n), 10)


def test_new_groups_of_one_population_are_no_shift() -> None:
    """A classifier that has seen a group's other rows would know them again."""
    rng = np.random.default_rng(3)
    (first, of_first), (second, of_second) = groups(rng, 40), groups(rng, 25)
    found = shift(side(first, of_first), side(second, of_second))
    assert found is not None
    assert found.low <= 0.5 <= found.high
    alone = shift(side(first), side(second))
    assert alone is not None
    assert alone.low > 0.8  # what it would say if rows stood alone


def test_rows_of_few_groups_say_nothing() -> None:
    rng = np.random.default_rng(0)
    first, (second, of_second) = normal(rng, 100), groups(rng, 4)
    assert shift(side(first), side(second, of_second)) is None


def test_few_rows_say_nothing() -> None:
    rng = np.random.default_rng(0)
    few, many = normal(rng, N_MIN - 1), normal(rng, 200)
    assert shift(side(few), side(many)) is None
    assert shift(side(many), side(few)) is None
    assert shift(side(normal(rng, N_MIN)), side(many)) is not None


def test_same_rows_are_compared_in_the_same_way() -> None:
    rng = np.random.default_rng(0)
    first, second = normal(rng, 60), normal(rng, 60, mean=0.5)
    assert between(first, second) == between(first, second)


def test_constant_inputs_are_one_half() -> None:
    found = between(np.zeros((40, 4)), np.zeros((40, 4)))
    assert found.auc == 0.5
    assert {changed.auc for changed in found.columns} == {0.5}


def test_inputs_without_names_are_compared_as_a_whole() -> None:
    rng = np.random.default_rng(0)
    found = shift(side(normal(rng, 200)), side(normal(rng, 200, mean=1)))
    assert found is not None
    assert found.columns == ()
    assert found.low > 0.5


def test_of_many_inputs_those_that_vary_most_are_looked_at() -> None:
    rng = np.random.default_rng(0)
    first, second = (rng.normal(scale=0.1, size=(60, MAX_INPUTS + 50)) for _ in range(2))
    second[:, 7] += 5
    found = shift(side(first), side(second))
    assert found is not None
    assert found.low > 0.9


def prepared(frame: pd.DataFrame, features: Features) -> Side:
    blocks = np.arange(len(frame))
    return Side.of(Sealed(frame, np.zeros(len(frame)), blocks, ""), features)


def frame(rng: np.random.Generator, n: int, **changed: Any) -> pd.DataFrame:
    """One column of each kind."""
    columns = {
        "number": rng.normal(size=n),
        "level": pd.Categorical(rng.choice(["x", "y", "z"], n)),
        "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 700, n), unit="D"),
        "words": pd.array(rng.choice(["red fox", "blue hen", "old cow"], n), dtype="str"),
    }
    return pd.DataFrame({**columns, **changed})


def of_frames(first: pd.DataFrame, second: pd.DataFrame) -> Shift:
    features = Features.fit(first, Preprocess())
    sides = prepared(first, features), prepared(second, features)
    found = shift(*sides, features.origins(first), ("number", "day"))
    assert found is not None
    return found


def test_change_in_a_columns_levels_is_found_without_naming_one() -> None:
    rng = np.random.default_rng(0)
    first, second = frame(rng, 600), frame(rng, 600)
    second["level"] = pd.Categorical(rng.choice(["x", "y"], 600, p=[0.9, 0.1]))
    (changed, *_) = of_frames(first, second).columns
    assert (changed.name, changed.direction) == ("level", "other")
    # The level that changed most is `x`, from a third to nine tenths of the rows.
    assert changed.auc == pytest.approx(0.5 + (0.9 - 1 / 3) / 2, abs=0.03)


def test_change_in_a_columns_words_is_found() -> None:
    rng = np.random.default_rng(0)
    first, second = frame(rng, 300), frame(rng, 300)
    second["words"] = pd.array(["old cow"] * 300, dtype="str")
    (changed, *_) = of_frames(first, second).columns
    assert (changed.name, changed.direction) == ("words", "other")


def test_later_dates_are_higher() -> None:
    rng = np.random.default_rng(0)
    first, second = frame(rng, 300), frame(rng, 300)
    second["day"] += pd.Timedelta(days=900)
    (changed, *_) = of_frames(first, second).columns
    assert (changed.name, changed.direction, changed.auc) == ("day", "higher", 1.0)


def test_of_many_rows_some_are_taken() -> None:
    rng = np.random.default_rng(0)
    rows = frame(rng, N_MAX + 500)
    taken = prepared(rows, Features.fit(rows, Preprocess(scale="none")))
    assert len(taken.inputs) == len(taken.blocks) == N_MAX
    numbers = rows["number"].to_numpy(np.float32)
    np.testing.assert_array_equal(taken.inputs[:, 0], numbers[taken.blocks])


def test_pictures_are_compared_pixel_by_pixel() -> None:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (40, 3, 4, 4)).astype(np.uint8)
    rows = Sealed(pictures, np.zeros(40), np.arange(40), "")
    taken = Side.of(rows, Features.fit(pictures, Preprocess()))
    assert taken.inputs.shape == (40, 48)
