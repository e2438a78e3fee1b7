"""Step 4, fit the validation set: what to try where training rows are fitted and others are not.

In the order of the guide: dropout, L2, normalised inputs, batch norm, more data or augmentation,
gradients, early stopping, architecture. What was tried is passed over, unless the best of it lie
at the end of its range.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ...models import ARCHITECTURES
from ...objectives.settings import AUGMENTATIONS
from . import gradients, network_size, penalties
from .advice import Advice
from .curves import worst_rise
from .evidence import Evidence
from .knobs import is_tried, of_network, written_name
from .penalties import WHY
from .pieces import fits, piece, varied

RISEN = 0.1  # above its least: a validation loss that ends so high has been better

Rule = Callable[[Evidence], Advice | None]


def advice(evidence: Evidence) -> Iterator[Advice]:
    """Yield what to try, the first thing first."""
    for rule in RULES:
        one = rule(evidence)
        if one is not None:
            yield one


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
    if any(is_tried(evidence, option) for option in options):
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
        WHY + " Its best weights were those before.",
        "Stop when the validation rows get no better, and keep the best weights.",
        piece(evidence.experiment, {"training": {"early_stopping": {"patience": patience}}}),
    )


RULES: tuple[Rule, ...] = (
    penalties.dropout,
    penalties.weights,
    _normalise,
    _norm,
    _more_data,
    gradients.advice,
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
