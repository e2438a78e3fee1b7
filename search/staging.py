"""A study's stages at work: what each trial is held to, and whether one has anything left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from ..spaces import Configuration, Space
from .feasible import Held
from .listing import listed
from .stages import Stage, at, stored
from .trials import configuration_of


class Staging:
    """The stages of one study, the last of which goes on.

    Args:
        space: what is drawn from.
        attributes: the study's.
    """

    def __init__(self, space: Space, attributes: Mapping[str, Any]) -> None:
        self.space = space
        self.stages = stored(attributes)
        self._listed: dict[int, Sequence[Configuration] | None] = {}  # by a stage's first trial

    def is_last(self, only: Sequence[str]) -> bool:
        """Whether these names are what is drawn already."""
        return tuple(only) == (self.stages[-1].only if self.stages else ())

    def last(self, only: Sequence[str]) -> Stage | None:
        """Return the stage that these names go on with, None where there is none."""
        return self.stages[-1] if self.stages and self.is_last(only) else None

    def begin(self, only: Sequence[str], best: FrozenTrial | None, first: int) -> None:
        """Draw only these parameters from trial `first` on, the rest as in the best trial; as in
        the default configuration where there is none."""
        number = None if best is None else best.number
        start = self.space.default() if best is None else configuration_of(best, self.space)
        self.stages.append(Stage.begin(only, self.space, number, start, first))

    def held(self, number: int, trials: Sequence[FrozenTrial]) -> Held | None:
        """Return what the stage of a trial holds and earlier trials have tried, None where
        everything is drawn."""
        stage = at(self.stages, number)
        if stage is None:
            return None
        tried = [trial.params for trial in trials[:number]]
        return Held(stage.held, tried, self._every(stage))

    def is_used_up(self, trials: Sequence[FrozenTrial]) -> bool:
        """Whether no trial waits, and every configuration of the stage has had its trial."""
        stage = at(self.stages, len(trials))
        every = None if stage is None else self._every(stage)
        if every is None or len(every) > len(trials):
            return False
        if any(trial.state == TrialState.WAITING for trial in trials):
            return False
        tried = [trial.params for trial in trials]
        return all(self.space.asked(configuration) in tried for configuration in every)

    def _every(self, stage: Stage) -> Sequence[Configuration] | None:
        if stage.first not in self._listed:
            self._listed[stage.first] = listed(self.space, stage.held)
        return self._listed[stage.first]
