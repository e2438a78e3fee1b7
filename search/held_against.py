"""What the best trial of a study is held against, and what it gains over each.

A gain is in the objective's metric, above 0 where the trial is better. Its interval is a paired
bootstrap over the validation rows (Efron and Tibshirani, 1993, chapter 8): both are scored on the
same rows drawn again, so that what makes rows hard for both cancels out. It does not know that the
trial was picked as the best of many, nor that other seeds would have trained other networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import TuneError
from ..objectives.baselines.scores import folder_of
from ..objectives.development import Array
from ..objectives.files import PREDICTIONS
from ..objectives.guard.resampling import Resampler
from ..objectives.metrics import Direction, direction_of, plain_name
from ..objectives.ranking import METRIC as AUROC
from ..objectives.rowwise import Part
from ..spaces import Experiment
from .baselines import refusal, stored
from .home import Home

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

SHARE = 0.95  # of resamples between an interval's ends
MAX_RESAMPLES, MIN_RESAMPLES = 2_000, 200
MAX_DRAWS = 20_000_000  # of rows, in all resamples: a second's work at most
MAX_RANKED = 2_000_000  # the same for AUROC, which sorts
PUBLISHED, HUMAN = "published", "human level"
NOT_YET = "not trained yet: the next run of the search does it"
_FIXES = {
    PUBLISHED: "none in the file: `card: {published: [{value: ..., source: ...}]}`",
    HUMAN: "none in the file: `card: {human_level: ...}`",
}


@dataclass(frozen=True)
class Held:
    """One of the things that the best trial is held against."""

    name: str  # a baseline's, "published" or "human level"
    value: float | None = None  # in the objective's metric; None where there is none
    gain: float | None = None  # of the trial over it
    interval: tuple[float, float] | None = None  # of the gain
    note: str = ""  # its source, what was left out of it, or why there is none

    @property
    def is_clear(self) -> bool | None:
        """Whether the interval leaves no doubt which is better; None where there is none."""
        if self.interval is None:
            return None
        low, high = self.interval
        return low > 0 or high < 0

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "interval": None if self.interval is None else [*self.interval]}


def held_against(
    home: Home, experiment: Experiment, study: optuna.Study, trial: FrozenTrial | None
) -> tuple[Held, ...]:
    """Hold a completed trial against the baselines, the published figures and the human level.

    Args:
        home: where predictions are kept.
        experiment: what is searched.
        study: Optuna's, which knows the baselines.
        trial: None where none has completed: then there are values, and no gains.
    """
    metric = experiment.objective.metric
    value = None if trial is None else trial.user_attrs.get("metrics", {}).get(metric)
    direction = direction_of(experiment.objective, experiment.task)
    intervals = {}
    if trial is not None and value is not None:
        intervals = _intervals(home, experiment, study, trial, direction)

    def held(name: str, other: float, note: str) -> Held:
        gain = None if value is None else _gain(value, other, direction)
        return Held(name, other, gain, intervals.get(name), note)

    found = [
        held(name, content["value"], content["note"])
        if "value" in content
        else Held(name, note=content["cause"])
        for name, content in _baselines(experiment, study).items()
    ]
    published = [held(PUBLISHED, each.value, each.source) for each in experiment.card.published]
    human = experiment.card.human_level
    found += published or [Held(PUBLISHED, note=_FIXES[PUBLISHED])]
    found.append(Held(HUMAN, note=_FIXES[HUMAN]) if human is None else held(HUMAN, human, ""))
    return tuple(found)


def _baselines(experiment: Experiment, study: optuna.Study) -> dict[str, dict[str, Any]]:
    """Return what is known of each baseline, those that an earlier file named among them."""
    known = stored(study)
    names = dict.fromkeys([*experiment.baselines, *known])
    missing = refusal(experiment) or NOT_YET
    return {name: known.get(name, {"cause": missing}) for name in names}


def _gain(value: float, other: float, direction: Direction) -> float:
    return other - value if direction == "minimize" else value - other


def _intervals(
    home: Home,
    experiment: Experiment,
    study: optuna.Study,
    trial: FrozenTrial,
    direction: Direction,
) -> dict[str, tuple[float, float]]:
    """Return the interval of the gain over each baseline whose predictions are kept.

    Where the trial's own are not there are none, nor where rows are so many that an interval
    takes long; it would be narrow.
    """
    from .selection import read_part

    trials = home.trials(study.study_name)
    own = trials / str(trial.number)
    told = trial.user_attrs.get("record", {}).get("folder")
    folder = own if own.exists() or told is None else Path(told)
    named = [name for name, content in stored(study).items() if "value" in content]
    try:
        part = read_part(home.data(study.study_name))
        own_predictions = _read(folder)
    except (OSError, EOFError, ValueError, TuneError):
        return {}
    kept = {}
    for name in named:
        with suppress(OSError, EOFError, ValueError):
            kept[name] = _read(folder_of(trials, name))
    others = {name: p for name, p in kept.items() if p.shape == own_predictions.shape}
    metric = plain_name(experiment.objective.metric)
    gains = paired_gains(metric, experiment, part, [own_predictions, *others.values()])
    if gains is None:
        return {}
    signed = gains if direction == "maximize" else -gains
    ends = np.quantile(signed, ((1 - SHARE) / 2, (1 + SHARE) / 2), axis=0).T.tolist()
    return {name: (low, high) for name, (low, high) in zip(others, ends, strict=True)}


def _read(folder: Path) -> Array:
    predictions: Array = np.load(folder / PREDICTIONS, allow_pickle=False)
    return predictions


def paired_gains(
    metric: str, experiment: Experiment, part: Part, candidates: Sequence[Array], seed: int = 0
) -> Array | None:
    """Return how much more the first candidate's metric is than each other's, on rows drawn
    again: (resamples, others). None where rows are too many.

    Args:
        metric: its plain name.
        experiment: of which the task counts.
        part: the validation rows.
        candidates: what each predicts for them, of one shape.
        seed: of the draws.
    """
    if len(candidates) < 2 or any(len(c) != len(part.targets) for c in candidates):
        return None
    resampler = Resampler(metric, experiment.task, part)
    most = MAX_RANKED if metric == AUROC else MAX_DRAWS
    n_resamples = min(MAX_RESAMPLES, most // resampler.n_blocks)
    if n_resamples < MIN_RESAMPLES or resampler.n_blocks < 2:
        return None
    prepared = resampler.prepare(candidates)
    drawn = np.concatenate([prepared.values(c) for c in resampler.draws(n_resamples, seed)])
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    gains: Array = drawn[:, :1] - drawn[:, 1:]
    return gains if len(gains) else None


def held_lines(held: Sequence[Held], metric: str) -> list[str]:
    """Return a table for a person: value, gain, its interval, and what there is to say."""
    if not held:
        return []
    names = [each.name for each in held]
    values = ["none" if each.value is None else f"{each.value:.4g}" for each in held]
    gains = ["" if each.gain is None else f"{each.gain:+.3g}" for each in held]
    widths = [max(map(len, column)) for column in (names, values, gains)]
    lines = [f"  held against ({metric}, gain of the best trial)"]
    for name, value, gain, each in zip(names, values, gains, held, strict=True):
        cells = (f"{name:<{widths[0]}}", f"{value:<{widths[1]}}", f"{gain:<{widths[2]}}")
        lines.append(f"    {'  '.join(cells)}  {_remark(each)}".rstrip())
    return lines


def _remark(held: Held) -> str:
    if held.interval is None:
        return held.note
    low, high = (f"{end:+.3g}" for end in held.interval)
    doubt = "" if held.is_clear else ", no clear difference"
    return f"{low} to {high}{doubt}" + (f"; {held.note}" if held.note else "")
