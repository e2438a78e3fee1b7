"""Where rows come from. Every source is read here, into a `Table`, and nowhere else.

| source                               | is                                                   |
|--------------------------------------|------------------------------------------------------|
| `sklearn:digits`                     | a labelled set that scikit-learn ships               |
| `rows.csv`, `rows.parquet`           | a table, `target:` a column (`tables`)               |
| `arrays.npz`, `x.npy`                | arrays, `target:` another (`arrays`)                 |
| `pictures/`                          | a folder of pictures, a folder a class (`pictures`)  |
| `sqlite:///shop.db` and its like     | what `query:` selects (`queries`)                    |
| `s3://bucket/rows.csv` and its like  | a table's file elsewhere (`locations`)               |
| `./own.py:rows`, `package.own:rows`  | what a function of the user's returns (`own_rows`)   |
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError, did_you_mean
from ..spaces.experiment import Data
from . import arrays, callables, locations, own_rows, pictures, queries, tables
from .development import Array
from .findings import N_SHOWN
from .sizes import check_fits
from .table import Table

if TYPE_CHECKING:
    import pyarrow as pa

# Name, and whether its target is a class or a number.
BUILT_IN = {
    "breast_cancer": "classes",
    "diabetes": "numbers",
    "digits": "classes",
    "iris": "classes",
    "linnerud": "numbers",
    "wine": "classes",
}
PREFIX = "sklearn:"
# scikit-learn calls every target `target`; `label` is what a set of classes is called elsewhere.
TARGET_NAMES = {"classes": ("target", "label"), "numbers": ("target",)}
PICTURE_SIZE = 32  # pixels, where the file does not say


def built_in_name(source: str) -> str | None:
    """Return `digits` for `sklearn:digits`, and None for what names no built-in set."""
    name = source.removeprefix(PREFIX)
    return name if source.startswith(PREFIX) and name in BUILT_IN else None


def load(data: Data, keep_dropped: bool = False) -> Table:
    """Read a source. The processes that split it or draft a file from it call this, no other.

    Args:
        data: what the file says of it.
        keep_dropped: whether to return the columns that are no inputs too, beside the others.

    Raises:
        InputError: there is no such source, or its content cannot be used as it is.
        InfrastructureError: it does not fit into memory.
    """
    stored = stored_table(data)
    if isinstance(stored, tuple):
        return of_arrays(stored, data)
    from .frames import frame

    n_development = None
    if data.test is not None:
        test = stored_table(data.model_copy(update={"source": data.test}))
        if isinstance(test, tuple):
            raise _unlike(data)
        n_development = len(stored)
        stored = tables.joined(data.source, stored, data.test, test)
    return frame(stored, data, n_development, keep_dropped)


def stored_table(data: Data) -> pa.Table | tuple[Array, Array]:
    """Return a source as it is stored: a table of columns, or inputs and targets as arrays.

    Raises:
        InputError, InfrastructureError: as of `load`.
    """
    source = data.source
    if built_in_name(source) is not None:
        return _built_in(source, data.target)
    if callables.is_callable(source):
        return _of_function(own_rows.call(source), source)
    if queries.is_database(source):
        return _of_query(source, data.query)
    if tables.is_table(source):
        _check_fits(tables.n_bytes(source), source)
        return tables.read(source)
    if arrays.is_arrays(source):
        shapes = arrays.shapes(source, data.target).values()
        _check_fits(sum(math.prod(shape) * kind.itemsize for shape, kind in shapes), source)
        return arrays.read(source, data.target)
    if pictures.is_pictures(source):
        return _of_pictures(source, data.preprocess.size or PICTURE_SIZE)
    raise unknown(source)


def _check_fits(n_bytes: int | None, source: str) -> None:
    if n_bytes is not None:
        check_fits(n_bytes, f"the rows of {locations.without_credentials(source)}")


def code_of(data: Data) -> list[str]:
    """Return the files of the user's own whose code reading these data would run."""
    named = [source for source in (data.source, data.test) if source is not None]
    files = [callables.where(source) for source in named if callables.is_callable(source)]
    return list(dict.fromkeys(files))


def unknown(source: str) -> InputError:
    """Return the error for what names no source at all."""
    known = [PREFIX + name for name in BUILT_IN]
    named = did_you_mean(source if source.startswith(PREFIX) else PREFIX + source, known)
    fix = f"{named} A file ends in .csv, .parquet, .npz or .npy; a folder holds pictures."
    shown = locations.without_credentials(source)
    return InputError(f"there is no data source '{shown}'.", fix)


def _of_pictures(source: str, size: int) -> tuple[Array, Array]:
    surveyed = pictures.survey(source)
    _check_fits(pictures.n_bytes(surveyed, size), source)
    return pictures.read(source, size, surveyed)


def _built_in(source: str, target: str | None) -> tuple[Array, Array]:
    # scikit-learn takes a second to import; nothing but the processes that read needs it.
    from sklearn import datasets

    name = source.removeprefix(PREFIX)
    known = TARGET_NAMES[BUILT_IN[name]]
    if target is not None and target not in known:
        raise InputError(f"{source} has no target '{target}'.", did_you_mean(target, known))
    inputs, targets = getattr(datasets, f"load_{name}")(return_X_y=True)
    return np.ascontiguousarray(inputs, dtype=np.float64), np.asarray(targets)


