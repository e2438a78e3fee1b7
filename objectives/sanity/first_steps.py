"""A configuration's first steps: what its network says before it is trained, and what it learns.

The first loss should be near what knowing nothing costs: log C of C classes, log 2 of a binary
task, 1 of a standardised regression. A network that is far above it begins by being sure of
something that is not so.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ...errors import InputError
from ..callables import is_callable
from ..configurations import network_of
from .cases import Case
from .faults import Fault, fault
from .subject import Plain, Subject, is_finite
from .units import Activation, gradient_norms, layers_in, watched, worst

N_STEPS = 5  # in which a layer is given the chance of a gradient
RATE = 1e-3  # of Adam, for these steps
# A first loss above this many times that of knowing nothing is far above it. On standardised
# inputs sound first weights cost twice that, and five times where a layer has few units.
FAR = 10.0
UNEVEN = 1e-6  # between the shortest and the longest gradient of two layers
SILENT = 0.95  # share of a layer's units, or of its values, from which it is told


@dataclass(frozen=True)
class First:
    """What was seen before the first step, by the loss that validation rows are scored with."""

    loss: float
    of_nothing: float  # of outputs that are all 0
    activations: tuple[Activation, ...]


def take(subject: Subject, case: Case) -> tuple[First | None, list[Fault]]:
    """Build a configuration's network, and let it take a few steps.

    Returns:
        What was seen first, None where it could not even be computed; and what is wrong.
    """
    try:
        plain = subject.plain(case.configuration)
        return _take(subject, plain, case)
    except InputError as error:
        found, fix = error.cause.rstrip("."), error.fix
        return None, [fault(case, "a training step runs", found, fix, 1.0, is_error=True)]
    except Exception as error:
        return None, [_broken(subject, case, error)]


def _take(subject: Subject, plain: Plain, case: Case) -> tuple[First | None, list[Fault]]:
    with watched(plain.network) as activations:
        outputs = plain.outputs(subject.x)
    if not is_finite(outputs.detach()):
        return None, [_not_finite(case, "outputs")]
    cost = plain.cost(outputs, subject.y)
    if not is_finite(cost.detach()):
        return None, [_not_finite(case, "the first loss")]
    loss = subject.judged(outputs.detach(), subject.y)
    of_nothing = subject.judged(torch.zeros_like(outputs), subject.y)
    first = First(loss, of_nothing, tuple(activations))
    faults = [*_first_loss(subject, first, case), *_silent(first.activations, case)]
    return first, [*faults, *_gradients(subject, plain, cost, case)]


def _first_loss(subject: Subject, first: First, case: Case) -> Iterator[Fault]:
    if first.loss <= FAR * first.of_nothing:
        return
    rule = "the first loss is near that of knowing nothing"
    found = f"it is {first.loss:,.4g}, and knowing nothing costs {first.of_nothing:.3g}"
    largest = float(subject.x.abs().max())
    fix = "Take a norm (such as `norm: layer`), or fewer layers."
    if is_callable(network_of(subject.experiment, case.configuration)[0]):
        fix = "Draw smaller first weights (standard deviation 1 / sqrt(inputs of the layer))."
    if largest > _LARGE:
        found += f"; inputs go up to {largest:,.4g}"
        fix = "Scale the inputs: `preprocess: {scale: standard}`, or mend values far outside."
    yield fault(case, rule, found, fix, 0.7)


_LARGE = 20.0  # standard deviations; inputs beyond are not standardised


def _silent(activations: tuple[Activation, ...], case: Case) -> Iterator[Fault]:
    dead = worst([*activations], ("relu",))
    if dead is not None and dead.share >= SILENT:
        n = round(dead.share * dead.n_units)
        rule = "rectified units are above 0 for some rows"
        found = f"{n:,} of {dead.n_units:,} units after {_layer(dead)} are 0 for every row"
        fix = "Draw biases of 0 and He's weights, scale the inputs, or take `leaky_relu`."
        yield fault(case, rule, f"{found} before training", fix, 0.8)
    saturated = worst([*activations], ("tanh", "sigmoid"))
    if saturated is not None and saturated.share >= SILENT:
        rule = "units lie between the ends of their range"
        share = f"{100 * saturated.share:.0f} % of the {saturated.kind} units"
        found = f"{share} after {_layer(saturated)} are at an end before training"
        fix = "Draw smaller first weights (Glorot's), or scale the inputs."
        yield fault(case, rule, found, fix, 0.75)


def _layer(activation: Activation) -> str:
    return f"layer '{activation.after}'" if activation.after else "the inputs"


def _gradients(subject: Subject, plain: Plain, cost: Tensor, case: Case) -> list[Fault]:
    """Take the steps, and look at what has reached each layer in any of them."""
    layers = layers_in(plain.network)
    parameters = [p for own in layers.values() for p in own]
    if not cost.requires_grad:
        return [_no_gradient(case)]
    optimizer = torch.optim.Adam(parameters, lr=RATE)
    longest: dict[str, float | None] = dict.fromkeys(layers)
    first: dict[str, float | None] = {}
    for step in range(N_STEPS):
        optimizer.zero_grad()
        cost.backward()  # type: ignore[no-untyped-call]
        norms = gradient_norms(layers)
        if any(norm is not None and not math.isfinite(norm) for norm in norms.values()):
            return [_not_finite(case, f"gradients of step {step + 1}")]
        first = first or norms
        for name, norm in norms.items():
            if norm is not None:
                longest[name] = max(norm, longest[name] or 0.0)
        if all(longest.values()):
            break  # further steps would say nothing more
        optimizer.step()
        cost = plain.cost(plain.outputs(subject.x), subject.y)
    return [*_unreached(longest, case), *_uneven(first, case)]


def _unreached(norms: Mapping[str, float | None], case: Case) -> Iterator[Fault]:
    if not any(norms.values()):
        yield _no_gradient(case)
        return
    rule = "every layer is reached by the gradient"
    missing = [name for name, norm in norms.items() if norm is None]
    zero = [name for name, norm in norms.items() if norm == 0]
    if missing:
        found = f"{_quoted(missing)} had none in {N_STEPS} steps"
        fix = "Use it in `forward`, with no `.detach()` or `no_grad` after it, or remove it."
        yield fault(case, rule, found, fix, 0.9)
    elif zero:
        found = f"that of {_quoted(zero)} was 0 in {N_STEPS} steps"
        fix = "Look for units that are 0 for every row behind it, or an output that is not used."
        yield fault(case, rule, found, fix, 0.9)


def _uneven(norms: Mapping[str, float | None], case: Case) -> Iterator[Fault]:
    """Tell of a gradient that dies away, or grows, from one layer to another."""
    known = {name: norm for name, norm in norms.items() if norm}
    if len(known) < 2:
        return
    shortest, longest = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    if known[shortest] >= UNEVEN * known[longest]:
        return
    names = [*known]
    vanishes = names.index(shortest) < names.index(longest)
    rule = "gradients are of like length in all layers"
    found = (
        f"that of '{shortest}' is {known[shortest]:.1e} and that of '{longest}' "
        f"{known[longest]:.1e}: it {'vanishes' if vanishes else 'explodes'} towards the input"
    )
    fix = "Take ReLUs with He's weights, a norm or `residual: true`; or fewer layers."
    yield fault(case, rule, found, fix, 0.8)


def _no_gradient(case: Case) -> Fault:
    rule = "the loss has a gradient for the weights"
    found = "no weight has one"
    fix = (
        "Look for `.detach()`, `.item()`, `no_grad` or `argmax` between the weights and the loss."
    )
    return fault(case, rule, found, fix, 1.0, is_error=True)


def _not_finite(case: Case, what: str) -> Fault:
    rule = "outputs, losses and gradients are finite numbers"
    fix = "Look for a division by 0, a log of 0 or first weights that are too large."
    return fault(case, rule, f"{what} are not", fix, 1.0, is_error=True)


def _broken(subject: Subject, case: Case, error: Exception) -> Fault:
    """Return what the user's own code, or a network that cannot be built, has raised."""
    rule = "a network is built and takes a step"
    lines = (str(error).strip() or "no message").splitlines()
    found = f"{type(error).__name__}: {lines[0][:200].rstrip('.')}"
    place = _own_place(error, subject)
    fix = f"See {place}." if place else "Let the space leave such configurations out."
    return fault(case, rule, found, fix, 1.0, is_error=case.is_default)


def _own_place(error: Exception, subject: Subject) -> str:
    """Return the last line of the user's own files that an error came through."""
    experiment = subject.experiment
    named = (experiment.model.name, experiment.training.cost)
    folders = {
        str(Path(n.rpartition(":")[0]).resolve().parent)
        for n in named
        if n is not None and is_callable(n)
    }
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if str(Path(f.filename).resolve().parent) in folders]
    return f"line {own[-1].lineno} of {Path(own[-1].filename).name}" if own else ""


def _quoted(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
