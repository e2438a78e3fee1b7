"""The learning rate: too large, too small, or at an end of its range."""

from __future__ import annotations

from . import bias as biases
from .advice import Advice
from .curves import is_falling, is_noisy
from .evidence import Evidence, Tried
from .knobs import end_of_best, knob
from .pieces import piece, varied

NAME = "learning_rate"
USUAL = {  # optimizer to the rates that it is mostly used with, from least to most
    "adam": (1e-5, 0.1),
    "adamw": (1e-5, 0.1),
    "rmsprop": (1e-5, 0.1),
    "sgd": (1e-4, 2.0),
}
SLOW = 0.1  # of a loss: so much less of it in the last quarter, and more epochs are worth it
NEAR = 2.0  # times as high: of the order of it
ABOVE = 1.02  # times a guess's cost: worse than knowing nothing
DIVERGED = 0.2  # of the trials: fewer are the price of a wide range
LEAST, MOST = 1e-8, 10.0  # beyond, nothing learns
_WHY_HIGH = "At too high a rate a step overshoots, and the loss rises, jumps or is no number."
_WHY_LOW = "At too low a rate the loss falls, but not far enough in the epochs there are."
_WHY = "The rate matters more than anything else that is tuned."


def advice(evidence: Evidence, is_free: bool) -> Advice | None:
    """Say what is wrong with the rate, or that it was never searched for."""
    return (
        _diverged(evidence)
        or _nothing_learnt(evidence)
        or _unusual(evidence)
        or _at_an_end(evidence)
        or _slow(evidence)
        or _fixed(evidence)
    )


def rate_of(evidence: Evidence, trial: Tried) -> float:
    """Return a trial's learning rate."""
    return float(trial.configuration.get(NAME, evidence.experiment.training.learning_rate))  # type: ignore[arg-type]


