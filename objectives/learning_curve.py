"""How well a configuration does with ever more of the training rows, and with more than there are.

The configuration is trained on nested shares of its rows, several times each with other rows and
other initial weights, and scored on the same validation rows. A law fitted to that says what twice
as many rows would bring (see `power_law`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import InputError, TuneError
from ..spaces import Experiment
from .contracts import Assignment, DivergedError
from .development import Array, Development
from .growing import smaller
from .guard.intervals import Interval
from .metrics import FIT, OBJECTIVES, plain_name
from .power_law import Laws, fitted, resampled
from .seeds import trial_seed
from .single import Trained, train

ALPHA = 0.1  # intervals hold the law in nine of ten cases
MIN_SIZES = 5
_SMALLEST_SHARE = 32  # the smallest share is one of so many
_MIN_ROWS = 16
_MIN_ROWS_A_CLASS = 4


@dataclass(frozen=True)
class Run:
    """One training."""

    n_rows: int
    seed: int
    value: float  # the metric on the validation rows
    fit: float | None  # the same on training rows, where it is known
    ends_best: bool  # whether no epoch was better than the last


@dataclass(frozen=True)
class LearningCurve:
    """Runs on growing shares of the rows, and the law that they follow."""

    metric: str
    is_cost: bool  # whether less of the metric is better
    n_rows: int  # all that there are
    runs: tuple[Run, ...]

    @cached_property
    def law(self) -> Laws:
        """The law, of the metric where it is a cost, else of what the metric lacks of 1."""
        return fitted(self._rows, self._errors[None])

    @cached_property
    def laws(self) -> Laws:
        """The law as it might have come out else."""
        seeds = np.array([run.seed for run in self.runs])
        return resampled(self._rows, seeds, self._errors, self.law)

    @property
    def sizes(self) -> list[int]:
        return sorted({run.n_rows for run in self.runs})

    def measured(self, n_rows: int) -> tuple[float, float, float]:
        """Return the mean, least and largest value with so many rows."""
        values = [run.value for run in self.runs if run.n_rows == n_rows]
        return float(np.mean(values)), min(values), max(values)

    def fit(self, n_rows: int) -> float | None:
        """Return the mean value on training rows with so many of them."""
        values = [run.fit for run in self.runs if run.n_rows == n_rows and run.fit is not None]
        return float(np.mean(values)) if values else None

    def expected(self, n_rows: float) -> Interval:
        """Return the value that the law has for so many rows."""
        (value,), many = self.law.at(n_rows), self.laws.at(n_rows)
        low, high = np.quantile(many, (ALPHA / 2, 1 - ALPHA / 2))
        ends = sorted((self._value(low), self._value(high)))
        return Interval(self._value(value), *ends)

    def gain(self, factor: float) -> Interval:
        """Return by which share of itself the error falls with so many times the rows."""
        found, many = (
            1 - laws.at(factor * self.n_rows) / np.maximum(laws.at(self.n_rows), 1e-12)
            for laws in (self.law, self.laws)
        )
        low, high = np.quantile(many, (ALPHA / 2, 1 - ALPHA / 2)).tolist()
        return Interval(float(found[0]), low, high)

    def rows_for(self, value: float) -> Interval:
        """Return with how many rows the law comes to a value: inf where it never does."""
        error = value if self.is_cost else 1 - value
        low, high = np.quantile(
            self.laws.rows_for(error), (ALPHA / 2, 1 - ALPHA / 2), method="nearest"
        )
        return Interval(float(self.law.rows_for(error)[0]), float(low), float(high))

    def _value(self, error: float) -> float:
        return float(error if self.is_cost else 1 - error)

    @property
    def _rows(self) -> Array:
        return np.array([run.n_rows for run in self.runs], np.float64)

    @property
    def _errors(self) -> Array:
        values = np.array([run.value for run in self.runs])
        return values if self.is_cost else 1 - values


def metric_of(experiment: Experiment) -> str:
    """Return what a curve is of: the objective, or the loss where that is no quality of rows.

    Raises:
        InputError: a function of the user's own trains, with rows that only it knows.
    """
    if experiment.objective.function is not None:
        rule = "a learning curve is of the built-in trainer's networks, but "
        rule += f"`{experiment.objective.function}` trains here."
        raise InputError(rule, "Train it on fewer rows yourself: `development` has them.")
    metric, known = experiment.objective.metric, OBJECTIVES[experiment.task]
    return metric if metric in known else "validation_loss"


def sizes_of(development: Development, n_sizes: int) -> list[int]:
    """Return how many of the first fold's rows are trained on, in equal ratios up to all.

    Raises:
        InputError: there are too few rows to make shares of.
    """
    n_rows = len(development.folds[0].y_train)
    n_classes = max(1, len(development.description.classes))
    least = max(n_rows // _SMALLEST_SHARE, _MIN_ROWS, _MIN_ROWS_A_CLASS * n_classes)
    sizes = np.unique(np.geomspace(least, n_rows, n_sizes).round().astype(int)).tolist()
    if n_rows < 4 * least or len(sizes) < n_sizes:
        rule = f"a learning curve of {n_sizes} sizes takes {4 * least:,} training rows, "
        raise InputError(f"{rule}but there are {n_rows:,}.", "Bring more rows first.")
    return [int(size) for size in sizes]


def measure(
    experiment: Experiment,
    assignment: Assignment,
    development: Development,
    sizes: Sequence[int],
    n_seeds: int,
    device: str = "cpu",
    show: Callable[[Run | DivergedError], None] = lambda _: None,
) -> LearningCurve:
    """Train a configuration on growing shares of its rows.

    With all rows and the first seed it is the trial itself.

    Args:
        experiment: what the file says.
        assignment: the configuration, and the seed of the first of its runs.
        development: all training rows, and the validation rows.
        sizes: how many of the first fold's rows, the last being all.
        n_seeds: how often each size is trained.
        device: of torch's.
        show: told of every run, and of each that diverged.

    Raises:
        TuneError: so many runs diverged that no law can be fitted.
    """
    metric, runs = metric_of(experiment), []
    is_cost = _is_cost(metric, experiment)
    for size in sizes:
        for k in range(n_seeds):
            seed = assignment.seed if k == 0 else trial_seed(assignment.seed, k)
            own = Assignment(assignment.number, assignment.configuration, seed)
            share = smaller(development, experiment, size / sizes[-1], seed)
            try:
                trained = train(experiment, own, share, device)
            except DivergedError as error:
                show(error)
                continue
            runs.append(_run(trained, metric, is_cost, size, k))
            show(runs[-1])
    if len({run.n_rows for run in runs}) < min(MIN_SIZES, len(sizes)):
        cause = "too many of the trainings on fewer rows diverged to tell how the rest goes on."
        raise TuneError(cause, "Take a trial with a lower learning rate: --trial N.")
    return LearningCurve(metric, is_cost, sizes[-1], tuple(runs))


def _is_cost(metric: str, experiment: Experiment) -> bool:
    return OBJECTIVES[experiment.task][metric] == "minimize"


def _run(trained: Trained, metric: str, is_cost: bool, size: int, seed: int) -> Run:
    values = [report.metrics[metric] for report in trained.reports]
    best = min(values) if is_cost else max(values)
    metrics = trained.last.kept_metrics or {}
    fit = metrics.get(FIT + plain_name(metric))
    return Run(size, seed, metrics[metric], fit, values[-1] == best)
