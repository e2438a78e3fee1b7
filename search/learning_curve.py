"""`tune learning-curve`: whether more rows are the cure, and how many, in words and a picture."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..errors import InputError, StorageError
from ..objectives.contracts import DivergedError
from ..objectives.guard.intervals import Interval
from ..objectives.learning_curve import LearningCurve, Run, measure, metric_of, sizes_of
from ..objectives.metrics import SHARES, plain_name
from ..objectives.single import device_here
from .chosen import Chosen
from .plots import Line, Mark, Picture, write

FACTORS = (2, 4, 10)
ATTRIBUTE = "learning_curve"  # of the study: the last curve that was drawn of it
WORTH = 0.05  # of the error: less is not worth collecting rows for
SURE = 0.01  # of the error: as the law never rises, any interval says that more rows help a little

Verdict = Literal["yes", "no", "unclear"]


@dataclass(frozen=True)
class MoreData:
    """A learning curve of a trial, and what it says about more rows."""

    study: str
    trial: int
    curve: LearningCurve
    target: float | None  # the value that is wanted
    notes: tuple[str, ...]
    plots: tuple[Path, ...]

    @property
    def verdict(self) -> Verdict:
        """Whether more rows are the cure.

        They are where twice as many surely help, and by what is worth it; they are not where
        ten times as many surely do not help by that much.
        """
        twice, most = self.curve.gain(FACTORS[0]), self.curve.gain(FACTORS[-1])
        if twice.value >= WORTH and twice.low >= SURE:
            return "yes"
        return "no" if most.value < WORTH or most.high < WORTH else "unclear"

    def to_json(self) -> dict[str, Any]:
        curve, law = self.curve, self.curve.law
        return {
            "study": self.study,
            "trial": self.trial,
            "metric": curve.metric,
            "rows": curve.n_rows,
            "runs": [vars(run) for run in curve.runs],
            "law": {"a": float(law.a[0]), "b": float(law.b[0]), "c": float(law.c[0])},
            "is_of": "metric" if curve.is_cost else "1 - metric",
            "expected": [
                {"factor": k, "rows": k * curve.n_rows} | vars(curve.expected(k * curve.n_rows))
                for k in FACTORS
            ],
            "gain_of_twice": vars(curve.gain(2)),
            "verdict": self.verdict,
            "needed": self._needed(),
            "notes": list(self.notes),
            "plots": [str(plot) for plot in self.plots],
        }

    def _needed(self) -> dict[str, Any] | None:
        """Return how many rows the target takes; no number stands for: never."""
        if self.target is None:
            return None
        rows = vars(self.curve.rows_for(self.target)).items()
        counts = {key: round(n) if math.isfinite(n) else None for key, n in rows}
        return {"target": self.target, **counts}

    def to_text(self) -> str:
        lines = [*self._measured(), "", *self._expected(), "", *self._said()]
        lines += [f"  {note}" for note in self.notes]
        return "\n".join([*lines, f"  {self.plots[0]} shows the curve"])

    def _measured(self) -> list[str]:
        curve = self.curve
        head = f"{self.study}: trial {self.trial} trained on shares of its {curve.n_rows:,} rows"
        name = plain_name(curve.metric)
        lines = [head, "", f"  {'rows':>9}  {f'{name}, validation':<28}  {name}, training"]
        for size in curve.sizes:
            mean, least, most = curve.measured(size)
            fit = curve.fit(size)
            shown = "" if fit is None else f"{fit:.4g}"
            lines.append(f"  {size:>9,}  {_from_to(mean, least, most):<28}  {shown}".rstrip())
        return lines

    def _expected(self) -> list[str]:
        curve, (law,) = self.curve, zip(*vars(self.curve.law).values(), strict=True)
        name = plain_name(curve.metric)
        what = name if curve.is_cost else f"1 - {name}"
        lines = [f"  {what} = {law[0]:.3g} + {law[1]:.3g} / rows^{law[2]:.2f}, so expect"]
        words = {2: "twice the rows", 4: "4 times", 10: "10 times"}
        for k in FACTORS:
            expected = curve.expected(k * curve.n_rows)
            shown = _from_to(expected.value, expected.low, expected.high)
            lines.append(f"    {words[k]:<15} {k * curve.n_rows:>11,}  {shown}")
        return lines

    def _said(self) -> list[str]:
        twice, most = self.curve.gain(FACTORS[0]), self.curve.gain(FACTORS[-1])
        error = plain_name(self.curve.metric) if self.curve.is_cost else "what is wrong"
        saying = {
            "yes": f"More rows are the cure: twice as many take {_share(twice)} off {error}.",
            "no": f"More rows are not the cure: 10 times as many take {_share(most)} off {error}. "
            "Change the model, the inputs or the training instead.",
            "unclear": f"More rows may help: twice as many take {_share(twice)} off {error}, 10 "
            f"times {_share(most)}. More --seeds would tell.",
        }
        return [f"  {saying[self.verdict]}", *self._of_target()]

    def _of_target(self) -> list[str]:
        if self.target is None:
            return []
        rows, name = self.curve.rows_for(self.target), plain_name(self.curve.metric)
        head = f"  {name} {self.target:g}"
        if not math.isfinite(rows.value):
            return [f"{head} is not reached with any number of rows, as far as can be told."]
        high = f"{rows.high:,.0f}" if math.isfinite(rows.high) else "no end"
        return [f"{head} takes {rows.value:,.0f} rows ({rows.low:,.0f} to {high})."]


def learning_curve(
    chosen: Chosen,
    n_sizes: int,
    n_seeds: int,
    target: float | None,
    out: Path | None,
    tell: Callable[[str], None],
) -> MoreData:
    """Train a trial's configuration on growing shares of its rows, and keep what came of it.

    Args:
        chosen: the trial.
        n_sizes: how many shares, at least 5.
        n_seeds: how often each is trained.
        target: the value wanted; None: the human level of the file, where it names one.
        out: folder of the picture; None: beside the trial's files.
        tell: told of every run.

    Raises:
        InputError: there are too few rows, or a function of the user's own trains.
        StorageError: the picture cannot be written.
    """
    experiment = chosen.experiment
    metric = metric_of(experiment)
    target = _target(chosen, metric, target)
    development = chosen.development()
    sizes = sizes_of(development, n_sizes)
    tell(f"{chosen.name}: trial {chosen.trial.number}, {n_sizes} sizes, {n_seeds} runs each")
    curve = measure(
        experiment,
        chosen.assignment,
        development,
        sizes,
        n_seeds,
        device_here(),
        lambda run: tell(_of_run(run, metric)),
    )
    folder = chosen.folder if out is None else out
    plots = _drawn(curve, chosen, target, folder)
    notes = tuple(_notes(chosen, curve))
    found = MoreData(chosen.name, chosen.trial.number, curve, target, notes, plots)
    chosen.study.set_user_attr(ATTRIBUTE, found.to_json())
    return found


def _target(chosen: Chosen, metric: str, given: float | None) -> float | None:
    """Return the value wanted. Raises InputError where the metric never has it."""
    if given is None:
        is_same = metric == chosen.experiment.objective.metric
        return chosen.experiment.card.human_level if is_same else None
    is_share = plain_name(metric) in SHARES
    if not math.isfinite(given) or (is_share and not 0 <= given <= 1):
        kind = "a number from 0 to 1" if is_share else "a number"
        raise InputError(f"--target is {kind}, a value of {metric}, but got {given:g}.")
    return given


def _notes(chosen: Chosen, curve: LearningCurve) -> list[str]:
    """Say what the curve cannot tell."""
    split = chosen.experiment.data.split
    notes = []
    if any(run.ends_best for run in curve.runs if run.n_rows == curve.n_rows):
        notes.append(
            "With all rows the last epoch was the best: more `epochs` may do as much as more rows."
        )
    if split.groups:
        notes.append(
            "Rows were taken one by one, of every group: rows of new groups may bring more."
        )
    if split.by_time:
        notes.append(
            "Rows were taken from all times: older rows may bring less, and later ones more."
        )
    return notes


def _of_run(run: Run | DivergedError, metric: str) -> str:
    if isinstance(run, DivergedError):
        return f"  left out: {run.cause}"
    return f"  {run.n_rows:>9,} rows, seed {run.seed}: {metric} {run.value:.4g}"


def _drawn(
    curve: LearningCurve, chosen: Chosen, target: float | None, folder: Path
) -> tuple[Path, ...]:
    """Write the picture: what was measured, on what was trained, and the law beyond it."""
    x = np.geomspace(min(curve.sizes), FACTORS[-1] * curve.n_rows, 60).tolist()
    expected = [curve.expected(n) for n in x]
    name = plain_name(curve.metric)
    lines = [
        Line("validation rows", *_points(curve, lambda run: run.value), style="points"),
        Line("training rows", *_points(curve, lambda run: run.fit), style="points"),
        Line("the law", x, [e.value for e in expected]),
        Line("nine of ten lie above", x, [e.low for e in expected], style="dashed"),
        Line("and below", x, [e.high for e in expected], style="dashed"),
    ]
    if target is not None:
        lines.append(Line("target", [x[0], x[-1]], [target, target], style="dashed"))
    marks = [Mark("twice the rows", 2 * curve.n_rows, curve.expected(2 * curve.n_rows).value)]
    title = f"{chosen.name}, trial {chosen.trial.number}: {name} by training rows"
    picture = Picture(title, "training rows", name, lines, marks, log_x=True)
    try:
        return tuple(write(picture, folder / "learning-curve"))
    except OSError as error:
        rule = f"{folder} cannot be written to ({error.strerror})."
        raise StorageError(rule, "Give another folder with --out DIR.") from None


def _points(
    curve: LearningCurve, value: Callable[[Run], float | None]
) -> tuple[list[float], list[float]]:
    pairs = [(float(run.n_rows), value(run)) for run in curve.runs]
    known = [(n, v) for n, v in pairs if v is not None]
    return [n for n, _ in known], [v for _, v in known]


def _from_to(value: float, low: float, high: float) -> str:
    return f"{value:.4g} ({low:.4g} to {high:.4g})"


def _share(gain: Interval) -> str:
    """Return "12 % (8 to 15)"; what more rows seem to add is nothing that they take."""
    value, low, high = (round(100 * max(0.0, v)) for v in (gain.value, gain.low, gain.high))
    return f"{value} % ({low} to {high})"
