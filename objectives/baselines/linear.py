"""A linear model, its penalty scikit-learn's default: what a network's layers must improve on."""

from __future__ import annotations

from ...spaces.experiment import Task
from ..development import Array, Fold
from .scikit import classified, regressed

MAX_STEPS = 1000  # of the solver; beyond, what it has come to is scored and noted


def predict(fold: Fold, task: Task, n_outputs: int, seed: int) -> Array:
    """See the package's docstring. Inputs are standardised, so that the penalty suits them."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if task == "regression":
        return regressed(make_pipeline(StandardScaler(), Ridge()), fold)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=MAX_STEPS))
    return classified(model, fold, task, n_outputs, seed)
