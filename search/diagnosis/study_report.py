"""What `tune status STUDY` adds: the card, what the best trial is held against, the six steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...spaces import Experiment
from ..held_against import Held, held_lines
from .diagnosis import Diagnosis
from .words import card_lines


@dataclass(frozen=True)
class StudyReport:
    """A diagnosis with the card of the task, where the study's file still loads."""

    experiment: Experiment | None
    diagnosis: Diagnosis
    held: tuple[Held, ...] = ()  # what the best trial is held against

    def to_json(self) -> dict[str, Any]:
        return {
            "task": None if self.experiment is None else _task(self.experiment),
            "held_against": [each.to_json() for each in self.held],
            **self.diagnosis.keys(),
        }

    def to_text(self) -> str:
        lines = []
        if self.experiment is not None:
            lines += [*card_lines(self.experiment), ""]
            lines += held_lines(self.held, self.experiment.objective.metric)
            lines += [""] * bool(self.held)
        return "\n".join([*lines, self.diagnosis.to_text()])


def _task(experiment: Experiment) -> dict[str, Any]:
    """Return the task card for a machine."""
    card: dict[str, Any] = experiment.card.model_dump(mode="json")
    return {
        **card,
        "task": experiment.task,
        "metric": experiment.objective.metric,
        "data": experiment.data.source,
        "budget": experiment.budget.model_dump(mode="json"),
    }