def _diverged(evidence: Evidence) -> Advice | None:
    lost = [trial for trial in evidence.trials if trial.is_diverged]
    if len(lost) < max(2, DIVERGED * len(evidence.trials)):
        return None
    rates = sorted(rate_of(evidence, trial) for trial in lost)
    safe = [rate_of(evidence, t) for t in evidence.trials if not t.is_diverged]
    if safe and sorted(safe)[len(safe) // 2] > rates[len(rates) // 2]:
        return None  # it was not the rate
    high = rates[0] / 2
    return _advice(
        evidence,
        f"{len(lost)} of {len(evidence.trials)} trials diverged, at a learning rate of "
        f"{rates[0]:.3g} to {rates[-1]:.3g}.",
        _WHY_HIGH,
        "Lower the range.",
        (high / 1000, high),
    )


def _nothing_learnt(evidence: Evidence) -> Advice | None:
    best = evidence.fitted[0] if evidence.fitted else None
    if best is None or biases.has_learnt(evidence) is not False:
        return None
    rate = rate_of(evidence, best)
    tried = [rate_of(evidence, trial) for trial in evidence.trials]
    is_slow = is_falling(best.training) and rate >= max(tried) / NEAR
    if not is_slow and not _is_thrown_about(evidence, best):
        return None
    found = (
        f"No trial fits its training rows much better than a guess without inputs; rates of "
        f"{min(tried):.3g} to {max(tried):.3g} were tried, and trial {best.number} did best with "
        f"{rate:.3g}."
    )
    if is_slow:
        span = (max(tried), min(max(tried) * 1000, MOST))
        return _advice(evidence, found, _WHY_LOW, "Raise the range.", span)
    span = (max(min(tried) / 1000, LEAST), min(tried))
    return _advice(evidence, found, _WHY_HIGH, "Lower the range.", span)


def _unusual(evidence: Evidence) -> Advice | None:
    """All rates that were tried are far from those at which optimizers are used."""
    fixed = evidence.experiment.training.optimizer
    used = [str(trial.configuration.get("optimizer", fixed)) for trial in evidence.trials]
    tried = [rate_of(evidence, trial) for trial in evidence.trials]
    if not tried:
        return None
    low = min(USUAL.get(name, USUAL["sgd"])[0] for name in used)
    high = max(USUAL.get(name, USUAL["sgd"])[1] for name in used)
    found = f"All rates that were tried, {min(tried):.3g} to {max(tried):.3g}, are"
    usual = f"those that {' or '.join(sorted(set(used)))} is mostly used with, {low:g} to {high:g}"
    if min(tried) > high:
        span = (max(low, 1e-4), high)
        return _advice(evidence, f"{found} above {usual}.", _WHY_HIGH, "Lower the range.", span)
    if max(tried) < low:
        span = (low, high)
        return _advice(evidence, f"{found} below {usual}.", _WHY_LOW, "Raise the range.", span)
    return None


def _is_thrown_about(evidence: Evidence, trial: Tried) -> bool:
    """Whether a training loss jumps, or ends above what a guess without inputs costs."""
    guess = evidence.scale.guess_loss if evidence.scale is not None else None
    is_above = guess is not None and len(trial.training) > 0 and trial.training[-1] > ABOVE * guess
    return is_above or is_noisy(trial.training)


def _at_an_end(evidence: Evidence) -> Advice | None:
    known = knob(evidence.experiment, NAME)
    found = end_of_best(evidence.fitted, known) if known is not None else None
    if known is None or found is None:
        return None
    end, value = found
    way, factor = ("downwards", 30.0) if end == "low" else ("upwards", 10.0)
    wider = known.widened(end, factor, LEAST, MOST)
    if wider is None:
        return None
    return Advice(
        "training set",
        "rate",
        f"The trials that fit their training rows best have a learning rate of about {value:.3g}, "
        f"at the {end} end of what was searched, {known.range}.",
        _WHY,
        f"Widen learning_rate {way}; `tune lr` shows where the loss falls fastest.",
        piece(evidence.experiment, varied(NAME, wider)),
        "tune lr SPACE",
    )


def _slow(evidence: Evidence) -> Advice | None:
    """The loss still falls when training ends, wherever in its range the rate lies."""
    best, training = evidence.best, evidence.experiment.training
    if best is None or len(best.training) < training.epochs or not is_falling(best.training):
        return None
    before = best.training[-1 - len(best.training) // 4]
    if before - best.training[-1] < SLOW * abs(best.training[-1]):
        return None
    found = (
        f"The training loss of trial {best.number} still falls when its {training.epochs} epochs "
        f"are over: from {before:.3g} to {best.training[-1]:.3g} in the last quarter."
    )
    if knob(evidence.experiment, NAME) is None:
        rate = training.learning_rate
        return _advice(evidence, found, _WHY_LOW, "Search for the rate.", (rate / 3, rate * 100))
    return Advice(
        "training set",
        "epochs",
        found,
        "The rates that were searched are not the limit; the epochs are.",
        "Train for longer.",
        piece(evidence.experiment, {"training": {"epochs": 3 * training.epochs}}),
    )


def _fixed(evidence: Evidence) -> Advice | None:
    if knob(evidence.experiment, NAME) is not None or evidence.best is None:
        return None
    rate = rate_of(evidence, evidence.best)
    found = f"All {len(evidence.trials)} trials trained at a learning rate of {rate:.3g}."
    return _advice(evidence, found, _WHY, "Search for the rate.", (rate / 30, rate * 30))


def _advice(
    evidence: Evidence, what: str, why: str, attempt: str, span: tuple[float, float]
) -> Advice:
    low, high = (float(f"{min(max(end, LEAST), MOST):.2g}") for end in span)
    said = {"type": "float", "low": low, "high": high, "log": True}
    known = knob(evidence.experiment, NAME)
    if known is not None and known.parameter.when is not None:
        said["when"] = known.parameter.when
    return Advice(
        "training set",
        "rate",
        what,
        why,
        f"{attempt} `tune lr` shows where the loss falls fastest.",
        piece(evidence.experiment, varied(NAME, said)),
        "tune lr SPACE",
    )
