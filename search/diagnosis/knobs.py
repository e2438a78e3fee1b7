"""What a study has tried of a parameter, whether its best lie at an end of the range, and a range
that goes on from there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...models import ARCHITECTURES
from ...objectives.callables import is_callable
from ...objectives.configurations import models_of, network_of
from ...objectives.settings import says_nothing
from ...spaces import Categorical, Experiment
from ...spaces.parameters import Float, Int, Varied
from .evidence import Evidence, Tried

N_MIN = 5  # completed trials: fewer say nothing of where the best lie
N_BEST = 5  # of them at most are the best
EDGE = 0.1  # of a range: what lies within is at its end
_MOST_SHOWN = 6

End = Literal["low", "high"]


@dataclass(frozen=True)
class Knob:
    """A parameter that varies, by its name in the file."""

    name: str
    parameter: Varied

    def place(self, value: Any) -> float | None:
        """Return where a value lies between the ends, 0 to 1; None of what has no order."""
        low, high = self.ends or (0.0, 0.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or low == high:
            return None
        if isinstance(self.parameter, Categorical):
            ordered = sorted(self.numbers)
            return ordered.index(value) / (len(ordered) - 1) if value in ordered else None
        if self.parameter.log:
            return math.log(value / low) / math.log(high / low) if value > 0 else None
        return (value - low) / (high - low)

    @property
    def numbers(self) -> list[float]:
        """The choices, where all of them are numbers."""
        if not isinstance(self.parameter, Categorical):
            return []
        found = [c for c in self.parameter.choices if isinstance(c, int | float)]
        is_ordered = len(found) == len(self.parameter.choices)
        return found if is_ordered and not any(isinstance(c, bool) for c in found) else []

    @property
    def ends(self) -> tuple[float, float] | None:
        if isinstance(self.parameter, Float | Int):
            return self.parameter.low, self.parameter.high
        return (min(self.numbers), max(self.numbers)) if self.numbers else None

    @property
    def range(self) -> str:
        """The range in words."""
        if self.ends is None:
            return ""
        if isinstance(self.parameter, Categorical):
            shown = ", ".join(f"{number:g}" for number in self.numbers[:_MOST_SHOWN])
            return shown + ", ..." * (len(self.numbers) > _MOST_SHOWN)
        return f"{self.ends[0]:g} to {self.ends[1]:g}"

    def said(self, **changes: Any) -> dict[str, Any]:
        """Return the parameter as a file says it, with changes; a default that no longer lies
        in the range is left out."""
        content = {**self.parameter.model_dump(mode="json"), **changes}
        if isinstance(self.parameter, Float | Int) and "default" in content:
            low, high, default = content["low"], content["high"], content["default"]
            values = default if isinstance(default, list | tuple) else [default]
            if any(value is not None and not low <= value <= high for value in values):
                del content["default"]
        return content

    def widened(self, end: End, factor: float, least: float, most: float) -> dict[str, Any] | None:
        """Return the parameter with a range that goes on from one end, by a factor.

        Args:
            end: which end is moved.
            factor: above 1, by how much.
            least: no value below makes sense.
            most: no value above makes sense.

        Returns:
            None where the range reaches as far already, or has no order.
        """
        if self.ends is None:
            return None
        low, high = self.ends
        if isinstance(self.parameter, Categorical):
            return self._more_choices(end, least, most)
        moved = max(low / factor, least) if end == "low" else min(high * factor, most)
        if end == "high" and high <= 0:
            return None
        step = self.parameter.step
        if isinstance(self.parameter, Int):
            moved = math.ceil(moved) if end == "low" else math.floor(moved)
        if step is not None and not (isinstance(self.parameter, Int) and step == 1):
            n_steps = round(abs(moved - (low if end == "low" else high)) / step)
            moved = low - n_steps * step if end == "low" else high + n_steps * step
        moved = moved if isinstance(moved, int) else float(f"{moved:.3g}")
        is_wider = moved < low if end == "low" else moved > high
        return self.said(**{end: moved}) if is_wider and least <= moved <= most else None

    def _more_choices(self, end: End, least: float, most: float) -> dict[str, Any] | None:
        """Go on as the choices do: by what the last two differ, as a factor."""
        ordered = sorted(self.numbers)
        last = ordered[0] if end == "low" else ordered[-1]
        ratio = _ratio(ordered)
        more = [last / ratio**k if end == "low" else last * ratio**k for k in (1, 2)]
        is_whole = all(isinstance(number, int) for number in ordered)
        found = [round(value) if is_whole else value for value in more if least <= value <= most]
        found = [value for value in dict.fromkeys(found) if value not in ordered]
        if not found:
            return None
        assert isinstance(self.parameter, Categorical)
        choices = [*reversed(found), *ordered] if end == "low" else [*ordered, *found]
        return self.said(choices=choices)


def _ratio(ordered: Sequence[float]) -> float:
    if len(ordered) < 2 or ordered[0] <= 0:
        return 2.0
    return max(2.0, ordered[-1] / ordered[-2])


def knob(experiment: Experiment, name: str) -> Knob | None:
    """Return a parameter that varies; None where it is fixed, or not named at all."""
    parameter = experiment.parameters.get(name)
    is_varied = isinstance(parameter, Float | Int | Categorical)
    return Knob(name, parameter) if is_varied and parameter is not None else None  # type: ignore[arg-type]


def written_name(evidence: Evidence, own: str) -> str | None:
    """Return what a parameter of the best trial's network is called in the file; None where that
    network has no such parameter."""
    experiment, best = evidence.experiment, evidence.best
    configuration = {} if best is None else best.configuration
    model = str(configuration.get("model", experiment.model.name))
    if is_callable(model) or own not in ARCHITECTURES[model].parameters:
        return None
    is_branch = len(models_of(experiment)) > 1 and own not in experiment.parameters
    return f"{model}.{own}" if is_branch else own


def values_of(trial: Tried, name: str) -> list[Any]:
    """Return what a trial has of a parameter, an element each where it is repeated."""
    found = [trial.configuration[name]] if name in trial.configuration else []
    elements = (
        value
        for key, value in trial.configuration.items()
        if key.startswith(f"{name}.") and key.removeprefix(f"{name}.").isdigit()
    )
    return [*found, *elements]


def of_network(evidence: Evidence, trial: Tried, own: str) -> Any:
    """Return what a trial's network is told of a parameter, the file's fixed values included."""
    try:
        return network_of(evidence.experiment, trial.configuration)[1].get(own)
    except Exception:  # a model of the user's own, whose file is gone
        return None


def end_of_best(ranked: Sequence[Tried], known: Knob) -> tuple[End, float] | None:
    """Return the end of the range that the best third of the trials lie at, and their median.

    Of five, one may lie elsewhere, though not the best itself.

    Args:
        ranked: completed trials, the best first.
        known: the parameter.
    """
    if len(ranked) < N_MIN:
        return None
    best = ranked[: min(N_BEST, max(2, len(ranked) // 3))]
    found = [_mean(known.place(v) for v in values_of(t, known.name)) for t in best]
    places = [place for place in found if place is not None]
    if len(places) < len(best):
        return None
    for end, is_there in (
        ("low", [place <= EDGE for place in places]),
        ("high", [place >= 1 - EDGE for place in places]),
    ):
        if is_there[0] and sum(is_there) >= len(best) - (len(best) == N_BEST):
            values = [v for t in best if (v := _mean(values_of(t, known.name))) is not None]
            return end, sorted(values)[len(values) // 2]  # type: ignore[return-value]
    return None


def is_tried(evidence: Evidence, option: str) -> bool:
    """Whether a setting of the training does something in any trial."""
    fixed = getattr(evidence.experiment.training, option)
    values = [fixed, *(v for trial in evidence.trials for v in values_of(trial, option))]
    return not all(says_nothing(option, value) for value in values)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
