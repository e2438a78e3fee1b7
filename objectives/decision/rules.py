"""How probabilities become answers.

A network answers with the likeliest class. Where one mistake costs more than another, the answer
that costs least is another one (Elkan, "The Foundations of Cost-Sensitive Learning", IJCAI 2001):
that j whose expected cost, the sum over i of p(i) C(i, j), is least (equation 1, with the true
class first), which of two classes is a threshold on the probability of one (equation 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..development import Array

AS_TRAINED = 0.5  # the threshold above which a class is the likelier of two


class Rule(Protocol):
    """A way to answer. Probabilities are as a trial stores them: (rows, classes), or of two
    classes the second's alone, (rows, 1)."""

    def answers(self, probabilities: Array) -> Array:
        """Return the numbers of the answered classes, int64 (rows,)."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return what `rule_of` reads back."""
        ...


@dataclass(frozen=True)
class Likeliest:
    """Answers with the likeliest class, as a network is trained to."""

    def answers(self, probabilities: Array) -> Array:
        if probabilities.shape[1] == 1:
            return np.asarray(probabilities[:, 0] > AS_TRAINED, np.int64)
        return np.asarray(probabilities.argmax(axis=1))

    def to_json(self) -> dict[str, Any]:
        return {"rule": "likeliest"}


@dataclass(frozen=True)
class Threshold:
    """Answers with one class where its score is above a threshold, else the likeliest other.

    The score is the class's probability, of several classes its share of that and the likeliest
    other's, so that a threshold of 0.5 is the likeliest class.
    """

    number: int  # of the class
    threshold: float  # from 0 to 1

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"`0 <= threshold <= 1` must hold, but got {self.threshold}.")

    def answers(self, probabilities: Array) -> Array:
        is_answered = score_of(probabilities, self.number) > self.threshold
        return np.where(is_answered, self.number, likeliest_other(probabilities, self.number))

    def to_json(self) -> dict[str, Any]:
        return {"rule": "threshold", "number": self.number, "threshold": self.threshold}


@dataclass(frozen=True)
class Costs:
    """Answers with the class whose expected cost is least; of equals the first."""

    costs: tuple[tuple[float, ...], ...]  # by the true class, then by the answer

    def __post_init__(self) -> None:
        n = len(self.costs)
        if any(len(row) != n for row in self.costs):
            raise ValueError(f"costs are of each class for each, but got {self.costs}.")
        if not all(np.isfinite(c) and c >= 0 for row in self.costs for c in row):
            raise ValueError(f"a cost is a number from 0, but got {self.costs}.")

    def answers(self, probabilities: Array) -> Array:
        expected = of_each_class(probabilities) @ np.array(self.costs)  # (rows, answers)
        return np.asarray(expected.argmin(axis=1))

    def to_json(self) -> dict[str, Any]:
        return {"rule": "costs", "costs": [list(row) for row in self.costs]}


def rule_of(content: Mapping[str, Any]) -> Rule:
    """Return the rule that `to_json` wrote. Raises ValueError where it is none."""
    if content.get("rule") == "threshold":
        return Threshold(int(content["number"]), float(content["threshold"]))
    if content.get("rule") == "costs":
        return Costs(tuple(tuple(map(float, row)) for row in content["costs"]))
    if content.get("rule") == "likeliest":
        return Likeliest()
    raise ValueError(f"a rule is likeliest, threshold or costs, but got {content.get('rule')!r}.")


def of_each_class(probabilities: Array) -> Array:
    """Return (rows, classes), of two classes too."""
    if probabilities.shape[1] > 1:
        return probabilities
    return np.concatenate([1 - probabilities, probabilities], axis=1)


def score_of(probabilities: Array, number: int) -> Array:
    """Return how much speaks for a class against the likeliest other, from 0 to 1, (rows,)."""
    if probabilities.shape[1] == 1:  # as it is stored: a difference from 1 would be rounded
        second: Array = probabilities[:, 0].astype(np.float64)
        return second if number == 1 else 1 - second
    own = probabilities[:, number].astype(np.float64)
    others = np.delete(probabilities, number, axis=1).max(axis=1)
    score: Array = own / (own + others)
    return score


def likeliest_other(probabilities: Array, number: int) -> Array:
    """Return the likeliest class that is not this one, int64 (rows,)."""
    others = of_each_class(probabilities).astype(np.float64)
    others[:, number] = -1.0
    return np.asarray(others.argmax(axis=1))


def bayes_threshold(costs: Sequence[Sequence[float]], number: int) -> float:
    """Return the probability of a class, of two, above which to answer with it costs least.

    That of a false alarm over the sum of both mistakes (Elkan 2001, equation 2, where a right
    answer costs nothing).
    """
    other = 1 - number
    alarm, miss = costs[other][number], costs[number][other]
    return alarm / (alarm + miss)


def _conforms(rules: tuple[Likeliest, Threshold, Costs]) -> tuple[Rule, ...]:
    """Let the type checker prove that all are rules."""
    return rules
