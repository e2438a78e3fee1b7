"""`tune threshold`: how sensitive a study's winner is, how lenient, set on validation rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from ..errors import InputError
from ..objectives.decision.choosing import Choice, Goal, choose
from ..objectives.decision.pricing import saving
from ..objectives.decision.rules import (
    AS_TRAINED,
    Costs,
    Likeliest,
    Rule,
    Threshold,
    bayes_threshold,
)
from ..objectives.decision.sweep import Sweep
from ..objectives.development import Array
from ..objectives.files import PREDICTIONS
from ..objectives.rowwise import Part
from .chosen import Chosen
from .decision_wishes import Wish, class_number, costs_of
from .home import Home
from .selection import read, read_part

ATTRIBUTE = "decision"  # of a study: what it answers with, from now on
_RECALLS = (1.0, 0.99, 0.95, 0.9, 0.8, 0.7, 0.5, 0.25)  # that the table shows thresholds for


@dataclass(frozen=True)
class Report:
    """What was looked at, and what was decided where a goal was named."""

    content: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        return dict(self.content)

    def to_text(self) -> str:
        from .decision_words import text

        return text(self.content)


def decide(
    home: Home, storage: str | None, name: str | None, number: int | None, wish: Wish
) -> Report:
    """Choose how a study answers, and keep it with the study; without a goal, only show.

    Args:
        home: where the study's files are.
        storage: where the study is, if not there.
        name: its name; None for the only one there is.
        number: the trial; None for the best.
        wish: what it is chosen for.

    Raises:
        InputError: there is no such trial or class, it predicts no classes, or no threshold
            meets the goal.
    """
    chosen = Chosen.of(home, storage, name, number)
    _refuse_numbers(chosen)
    classes = _classes(home.data(chosen.name))
    part, probabilities = _predicted(chosen)
    costs = costs_of(wish.costs, classes)
    if wish.costs and len(classes) > 2 and wish.of_class is None:
        found = _by_costs(probabilities, part, costs)
    else:
        focus = class_number(wish.of_class, classes)
        found = _by_threshold(probabilities, part, costs, focus, wish, len(classes))
    content = {
        "study": chosen.name,
        "trial": chosen.trial.number,
        "task": chosen.experiment.task,
        "classes": [str(c) for c in classes],
        "goal": wish.to_json(),
        "n_rows": len(part.targets),
        "stored": wish.has_goal,
        **found,
    }
    if wish.has_goal:
        kept = ("trial", "classes", "goal", "n_rows", "rule", "chosen", "as_trained")
        chosen.study.set_user_attr(ATTRIBUTE, {key: content[key] for key in kept})
    return Report(content | {"decided": decided(chosen.study)})


def forget(home: Home, storage: str | None, name: str | None) -> str:
    """Let a study answer with the likeliest class again; return the study's name."""
    from .queries import Studies

    study = Studies(home, storage).load(name)
    study.set_user_attr(ATTRIBUTE, None)
    return study.study_name


def decided(study: optuna.Study) -> dict[str, Any] | None:
    """Return what was decided for a study, None where it answers as trained.

    `rules.rule_of(decided["rule"])` is the rule, and `trial` the trial whose probabilities it
    was set on.
    """
    found: dict[str, Any] | None = study.user_attrs.get(ATTRIBUTE)
    return found


def _refuse_numbers(chosen: Chosen) -> None:
    if chosen.experiment.task == "regression":
        raise InputError(
            f"a threshold is between classes, but '{chosen.name}' predicts numbers.",
            "To answer yes or no, make a column of it and search with `task: binary`.",
        )
    if chosen.experiment.objective.function is not None:
        raise InputError(
            "a threshold is set on stored predictions, but those of "
            f"'{chosen.name}' are known to {chosen.experiment.objective.function} alone.",
            "Choose it in your own code.",
        )


def _classes(folder: Path) -> tuple[Any, ...]:
    path = folder / "description.json"
    try:
        return tuple(json.loads(path.read_text(encoding="utf-8"))["classes"])
    except (OSError, EOFError, KeyError, ValueError):
        rule = f"classes are named as {path} has them, but it cannot be read."
        raise InputError(rule, "Restore it from a backup.") from None


def _predicted(chosen: Chosen) -> tuple[Part, Array]:
    """Return the validation rows and the trial's probabilities for them."""
    part = read_part(chosen.home.data(chosen.name))
    path = chosen.folder / PREDICTIONS
    try:
        probabilities = read(path)
    except (OSError, EOFError, ValueError):
        rule = f"a threshold is set on stored predictions, but {path} cannot be read."
        raise InputError(rule, "Restore it from a backup, or name another --trial.") from None
    if len(probabilities) != len(part.targets):
        n, found = len(part.targets), len(probabilities)
        rule = f"there are {n:,} validation rows, but {path} has predictions for {found:,}."
        raise InputError(rule, "Restore it from a backup, or name another --trial.")
    return part, probabilities


def _by_costs(probabilities: Array, part: Part, costs: Costs) -> dict[str, Any]:
    """Answer what costs least, where that is less than what the likeliest classes cost."""
    found = saving(probabilities, part.targets, costs, part.blocks)
    rule: Rule = costs if found.rule_is_better else Likeliest()
    chosen = found.by_cost if found.rule_is_better else found.likeliest
    return {
        "class": None,
        "rule": rule.to_json(),
        "chosen": chosen.to_json(),
        "as_trained": found.likeliest.to_json(),
        "by_cost": found.by_cost.to_json(),
        "saved": {"value": found.saved, "low": found.low, "high": found.high},
        "table": [],
    }


def _by_threshold(
    probabilities: Array, part: Part, costs: Costs, focus: int, wish: Wish, n_classes: int
) -> dict[str, Any]:
    """Answer one class above a threshold: by the goal, or not at all without one."""
    sweep = Sweep.of(probabilities, part.targets, focus, costs)
    if not sweep.is_own.any():
        raise InputError("no validation row is of that class.", "Name another with --class.")
    bayes = bayes_threshold(costs.costs, focus) if n_classes == 2 else None
    choice = rule = None
    if wish.has_goal:
        reference = AS_TRAINED if bayes is None else bayes
        goal = Goal(wish.kind, reference if wish.value is None else wish.value)
        choice = choose(sweep, goal, part.blocks)
        rule = Threshold(focus, choice.threshold).to_json()
    return {
        "class": focus,
        "rule": rule,
        "chosen": None if choice is None else choice.to_json(),
        "as_trained": _at(sweep, AS_TRAINED),
        "bayes": _at(sweep, bayes) if wish.costs and bayes is not None else None,
        "table": table(sweep, choice),
    }


def table(sweep: Sweep, choice: Choice | None) -> list[dict[str, Any]]:
    """Return thresholds from the most sensitive to the most lenient, each with its figures."""
    thresholds, recall = sweep.thresholds, sweep.figures().recall
    shown = {float(thresholds[np.flatnonzero(recall >= least)[-1]]) for least in _reached(recall)}
    shown |= {AS_TRAINED} | ({choice.threshold} if choice is not None else set())
    return [_at(sweep, threshold) for threshold in sorted(shown)]


def _reached(recall: Array) -> Sequence[float]:
    return [least for least in _RECALLS if (recall >= least).any()]


def _at(sweep: Sweep, threshold: float) -> dict[str, Any]:
    return {"threshold": threshold, **sweep.figures().at(sweep.index(threshold))}
