"""Tables to look at: rows in the order of their parts, or as a split would draw them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from truetune.objectives.development import Array
from truetune.objectives.duplicates import ties
from truetune.objectives.quality.view import View
from truetune.objectives.rows import FoldRows, Rows
from truetune.objectives.table import Table
from truetune.spaces.experiment import Task

MakeView = Callable[..., View]

SETS: dict[str, Task] = {
    "iris": "classification",
    "wine": "classification",
    "breast_cancer": "binary",
    "digits": "classification",
    "diabetes": "regression",
}


def frame(columns: dict[str, Any]) -> pd.DataFrame:
    """Return columns as a table has them: text in a list is free text."""

    def typed(values: Any) -> Any:
        is_text = isinstance(values, list) and any(isinstance(value, str) for value in values)
        return pd.array(values, dtype="str") if is_text else values

    return pd.DataFrame({name: typed(values) for name, values in columns.items()})


def in_order(n: int) -> Rows:
    """Return the first three fifths to train on, a fifth to validate on, and the last to test."""
    train, validation, test = np.split(np.arange(n), [n * 3 // 5, n * 4 // 5])
    return Rows((FoldRows(train, validation),), test, np.zeros(0, np.int64))


def drawn(inputs: Array) -> Rows:
    """Return rows in random parts, copies together."""
    draw = np.random.default_rng(0).random(len(inputs))[ties(inputs)]
    parts = [np.flatnonzero((draw >= a) & (draw < b)) for a, b in ((0, 0.6), (0.6, 0.8), (0.8, 1))]
    return Rows((FoldRows(parts[0], parts[1]),), parts[2], np.zeros(0, np.int64))


@pytest.fixture
def view() -> MakeView:
    """Return a function that makes a View of columns or an array, and of targets."""

    def make(inputs: Any, targets: Any = None, task: Task = "binary", **others: Any) -> View:
        inputs = frame(inputs) if isinstance(inputs, dict) else inputs
        n = len(inputs)
        targets = np.arange(n) % 2 if targets is None else np.asarray(targets)
        rows = others.pop("rows", None) or in_order(n)
        known = {name: others.pop(name, None) for name in ("groups", "times")}
        return View(Table(inputs, targets, **known), rows, task, **others)

    return make


@pytest.fixture(params=SETS)
def built_in(request: pytest.FixtureRequest) -> View:
    """Each of scikit-learn's sets, as plain arrays."""
    inputs, targets = getattr(datasets, f"load_{request.param}")(return_X_y=True)
    return View(Table(inputs, targets), drawn(inputs), SETS[request.param])
