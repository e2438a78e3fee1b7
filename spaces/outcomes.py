"""An outcome constraint: a bound on what a trial is measured to be, not on what it is made of.

`"latency_1_ms <= 2"`: a metric, `<=` or `>=`, a number. A trial that breaks one is never the best.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from .expressions import MAX_LENGTH

_FORM = re.compile(r"\s*(.*?\S)\s*(<=|>=|==|!=|=<|=>|<|>|=)\s*(.*?)\s*", re.DOTALL)


@dataclass(frozen=True)
class Outcome:
    """A metric and a number that it is at most, or at least.

    >>> Outcome.parse("latency_1_ms <= 2").violation({"latency_1_ms": 3.0})
    0.5
    """

    metric: str
    sense: Literal["<=", ">="]
    bound: float

    @classmethod
    def parse(cls, text: str) -> Outcome:
        """Read one as a file has it. Raises ValueError where it is none."""
        rule = "an outcome constraint reads like `latency_1_ms <= 2`"
        form = _FORM.fullmatch(text)
        if form is None:
            raise ValueError(f"{rule}, but got {text!r:.60}.")
        metric, sense, number = form.groups()
        if sense not in ("<=", ">="):
            raise ValueError(f"{rule}, with `<=` or `>=`, but got `{sense}` in {text!r:.60}.")
        try:
            bound = float(number)
        except ValueError:
            raise ValueError(f"{rule}, with a number last, but got {number!r:.60}.") from None
        if not math.isfinite(bound):
            raise ValueError(f"{rule}, with a finite number, but got {number!r:.60}.")
        return cls(metric, "<=" if sense == "<=" else ">=", bound)

    def violation(self, metrics: Mapping[str, float]) -> float:
        """Return by how much of the bound a trial breaks this; it keeps to it at 0 and below.

        A share of the bound, so that milliseconds and parameters are comparable; where the bound
        is 0, the difference itself.
        """
        excess = metrics[self.metric] - self.bound
        if self.sense == ">=":
            excess = -excess
        return excess / abs(self.bound) if self.bound else excess

    def __str__(self) -> str:
        return f"{self.metric} {self.sense} {self.bound:.12g}"


def _check(text: str) -> str:
    Outcome.parse(text)
    return text


OutcomeText = Annotated[str, Field(min_length=1, max_length=MAX_LENGTH), AfterValidator(_check)]
