"""A sampler that draws again until a configuration meets the space's constraints.

Rejection changes nothing about what a sampler prefers: what is left is its own distribution,
restricted to the configurations that are allowed. (Drawing only the last value again would
favour some of them; moving a value to where it is allowed would pile them up at the border.) A
sampler that has learnt a place where few are allowed could try for long: after `MAX_PROPOSALS`
the trial's configuration is drawn uniformly from all that are allowed, which costs microseconds
a draw. A space in which none of `Space.max_draws` is allowed is refused when its file is read.

In a stage of a search (`stages`) some values are held, as by Optuna's `PartialFixedSampler`, and
what was tried once is not proposed a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from optuna import Study
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from ..errors import InputError
from ..spaces import Configuration, Scalar, Space
from ..spaces.parameters import Varied

MAX_PROPOSALS = 50


@dataclass(frozen=True)
class Held:
    """What a stage holds, and what it need not propose again."""

    values: Configuration = field(default_factory=dict)  # by name
    tried: Sequence[Configuration] = ()  # as trials answer
    every: Sequence[Configuration] | None = None  # all there are; None: too many to count


class FeasibleSampler(BaseSampler):
    """Proposes only what meets the constraints, as another sampler would.

    Args:
        sampler: what proposes.
        space: what is allowed.
        seed: of the uniform draws.
        held: what is not to be drawn, in a stage.
    """

    def __init__(
        self, sampler: BaseSampler, space: Space, seed: int, held: Held | None = None
    ) -> None:
        self.sampler = sampler
        self.space = space
        self.held = held or Held()
        self.random = Random(seed)
        self.accepted: Configuration = {}  # as a trial answers

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Choose the whole configuration; Optuna then takes it value by value, as independent."""
        self.accepted = self.space.asked(self._proposed(study, trial) or self._drawn())
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, distribution: BaseDistribution
    ) -> Any:
        return self.accepted[param_name]

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self.sampler.before_trial(study, trial)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        self.sampler.after_trial(study, trial, state, values)

    def reseed_rng(self) -> None:
        self.sampler.reseed_rng()

    def _proposed(self, study: Study, trial: FrozenTrial) -> Configuration | None:
        for _ in range(MAX_PROPOSALS):
            try:
                configuration = self.space.walk(Proposal(self, study, trial).answer)
            except _LostError:
                continue
            if not self.space.broken(configuration) and not self._is_tried(configuration):
                return configuration
        return None

    def _drawn(self) -> Configuration:
        """Draw uniformly what is allowed, and was not tried where there is anything left."""
        if left := [c for c in self.held.every or () if not self._is_tried(c)]:
            return self.random.choice(left)
        again = None
        for _ in range(self.space.max_draws):
            configuration = self.space.walk(self._draw)
            if self.space.broken(configuration):
                continue
            if not self._is_tried(configuration):
                return configuration
            again = again or configuration
        if again is not None:
            return again
        stage = " with the values that are held" if self.held.values else ""
        raise InputError(
            f"not one of {self.space.max_draws:,} configurations{stage} meets all `constraints:`.",
            "Name more parameters with --only, or loosen the constraints."
            if stage
            else "Loosen them, or derive one parameter from another with `expression:`.",
        )

    def _draw(self, parameter: Varied, name: str, _: int) -> Scalar:
        values = self.held.values
        return values[name] if name in values else parameter.draw(self.random)

    def _is_tried(self, configuration: Configuration) -> bool:
        tried = self.held.tried
        return bool(tried) and self.space.asked(configuration) in tried


class _LostError(Exception):
    """What is drawn so far breaks a constraint already."""


class Proposal:
    """Asks a sampler for values as Optuna's own trial does, and keeps nothing of it.

    It gives up at the first value that breaks a constraint: TPE's time goes into each of them.
    """

    def __init__(self, asking: FeasibleSampler, study: Study, trial: FrozenTrial) -> None:
        self.sampler, self.study, self.trial = asking.sampler, study, trial
        self.space, self.held = asking.space, asking.held.values
        together = self.sampler.infer_relative_search_space(study, trial)
        together = {name: own for name, own in together.items() if name not in self.held}
        self.together = self.sampler.sample_relative(study, trial, together)
        self.drawn: Configuration = {}

    def answer(self, parameter: Varied, name: str, _: int) -> Scalar:
        is_held = name in self.held
        value = self.held[name] if is_held else parameter.suggest(self, name)
        self.drawn[name] = value
        if self.space.is_lost(self.drawn):
            raise _LostError
        return value

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        value: float = self._ask(name, FloatDistribution(low, high, log=log, step=step))
        return value

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        value: int = self._ask(name, IntDistribution(low, high, log=log, step=step))
        return value

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        return self._ask(name, CategoricalDistribution(choices))

    def _ask(self, name: str, distribution: BaseDistribution) -> Any:
        if distribution.single():
            return distribution.to_external_repr(getattr(distribution, "low", 0))
        if name in self.together:
            return self.together[name]
        return self.sampler.sample_independent(self.study, self.trial, name, distribution)
