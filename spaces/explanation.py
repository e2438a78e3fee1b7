"""A space in words: its tree, its size, sample configurations, and what Optuna will see of it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from .expressions import Expression
from .parameters import Categorical, Derived, Float, Int, Parameter
from .space import MODEL, Answer, Configuration, Space, Step
from .writing import inline

N_DRAWN = 1000  # configurations that shares and numbers of parameters are estimated from
N_SAMPLES = 5
MAX_CASES = 100_000  # combinations of deciding values up to which a space is counted


@dataclass(frozen=True)
class Explanation:
    """What there is to say about a space."""

    tree: list[str]
    seen: dict[str, str]  # the names that Optuna and MLflow will have, and their ranges
    default: Configuration  # trial 0
    samples: list[Configuration]
    fewest: int  # parameters that vary, in a configuration
    most: int
    mean: float
    size: float | None  # configurations, constraints aside; None: too many cases to count
    feasible: float  # the share that meets all constraints
    never: list[str]  # parameters that no draw had
    n_drawn: int


def explain(space: Space, seed: int) -> Explanation:
    """Look at a space, with `N_DRAWN` uniform draws from it."""
    random = Random(seed)
    drawn = list(itertools.islice(space.feasible(random), N_DRAWN))
    more = itertools.chain(drawn, itertools.islice(space.feasible(random), space.max_draws))
    allowed = (configuration for configuration, is_feasible in more if is_feasible)
    samples = list(itertools.islice(allowed, N_SAMPLES))
    met = [configuration for configuration, is_feasible in drawn if is_feasible]
    counts = [len(space.asked(c)) for c in (*met, *samples, space.default())]
    return Explanation(
        tree=_tree(space),
        seen={name: shown(p) for name, p in _seen(space)},
        default=space.default(),
        samples=samples,
        fewest=min(counts),
        most=max(counts),
        mean=sum(counts) / len(counts),
        size=size(space),
        feasible=sum(is_feasible for _, is_feasible in drawn) / len(drawn),
        never=_never(space, [configuration for configuration, _ in drawn]),
        n_drawn=len(drawn),
    )


def _never(space: Space, drawn: list[Configuration]) -> list[str]:
    active = {key for configuration in drawn for name in configuration for key in _keys(name)}
    return [step.name for step in space.steps if step.name not in active]


def _keys(name: str) -> tuple[str, str]:
    """Return what a value belongs to: a parameter of this name, or a repeated one."""
    return name, name.rpartition(".")[0]


def shown(parameter: Parameter) -> str:
    """Return a parameter in a few words."""
    match parameter:
        case Float() | Int():
            kind = "" if isinstance(parameter, Float) else "whole "
            words = f"{kind}{parameter.low:g} to {parameter.high:g}"
            words += ", log" if parameter.log else ""
            return words + (
                f", step {parameter.step:g}" if parameter.step not in (None, 1) else ""
            )
        case Categorical():
            return f"one of {inline(parameter.choices)}" + (", ordered" * parameter.ordered)
        case Derived():
            return f"= {parameter.expression}"
    return f"= {inline(parameter)}"


def size(space: Space) -> float | None:
    """Count the configurations of a space, whether they meet its constraints or not.

    Every combination of the values that decide what is active is looked at once; what is active
    there and decides nothing multiplies.

    Returns:
        The number, infinity where a range is continuous, None where there are too many cases.
    """
    if any(isinstance(s.parameter, Float) and s.parameter.count == math.inf for s in space.steps):
        return math.inf
    deciding = _deciding(space)
    if any(step.is_repeated for step in space.steps if step.name in deciding):
        return None
    cases = 1.0
    for step in space.steps:
        if step.name in deciding and step.varied is not None:
            cases *= step.varied.count
    if cases > MAX_CASES:
        return None
    return sum(_count(space, fixed) for fixed in _cases(space, deciding))


def _deciding(space: Space) -> set[str]:
    """Return the parameters that decide whether another is there, and what those follow from."""
    names = {MODEL} if any(step.branch is not None for step in space.steps) else set()
    for step in space.steps:
        for part in (step.when, step.repeat):
            names |= set(part.references) if isinstance(part, Expression) else set()
    while True:
        parents = {p for step in space.steps if step.name in names for p in step.parents}
        if parents <= names:
            return names
        names |= parents


def _cases(space: Space, deciding: set[str]) -> Iterator[dict[str, Any]]:
    """Yield every combination of deciding values, of which several may come to the same."""
    varied = {
        step.name: step.varied.values
        for step in space.steps
        if step.name in deciding and step.varied is not None
    }
    seen = set()
    for values in itertools.product(*varied.values()):
        fixed = dict(zip(varied, values, strict=True))
        own = space.walk(_answering(fixed))
        key = tuple((name, own.get(name)) for name in fixed)
        if key not in seen:
            seen.add(key)
            yield fixed


def _answering(fixed: dict[str, Any]) -> Answer:
    return lambda parameter, name, _: fixed.get(name, parameter.midpoint)


def _count(space: Space, fixed: dict[str, Any]) -> float:
    product = 1.0

    def answer(parameter: Any, name: str, _: int) -> Any:
        nonlocal product
        if name in fixed:
            return fixed[name]
        product *= parameter.count
        return parameter.midpoint

    space.walk(answer)
    return product


def _seen(space: Space) -> Iterator[tuple[str, Parameter]]:
    for step in space.steps:
        if step.varied is not None:
            for name in step.names(space.most_elements(step)):
                yield name, step.varied


def _tree(space: Space) -> list[str]:
    """Return the parameters as a tree, each under the nearest that it depends on."""
    children: dict[str | None, list[Step]] = {}
    place = {step.name: i for i, step in enumerate(space.steps)}
    for step in space.steps:
        nearest = max(step.parents, key=place.__getitem__, default=None)
        children.setdefault(nearest, []).append(step)
    width = max(_width(children, None, 0), 12)
    return list(_branches(children, None, "", width))


def _width(children: dict[str | None, list[Step]], parent: str | None, depth: int) -> int:
    return max(
        (
            max(len(_label(step)) + 3 * depth, _width(children, step.name, depth + 1))
            for step in children.get(parent, [])
        ),
        default=0,
    )


def _branches(
    children: dict[str | None, list[Step]], parent: str | None, indent: str, width: int
) -> Iterator[str]:
    steps = children.get(parent, [])
    for step in steps:
        is_last = step is steps[-1]
        joint = "" if parent is None else "└─ " if is_last else "├─ "
        label = f"{indent}{joint}{_label(step)}"
        yield f"{label:<{width}}  {shown(step.parameter)}{_condition(step)}".rstrip()
        below = "" if parent is None else "   " if is_last else "│  "
        yield from _branches(children, step.name, indent + below, width)


def _label(step: Step) -> str:
    return f"{step.name}.*" if step.is_repeated else step.name


def _condition(step: Step) -> str:
    words = [f"model == {step.branch}"] if step.branch is not None else []
    words += [step.when.source] if step.when is not None else []
    text = f"   if {' and '.join(words)}" if words else ""
    if step.repeat is None:
        return text
    n = step.repeat.source if isinstance(step.repeat, Expression) else step.repeat
    return f"{text}   for each of {n}"
