"""Step 4, fit the validation set: what to try where training rows are fitted and others are not.

In the order of the guide: dropout, L2, normalised inputs, batch norm, more data or augmentation,
gradients, early stopping, architecture. What was tried is passed over, unless the best of it lie
at the end of its range.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ...models import ARCHITECTURES
from ...objectives.settings import AUGMENTATIONS, says_nothing
from . import network_size
from .advice import Advice
from .curves import worst_rise
from .evidence import Evidence
from .knobs import end_of_best, knob, of_network, values_of, written_name
from .labels import Doubtful
from .pieces import fits, piece, varied

_WHY = "Variance: the network has learnt its training rows by heart."
GRADIENT = "gradient_norm."  # before the layer's name: `gradients.PREFIX`, which imports torch
VANISHED = 1e-3  # of the last layer's gradient, that the first has
RISEN = 0.1  # above its least: a validation loss that ends so high has been better

Rule = Callable[[Evidence], Advice | None]


def advice(evidence: Evidence) -> Iterator[Advice]:
    """Yield what to try, the first thing first."""
    for rule in RULES:
        one = rule(evidence)
        if one is not None:
            yield one


def _dropout(evidence: Evidence) -> Advice | None:
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
            _WHY + " Dropout in earlier layers is the next step after that in the last.",
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
        _WHY + " Dropout before the last layer keeps it from relying on single units.",
        "Search for dropout before the last layer, 0.25 to 0.5, with none as a choice.",
        piece(evidence.experiment, content),
    )


def _rate(low: float) -> dict[str, Any]:
    return {"type": "float", "low": low, "high": 0.5}


def _has(evidence: Evidence, own: str) -> bool:
    """Whether any trial's network drops anything there."""
    values = (of_network(evidence, trial, own) for trial in evidence.trials)
    return any(max(v) > 0 if isinstance(v, tuple | list) and v else v for v in values)


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
        f"{_WHY} More {words} than that was not tried.",
        f"Widen {known.name} upwards.",
        piece(evidence.experiment, varied(known.name, wider)),
    )


def _penalty(evidence: Evidence) -> Advice | None:
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
        _WHY + " Small weights make a smooth function, which fits new rows better.",
        "Search for an L2 penalty.",
        piece(
            evidence.experiment,
            varied("weight_decay", {"type": "float", "low": 1e-6, "high": 0.1, "log": True}),
        ),
    )


def _normalise(evidence: Evidence) -> Advice | None:
    if evidence.experiment.data.preprocess.scale != "none":
        return None
    n = "" if evidence.description is None else f"{evidence.description.n_inputs:,} "
    return Advice(
        "validation set",
        "normalise",
        f"The {n}inputs of a row are taken as they are.",
        "Inputs of different sizes make some weights learn far faster than others.",
        "Subtract each input's mean and divide by its standard deviation, both of training rows.",
        piece(evidence.experiment, {"data": {"preprocess": {"scale": "standard"}}}),
    )


def _norm(evidence: Evidence) -> Advice | None:
    name = written_name(evidence, "norm")
    tried = {of_network(evidence, trial, "norm") for trial in evidence.trials}
    if name is None or tried & {"batch", "layer"} or _normalises_by_itself(evidence):
        return None
    return Advice(
        "validation set",
        "batch norm",
        f"None of {len(evidence.trials)} trials normalises what its layers pass on.",
        "Batch norm steadies training, allows a higher rate, and its noise is a mild penalty.",
        "Let the search choose.",
        piece(
            evidence.experiment,
            varied(name, {"type": "categorical", "choices": ["none", "batch"]}),
        ),
    )


def _normalises_by_itself(evidence: Evidence) -> bool:
    """Whether an architecture has batch norm where nothing says which norm it has."""
    best = evidence.best
    configuration = {} if best is None else best.configuration
    model = str(configuration.get("model", evidence.experiment.model.name))
    return model in ("tabular", "resnet", "resnet18") or model not in ARCHITECTURES


