"""What there is to say of a study with several objectives, or with bounds on its outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from ..spaces.outcomes import Outcome
from .fronts import front_of, is_feasible, nearest_of
from .trials import best_object

MAX_SHOWN = 20  # trials of a front that a text lists


def has_several(study: optuna.Study) -> bool:
    """Whether a study has several objectives."""
    return len(study.directions) > 1


def objectives_of(study: optuna.Study) -> list[dict[str, str]]:
    """Return each objective's metric and direction, the primary one first."""
    written = study.user_attrs.get("identity", {}).get("objective", {})
    entries = written if isinstance(written, list) else [written]
    pairs = zip(entries, study.directions, strict=True)
    return [{"metric": each["metric"], "direction": way.name.lower()} for each, way in pairs]


def front_objects(study: optuna.Study) -> list[dict[str, Any]]:
    """Return the front of a study for a machine, the best in the primary objective first."""
    metrics = [objective["metric"] for objective in objectives_of(study)]
    front = front_of(_complete(study), study.directions)
    return [_object(trial, metrics) for trial in front]


def _object(trial: FrozenTrial, metrics: Sequence[str]) -> dict[str, Any]:
    found = best_object(trial)
    assert found is not None
    values = dict(zip(metrics, trial.values, strict=True))
    return {"number": found["number"], "value": found["value"], "values": values, **found}


def shortfall_of(study: optuna.Study) -> str:
    """Say which bound the nearest trial breaks, where trials have completed and none is feasible;
    "" otherwise."""
    complete = _complete(study)
    nearest = nearest_of(complete)
    if nearest is None or any(map(is_feasible, complete)):
        return ""
    metrics = nearest.user_attrs.get("metrics", {})
    broken = [
        f"`{text}` with {metrics[Outcome.parse(text).metric]:.6g}"
        for text, excess in nearest.constraints.items()
        if excess > 0
    ]
    return (
        "no completed trial keeps to all of `outcome_constraints:`; the nearest is trial "
        f"{nearest.number}, which breaks {' and '.join(broken)}"
    )


def front_lines(front: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a front as a table: each trial's values, and what it is made of."""
    if not front:
        return []
    names = list(front[0]["values"])
    rows = [["trial", *names]]
    for each in front[:MAX_SHOWN]:
        rows.append([str(each["number"]), *(number(each["values"][name]) for name in names)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    made_of = ["", *(_parameters(each["parameters"]) for each in front[:MAX_SHOWN])]
    lines = []
    for row, rest in zip(rows, made_of, strict=True):
        cells = (f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        lines.append("  " + "  ".join([*cells, rest]).rstrip())
    if len(front) > MAX_SHOWN:
        lines.append(f"  and {len(front) - MAX_SHOWN} more: `tune best --json` has them all")
    return lines


def number(value: float) -> str:
    """Return a metric's value as it is read most easily: a count whole, all else rounded."""
    is_count = value.is_integer() and abs(value) >= 1000
    return f"{value:,.0f}" if is_count else f"{value:.4g}"


def _parameters(parameters: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {v:.4g}" if isinstance(v, float) else f"{name} {v}"
        for name, v in parameters.items()
    )


def _complete(study: optuna.Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
