"""`tune lr`: the range test of a file's default configuration, in pictures and in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError, StorageError, TuneError
from ..objectives import requirements
from ..objectives.configurations import described
from ..objectives.own_code import files_of
from ..objectives.preparation import prepare
from ..objectives.rate_curve import Curve, Marks, Point, marks_of
from ..spaces import (
    Categorical,
    Configuration,
    Experiment,
    Problem,
    load_with_document,
    raise_problems,
)
from ..spaces.parameters import Float
from ..spaces.space import MODEL
from ..spaces.writing import text_of
from .plots import Line, Mark, Picture, write

RATE = "learning_rate"
_EACH_ITS_OWN = (MODEL, "optimizer")  # what has a rate that fits for each of its choices


@dataclass(frozen=True)
class RangeTest:
    """A range test of a file, with the pictures that were written of it."""

    path: Path
    experiment: Experiment
    configuration: Configuration  # without the rate
    curve: Curve
    marks: Marks | None  # None: no rate helped
    plots: tuple[Path, ...]

    def to_json(self) -> dict[str, Any]:
        """Return one object; numbers that a file can take are rounded to two digits."""
        marks = self.marks
        names = ("steepest", "suggested", "minimum")
        return {
            "study": self.experiment.study,
            "configuration": self.configuration,
            **{name: marks and rounded(getattr(marks, name).rate) for name in names},
            "range": marks and {"low": rounded(marks.low), "high": rounded(marks.high)},
            "curve": {RATE: self.curve.rates, "loss": self.curve.losses},
            "error": self.curve.error,
            "sweeps": self.curve.n_sweeps,
            "plots": [str(plot) for plot in self.plots],
        }

    def to_text(self) -> str:
        head = [f"{self.path}: {described(self.configuration)}", ""]
        body = self._of_nothing() if self.marks is None else self._of_marks(self.marks)
        return "\n".join([*head, *body, f"  {self.plots[0]} shows the curve"])

    def _of_marks(self, marks: Marks) -> list[str]:
        rate, low, high = map(rounded, (marks.suggested.rate, marks.low, marks.high))
        entry = {"type": "float", "low": low, "high": high, "log": True, "default": rate}
        return [
            _line("steepest", marks.steepest, "where the loss falls fastest"),
            _line("suggested", marks.suggested, "a little to its right: still falling"),
            _line("minimum", marks.minimum, "from here on the loss rises"),
            "",
            f"  Search {low:g} to {high:g}: where the loss begins to fall, to where it is lost.",
            *_of_file(self.experiment, rate),
            "",
            *_as_written({"parameters": {RATE: entry}}),
            "",
            "  or the same for all trials:",
            "",
            *_as_written({"training": {RATE: rate}}),
            "",
            *_of_choices(self),
        ]

    def _of_nothing(self) -> list[str]:
        losses = self.curve.losses
        if not losses:
            return [
                "  The loss leaves all bounds at the lowest rates already.",
                "  Weights that begin too large do that (`initialization`), inputs without a",
                "  scale (`preprocess`), or a cost of your own that has no bound.",
                "",
            ]
        fall = losses[0] - min(losses)
        return [
            f"  No rate makes the loss fall: it is {losses[0]:.4g} at first, and at most "
            f"{fall:.2g} less,",
            f"  where minibatches alone make it differ by {self.curve.error:.2g}. Either",
            "  - the network does not learn: no gradient reaches it, or its units are dead,",
            "  - the inputs say nothing of the target, or",
            "  - it begins with weights that fit already (`start_from`).",
            f"  `tune check {self.path}` looks for the first two.",
            "",
        ]


def range_test(
    path: Path,
    overrides: Mapping[str, Any],
    out: Path,
    say: Callable[[str], None] = lambda _: None,
) -> RangeTest:
    """Run the range test of a file, and write its picture.

    Args:
        path: the file.
        overrides: dotted keys to values that replace its own.
        out: the folder of the picture, which is made where there is none.
        say: told of each file of the user's whose code is to run, and of each sweep.

    Raises:
        InputError: the file, its data, or code of the user's own is not as needed.
        StorageError: the folder cannot be written to.
    """
    loaded = load_with_document(path, overrides)
    experiment = loaded.experiment
    raise_problems(loaded.document, requirements.problems(experiment) or _problems(experiment))
    for file in files_of(experiment):
        say(f"{experiment.study}: runs code of {file}")
    with _writable(out):
        out.mkdir(parents=True, exist_ok=True)
    curve = _curve(experiment, say)
    marks = marks_of(curve)
    with _writable(out):
        plots = write(picture(experiment.study, curve, marks), out / f"{path.stem}-lr")
    configuration = experiment.space.default()
    configuration.pop(RATE, None)
    return RangeTest(path, experiment, configuration, curve, marks, tuple(plots))


def picture(study: str, curve: Curve, marks: Marks | None) -> Picture:
    """Draw a curve, as far above its start as it falls below it: what is higher says no more."""
    points = list(zip(curve.rates, curve.losses, strict=True))
    shown: list[Mark] = []
    if marks is not None:
        of_marks = (("steepest", marks.steepest), ("suggested", marks.suggested))
        pairs = (*of_marks, ("minimum", marks.minimum))
        shown = [Mark(f"{name} {rounded(p.rate):g}", x=p.rate, y=p.loss) for name, p in pairs]
        top = 2 * curve.losses[0] - marks.minimum.loss
        points = [p for p in points if p[0] <= marks.minimum.rate or p[1] <= top]
    rates, losses = [rate for rate, _ in points], [loss for _, loss in points]
    return Picture(
        title=f"{study}: the learning-rate range test",
        x_title="learning rate",
        y_title="training loss, smoothed",
        lines=[Line(f"mean of {curve.n_sweeps}", rates, losses)],
        marks=shown,
        log_x=True,
    )


def rounded(rate: float) -> float:
    """Return a rate with two digits: it is not known better."""
    return float(f"{rate:.1e}")


def _problems(experiment: Experiment) -> list[Problem]:
    if experiment.objective.function is None:
        return []
    rule = "a function of your own trains by itself: there is no rate to vary from outside."
    return [Problem(("objective", "function"), rule, "Search its rate like any other parameter.")]


def _curve(experiment: Experiment, say: Callable[[str], None]) -> Curve:
    """Prepare the data, and run the test as a worker would train."""
    development = prepare(experiment)
    from ..objectives.range_test import SWEEPS, run  # and torch, once the data are good
    from ..objectives.single import device_here

    def show(number: int) -> None:
        say(f"{experiment.study}: sweep {number} of {SWEEPS}")

    try:
        with _threads(experiment.resources.cpus):
            return run(experiment, development, device_here(), show=show)
    except TuneError:
        raise
    except Exception as error:  # whatever code of the user's own raises, or memory that is full
        told = f"{type(error).__name__}: {error}".rstrip(".")
        cause = f"the default configuration cannot be trained: {told}."
        raise InputError(cause, "`tune --debug lr` shows where.") from error


@contextmanager
def _threads(n: int) -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        cause = f"{folder} cannot be written to ({error.strerror})."
        raise StorageError(cause, "Give another folder with --out DIR.") from None


def _line(name: str, point: Point, meaning: str) -> str:
    return f"  {name:<10} {rounded(point.rate):<8g} loss {point.loss:<7.3g} {meaning}"


def _as_written(content: Mapping[str, Any]) -> list[str]:
    return [f"    {line}" for line in text_of(content).splitlines()]


def _of_file(experiment: Experiment, rate: float) -> list[str]:
    """Hold the suggestion against what the file says now."""
    entry = experiment.parameters.get(RATE)
    if isinstance(entry, Float):
        holds = "holds" if entry.low <= rate <= entry.high else "does not hold"
        return [
            f"  The file's own range, {entry.low:g} to {entry.high:g}, {holds} the suggestion."
        ]
    if entry is None:
        return [f"  The file's own rate is {experiment.training.learning_rate:g}."]
    return []


def _of_choices(tested: RangeTest) -> list[str]:
    """Say of what else the rate depends on, and how to test that."""
    lines = []
    for name in _EACH_ITS_OWN:
        parameter = tested.experiment.parameters.get(name)
        if not isinstance(parameter, Categorical) or len(parameter.choices) < 2:
            continue
        taken = tested.configuration.get(name)
        other = next(choice for choice in parameter.choices if choice != taken)
        lines += [
            f"  All this is of `{name}: {taken}`; each choice has a rate of its own:",
            f"    tune lr {tested.path} --set parameters.{name}.default={other}",
            "",
        ]
    return lines
