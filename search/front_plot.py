"""The front of a study in a picture: every trial that counts, and those that none dominates."""

from __future__ import annotations

from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState

from ..errors import InputError
from .fronts import front_of, is_feasible
from .plots import Line, Picture, write
from .trade_offs import has_several, objectives_of


def write_front(study: optuna.Study, folder: Path) -> list[Path]:
    """Write front.html and front.png: the second objective across, the primary one upwards.

    Raises InputError where the study has one objective.
    """
    if not has_several(study):
        raise InputError(
            f"a front is of several objectives, but '{study.study_name}' has one.",
            "Leave --out out.",
        )
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    front = front_of(trials, study.directions)
    numbers = {trial.number for trial in front}
    others = [t for t in trials if is_feasible(t) and t.number not in numbers]
    broken = [t for t in trials if not is_feasible(t)]
    shown = {"on the front": front, "dominated": others, "breaks a constraint": broken}
    lines = [_line(name, group) for name, group in shown.items() if group]
    upwards, across, *rest = (objective["metric"] for objective in objectives_of(study))
    of_others = f"; {', '.join(rest)} not shown" if rest else ""
    picture = Picture(
        f"{study.study_name}: {len(front)} of {len(trials)} trials on the front{of_others}",
        across,
        upwards,
        lines,
        log_x=all(trial.values[1] > 0 for trial in trials),
    )
    return write(picture, folder / "front")


def _line(name: str, trials: list[FrozenTrial]) -> Line:
    return Line(
        name,
        [trial.values[1] for trial in trials],
        [trial.values[0] for trial in trials],
        style="points",
        labels=[f"trial {trial.number}" for trial in trials],
    )
