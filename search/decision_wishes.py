"""What a person says of mistakes: which class, what they cost, what has to be kept."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import InputError, did_you_mean
from ..objectives.decision.rules import Costs


@dataclass(frozen=True)
class Wish:
    """One goal, or none: costs of mistakes, a least recall, or a least precision."""

    costs: tuple[str, ...] = ()  # CLASS=COST, or CLASS:ANSWER=COST
    recall: float | None = None
    precision: float | None = None
    of_class: str | None = None  # whose recall or precision; None: of two the second

    def __post_init__(self) -> None:
        goals = (bool(self.costs), self.recall is not None, self.precision is not None)
        if sum(goals) > 1:
            rule = "a threshold is chosen for one goal: --costs, --recall or --precision."
            raise InputError(rule, "Name one of them; the table shows what the others come to.")
        for name, value in (("recall", self.recall), ("precision", self.precision)):
            if value is not None and not 0 < value <= 1:
                rule = f"--{name} is a share above 0, up to 1, but got {value:g}."
                raise InputError(rule, f"Write --{name} 0.9 for nine of ten.")

    @property
    def has_goal(self) -> bool:
        return bool(self.costs) or self.value is not None

    @property
    def kind(self) -> Literal["costs", "recall", "precision"]:
        if self.recall is not None:
            return "recall"
        return "costs" if self.precision is None else "precision"

    @property
    def value(self) -> float | None:
        """The least share; None where there is none."""
        return self.precision if self.recall is None else self.recall

    def to_json(self) -> dict[str, Any] | None:
        if not self.has_goal:
            return None
        told = list(self.costs) if self.costs else self.value
        return {self.kind: told}


def class_number(name: str | None, classes: Sequence[Any]) -> int:
    """Return the number of the class that a threshold is on: of two the second, if none is named.

    Raises InputError where there is no such class, or none is named of several.
    """
    names = [str(c) for c in classes]
    if name is None and len(names) == 2:
        return 1
    if name is None:
        rule = f"a threshold is on one class, and there are {len(names)}: {_listed(names)}."
        raise InputError(rule, f"Name it: --class {names[0]}. Or say --costs of mistakes.")
    if name not in names:
        raise InputError(f"there is no class '{name}'.", did_you_mean(name, names))
    return names.index(name)


def costs_of(said: Sequence[str], classes: Sequence[Any]) -> Costs:
    """Return what each mistake costs: 1 where nothing is said, 0 for a right answer.

    `yes=5` is any wrong answer to a row of the class `yes`, `cat:dog=5` the answer `dog` to a
    `cat`. What is said later counts.

    Raises:
        InputError: there is no such class, or no such cost.
    """
    names = [str(c) for c in classes]
    matrix = [[float(i != j) for j in range(len(names))] for i in range(len(names))]
    for text in said:
        where, _, number = text.rpartition("=")
        cost = _cost(text, number)
        true, answers = _places(where, text, names)
        for answer in answers:
            matrix[true][answer] = cost
    if not any(map(any, matrix)):
        raise InputError(
            "all mistakes cost 0: any answer would do.", "Say what one of them costs."
        )
    return Costs(tuple(map(tuple, matrix)))


def _cost(text: str, number: str) -> float:
    try:
        cost = float(number)
    except ValueError:
        cost = math.nan
    if not 0 <= cost < math.inf:
        rule = f"a cost reads CLASS=NUMBER with a number from 0, but got '{text}'."
        raise InputError(rule, "Write --costs yes=5, where overlooking a yes costs 5.")
    return cost


def _places(where: str, text: str, names: list[str]) -> tuple[int, list[int]]:
    """Return the number of the true class, and those of the wrong answers that are meant."""
    if where in names:
        true = names.index(where)
        return true, [i for i in range(len(names)) if i != true]
    for true_name, answer in _pairs(where):
        if true_name in names and answer in names:
            if true_name == answer:
                rule = f"a right answer costs nothing, but got '{text}'."
                raise InputError(rule, "Say what wrong ones cost.")
            return names.index(true_name), [names.index(answer)]
    rule = "a cost is of a class, CLASS=COST, or of one answer to it, CLASS:ANSWER=COST"
    raise InputError(f"{rule}, but got '{text}'.", f"Classes are {_listed(names)}.")


def _pairs(where: str) -> Iterator[tuple[str, str]]:
    """Yield all ways to read two names with a colon between; names may have colons, too."""
    for i, character in enumerate(where):
        if character == ":":
            yield where[:i], where[i + 1 :]


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown
