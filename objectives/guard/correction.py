"""The best of many, less what it owes to being picked among them.

Bootstrap bias correction (BBC-CV: Tsamardinos, Greasidou and Borboudakis, Machine Learning
107:1895, 2018): on rows drawn again, the best candidate is picked as it was on all rows, and
scored on those that were not drawn. What the pick loses there against the winner, on average, is
the winner's optimism. On average it is as large as in the paper, which takes the mean of what
picks are worth; but it is nothing at all where one candidate is always picked.

A pruned trial was in the race: over the survivors alone the correction is too small. It takes
part by its last predictions, credited with what survivors gained from that epoch on, though
never with more than makes it as good as the winner. Of the ways that `benchmarks/optimism.py`
compares, this one was the least biased where trials are equal; where they differ it takes off
too much.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Literal

import numpy as np

from ...spaces.experiment import Task
from ..development import Array
from ..metrics import Direction
from ..rowwise import Part, score
from .resampling import Resampler, interval

N_RESAMPLES = 1_000
MAX_MISSING = 0.1  # the best of so many fewer is less by a twentieth of a standard error at most
_MAX_CELLS = 2**22  # of what is held of candidates at once: 32 MiB
_ROUNDING = 1e-12  # relative
_LEVEL, _Z = 0.05, 1.959963984540054  # of an interval that a standard error is taken from


@dataclass(frozen=True)
class Candidate:
    """A trial that could have been picked.

    Predictions are as `rowwise.worth` has them: of a pruned trial its last, or (0, ...) for none.
    Many trials' may be more than memory holds: a function that loads them is called when they
    are looked at, three times at most, and one trial's are held at a time.
    """

    number: int
    predictions: Array | Callable[[], Array]
    is_pruned: bool
    epoch: int  # whose predictions they are, from 1: the one kept, or pruned in
    curve: tuple[float, ...]  # the metric of each epoch

    def read(self) -> Array:
        return self.predictions() if callable(self.predictions) else self.predictions


@dataclass(frozen=True)
class Correction:
    naive: float  # the best value there is
    corrected: float
    winner: int  # the number of the trial that has it
    n_trials: int
    method: Literal["bootstrap", "bound"]


@dataclass(frozen=True)
class _Race:
    """What candidates are worth, signed so that more is better."""

    candidates: Sequence[Candidate]
    full: Array  # (candidates,), on all rows
    in_bag: Array  # (resamples, candidates), on the rows drawn
    out_of_bag: Array  # the same on the rows not drawn; NaN where all were

    @property
    def is_pruned(self) -> Array:
        return np.array([candidate.is_pruned for candidate in self.candidates])

    @property
    def winner(self) -> int:
        """The first of the best; sums of the same rows may differ in their last place."""
        full = np.where(self.is_pruned, -np.inf, self.full)
        best = full.max()
        return int((full >= best - _ROUNDING * abs(best)).argmax())


def correct(
    metric: str,
    task: Task,
    direction: Direction,
    part: Part,
    candidates: Sequence[Candidate],
    seed: int = 0,
) -> Correction:
    """Return the best trial's value, and what it would be on rows that did not pick it.

    It is never less by more than `selection_cost`, an upper bound; and by just that where no
    bootstrap can tell, because more than a tenth of the trials are pruned ones without
    predictions, or there is but one row.

    Args:
        metric: its name, without prefix.
        task: the kind of target.
        direction: which way is better.
        part: the validation rows.
        candidates: all trials that were in the race, at least one of them not pruned.
        seed: of the bootstrap.
    """
    sign = 1 if direction == "maximize" else -1
    known = [candidate for candidate in candidates if _has_predictions(candidate)]
    race = _race(metric, task, sign, part, known, seed)
    best = known[race.winner]
    predictions = best.read()
    naive = score(metric, task, part, predictions)
    optimism = _optimism(race, _credits(race, sign))
    is_known = math.isfinite(optimism)
    is_known &= len(candidates) - len(known) <= MAX_MISSING * len(candidates)
    most = selection_cost(metric, task, part, predictions, len(candidates))
    # Early epochs that are little like the last can seem to cost more than picking ever does.
    optimism = min(optimism, most) if is_known else most
    return Correction(
        naive=naive,
        corrected=naive - sign * optimism,
        winner=best.number,
        n_trials=len(candidates),
        method="bootstrap" if is_known else "bound",
    )


def _has_predictions(candidate: Candidate) -> bool:
    """Say whether a trial can take part: a diverged one could not have been picked."""
    predictions = candidate.read()
    return len(predictions) > 0 and bool(np.isfinite(predictions).all())


def _race(
    metric: str, task: Task, sign: int, part: Part, candidates: Sequence[Candidate], seed: int
) -> _Race:
    """Score candidates on all rows, and on those drawn and not drawn by each resample.

    Counts are small: a byte each.
    """
    resampler = Resampler(metric, task, part)
    draws = [counts.astype(np.uint8) for counts in resampler.draws(N_RESAMPLES, seed)]
    everything = np.ones((1, resampler.n_blocks), np.uint8)
    full, in_bag, out_of_bag = [], [], []
    reading = (candidate.read() for candidate in candidates)
    first = next(reading)
    step = max(1, _MAX_CELLS // resampler.n_cells(first))
    predictions = chain((first,), reading)
    for _ in range(0, len(candidates), step):
        prepared = resampler.prepare(islice(predictions, step))
        full.append(prepared.values(everything)[0])
        in_bag.append(np.concatenate([prepared.values(drawn) for drawn in draws]))
        out_of_bag.append(np.concatenate([prepared.values(drawn == 0) for drawn in draws]))
    parts = (np.concatenate(values, axis=-1) for values in (full, in_bag, out_of_bag))
    return _Race(candidates, *(sign * values for values in parts))


def _credits(race: _Race, sign: int) -> Array:
    """Return what pruned trials are credited with (candidates,): the median of what survivors
    gained since that epoch, but no more than makes them equal to the winner."""
    finished = [(c, f) for c, f in zip(race.candidates, race.full, strict=True) if not c.is_pruned]
    gains: dict[int, float] = {}
    for epoch in {candidate.epoch for candidate in race.candidates if candidate.is_pruned}:
        found = [
            value - sign * survivor.curve[min(epoch, len(survivor.curve)) - 1]
            for survivor, value in finished
            if survivor.curve
        ]
        gains[epoch] = float(np.median(found)) if found else 0.0
    credited = [gains[c.epoch] if c.is_pruned else 0.0 for c in race.candidates]
    behind = np.maximum(race.full[race.winner] - race.full, 0)
    return np.asarray(np.minimum(credited, behind))


def _optimism(race: _Race, credited: Array) -> float:
    """Return what picks lose out of bag against the winner, on average; NaN if there is no
    resample that leaves rows out."""
    left_out = np.isfinite(race.out_of_bag).all(axis=1)
    if not left_out.any():
        return math.nan
    picks = (race.in_bag + credited)[left_out].argmax(axis=1)
    out_of_bag = race.out_of_bag[left_out]
    of_picks = (out_of_bag + credited)[np.arange(len(picks)), picks]
    # The best of all is never worse than it looks: less than nothing is noise.
    return max(float((out_of_bag[:, race.winner] - of_picks).mean()), 0.0)


def selection_cost(
    metric: str, task: Task, part: Part, predictions: Array, n_candidates: int
) -> float:
    """Return at most how much picking the best of equal candidates adds to its value: its
    standard error times sqrt(2 ln N), the bound on the largest of N normal variables."""
    error = interval(metric, task, part, predictions, _LEVEL).half_width / _Z
    return error * math.sqrt(2 * math.log(n_candidates))


def validation_rows_needed(
    metric: str,
    task: Task,
    part: Part,
    predictions: Array,
    n_candidates: int,
    min_effect: float,
) -> int:
    """Return how many validation rows keep `selection_cost` at `min_effect` or less.

    Args:
        metric: its name, without prefix.
        task: the kind of target.
        part: the validation rows there are.
        predictions: the winner's.
        n_candidates: how many trials it was picked from.
        min_effect: the smallest difference that matters, in the metric's unit, above 0.
    """
    cost = selection_cost(metric, task, part, predictions, n_candidates)
    if cost == 0:
        return 1
    return math.ceil(len(part.targets) * (cost / min_effect) ** 2)
