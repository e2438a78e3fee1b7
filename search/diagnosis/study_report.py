"""What `tune status STUDY` adds: the task card, the six steps, and what to try next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...spaces import Experiment
from .diagnosis import Diagnosis
from .words import card_lines


@dataclass(frozen=True)
class StudyReport:
    """A diagnosis with the card of the task, where the study's file still loads."""

    experiment: Experiment | None
    diagnosis: Diagnosis

    def to_json(self) -> dict[str, Any]:
        return {"task": None if self.experiment is None else _task(self.experiment)} | (
            self.diagnosis.keys()
        )

    def to_text(self) -> str:
        card = [] if self.experiment is None else [*card_lines(self.experiment), ""]
        return "\n".join([*card, self.diagnosis.to_text()])


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
