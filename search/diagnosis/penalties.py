"""Dropout, and penalties on weights: what was tried, and whether more of it would help."""

from __future__ import annotations

from typing import Any

from .advice import Advice
from .evidence import Evidence
from .knobs import end_of_best, knob, of_network, values_of, written_name
from .pieces import fits, piece, varied

WHY = "Variance: the network has learnt its training rows by heart."


def dropout(evidence: Evidence) -> Advice | None:
    """Dropout before the last linear layer first, then in earlier layers."""
    names = [own for own in ("dropout_last", "dropout") if written_name(evidence, own)]
    if not names:
        return None
    if not any(_has(evidence, own) for own in names):
        return _first_dropout(evidence, names[0])
    for own in names:
        one = _stronger(evidence, written_name(evidence, own), 0.9, "dropout", "dropout")
        if one is not None:
            return one
    if "dropout" in names and not _has(evidence, "dropout"):
        return Advice(
            "validation set",
            "dropout",
            f"None of {len(evidence.trials)} trials drops units before its last layer.",
            WHY + " Dropout in earlier layers is the next step after that in the last.",
            "Search for a rate in the earlier layers, too.",
            piece(
                evidence.experiment,
                varied(written_name(evidence, "dropout") or "", _rate(0.0)),
            ),
        )
    return None


def _first_dropout(evidence: Evidence, own: str) -> Advice:
    name = written_name(evidence, own) or own
    on = f"{name.rpartition('.')[0]}.use_dropout".lstrip(".")
    switched: dict[str, Any] = {
        "parameters": {
            "use_dropout": {"type": "categorical", "choices": [False, True]},
            name: {**_rate(0.25), "when": "use_dropout"},
        }
    }
    is_free = on == "use_dropout" and "use_dropout" not in evidence.experiment.parameters
    content = (
        switched if is_free and fits(evidence.experiment, switched) else varied(name, _rate(0.0))
    )
    return Advice(
        "validation set",
        "dropout",
        f"None of {len(evidence.trials)} trials drops any unit.",
        WHY + " Dropout before the last layer keeps it from relying on single units.",
        "Search for dropout before the last layer, 0.25 to 0.5, with none as a choice.",
        piece(evidence.experiment, content),
    )


def _rate(low: float) -> dict[str, Any]:
    return {"type": "float", "low": low, "high": 0.5}


def _has(evidence: Evidence, own: str) -> bool:
    """Whether any trial's network drops anything there."""
    values = (of_network(evidence, trial, own) for trial in evidence.trials)
    return any(max(v) > 0 if isinstance(v, tuple | list) and v else v for v in values)


def weights(evidence: Evidence) -> Advice | None:
    """L2 (`weight_decay`), or L1: small weights."""
    training = evidence.experiment.training
    for name in ("weight_decay", "l1"):
        fixed = getattr(training, name)
        if fixed or any(any(values_of(trial, name)) for trial in evidence.trials):
            return _stronger(evidence, name, 10.0, "L2" if name == "weight_decay" else "L1", name)
    return Advice(
        "validation set",
        "L2",
        f"None of {len(evidence.trials)} trials has a penalty on its weights.",
        WHY + " Small weights make a smooth function, which fits new rows better.",
        "Search for an L2 penalty.",
        piece(
            evidence.experiment,
            varied("weight_decay", {"type": "float", "low": 1e-6, "high": 0.1, "log": True}),
        ),
    )


def _stronger(
    evidence: Evidence, name: str | None, most: float, cause: str, words: str
) -> Advice | None:
    """Widen a penalty whose best values lie at the upper end."""
    known = None if name is None else knob(evidence.experiment, name)
    found = end_of_best(evidence.complete, known) if known is not None else None
    if known is None or found is None or found[0] != "high":
        return None
    factor = 1.6 if cause == "dropout" else 30.0
    wider = known.widened("high", factor, 0, most)
    if wider is None:
        return None
    return Advice(
        "validation set",
        cause,
        f"The best trials have a {known.name} of about {found[1]:.2g}, at the upper end of what "
        f"was searched, {known.range}.",
        f"{WHY} More {words} than that was not tried.",
        f"Widen {known.name} upwards.",
        piece(evidence.experiment, varied(known.name, wider)),
    )
