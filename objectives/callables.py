"""A function of the user's own that returns the rows: `package.module:function`, `file.py:load`.

Calling it runs code that someone wrote, so `where` says beforehand which file that code is in,
without running any of it.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import inspect
import keyword
import os
import re
import shlex
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError, did_you_mean
from .development import Array

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_SOURCE = re.compile(
    r"(?P<file>[^\n]+\.py):(?P<of_file>[A-Za-z_]\w*)"
    r"|(?!sklearn:)(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<function>[A-Za-z_]\w*)"
)
_PRIVATE = "_truetune_rows"  # a name that no module of the user's has
_EXPECTED = "a function returns a DataFrame, an Arrow table, or a pair (inputs, targets)"


def is_callable(source: str) -> bool:
    """Return whether a source names a function, in a module or in a file of Python."""
    return _SOURCE.fullmatch(source) is not None


def where(source: str) -> str:
    """Return the file whose code `call` would run, without importing anything.

    Raises:
        InputError: there is no such file or module.
    """
    place, _ = _parts(source)
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


def call(source: str) -> pd.DataFrame | pa.Table | tuple[Array, Array]:
    """Import a function, call it without arguments, and return what it makes.

    Returns:
        Its DataFrame or Arrow table as they are; of a pair, inputs (rows, ...) of numbers and
        targets (rows,) or (rows, outputs), numbers or text as objects. Meanwhile what it
        prints goes to standard error.

    Raises:
        InputError: there is no such function, it fails, or it returns something else.
    """
    file = where(source)
    place, name = _parts(source)
    folder = str(Path(file).parent) if place.endswith(".py") else os.getcwd()
    with _quiet(), _importable_from(folder):
        module = _run(source, file, lambda: _imported(place, file))
        function = _function(source, module, name)
        result = _run(source, file, function)
        return _checked(source, result)


def _parts(source: str) -> tuple[str, str]:
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


def _imported(place: str, file: str) -> ModuleType:
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


def _function(source: str, module: ModuleType, name: str) -> Callable[[], Any]:
    if not hasattr(module, name):
        own = [
            key
            for key, value in vars(module).items()
            if inspect.isfunction(value) and value.__module__ == module.__name__
        ]
        rule = f"{source}: there is no function '{name}'."
        raise InputError(rule, did_you_mean(name, own) or "Write one, which returns the rows.")
    value: Any = getattr(module, name)
    if not callable(value):
        rule = f"{source}: this is a function, but got {_described(value)}."
        raise InputError(rule, "Name a function that returns the rows.")
    function: Callable[[], Any] = value
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # of C code, which may tell nobody
        return function
    required = [
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if required:
        rule = f"{source}: it is called without arguments, but needs {', '.join(required)}."
        raise InputError(rule, "Give them defaults, or name a function that calls it.")
    return function


def _run(source: str, file: str, work: Callable[[], Any]) -> Any:
    try:
        return work()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # `sys.exit()` too
        if type(error) is InputError:
            raise
        lines = str(error).strip().splitlines()
        message = f": {lines[0][:200]}" if lines else ""
        line = _line(error, file)
        raise InputError(
            f"{source} raised {type(error).__name__}{message}{f' ({line})' if line else ''}.",
            f"Run it by itself: {_command(source)}",
        ) from None


def _line(error: BaseException, file: str) -> str:
    """Return `line 7 of rows.py`: where the innermost code stands that is the user's."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return f"line {error.lineno} of {Path(error.filename).name}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if f.filename == file or not _is_library(f.filename)]
    return f"line {own[-1].lineno} of {Path(own[-1].filename).name}" if own else ""


def _is_library(file: str) -> bool:
    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return (
        file == __file__
        or file.startswith("<")
        or any(Path(file).is_relative_to(folder) for folder in folders)
    )


def _command(source: str) -> str:
    place, name = _parts(source)
    if not place.endswith(".py"):
        return f"python -c {shlex.quote(f'from {place} import {name}; {name}()')}"
    path = Path(place)
    folder = shlex.quote(str(path.parent))
    if path.stem.isidentifier() and not keyword.iskeyword(path.stem):
        code = f"from {path.stem} import {name}; {name}()"
    else:
        code = f'import runpy; runpy.run_path("{place}")["{name}"]()'
    return f"PYTHONPATH={folder} python -c {shlex.quote(code)}"


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


def _checked(source: str, result: Any) -> pd.DataFrame | pa.Table | tuple[Array, Array]:
    import pandas as pd
    import pyarrow as pa

    if isinstance(result, pd.DataFrame | pa.Table):
        return result
    if not isinstance(result, tuple) or len(result) != 2:  # two rows in a list are no pair
        rule = f"{source}: {_EXPECTED}, but got {_described(result)}."
        raise InputError(rule, "Return one of these.")
    inputs = _as_array(source, "inputs", result[0])
    targets = _as_array(source, "targets", result[1])
    shapes = f"{inputs.shape} and {targets.shape}"
    if inputs.ndim < 2 or targets.ndim not in (1, 2) or len(inputs) != len(targets):
        rule = f"{source}: inputs are (rows, ...) and targets (rows,), but got {shapes}."
        raise InputError(rule, "Give each row its inputs and its target.")
    if inputs.dtype.kind not in "biuf":
        rule = f"{source}: inputs of a pair are numbers, but got {inputs.dtype}."
        raise InputError(rule, "Return a DataFrame with the target as a column.")
    return inputs, targets


def _as_array(source: str, part: str, values: Any) -> Array:
    """Return numbers, or text as objects."""
    array: Array
    if type(values).__module__.partition(".")[0] == "torch":
        values = values.detach().cpu()
        array = (values.float() if str(values.dtype) == "torch.bfloat16" else values).numpy()
    elif isinstance(values, np.ma.MaskedArray):
        array = np.ma.filled(values.astype(np.float64), np.nan)
    else:
        try:
            array = np.asarray(values)
        except ValueError:
            rule = f"{source}: {part} are as long in every row, but their lengths differ."
            raise InputError(rule, "Fill them up, or cut them.") from None
    if array.dtype.kind == "U":
        array = array.astype(object)
    if array.dtype.kind not in "biufO" or array.ndim == 0:
        rule = f"{source}: {part} are an array of numbers or text, but got {_described(values)}."
        raise InputError(rule, "Convert them.")
    return array


def _described(value: Any) -> str:
    """Return `a list of 3`, `a tuple of 2`, `an array of datetime64[s]` or `a Generator`."""
    if isinstance(value, list | tuple | dict | set):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}, {value.shape}"
    return "None" if value is None else f"an object of type {type(value).__name__}"
