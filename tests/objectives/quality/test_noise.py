"""Labels that the other rows speak against: told when flipped, not where classes overlap."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from truetune.objectives.development import Array
from truetune.objectives.quality import noise
from truetune.objectives.quality.view import View

MakeView = Callable[..., View]


def rows_of(where: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", where.split(" and ")[0])]


OF_CLASSES = ["iris", "wine", "breast_cancer", "digits"]


def flipped(targets: Array, share: float) -> tuple[Array, Array]:
    """Return class numbers of which a share is another, and which."""
    draw = np.random.default_rng(1)
    is_flipped = draw.random(len(targets)) < share
    n_classes = targets.max() + 1
    others = (targets + draw.integers(1, n_classes, len(targets))) % n_classes
    return np.where(is_flipped, others, targets), is_flipped


def test_set_as_it_ships_is_quiet(built_in: View) -> None:
    assert not noise.wrong_labels(built_in)


@pytest.mark.parametrize("built_in", OF_CLASSES, indirect=True)
def test_flipped_labels_are_told_by_share_and_row(built_in: View) -> None:
    targets, is_flipped = flipped(built_in.table.targets, 0.1)
    changed = replace(built_in, table=replace(built_in.table, targets=targets))
    (finding,) = noise.wrong_labels(changed)
    share = int(re.match(r"about (\d+)%", finding.found)[1]) / 100  # type: ignore[index]
    n = len(changed.development)
    assert share == pytest.approx(is_flipped[changed.development].mean(), abs=0.02 + 5 / n)
    assert is_flipped[rows_of(finding.where)].all()


def overlapping(strength: float, n: int = 4_000) -> tuple[Array, Array]:
    """Return inputs and classes drawn with the probability that a logistic model gives."""
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(n, 5))
    return inputs, (draw.random(n) < 1 / (1 + np.exp(-strength * inputs.sum(axis=1)))).astype(int)


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0, 1.5, 3.0])
def test_classes_that_overlap_are_not_wrong(view: MakeView, strength: float) -> None:
    assert not noise.wrong_labels(view(*overlapping(strength)))


def test_rare_class_that_nothing_tells_is_not_wrong(view: MakeView) -> None:
    inputs, _ = overlapping(1.0)
    targets = (np.random.default_rng(1).random(len(inputs)) < 0.05).astype(int)
    assert not noise.wrong_labels(view(inputs, targets))


def test_columns_of_every_kind_are_inputs(view: MakeView) -> None:
    n = 1_000
    level = np.random.default_rng(0).integers(0, 4, n)
    truth = level % 2
    targets, is_flipped = flipped(truth, 0.1)
    inputs = {
        "level": pd.Categorical(level.astype(str)),
        "gap": np.where(level > 1, np.nan, 1.0),
        "when": pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(n), "D"),
        "note": [f"note {i}" for i in range(n)],
    }
    (finding,) = noise.wrong_labels(view(inputs, targets))
    assert is_flipped[rows_of(finding.where)].all()


def test_confident_joint_is_that_of_the_paper() -> None:
    # Thresholds: class 0 (0.9 + 0.8 + 0.1) / 3 = 0.6, class 1 (0.7 + 0.9 + 0.2) / 3 = 0.6.
    second = np.array([0.1, 0.2, 0.9, 0.7, 0.9, 0.2])
    probabilities = np.stack([1 - second, second], axis=1)
    is_issue, share = noise.confident(probabilities, np.array([0, 0, 0, 1, 1, 1]))
    assert list(np.flatnonzero(is_issue)) == [2, 5]
    assert share == pytest.approx(1 / 3)


def curve(n: int = 2_000) -> tuple[Array, Array]:
    draw = np.random.default_rng(0)
    inputs = draw.uniform(-2, 2, (n, 3))
    targets = np.exp(inputs[:, 0]) * (1 + inputs[:, 1] ** 2)
    return inputs, targets + draw.normal(size=n) * 0.1


def test_number_that_others_contradict_is_told(view: MakeView) -> None:
    inputs, targets = curve()
    assert not noise.wrong_labels(view(inputs, targets, "regression"))
    spoilt = np.argsort(targets)[::100][:10]
    targets[spoilt] = np.quantile(targets, 0.98)
    (finding,) = noise.wrong_labels(view(inputs, targets, "regression"))
    assert set(rows_of(finding.where)) <= set(spoilt)


def test_noisy_numbers_are_not_wrong(view: MakeView) -> None:
    inputs, targets = curve()
    noisy = targets * np.random.default_rng(1).lognormal(0, 0.5, len(targets))
    assert not noise.wrong_labels(view(inputs, noisy, "regression"))
