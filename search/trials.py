"""A finished trial, for those who read it: its configuration, and what JSON says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..spaces import Configuration, Space

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


COSTS = "costs"  # of a trial, in Optuna's store: what is known before its first epoch


def value_of(trial: FrozenTrial) -> float | None:
    """Return a trial's value in the primary objective; None where it has none."""
    return trial.values[0] if trial.values else None


def configuration_of(trial: FrozenTrial, space: Space) -> Configuration:
    """Return all of a trial's configuration: what was chosen, and what was fixed or derived."""
    from optuna.trial import FixedTrial

    return space.suggest(FixedTrial(trial.params))


def parameters_of(trial: FrozenTrial) -> dict[str, Any]:
    """Return a trial's parameters as the file has them, without what is fixed for all.

    Optuna knows an ordered choice by its place, and a derived value not at all.
    """
    return {**trial.params, **trial.user_attrs.get("told", {})}


def best_object(trial: FrozenTrial | None) -> dict[str, Any] | None:
    """Return the `best` object of every command's JSON."""
    if trial is None:
        return None
    return {
        "number": trial.number,
        "value": value_of(trial),
        "parameters": parameters_of(trial),
        "metrics": dict(trial.user_attrs.get("metrics", {})),
    }


def trial_object(trial: FrozenTrial) -> dict[str, Any]:
    """Return a trial for a machine; which outcome constraints it breaks, where it breaks any."""
    broken = [text for text, excess in trial.constraints.items() if excess > 0]
    return {
        "number": trial.number,
        "state": trial.state.name,
        "value": value_of(trial),
        "parameters": parameters_of(trial),
        "metrics": dict(trial.user_attrs.get("metrics", {})),
        "seed": trial.user_attrs.get("seed"),
        "cause": trial.user_attrs.get("cause", ""),
    } | ({"breaks": broken} if broken else {})