def _of_query(source: str, query: str | None) -> pa.Table:
    if query is None:
        shown = locations.without_credentials(source)
        rule = f"{shown}: what to select is not said."
        raise InputError(rule, "Add `query:` under `data:`, or `--query`.")
    table = queries.read(source, query)
    _check_rows(table, locations.without_credentials(source), "Select rows.")
    return table


def _check_rows(table: pa.Table, shown: str, fix: str) -> None:
    if table.num_rows == 0:
        raise InputError(f"{shown}: a table has rows, but got columns only.", fix)


def _of_function(found: Any, source: str) -> pa.Table | tuple[Array, Array]:
    """Return what a user's function returned, as if it had been stored."""
    if isinstance(found, tuple):
        return _checked_pair(found[0], found[1], source)
    import pyarrow as pa

    is_arrow = isinstance(found, pa.Table)
    names = found.column_names if is_arrow else [str(name) for name in found.columns]
    tables.check_names(source, names)
    table = found if is_arrow else _from_pandas(found, source)
    _check_rows(table, source, "Return rows.")
    return table


def _checked_pair(inputs: Array, targets: Array, source: str) -> tuple[Array, Array]:
    """Refuse what an array in a file is refused for, too."""
    import pandas as pd

    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    n_missing = int(np.any(pd.isna(targets).reshape(len(targets), -1), axis=1).sum())
    if n_missing:
        rule = f"{source}: the target is missing in {n_missing} of {len(targets)} rows."
        raise InputError(rule, "Leave these rows out, or fill in their targets.")
    if targets.dtype == object and not all(isinstance(value, str) for value in targets.flat):
        rule = f"{source}: targets are all numbers or all text, but these are neither."
        raise InputError(rule, "Convert them before they are returned.")
    for name, array in (("inputs", inputs), ("targets", targets)):
        if _is_beyond(array):
            rule = f"{source}: numbers lie within 3.4e38 of zero, but some {name} do not."
            raise InputError(rule, "Correct these values, or make them NaN, which is missing.")
    return inputs, targets


def _is_beyond(array: Array) -> bool:
    """Whether single precision cannot hold some numbers; without a copy of them all."""
    if array.dtype.kind != "f" or not array.size:
        return False
    ends = np.fmin.reduce(array, axis=None), np.fmax.reduce(array, axis=None)
    return any(abs(float(end)) > float(np.finfo(np.float32).max) for end in ends)


def _from_pandas(found: Any, source: str) -> pa.Table:
    import pyarrow as pa

    try:
        return pa.Table.from_pandas(found, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0][:120]
        rule = f"{source}: a column holds values of one type, but these are mixed ({reason})."
        raise InputError(rule, "Convert the column before it is returned.") from None


def of_arrays(stored: tuple[Array, Array], data: Data) -> Table:
    """Return arrays as a table, those of the test source after them.

    Raises:
        InputError: the file speaks of columns, or the test rows are of another kind or shape.
    """
    _refuse_columns(data)
    table = Table(*stored)
    if data.test is None:
        return table
    target = None if data.target is None or data.source.endswith(".npy") else data.target
    test = stored_table(data.model_copy(update={"source": data.test, "target": target}))
    if not isinstance(test, tuple):
        raise _unlike(data)
    for part, array, of_test in zip(("inputs", "targets"), stored, test, strict=True):
        if array.shape[1:] != of_test.shape[1:]:
            raise _unlike(
                data, f" (a row's {part} are {of_test.shape[1:]}, not {array.shape[1:]})"
            )
        if (array.dtype == object) != (of_test.dtype == object):
            raise _unlike(data, " (targets are text in one of them)")
    return replace(
        table,
        inputs=np.concatenate([table.inputs, test[0]]),
        targets=np.concatenate([table.targets, test[1]]),
        n_development=len(table),
    )


def _refuse_columns(data: Data) -> None:
    """Refuse what speaks of columns where there are none."""
    is_named = callables.is_callable(data.source) or pictures.is_pictures(data.source)
    said = {
        "target": [data.target] if data.target and is_named else [],
        "columns": list(data.columns),
        "allow": list(data.allow),
        "split: groups": [data.split.groups] if data.split.groups else [],
        "split: time": [data.split.by_time] if data.split.by_time else [],
    }
    for key, names in said.items():
        if names:
            shown = locations.without_credentials(data.source)
            rule = f"{shown} has no columns with names, but `{key}:` names"
            raise InputError(f"{rule} {', '.join(names[:N_SHOWN])}.", "Remove it.")


def _unlike(data: Data, how: str = "") -> InputError:
    shown = [locations.without_credentials(str(path)) for path in (data.test, data.source)]
    rule = (
        f"{shown[0]}: test rows are of the kind and shape of {shown[1]}, but these are not{how}."
    )
    return InputError(rule, "Save both in the same way.")
