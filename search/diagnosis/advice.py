"""One thing to try next: at which step, what was found, why it matters, and what to write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Step = Literal[
    "cost function",
    "first architecture",
    "training set",
    "validation set",
    "test set",
    "real world",
]
STEPS: tuple[Step, ...] = (
    "cost function",
    "first architecture",
    "training set",
    "validation set",
    "test set",
    "real world",
)


@dataclass(frozen=True)
class Advice:
    """What a step lacks, and the next thing to try."""

    step: Step
    cause: str  # one word for a machine: `rate`, `dropout`, `labels`, ...
    what: str  # a sentence with numbers
    why: str
    attempt: str  # a sentence; `try` in JSON
    yaml: str = ""  # to write into the file; "" where a command is all there is to do
    command: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "cause": self.cause,
            "what": self.what,
            "why": self.why,
            "try": self.attempt,
            "yaml": self.yaml,
            "command": self.command,
        }