def _more_data(evidence: Evidence) -> Advice | None:
    """Augmentation of pictures, mixup of anything else; the learning curve says whether rows are
    the cure."""
    experiment = evidence.experiment
    pictures: dict[str, Any] = {
        "augment_shift": {"type": "float", "low": 0.0, "high": 0.1},
        "augment_rotation": {"type": "float", "low": 0.0, "high": 15.0},
    }
    mixup: dict[str, Any] = {"mixup": {"type": "float", "low": 0.0, "high": 0.5}}
    are_pictures = _takes_pictures(evidence) and fits(experiment, {"parameters": pictures})
    content = pictures if are_pictures else mixup
    options = AUGMENTATIONS if are_pictures else ("mixup",)
    if any(_is_tried(evidence, option) for option in options):
        return None
    n = "the" if evidence.description is None else f"{evidence.description.n_train:,}"
    return Advice(
        "validation set",
        "more data",
        f"Trials learn from {n} training rows, none of them changed from epoch to epoch.",
        "With more rows there is less to learn by heart; rows that are changed a little are the "
        "next best thing.",
        ("Augment the pictures" if are_pictures else "Blend rows (mixup)")
        + "; `tune learning-curve` says whether more rows are the cure, and how many.",
        piece(experiment, {"parameters": content}),
        f"tune learning-curve {evidence.study}",
    )


def _takes_pictures(evidence: Evidence) -> bool:
    best = evidence.best
    configuration = {} if best is None else best.configuration
    model = str(configuration.get("model", evidence.experiment.model.name))
    shape = evidence.experiment.data.preprocess.shape
    return model in ("cnn", "resnet", "resnet18") or (shape is not None and len(shape) > 1)


def _is_tried(evidence: Evidence, option: str) -> bool:
    fixed = getattr(evidence.experiment.training, option)
    values = [fixed, *(v for trial in evidence.trials for v in values_of(trial, option))]
    return not all(says_nothing(option, value) for value in values)


def _gradients(evidence: Evidence) -> Advice | None:
    return _exploding(evidence) or _vanishing(evidence)


def _exploding(evidence: Evidence) -> Advice | None:
    lost = [trial for trial in evidence.trials if trial.is_diverged]
    if not lost or _is_tried(evidence, "clip_norm") or _is_tried(evidence, "clip_value"):
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


def _early_stopping(evidence: Evidence) -> Advice | None:
    """A validation loss that has been lower than where it ends."""
    best, training = evidence.best, evidence.experiment.training
    losses = [] if best is None else best.curves.get("validation_loss", [])
    if best is None or training.early_stopping is not None or worst_rise(losses) < RISEN:
        return None
    at = min(range(len(losses)), key=lambda i: losses[i])
    patience = max(2, training.epochs // 5)
    return Advice(
        "validation set",
        "early stopping",
        f"The validation loss of trial {best.number} was {losses[at]:.4g} in epoch {at + 1} and "
        f"is {losses[-1]:.4g} after {len(losses)}.",
        _WHY + " Its best weights were those before.",
        "Stop when the validation rows get no better, and keep the best weights.",
        piece(evidence.experiment, {"training": {"early_stopping": {"patience": patience}}}),
    )


RULES: tuple[Rule, ...] = (
    _dropout,
    _penalty,
    _normalise,
    _norm,
    _more_data,
    _gradients,
    _early_stopping,
    network_size.both_ways,
)


def more_rows(evidence: Evidence) -> Advice:
    """Return what is left where everything else was tried."""
    n = "" if evidence.description is None else f"{evidence.description.n_train:,} "
    return Advice(
        "validation set",
        "more data",
        f"Dropout, a penalty, norms and changed rows were all tried, on {n}training rows.",
        "What is left is more rows.",
        "Let the learning curve say how many, and what they would bring.",
        command=f"tune learning-curve {evidence.study}",
    )


def labels(evidence: Evidence, found: Doubtful, is_biased: bool) -> Advice:
    """Return what to do about labels that look wrong, at the step that they hold back."""
    folds = evidence.experiment.data.split.folds
    held = "training and validation rows alike" if is_biased else "validation rows"
    scale: dict[str, Any] = {"training": {"label_smoothing": round(min(found.share, 0.3), 2)}}
    return Advice(
        "training set" if is_biased else "validation set",
        "labels",
        f"About {found.share:.0%} of the labels look wrong: the best trials contradict "
        f"{found.n_rows:,} of {found.n:,} validation rows{', of all folds,' if folds else ''} "
        "confidently.",
        f"Wrong labels are learnt by heart and held against what is right; no network gets "
        f"{held} below their share.",
        "Look at these rows with `tune check` and correct them in the source; until then, smooth "
        "the labels.",
        piece(evidence.experiment, scale),
        "tune check SPACE",
    )
