"""What a look at the data finds, ranked: errors before warnings, the worst of each first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import InputError
from ..spaces.problems import Problem

N_SHOWN = 5  # row numbers, levels or files that a finding names


@dataclass(frozen=True)
class Finding:
    """One thing to mend: an error makes a search meaningless, a warning makes it worse."""

    level: Literal["error", "warning"]
    where: str  # `file:line:column` of an experiment, or the columns or rows of its data
    rule: str  # what should hold
    found: str  # what is there instead, with numbers
    fix: str
    weight: float | None = None  # among those of the data, 1 the worst; None: of the file


def ranked(findings: Sequence[Finding]) -> list[Finding]:
    """Return the worst first; of equals in the order they were found in."""

    def key(finding: Finding) -> tuple[bool, float]:
        return finding.level != "error", -(finding.weight or 0.0)

    return sorted(findings, key=key)


def shown(items: Sequence[object], n: int | None = None) -> str:
    """Return `3, 17, 20 and 4 more`; `n` is how many there are, if not all are given."""
    n = len(items) if n is None else n
    text = ", ".join(str(item) for item in items[:N_SHOWN])
    return text if n <= N_SHOWN else f"{text} and {n - N_SHOWN:,} more"


class DataError(InputError):
    """Everything in a source that keeps it from being read as the file says."""

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source, self.problems = source, list(problems)
        if len(self.problems) == 1:
            super().__init__(f"{source}: {self.problems[0].rule}", self.problems[0].fix)
            return
        lines = [f"  {problem.rule} {problem.fix}" for problem in self.problems]
        head = f"{source} cannot be read as the file says, for {len(lines)} reasons:"
        super().__init__("\n".join([head, *lines]), "Mend each of them.")

    def __reduce__(self) -> tuple[type[DataError], tuple[str, Any]]:
        return type(self), (self.source, self.problems)
