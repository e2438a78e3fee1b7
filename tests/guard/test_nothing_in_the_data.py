"""Where there is nothing to learn, neither validation nor test says that there was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from truetune.search.home import Home
from truetune.search.verify import verify

Verified = Callable[[str], dict[str, Any]]

SPACE = """
data: {source: ./rows.csv, target: y, split: {validation: 0.25, test: 0.25}}
task: binary
objective: {metric: validation_accuracy}
training: {epochs: 5}
parameters:
  learning_rate: {type: float, low: 0.0003, high: 0.01, log: true}
  weight_decay: {type: float, low: 0.00001, high: 0.01, log: true}
sampler: random
pruner: none
budget: {trials: 8}
"""


@pytest.fixture
def verified(
    tmp_path: Path, search_here: Callable[..., object]
) -> Callable[[str], dict[str, Any]]:
    """Search a space, and verify its winner."""

    def search_and_verify(space: str) -> dict[str, Any]:
        (tmp_path / "space.yaml").write_text(space)
        search_here(tmp_path / "space.yaml")
        return dict(verify(Home.at(tmp_path / "mlruns")).content)

    return search_and_verify


def chance(n: int) -> tuple[float, float]:
    """Where an accuracy of n guesses lies, but for one time in a thousand."""
    low, high = binom.interval(0.999, n, 0.5)
    return low / n, high / n


def test_labels_shuffled_among_the_rows_are_guessed_at(verified: Verified, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1200, 4))
    y = rng.permutation(np.where(x[:, 0] > 0, "yes", "no"))
    frame = pd.DataFrame(x, columns=list("abcd")).assign(y=y)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    report = verified(SPACE)
    low, high = chance(300)
    assert low <= report["test"] <= high
    assert low <= report["corrected"] <= high
    assert report["naive"] >= report["corrected"]
    assert report["verdict"] != "OPTIMISTIC"


def test_five_thousand_columns_of_noise_are_worth_a_guess(
    verified: Verified, tmp_path: Path
) -> None:
    # Chosen or scaled on all rows, the columns that go with the labels by chance would be worth
    # far more: Varma and Simon, BMC Bioinformatics 7:91 (2006).
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 5000)).astype(np.float32)
    y = np.where(rng.random(400) < 0.5, "yes", "no")
    np.savez(tmp_path / "rows.npz", x=x, y=y)
    report = verified(SPACE.replace("./rows.csv, target: y", "./rows.npz"))
    low, high = chance(100)
    assert low <= report["test"] <= high
    assert low <= report["corrected"] <= high


def test_a_choice_of_columns_by_all_rows_would_be_worth_far_more() -> None:
    """The leak that the test above would see."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score

    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 5000))
    y = rng.random(400) < 0.5
    told = np.abs(np.corrcoef(x.T, y)[-1, :-1])
    leaky = x[:, np.argsort(told)[-50:]]
    assert cross_val_score(LogisticRegression(), leaky, y, cv=5).mean() > 0.7


def test_labels_of_test_rows_shuffled_alone_are_optimistic(
    verified: Verified, tmp_path: Path
) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(1500, 4))
    y = np.where(x[:, 0] + 0.3 * rng.normal(size=1500) > 0, "yes", "no")
    frame = pd.DataFrame(x, columns=list("abcd")).assign(y=y)
    test = frame.iloc[1000:].assign(y=rng.permutation(y[1000:]))
    test.to_csv(tmp_path / "test.csv", index=False)
    space = SPACE.replace("target: y", "target: y, test: ./test.csv").replace(", test: 0.25", "")
    frame.iloc[:1000].to_csv(tmp_path / "rows.csv", index=False)
    report = verified(space)
    low, high = chance(500)
    assert low <= report["test"] <= high
    assert report["corrected"] > 0.8
    assert report["verdict"] == "OPTIMISTIC"
    assert report["next"][0].startswith("Validate on ")
    assert "--set data.test=FILE" in report["next"][-1]
