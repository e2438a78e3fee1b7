"""A function of the user's own, by its name in a file: `package.module:function`, `file.py:load`.

Importing it runs code that someone wrote, so `where` says beforehand which file that code is in,
without running any of it.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ..errors import InputError, did_you_mean

_SOURCE = re.compile(
    r"(?P<file>[^\n]+\.py):(?P<of_file>[A-Za-z_]\w*)"
    r"|(?!sklearn:)(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<function>[A-Za-z_]\w*)"
)
_PRIVATE = "_truetune_own"  # a name that no module of the user's has


def is_callable(source: str) -> bool:
    """Return whether a source names a function, in a module or in a file of Python."""
    return _SOURCE.fullmatch(source) is not None


def where(source: str) -> str:
    """Return the file whose code `call` would run, without importing anything.

    Raises:
        InputError: there is no such file or module.
    """
    place, _ = parts(source)
    if place.endswith(".py"):
        if not Path(place).is_file():
            raise InputError(f"{place}: there is no such file.", "Check the path.")
        return place
    importlib.invalidate_caches()
    spec = _found(place)
    if spec is None or not spec.has_location or spec.origin is None:
        rule = f"{source}: there is no file of a module '{place}' to run."
        raise InputError(rule, f"Run in its folder, or write the path: `./{place}.py:...`.")
    return os.path.abspath(spec.origin)


def imported(source: str, what_it_does: str) -> Callable[..., Any]:
    """Import a function, inside `as_its_own`; `what_it_does` completes "a function that ...".

    Raises:
        InputError: there is no such function.
        BaseException: what the code of its module raises.
    """
    file = where(source)
    place, name = parts(source)
    return _function(source, _module(place, file), name, what_it_does)


@contextmanager
def as_its_own(source: str) -> Iterator[None]:
    """Let code of a function's file run as if started there: its folder can be imported from.

    What it prints goes to standard error.
    """
    place, _ = parts(source)
    folder = str(Path(place).parent) if place.endswith(".py") else os.getcwd()
    with _quiet(), _importable_from(folder):
        yield


@contextmanager
def contained(source: str) -> Iterator[None]:
    """Run the user's code as its own. What would end this process (`sys.exit()`) ends the trial
    only."""
    with as_its_own(source):
        try:
            yield
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as error:
            told = f"{Path(source).name} raised {type(error).__name__}: {error}"
            raise RuntimeError(told) from error


def parts(source: str) -> tuple[str, str]:
    """Return a file or module, and the function's name."""
    match = _SOURCE.fullmatch(source)
    assert match is not None, source
    return match["file"] or match["module"], match["of_file"] or match["function"]


def _found(module: str) -> ModuleSpec | None:
    """Search for a module folder by folder: `find_spec` would run the packages it is in."""
    first, *rest = module.split(".")
    spec = PathFinder.find_spec(first, [os.getcwd(), *sys.path])
    if spec is None:
        with_hooks = (finder.find_spec(first, None) for finder in sys.meta_path)
        spec = next(filter(None, with_hooks), None)  # such as an editable installation's
    for part in rest:
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(part, list(spec.submodule_search_locations))
    return spec


def _module(place: str, file: str) -> ModuleType:
    if not place.endswith(".py"):
        module = importlib.import_module(place)
        loaded = getattr(module, "__file__", None) or "elsewhere"
        if os.path.realpath(loaded) != os.path.realpath(file):
            rule = f"{place}: another module of this name is in use, from {loaded}."
            raise InputError(rule, f"Rename yours, or write the path: `{file}:...`.")
        return module
    spec = importlib.util.spec_from_file_location(_PRIVATE, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[_PRIVATE] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def _function(source: str, module: ModuleType, name: str, what_it_does: str) -> Callable[..., Any]:
    if not hasattr(module, name):
        own = [
            key
            for key, value in vars(module).items()
            if inspect.isfunction(value) and value.__module__ == module.__name__
        ]
        rule = f"{source}: there is no function '{name}'."
        raise InputError(rule, did_you_mean(name, own) or f"Write one, which {what_it_does}.")
    value: Any = getattr(module, name)
    if not callable(value):
        rule = f"{source}: this is a function, but got {described(value)}."
        raise InputError(rule, f"Name a function that {what_it_does}.")
    function: Callable[..., Any] = value
    return function


@contextmanager
def _importable_from(folder: str) -> Iterator[None]:
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


@contextmanager
def _quiet() -> Iterator[None]:
    """Send what is printed to standard error, by C code and child processes too."""
    _flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _flush()
        os.dup2(kept, 1)
        os.close(kept)


def _flush() -> None:
    for stream in (sys.stdout, sys.__stdout__):
        if stream is not None:
            stream.flush()
    ctypes.CDLL(None).fflush(None)  # C keeps a buffer of its own


def described(value: Any) -> str:
    """Return `a list of 3`, `a tuple of 2`, `an array of datetime64[s]` or `a Generator`."""
    if isinstance(value, list | tuple | dict | set):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}, {value.shape}"
    return "None" if value is None else f"an object of type {type(value).__name__}"
