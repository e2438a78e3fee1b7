"""How large the network is: its units or channels, and its layers."""

from __future__ import annotations

from typing import Any

from ...models import ARCHITECTURES
from .advice import Advice
from .curves import is_falling
from .evidence import Evidence
from .knobs import Knob, end_of_best, knob, of_network, values_of, written_name
from .pieces import fits, piece, varied

WIDTHS = ("hidden_units", "channels")
DEPTHS = ("layers", "stages", "blocks")
MOST_UNITS, MOST_LAYERS = 4096, 12
_WHY = "A network that cannot fit the rows it trains on is too small for them, or held back."


def units(evidence: Evidence, is_free: bool) -> Advice | None:
    """Widen the network where the best lie at the upper end, or where its width is fixed."""
    return _larger(evidence, is_free, WIDTHS, "units", MOST_UNITS, 4.0)


def layers(evidence: Evidence, is_free: bool) -> Advice | None:
    """Deepen the network likewise."""
    return _larger(evidence, is_free, DEPTHS, "layers", MOST_LAYERS, 2.0)


def _larger(
    evidence: Evidence,
    is_free: bool,
    owns: tuple[str, ...],
    cause: str,
    most: int,
    factor: float,
) -> Advice | None:
    for own in owns:
        name = written_name(evidence, own)
        if name is None:
            continue
        known = knob(evidence.experiment, name)
        if known is None:
            one = _fixed(evidence, own, name, cause, most) if is_free else None
        else:
            one = _at_the_end(evidence, known, is_free, cause, most, factor)
        if one is not None:
            return one
    return None


def _at_the_end(
    evidence: Evidence, known: Knob, is_free: bool, cause: str, most: int, factor: float
) -> Advice | None:
    wider = known.widened("high", factor, 1, most)
    found = end_of_best(evidence.fitted, known)
    if wider is None or (not is_free and (found is None or found[0] != "high")):
        return None
    shown = known.name.rpartition(".")[2].replace("_", " ")
    if found is not None and found[0] == "high":
        what = (
            f"The trials that fit their training rows best have about {found[1]:.3g} {shown}, at "
            f"the upper end of what was searched, {known.range}."
        )
    else:
        what = f"{known.range} {shown} were searched, and none fits the training rows well."
    return Advice(
        "training set",
        cause,
        what,
        _WHY,
        f"Widen {known.name} upwards.",
        piece(evidence.experiment, varied(known.name, wider)),
    )


def _fixed(evidence: Evidence, own: str, name: str, cause: str, most: int) -> Advice | None:
    """Search for what was the same in all trials, from what it was upwards."""
    best = evidence.best
    value = None if best is None else _number(evidence, own)
    if value is None or best is None or is_falling(best.training) or value * 2 > most:
        return None
    is_wide = cause == "units"
    high = min(value * 16, most) if is_wide else min(value + 3, most)
    said: dict[str, Any] = {"type": "int", "low": value, "high": high}
    said |= {"log": True} if is_wide else {}
    content = varied(name, said)
    if not fits(evidence.experiment, content):
        return None
    shown = own.replace("_", " ")
    return Advice(
        "training set",
        cause,
        f"All {len(evidence.trials)} trials have {value} {shown}.",
        _WHY,
        f"Search for {name}, from there upwards.",
        piece(evidence.experiment, content),
    )


def _number(evidence: Evidence, own: str) -> int | None:
    """Return a whole number that the best trial's network has, or would have by default."""
    assert evidence.best is not None
    value = of_network(evidence, evidence.best, own)
    if isinstance(value, tuple | list):
        value = max(value, default=None)
    if value is None and own == "layers":
        model = str(evidence.best.configuration.get("model", evidence.experiment.model.name))
        value = ARCHITECTURES[model].n_layers
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def both_ways(evidence: Evidence) -> Advice | None:
    """Search narrower and wider networks than there were."""
    best = evidence.best
    for own in WIDTHS:
        name = written_name(evidence, own)
        known = None if name is None else knob(evidence.experiment, name)
        found = None if known is None else known.widened("low", 4.0, 2, MOST_UNITS)
        if known is None or best is None or found is None:
            continue
        higher = known.widened("high", 2.0, 2, MOST_UNITS) if "high" in found else None
        if higher is not None:
            found = {**found, "high": higher["high"]}
        widths = [v for v in values_of(best, known.name) if isinstance(v, int | float)]
        shown = own.replace("_", " ")
        return Advice(
            "validation set",
            "architecture",
            f"The best trial has {', '.join(f'{v:g}' for v in widths)} {shown}; {known.range} "
            "were searched.",
            "Fewer units, or fewer inputs, leave a network less to learn by heart; now and then "
            "more of them do better on new rows, too.",
            f"Search {known.name} both ways.",
            piece(evidence.experiment, varied(known.name, found)),
        )
    return None
