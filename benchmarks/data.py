"""Reading, splitting, checking and preparing a million rows, against the same by hand.

    python benchmarks/data.py [--rounds 3] [--rows 1000000]

A CSV of 15 columns of numbers, with missing cells, and 5 of 50 levels each; a class to predict.
By hand it is pandas and scikit-learn: `read_csv`, the looks that a careful person takes (missing,
constant, distinct, extreme, correlated, duplicated; every column alone against the class; labels
that a model out of fold disagrees with), a stratified split in three, and a ColumnTransformer
fitted on the training rows. Both in one process, in turn; model-based looks on the same sample.
Appends medians and the ratio to benchmarks/LOG.md.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from log import conclude, parser, spread, table
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import cross_val_predict, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from truetune.objectives import sources
from truetune.objectives.features import Features, take
from truetune.objectives.quality.catalogue import inspect
from truetune.objectives.quality.view import View
from truetune.objectives.splits import split_rows
from truetune.spaces.experiment import Data, Preprocess, Split

SAMPLE = 20_000
Steps = dict[str, Callable[[], Any]]


def write(path: Path, n_rows: int) -> None:
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(n_rows, 15))
    numbers[rng.random(numbers.shape) < 0.02] = np.nan
    frame = pd.DataFrame(numbers, columns=[f"number_{i}" for i in range(15)]).round(6)
    for i in range(5):
        frame[f"level_{i}"] = rng.choice([f"level {j:02d}" for j in range(50)], n_rows)
    score = frame["number_0"].fillna(0) + frame["level_0"].str[-2:].astype(int) / 25
    frame["y"] = np.where(score + rng.normal(size=n_rows) > 1, "yes", "no")
    frame.to_csv(path, index=False)


def by_hand(path: Path) -> dict[str, float]:
    clock = Clock()
    frame = pd.read_csv(path)
    x, y = frame.drop(columns="y"), frame["y"]
    clock.lap("reading")
    rest, _ = train_test_split(np.arange(len(x)), test_size=0.2, stratify=y, random_state=0)
    train, validation = train_test_split(
        rest, test_size=0.25, stratify=y.iloc[rest], random_state=0
    )
    clock.lap("splitting")
    _look(x.iloc[rest], y.iloc[rest])
    clock.lap("checking")
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    levels = OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.float32)
    made = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (levels, make_column_selector(dtype_exclude="number")),
    )
    made.fit(x.iloc[train])
    for rows in (train, validation):
        made.transform(x.iloc[rows]).astype(np.float32)
    clock.lap("preparing")
    return clock.laps


def _look(x: pd.DataFrame, y: pd.Series[str]) -> None:
    x.isna().mean()
    x.nunique()
    x.duplicated().sum()
    y.value_counts()
    numbers = x.select_dtypes("number")
    numbers.quantile([0.01, 0.25, 0.5, 0.75, 0.99])
    numbers.corr()
    sample = x.sample(SAMPLE, random_state=0)
    labels = y.loc[sample.index]
    coded = sample.copy()
    levels = coded.select_dtypes(exclude="number").columns
    coded[levels] = OrdinalEncoder().fit_transform(coded[levels])
    for name in coded:
        tree = DecisionTreeClassifier(max_depth=4)
        alone = cross_val_predict(tree, coded[[name]], labels, cv=3)
        balanced_accuracy_score(labels, alone)
    model = HistGradientBoostingClassifier(random_state=0)
    cross_val_predict(model, coded, labels, cv=3, method="predict_proba")


def ours(path: Path) -> dict[str, float]:
    clock = Clock()
    data = Data(source=str(path), target="y")
    read = sources.load(data, keep_dropped=True)
    clock.lap("reading")
    rows = split_rows(read, Split(), "binary")
    clock.lap("splitting")
    inspect(View(read, rows, "binary", "y", read.dropped))
    clock.lap("checking")
    (fold,) = rows.folds
    features = Features.fit(take(read.inputs, fold.train), Preprocess())
    for part in fold:
        features.transform(read.inputs, part)
    clock.lap("preparing")
    return clock.laps


class Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self.before = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name], self.before = now - self.before, now


def main() -> None:
    made = parser(rounds=3)
    made.add_argument("--rows", type=int, default=1_000_000)
    options = made.parse_args()
    hand: list[dict[str, float]] = []
    own: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        write(path, options.rows)
        for _ in range(options.rounds):
            hand.append(by_hand(path))
            own.append(ours(path))
    steps = list(hand[0])
    rows = [
        (
            step,
            spread([r[step] for r in hand], unit=" s"),
            spread([r[step] for r in own], unit=" s"),
        )
        for step in steps
    ]
    totals = [[sum(laps.values()) for laps in both] for both in (hand, own)]
    rows.append(("all", *(spread(total, unit=" s") for total in totals)))
    ratios = [o / h for h, o in zip(*totals, strict=True)]
    text = table(("step", "pandas + scikit-learn", "truetune"), rows)
    ratio = f"- {spread(ratios, unit='x')} of by hand, {options.rounds} rounds of {options.rows:,}"
    conclude("A million rows", f"{text}\n\n{ratio} rows", options)


if __name__ == "__main__":
    main()
