"""Gradients that explode or vanish: the line that clips, the layers that hardly learn."""

from __future__ import annotations

from .advice import Advice
from .evidence import Evidence
from .knobs import is_tried, written_name
from .pieces import piece, varied

GRADIENT = "gradient_norm."  # before the layer's name: `gradients.PREFIX`, which imports torch
VANISHED = 1e-3  # of the last layer's gradient, that the first has


def advice(evidence: Evidence) -> Advice | None:
    return _exploding(evidence) or _vanishing(evidence)


def _exploding(evidence: Evidence) -> Advice | None:
    lost = [trial for trial in evidence.trials if trial.is_diverged]
    if not lost or is_tried(evidence, "clip_norm") or is_tried(evidence, "clip_value"):
        return None
    return Advice(
        "validation set",
        "gradients",
        f"{len(lost)} of {len(evidence.trials)} trials ended with exploding gradients, and no "
        "trial clipped them.",
        "A gradient that is clipped keeps its direction and no longer throws the weights away.",
        "Clip the gradients' norm.",
        piece(evidence.experiment, {"training": {"clip_norm": 1.0}}),
    )


def _vanishing(evidence: Evidence) -> Advice | None:
    best = evidence.best
    norms = (
        {} if best is None else {k: v for k, v in best.metrics.items() if k.startswith(GRADIENT)}
    )
    name = written_name(evidence, "initialization")
    if best is None or len(norms) < 2 or name is None:
        return None
    names = list(norms)
    first, last = norms[names[0]], norms[names[-1]]
    if not 0 < first < VANISHED * last:
        return None
    return Advice(
        "validation set",
        "gradients",
        f"The gradient of {names[0].removeprefix(GRADIENT)} is {first / last:.1g} times that of "
        f"{names[-1].removeprefix(GRADIENT)} in trial {best.number}.",
        "Vanishing gradients: the first layers hardly learn.",
        "Initialise by He's formula; an LSTM, or a residual network, is the way out for depth.",
        piece(
            evidence.experiment, varied(name, {"type": "categorical", "choices": ["auto", "he"]})
        ),
    )
