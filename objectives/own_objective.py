"""What a file must agree on with a function of the user's own that scores its trials.

The function's file is parsed and never run. What only running it can tell (what a decorator
returns, a library that is missing) fails the first trials instead.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import InputError, did_you_mean
from ..spaces import Experiment, Problem, Training
from ..spaces.experiment import Objective
from .callables import is_callable, parts, where
from .metrics import refused_name

ARGUMENTS = ("config", "development", "seed")
_KEY = ("objective", "function")
_YIELD = "Yield a dict of metrics after each epoch."

# What such a trial has of `training:`. The rest is the built-in trainer's.
_OF_ANY_TRIAL = {"epochs", "seed"}

_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
_Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def problems(experiment: Experiment) -> list[Problem]:
    """Return what is wrong with `objective:` and beside it, where it names a function."""
    return [*_objective_problems(experiment.objective), *_unused(experiment)]


def _objective_problems(objective: Objective) -> list[Problem]:
    source = str(objective.function)
    found = []
    if "metric" not in objective.model_fields_set:
        rule = f"which of its metrics {Path(source).name} is scored by is not said."
        found.append(Problem(("objective",), rule, "Add `metric:`."))
    elif refusal := refused_name(objective.metric):
        found.append(Problem(("objective", "metric"), refusal, "Give it another name."))
    if objective.direction is None:
        rule = f"whether more or less of {objective.metric} is better is not said."
        fix = "Add `direction: minimize` or `direction: maximize`."
        found.append(Problem(("objective",), rule, fix))
    if not is_callable(source):
        rule = f"a function reads `./file.py:name` or `package.module:name`, but got {source!r}."
        return [*found, Problem(_KEY, rule)]
    try:
        seen = _seen(where(source), parts(source)[1])
    except InputError as error:
        seen = Problem(_KEY, error.cause, error.fix)
    return found if seen is None else [*found, seen]


def _unused(experiment: Experiment) -> list[Problem]:
    """Return what a file says to the built-in trainer, which is not there to listen."""
    name = Path(str(experiment.objective.function)).name
    found = []
    if experiment.model != Experiment.model_fields["model"].default:
        rule = f"`model:` is the built-in trainer's, but {name} trains here."
        found.append(Problem(("model",), rule, "Remove it."))
    default = Training()
    for key in Training.model_fields.keys() - _OF_ANY_TRIAL:
        if getattr(experiment.training, key) != getattr(default, key):
            rule = f"`{key}` under `training:` is the built-in trainer's, but {name} trains here."
            fix = f"Write `{key}` under `parameters:`, or remove it."
            if key == "early_stopping":
                fix = "Remove it: a trial ends when the function does."
            found.append(Problem(("training", key), rule, fix))
    return found


def _seen(file: str, name: str) -> Problem | None:
    """Return what a function's file gives away of it."""
    if not file.endswith(".py"):
        return None  # such as compiled code
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its style
            tree = ast.parse(Path(file).read_bytes())
        found = [node for node in _nodes(tree.body) if _binds(node, name)]
    except SyntaxError as error:
        place = f"line {error.lineno} of {Path(file).name}" if error.lineno else file
        return Problem(_KEY, f"{place} is no Python: {error.msg}.", "Correct it.")
    except RecursionError:
        return None
    if not found:
        own = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        rule = f"{file}: there is no function '{name}'."
        return Problem(_KEY, rule, did_you_mean(name, own) or f"Write one. {_YIELD}")
    defined = found[-1]
    if not isinstance(defined, _Defined) or defined.decorator_list:
        return None
    rule, fix = _misfit(defined)
    place = f"line {defined.lineno} of {Path(file).name}"
    return Problem(_KEY, f"{place}: '{name}' {rule}.", fix) if rule else None


def _misfit(defined: _Defined) -> tuple[str, str]:
    """Return why this is no generator function of three arguments, and what to do."""
    if not isinstance(defined, ast.FunctionDef):
        kind = "a class" if isinstance(defined, ast.ClassDef) else "asynchronous"
        return f"is a function that yields, but it is {kind}", "Write `def`."
    if not _takes_three(defined.args):
        called = f"is called with ({', '.join(ARGUMENTS)})"
        fix = f"Write `def {defined.name}({', '.join(ARGUMENTS)}):`."
        return f"{called}, but takes ({ast.unparse(defined.args)})", fix
    if not any(isinstance(node, ast.Yield | ast.YieldFrom) for node in _nodes(defined.body)):
        return "is a function that yields, but there is no `yield` in it", _YIELD
    return "", ""


def _takes_three(arguments: ast.arguments) -> bool:
    by_place = len(arguments.posonlyargs) + len(arguments.args)
    needed = by_place - len(arguments.defaults)
    fits = needed <= len(ARGUMENTS) and (arguments.vararg or by_place >= len(ARGUMENTS))
    return bool(fits) and None not in arguments.kw_defaults


def _nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Walk through code in its order, without entering what has a scope of its own."""
    for node in body:
        yield node
        if not isinstance(node, _Scope):
            yield from _nodes(ast.iter_child_nodes(node))


def _binds(node: ast.AST, name: str) -> bool:
    """Whether a piece of a module gives this name to something."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return node.name == name
        case ast.Name(ctx=ast.Store()):
            return node.id == name
        case ast.alias():
            return (node.asname or node.name.partition(".")[0]) in (name, "*")
    return False
