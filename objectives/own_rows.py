"""The rows that a function of the user's own returns. See `callables` for how it is found."""

from __future__ import annotations

import inspect
import keyword
import shlex
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from . import callables
from .callables import as_its_own, described, imported, parts, where
from .development import Array

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_EXPECTED = "a function returns a DataFrame, an Arrow table, or a pair (inputs, targets)"


def call(source: str) -> pd.DataFrame | pa.Table | tuple[Array, Array]:
    """Import a function, call it without arguments, and return what it makes.

    Returns:
        Its DataFrame or Arrow table as they are; of a pair, inputs (rows, ...) of numbers and
        targets (rows,) or (rows, outputs), numbers or text as objects. Meanwhile what it
        prints goes to standard error.

    Raises:
        InputError: there is no such function, it fails, or it returns something else.
    """
    with as_its_own(source):
        function = _run(source, lambda: imported(source, "returns the rows"))
        _refuse_arguments(source, function)
        result = _run(source, function)
        return _checked(source, result)


def _refuse_arguments(source: str, function: Callable[..., Any]) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # of C code, which may tell nobody
        return
    required = [
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if required:
        rule = f"{source}: it is called without arguments, but needs {', '.join(required)}."
        raise InputError(rule, "Give them defaults, or name a function that calls it.")


def _run(source: str, work: Callable[[], Any]) -> Any:
    try:
        return work()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # `sys.exit()` too
        if type(error) is InputError:
            raise
        lines = str(error).strip().splitlines()
        message = f": {lines[0][:200]}" if lines else ""
        line = _line(error, where(source))
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
        file in (__file__, callables.__file__)
        or file.startswith("<")
        or any(Path(file).is_relative_to(folder) for folder in folders)
    )


def _command(source: str) -> str:
    place, name = parts(source)
    if not place.endswith(".py"):
        return f"python -c {shlex.quote(f'from {place} import {name}; {name}()')}"
    path = Path(place)
    folder = shlex.quote(str(path.parent))
    if path.stem.isidentifier() and not keyword.iskeyword(path.stem):
        code = f"from {path.stem} import {name}; {name}()"
    else:
        code = f'import runpy; runpy.run_path("{place}")["{name}"]()'
    return f"PYTHONPATH={folder} python -c {shlex.quote(code)}"


def _checked(source: str, result: Any) -> pd.DataFrame | pa.Table | tuple[Array, Array]:
    import pandas as pd
    import pyarrow as pa

    if isinstance(result, pd.DataFrame | pa.Table):
        return result
    if not isinstance(result, tuple) or len(result) != 2:  # two rows in a list are no pair
        rule = f"{source}: {_EXPECTED}, but got {described(result)}."
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
        rule = f"{source}: {part} are an array of numbers or text, but got {described(values)}."
        raise InputError(rule, "Convert them.")
    return array
