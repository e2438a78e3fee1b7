"""A finished trial, for those who read it: its configuration, and what JSON says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..spaces import Configuration, Space

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


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
        "value": trial.value,
        "parameters": parameters_of(trial),
        "metrics": dict(trial.user_attrs.get("metrics", {})),
    }


def trial_object(trial: FrozenTrial) -> dict[str, Any]:
    """Return a trial for a machine."""
    return {
        "number": trial.number,
        "state": trial.state.name,
        "value": trial.value,
        "parameters": parameters_of(trial),
        "metrics": dict(trial.user_attrs.get("metrics", {})),
        "seed": trial.user_attrs.get("seed"),
        "cause": trial.user_attrs.get("cause", ""),
    }
