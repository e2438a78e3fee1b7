"""Which trials' weights stay on disk: losers' would fill it. Their predictions stay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from ..objectives.files import WEIGHTS
from .fronts import costs_of, front_of, violation_of

N_WEIGHTS_KEPT = 5


class Keeping:
    """Deletes the weights of completed trials that are no longer among the best.

    Those are the best few by the primary objective, and with several objectives all of the front.
    What is dominated once is never on the front again, so nothing is deleted too early.
    """

    def __init__(self, directions: Sequence[StudyDirection]) -> None:
        self.directions = directions
        self.kept: list[FrozenTrial] = []

    def begin(self, complete: Iterable[FrozenTrial]) -> None:
        """Take in what an earlier run has left, and delete nothing."""
        self.kept, _ = self._parted(complete)

    def take(self, trial: FrozenTrial, default: int | None) -> None:
        """Take in a trial that has completed; the default's weights are kept in any case."""
        self.kept, losers = self._parted([*self.kept, trial])
        for loser in losers:
            folder = loser.user_attrs.get("record", {}).get("folder", "")
            if folder and loser.number != default:
                (Path(folder) / WEIGHTS).unlink(missing_ok=True)

    def _parted(
        self, trials: Iterable[FrozenTrial]
    ) -> tuple[list[FrozenTrial], list[FrozenTrial]]:
        """Return those whose weights stay, and the others."""
        ordered = sorted(trials, key=self._order)
        numbers = {trial.number for trial in ordered[:N_WEIGHTS_KEPT]}
        if len(self.directions) > 1:
            numbers |= {trial.number for trial in front_of(ordered, self.directions)}
        kept = [trial for trial in ordered if trial.number in numbers]
        return kept, [trial for trial in ordered if trial.number not in numbers]

    def _order(self, trial: FrozenTrial) -> tuple[float, float, int]:
        """Return what puts the better of two completed trials first, and the first of equals."""
        return violation_of(trial), costs_of(trial, self.directions)[0], trial.number
