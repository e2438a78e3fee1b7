"""Avoidable bias and variance: what training rows lack to the best that is known, and what
validation rows lack to training rows."""

from __future__ import annotations

from dataclasses import dataclass

from ...spaces.experiment import Card
from .evidence import Evidence

GAP = 0.1  # of a guess's error: without a human level, a smaller gap is none
LEARNT = 0.9  # of a guess's error: who is not below has learnt nothing
UNFITTED = 0.25  # of a guess's error, where nothing else says what can be reached


@dataclass(frozen=True)
class Target:
    """The best that is known to be possible."""

    value: float  # in the metric
    error: float
    words: str


@dataclass(frozen=True)
class Bias:
    """Training rows are worse than they could be."""

    words: str
    is_known: bool  # from a human level, a published result or a baseline; else it is guessed


def target(evidence: Evidence) -> Target | None:
    """Return the human level or the best published result, whichever is better."""
    scale, card = evidence.scale, evidence.experiment.card
    if scale is None:
        return None
    found = [Target(value, scale.error(value), words) for value, words in _told(card)]
    return min(found, key=lambda known: known.error, default=None)


def _told(card: Card) -> list[tuple[float, str]]:
    human = [] if card.human_level is None else [(card.human_level, "the human level")]
    return human + [(p.value, f"what is published ({p.source})") for p in card.published]


def bias(evidence: Evidence) -> Bias | None:
    """Return why training rows can be fitted better than the best trial does; None where nothing
    says so."""
    scale, fit, error = evidence.scale, evidence.fit_of(evidence.best), evidence.training_error
    if scale is None or fit is None or error is None:
        return None
    own = f"The best trial's {evidence.metric} is {fit:.4g} on its training rows"
    known = target(evidence)
    if known is not None and error - known.error > scale.matters(fit):
        return Bias(f"{own}, and {known.words} is {known.value:.4g}.", True)
    if known is not None:
        return None
    rival = best_baseline(evidence)
    if rival is not None:
        name, value = rival
        noise = evidence.half_width or 0.0
        if error - scale.error(value) > max(scale.matters(fit), noise):
            told = f"{own}; {_NAMES.get(name, name)} has {value:.4g} on validation rows, which it"
            return Bias(f"{told} has not seen.", True)
        return Bias(beaten, False) if (beaten := _beaten(evidence)) else None
    share = scale.share(error)
    if share is None or share <= UNFITTED:
        return None
    guess = f"{share:.0%} of what a guess without inputs gets wrong"
    return Bias(f"{own}, {guess}; no human level and no baseline says what can be reached.", False)


def _beaten(evidence: Evidence) -> str:
    """Say which baseline does better on validation rows than the best trial; "" where none does
    for certain."""
    scale, rival, best = evidence.scale, best_baseline(evidence), evidence.best
    error = evidence.validation_error
    if scale is None or rival is None or best is None or best.value is None or error is None:
        return ""
    name, value = rival
    is_clear = next((h.is_clear for h in evidence.held if h.name == name), None)
    # Held against each other row by row, less can be told apart than by the value's own interval.
    noise = 0.0 if is_clear else evidence.half_width or 0.0
    if is_clear is False or error - scale.error(value) <= max(scale.matters(best.value), noise):
        return ""
    return (
        f"The best trial's {evidence.metric} is {best.value:.4g} on validation rows, and "
        f"{_NAMES.get(name, name)} has {value:.4g}."
    )


_NAMES = {"linear": "a linear model", "network": "a plain network", "boosting": "boosting"}


def best_baseline(evidence: Evidence) -> tuple[str, float] | None:
    """Return the best of the baselines that look at inputs, with its value."""
    scale = evidence.scale
    found = {n: v for n, v in evidence.values_of_baselines.items() if n != "dummy"}
    if scale is None or not found:
        return None
    return min(found.items(), key=lambda pair: scale.error(pair[1]))


def has_learnt(evidence: Evidence) -> bool | None:
    """Whether any trial fits its training rows better than a guess; None where that is unknown."""
    scale = evidence.scale
    if scale is None or not evidence.fitted:
        return None
    value = evidence.fit_of(evidence.fitted[0])
    share = None if value is None else scale.share(scale.error(value))
    return None if share is None else share < LEARNT


def variance(evidence: Evidence) -> str | None:
    """Return in words by how much validation rows are worse than training rows; None where that
    is nothing, or too little to be told from chance."""
    scale, best, fit = evidence.scale, evidence.best, evidence.fit_of(evidence.best)
    of_training, of_validation = evidence.training_error, evidence.validation_error
    if scale is None or best is None or best.value is None or fit is None:
        return None
    if of_training is None or of_validation is None:
        return None
    gap, known = of_validation - of_training, target(evidence)
    least = max(scale.matters(best.value), evidence.half_width or 0.0)
    if known is not None and of_validation - known.error <= scale.matters(best.value):
        return None  # there is nothing left to gain
    if known is None and not _beaten(evidence):
        least = max(least, GAP * (scale.guess or 0.0))
    if gap <= least:
        return None
    return (
        f"The best trial's {evidence.metric} is {best.value:.4g} on validation rows and "
        f"{fit:.4g} on its training rows."
    )
