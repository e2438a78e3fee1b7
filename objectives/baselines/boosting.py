"""Gradient-boosted trees, scikit-learn's defaults: what a network on a table should come up to."""

from __future__ import annotations

from ...spaces.experiment import Task
from ..development import Array, Fold
from .scikit import classified, regressed


def predict(fold: Fold, task: Task, n_outputs: int, seed: int) -> Array:
    """See the package's docstring. Of several targets each has trees of its own."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.multioutput import MultiOutputRegressor

    if task != "regression":
        model = HistGradientBoostingClassifier(random_state=seed)
        return classified(model, fold, task, n_outputs, seed)
    regressor = HistGradientBoostingRegressor(random_state=seed)
    return regressed(regressor if n_outputs == 1 else MultiOutputRegressor(regressor), fold)
