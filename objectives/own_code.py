"""Code of the user's own: which files an experiment names, and what is seen without running them.

A file is parsed. What only running it can tell (what a decorator returns, a library that is
missing) fails the first trials instead.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from ..errors import InputError, did_you_mean
from ..spaces import Experiment
from .callables import is_callable, parts, where
from .sources import code_of

Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda


# What trains that may be code of the user's own, and where a file says so.
KEYS = {
    "function": ("objective", "function"),
    "model": ("model",),
    "cost": ("training", "cost"),
}


def named_in(experiment: Experiment) -> dict[str, str]:
    """Return the functions of the user's own that train, by their keys in `KEYS`."""
    named = {
        "function": experiment.objective.function,
        "model": experiment.model.name,
        "cost": experiment.training.cost,
    }
    return {key: name for key, name in named.items() if name is not None and is_callable(name)}


def files_of(experiment: Experiment) -> list[str]:
    """Return the files whose code a search runs: what reads the rows, and what trains.

    Raises:
        InputError: there is no such file or module.
    """
    training = map(where, named_in(experiment).values())
    return list(dict.fromkeys([*code_of(experiment.data), *training]))


def definition(source: str, fix: str) -> Defined | None:
    """Return where a function is defined; None where only running its file could tell.

    Args:
        source: `./file.py:name` or `package.module:name`.
        fix: what a function of that kind has to do, for a file that has no function at all.

    Raises:
        InputError: there is no such file, module or function, or the file is no Python.
    """
    file, name = where(source), parts(source)[1]
    if not file.endswith(".py"):
        return None  # such as compiled code
    try:
        tree = _parsed(Path(file).read_bytes())
        found = [node for node in nodes(tree.body) if _binds(node, name)]
    except SyntaxError as error:
        place = f"line {error.lineno} of {Path(file).name}" if error.lineno else file
        raise InputError(f"{place} is no Python: {error.msg}.", "Correct it.") from None
    except RecursionError:
        return None
    if not found:
        own = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        rule = f"{file}: there is no function '{name}'."
        raise InputError(rule, did_you_mean(name, own) or f"Write one. {fix}")
    defined = found[-1]
    return defined if isinstance(defined, Defined) and not defined.decorator_list else None


@lru_cache(maxsize=8)
def _parsed(content: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its style
        return ast.parse(content)


def place_of(source: str, defined: Defined) -> str:
    """Return `line 7 of net.py`."""
    return f"line {defined.lineno} of {Path(where(source)).name}"


def takes(arguments: ast.arguments, n: int) -> bool:
    """Whether a function can be called with so many arguments by place, and no others."""
    by_place = len(arguments.posonlyargs) + len(arguments.args)
    needed = by_place - len(arguments.defaults)
    fits = needed <= n and (arguments.vararg or by_place >= n)
    return bool(fits) and None not in arguments.kw_defaults


def nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Walk through code in its order, without entering what has a scope of its own."""
    for node in body:
        yield node
        if not isinstance(node, _Scope):
            yield from nodes(ast.iter_child_nodes(node))


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
