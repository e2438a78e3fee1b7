"""What a file must agree on with a network of the user's own: `model: ./net.py:build`.

    def build(inputs, n_outputs, depth=2, width=64):
        return nn.Sequential(...)

What it takes beside `inputs` and `n_outputs` are the model's parameters. See `own_network` for
how it is built and called.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError, did_you_mean
from ..spaces import Experiment, Problem, Training
from ..spaces.space import MODEL
from . import subset
from .callables import is_callable
from .own_code import Defined, definition, place_of

ARGUMENTS = ("inputs", "n_outputs")
_KEY = ("model",)
_FIX = "Write `def build(inputs, n_outputs):`, which returns an nn.Module."


@dataclass(frozen=True)
class Anything:
    """What a parameter may be of which its owner alone knows: any value, or a list of them."""

    per_layer: bool = True

    def admits(self, value: object) -> bool:
        return True

    def __str__(self) -> str:
        return "anything"


@dataclass(frozen=True)
class Signature:
    """What a function takes by name, beside its first two arguments."""

    names: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    is_open: bool = True  # it may take any other name, too


def parameters_of(experiment: Experiment) -> Mapping[str, Anything]:
    """Return the parameters of an experiment's own model.

    One that takes any name takes those that are not the trainer's.

    Raises:
        InputError: there is no such function.
    """
    signature = signature_of(experiment.model.name)
    names = dict.fromkeys(signature.names, Anything())
    if signature.is_open:
        given = {*experiment.parameters, *experiment.model.options}
        names |= dict.fromkeys(given - Training.model_fields.keys() - {MODEL}, Anything())
    return {name: kind for name, kind in names.items() if not subset.is_used(name)}


def signature_of(source: str) -> Signature:
    """Return what is seen of a function; of one that only running would tell, that it is open.

    Raises:
        InputError: there is no such function.
    """
    defined = definition(source, _FIX)
    arguments = None if defined is None else _arguments(defined)
    if arguments is None:
        return Signature()
    by_place = [*arguments.posonlyargs, *arguments.args]
    n_defaults = len(arguments.defaults)
    needed = by_place[: len(by_place) - n_defaults]
    keyed = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    required = [*needed[2:], *(argument for argument, default in keyed if default is None)]
    names = [*by_place[2:], *arguments.kwonlyargs]
    return Signature(
        tuple(argument.arg for argument in names),
        tuple(argument.arg for argument in required),
        arguments.kwarg is not None,
    )


def problems(experiment: Experiment) -> list[Problem]:
    """Return what is wrong with a model that names a function of the user's own."""
    source = experiment.model.name
    try:
        defined = definition(source, _FIX)
    except InputError as error:
        return [Problem(_KEY, error.cause, error.fix)]
    arguments = None if defined is None else _arguments(defined)
    if defined is None or arguments is None:
        return []
    if refusal := _misfit(defined, arguments):
        rule = f"{place_of(source, defined)}: '{defined.name}' {refusal}."
        return [Problem(_KEY, rule, _FIX)]
    return _misnamed(experiment, source)


def _misnamed(experiment: Experiment, source: str) -> list[Problem]:
    signature, name = signature_of(source), Path(source).name
    found = []
    for taken in signature.names:
        of_trainer = taken in Training.model_fields
        if of_trainer and (taken in signature.required or taken in experiment.parameters):
            rule = (
                f"`{taken}` of {name} would be the trainer's, which has a parameter of that name."
            )
            found.append(Problem(_KEY, rule, "Give it another name."))
    for option in experiment.model.options:
        if option not in signature.names and not signature.is_open:
            rule = f"{name} takes no '{option}'."
            fix = did_you_mean(option, signature.names) if signature.names else "Remove it."
            found.append(Problem(("model", option), rule, fix))
    given = {*experiment.model.options, *experiment.parameters}
    for missing in signature.required:
        if missing not in given and missing not in Training.model_fields:
            rule = f"{name} needs a `{missing}`, and the file gives it none."
            fix = f"Write `{missing}` under `parameters:`, or give it a default."
            found.append(Problem(_KEY, rule, fix))
    return found


def missing(experiment: Experiment, parameters: Mapping[str, object]) -> str | None:
    """Return a parameter that a model of the user's own needs and a trial would not have."""
    if not is_callable(experiment.model.name):
        return None
    required = signature_of(experiment.model.name).required
    return next((name for name in required if name not in parameters), None)


def _misfit(defined: Defined, arguments: ast.arguments) -> str:
    """Return why something cannot be called with the inputs and the number of outputs."""
    if isinstance(defined, ast.AsyncFunctionDef):
        return "is a function that returns, but it is asynchronous"
    called = f"is called with ({', '.join(ARGUMENTS)}, ...), but takes ({ast.unparse(arguments)})"
    by_place = [*arguments.posonlyargs, *arguments.args]
    n_needed = len(by_place) - len(arguments.defaults)
    if len(by_place) < len(ARGUMENTS) and not arguments.vararg:
        return called
    n_nameless = len(arguments.posonlyargs)  # which a parameter's name cannot reach
    return called if min(n_needed, n_nameless) > len(ARGUMENTS) else ""


def _arguments(defined: Defined) -> ast.arguments | None:
    """Return what calling it takes; of a class, what making one does."""
    if not isinstance(defined, ast.ClassDef):
        return defined.args
    made = [
        node
        for node in defined.body
        if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    ]
    if not made or made[-1].decorator_list or not made[-1].args.args:
        return None  # a parent's, perhaps
    arguments = made[-1].args
    return ast.arguments(
        posonlyargs=[],
        args=[*arguments.posonlyargs, *arguments.args][1:],
        vararg=arguments.vararg,
        kwonlyargs=arguments.kwonlyargs,
        kw_defaults=arguments.kw_defaults,
        kwarg=arguments.kwarg,
        defaults=arguments.defaults,
    )
