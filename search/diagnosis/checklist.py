"""The six steps of a study, each done, open or unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...objectives.settings import values_of
from .advice import STEPS, Advice, Step
from .bias import best_baseline, target
from .evidence import Evidence
from .real_world import mismatch

State = Literal["done", "open", "unknown"]


@dataclass(frozen=True)
class Item:
    """A step, how it stands, and by what."""

    step: Step
    state: State
    detail: str

    def to_json(self) -> dict[str, Any]:
        return {"step": self.step, "state": self.state, "detail": self.detail}


def checklist(evidence: Evidence, findings: Sequence[Advice]) -> tuple[Item, ...]:
    """Return the steps in their order."""
    asked = {advice.step: advice for advice in reversed(findings)}
    items: list[Item] = []
    for step, stand in zip(STEPS, _STANDS, strict=True):
        state, detail = stand(evidence)
        if step in asked:
            state, detail = "open", detail or asked[step].what
        if step == "validation set" and state == "done" and items[-1].state == "open":
            state, detail = "open", f"{detail}; first step 3"
        items.append(Item(step, state, detail))
    return tuple(items)


def first_open(items: Sequence[Item]) -> Item | None:
    """Return the first step to go on with; None where all are done."""
    is_open = next((item for item in items if item.state == "open"), None)
    return is_open or next((item for item in items if item.state == "unknown"), None)


def _cost(evidence: Evidence) -> tuple[State, str]:
    experiment = evidence.experiment
    if experiment.objective.function is not None:
        return "done", f"your own function, scored by {experiment.objective.metric}"
    costs = [str(cost) for cost in values_of(experiment, "cost")] or ["several"]
    return "done", f"{' or '.join(costs)}, scored by {experiment.objective.metric}"


def _architecture(evidence: Evidence) -> tuple[State, str]:
    found = next((t for t in evidence.trials if t.number == evidence.default), None)
    if found is None:
        return "open", "the default configuration was not trained yet"
    if found.state != "complete" or found.value is None:
        return "open", f"trial {found.number}, the default, {found.state}: {found.cause}"
    metric = evidence.experiment.objective.metric
    return "done", f"trial {found.number}, the default: {metric} {found.value:.4g}"


def _training(evidence: Evidence) -> tuple[State, str]:
    fit = evidence.fit_of(evidence.best)
    if evidence.best is None:
        return "open", "no trial has completed"
    if fit is None:
        return "unknown", f"the {evidence.metric} on training rows was not measured"
    told = f"{evidence.metric} {fit:.4g} on training rows"
    known, rival = target(evidence), best_baseline(evidence)
    if known is not None:
        return "done", f"{told}; {known.words} {known.value:.4g}"
    if rival is not None:
        return "done", f"{told}; {rival[0]} {rival[1]:.4g} on validation rows; no human level"
    return "done", f"{told}; no human level says what can be reached"


def _validation(evidence: Evidence) -> tuple[State, str]:
    best = evidence.best
    if best is None or best.value is None:
        return "open", "no trial has completed"
    told = f"{evidence.metric} {best.value:.4g} on validation rows"
    if evidence.validation_error is None or evidence.training_error is None:
        return "unknown", f"{told}; not to be held against training rows"
    return "done", told


def _test(evidence: Evidence) -> tuple[State, str]:
    report = evidence.test
    if any(told.startswith("whether the test rows") for told in evidence.unknown):
        return "unknown", "the ledger cannot be read"
    if report is None:
        n = "" if evidence.description is None else f"{evidence.description.n_test:,} "
        return "open", f"{n}test rows, not opened for this winner"
    state: State = "done" if report.get("verdict") == "CONSISTENT" else "open"
    return state, (
        f"{report.get('verdict')}: {evidence.metric} {report.get('test', 0):.4g} on "
        f"{report.get('n_test', 0):,} test rows"
    )


def _world(evidence: Evidence) -> tuple[State, str]:
    world = evidence.world
    if world is None:
        return "open", "no new rows were scored"
    verdict = mismatch(evidence)
    told = f"{evidence.metric} {world.get('value', 0):.4g} on {world.get('n_new', 0):,} new rows"
    if verdict is None:
        return "unknown", f"{told}; no test result to hold it against"
    if verdict.name == "INCONCLUSIVE":
        needed = f", {verdict.n_needed:,} would tell" if verdict.n_needed else ""
        return "open", f"{told}: too few{needed}"
    return ("open" if verdict.name == "OPTIMISTIC" else "done"), told


_STANDS = (_cost, _architecture, _training, _validation, _test, _world)
