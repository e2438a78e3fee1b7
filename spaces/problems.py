"""A mistake found after a file was read: which key, the rule it breaks, the way out."""

from __future__ import annotations

from dataclasses import dataclass

# A path through a document: ("parameters", "learning_rate", "low").
Where = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """A mistake found when the parts of a file meet each other, or the world they are for."""

    where: Where
    rule: str
    fix: str = ""


class SpaceError(ValueError):
    """Everything that is wrong between the parameters of a space."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{problem.rule} {problem.fix}" for problem in problems))
        self.problems = problems
