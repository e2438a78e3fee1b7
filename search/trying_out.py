"""Networks of a space tried out for some seconds before a search, and how long it will take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..objectives.configurations import described
from ..objectives.development import Development
from ..objectives.preparation import Preparation
from ..objectives.sanity.process import Look, look
from ..objectives.sizes import in_words
from ..spaces import Experiment
from . import forecast
from .forecast import Forecast


@dataclass(frozen=True)
class TriedOut:
    """What a look at the training finds, and the forecast where it finds no error."""

    look: Look  # without facts where a function of the user's own trains
    forecast: Forecast | None = None

    def to_json(self) -> dict[str, Any]:
        """Return both, those that there are, as objects."""
        content: dict[str, Any] = {"training": self.look.facts} if self.look.facts else {}
        if self.forecast is not None:
            content["forecast"] = self.forecast.to_json()
        return content

    def lines(self) -> list[str]:
        """Return both in words, as sections of what `tune check` says."""
        lines = _of_training(self.look.facts) if self.look.facts else []
        return [*lines, *([] if self.forecast is None else [*self.forecast.lines(), ""])]


def try_out(experiment: Experiment) -> TriedOut:
    """Read the rows, and try networks out on them; no test row is at hand for either.

    A function of the user's own that trains is not run: nobody knows how long it would take.
    """
    if experiment.objective.function is not None:
        cause = "a function of your own trains, and a check does not run it"
        return TriedOut(Look([], {}), Forecast(cause=cause))
    preparation = Preparation(experiment)
    try:
        preparation.child.result()
        folder = Path(preparation.folder.name)
        seen = look(experiment, folder)
        if any(finding.level == "error" for finding in seen.findings):
            return TriedOut(seen)
        return TriedOut(seen, forecast.of(experiment, Development.load(folder)))
    finally:
        preparation.cancel()


def _of_training(facts: Mapping[str, Any]) -> list[str]:
    n = facts["n_configurations"]
    lines = ["  The training", f"    {n} network{'s' * (n != 1)} of the space looked at"]
    if facts["first_loss"] is not None:
        lines.append(
            f"    trial 0 begins with a loss of {facts['first_loss']:.3g}; knowing nothing costs "
            f"{facts['loss_of_nothing']:.3g}"
        )
    if facts["one_row_steps"] is not None:
        by_heart = f"    it learns one row by heart in {_steps(facts['one_row_steps'])}"
        if facts["some_rows"] is not None:
            by_heart += f", {facts['some_rows']} rows in {_steps(facts['some_rows_steps'])}"
        lines.append(by_heart)
    if facts["largest"] is not None:
        lines += _of_largest(facts["largest"])
    if facts["left_out"]:
        lines.append(f"    not looked at, for want of time: {', '.join(facts['left_out'])}")
    return [*lines, ""]


def _of_largest(largest: Mapping[str, Any]) -> list[str]:
    network = f"{largest['n_parameters']:,} weights"
    takes = f"about {in_words(largest['total'])} for a step of {largest['n_rows']:,} rows"
    rounded = {
        name: f"{value:.3g}" if isinstance(value, float) else value
        for name, value in largest["configuration"].items()
    }
    return [
        f"    the largest has {network} and takes {takes}:",
        f"      {described(rounded)}",
    ]


def _steps(n: int) -> str:
    return f"{n} step{'s' * (n != 1)}"
