"""Step 3, fit the training set: what to try where training rows could be fitted better.

In the order of the guide: the rate, Adam, decay, units, batch and layers; then the inputs may hold
no signal. A rule speaks first where the trials themselves give a reason; what has not been tried
at all comes after, in the same order, but for a decay where the training loss has settled: that
the rate falls would change little then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from . import bias as biases
from . import network_size, rate
from .advice import Advice
from .curves import is_falling, is_noisy
from .evidence import Evidence
from .knobs import knob, values_of
from .pieces import piece, varied

_SGD_ONLY = ("momentum", "nesterov")
_DECAYS = ("constant", "cosine", "exponential", "plateau")
N_EPOCHS_OF_DECAY = 5  # fewer leave a schedule no room

Rule = Callable[[Evidence, bool], Advice | None]  # whether it may speak without a reason


def advice(evidence: Evidence, found: biases.Bias) -> Iterator[Advice]:
    """Yield what to try, the first thing first: with a reason, then what has not been tried."""
    told: set[str] = set()
    untried = sorted(RULES, key=lambda rule: rule is _decay and _has_settled(evidence))
    passes = [(rule, False) for rule in RULES]
    passes += [(rule, True) for rule in untried] if found.is_known else []
    for rule, is_free in passes:
        one = rule(evidence, is_free)
        if one is not None and one.cause not in told:
            told.add(one.cause)
            yield one


def _has_settled(evidence: Evidence) -> bool:
    losses = () if evidence.best is None else evidence.best.training
    return not is_falling(losses) and not is_noisy(losses)


def _adam(evidence: Evidence, is_free: bool) -> Advice | None:
    """SGD first, Adam where that is slow or bad: a bias is bad."""
    tried = _optimizers(evidence)
    if tried & {"adam", "adamw"} or not tried:
        return None
    return Advice(
        "training set",
        "adam",
        f"All {len(evidence.trials)} trials trained with {' or '.join(sorted(tried))}.",
        "Where SGD is slow or bad, Adam, which has a rate for each weight, is the next to try.",
        "Let the search choose between both.",
        piece(evidence.experiment, _with_adam(evidence, tried)),
    )


def _optimizers(evidence: Evidence) -> set[str]:
    fixed = evidence.experiment.training.optimizer
    return {str(t.configuration.get("optimizer", fixed)) for t in evidence.trials}


def _with_adam(evidence: Evidence, tried: set[str]) -> dict[str, Any]:
    """Return the optimizer as a choice, and what is SGD's alone under a condition."""
    choices = {"type": "categorical", "choices": [*sorted(tried), "adam"]}
    made: dict[str, Any] = {"optimizer": choices}
    for name in _SGD_ONLY:
        known = knob(evidence.experiment, name)
        if known is not None and known.parameter.when is None:
            made[name] = known.said(when="optimizer == sgd")
    return {"parameters": made}


def _decay(evidence: Evidence, is_free: bool) -> Advice | None:
    """A rate that falls settles what a constant one keeps throwing about."""
    experiment, best = evidence.experiment, evidence.best
    name = experiment.training.schedule.name
    tried = {str(t.configuration.get("schedule", name)) for t in evidence.trials}
    if best is None or tried - {"constant"} or len(best.training) < N_EPOCHS_OF_DECAY:
        return None
    is_rough = is_noisy(best.training)
    if not is_rough and not is_free:
        return None
    last = best.training[-1]
    shape = "still jumps up and down at its end" if is_rough else "was made with a constant rate"
    return Advice(
        "training set",
        "decay",
        f"The training loss of trial {best.number}, {last:.4g} after {len(best.training)} epochs, "
        f"{shape}; no trial let its rate fall.",
        "A high rate learns fast and then overshoots; one that falls does both.",
        "Let the search choose a decay.",
        piece(experiment, varied("schedule", {"type": "categorical", "choices": list(_DECAYS)})),
    )


def _batch(evidence: Evidence, is_free: bool) -> Advice | None:
    """Batch sizes as powers of two, where only one was tried."""
    experiment = evidence.experiment
    sizes = {int(v) for t in evidence.trials for v in values_of(t, "batch_size")}
    sizes = sizes or {experiment.training.batch_size}
    if not is_free or len(sizes) > 1:
        return None
    (size,) = sizes
    n = evidence.description.n_train if evidence.description else None
    choices = [c for c in (size // 4, size // 2, size, size * 2, size * 4) if c >= 8]
    choices = [c for c in choices if n is None or c <= n]
    return Advice(
        "training set",
        "batch",
        f"All {len(evidence.trials)} trials trained with a batch size of {size}.",
        "Small batches take more steps an epoch and noisier ones, large ones the opposite.",
        "Let the search choose among powers of two.",
        piece(experiment, varied("batch_size", {"type": "categorical", "choices": choices}))
        if len(choices) > 1
        else "",
    )


RULES: tuple[Rule, ...] = (
    rate.advice,
    _adam,
    _decay,
    network_size.units,
    _batch,
    network_size.layers,
)


def no_signal(evidence: Evidence, p: float, n_trials: int) -> Advice:
    """Return what is to be said where targets might as well have been shuffled."""
    experiment, best = evidence.experiment, evidence.best
    value = f"{best.value:.4g}" if best is not None and best.value is not None else "unknown"
    held = _held_against(evidence)
    small: dict[str, Any] = {"budget": {"trials": 8}}
    if "boosting" not in experiment.baselines:
        small["baselines"] = ["dummy", "linear", "boosting"]
    return Advice(
        "training set",
        "no signal",
        f"The best of {n_trials} trials has a validation {evidence.metric} of {value}, which the "
        f"best of them would have on shuffled targets, too (p = {p:.2g}){held}.",
        "The inputs may hold no signal: nothing in them that was found tells the target, and no "
        "network, rate or penalty changes that.",
        "Bring inputs that tell more: other columns, other pictures, rows joined rightly; "
        "ask whether a person could tell the target. A few trials then show whether there is a "
        "signal.",
        piece(experiment, small),
        "tune check SPACE --profile",
    )


def _held_against(evidence: Evidence) -> str:
    found = evidence.values_of_baselines
    shown = [f"{name} {value:.4g}" for name, value in found.items()]
    return f"; held against it: {', '.join(shown)}" if shown else ""
