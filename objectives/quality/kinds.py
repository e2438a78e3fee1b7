"""What the checks share: a column's kind, its values as arrays, a sample, and words for both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ...spaces.writing import inline
from ..development import Array
from ..findings import Finding, ranked, shown
from .view import View

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["number", "category", "date", "text"]

N_SAMPLE = 20_000  # rows that a model, or whatever sorts, looks at
N_TOLD = 10  # columns that a check tells one by one; the others share a line

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def kinds(columns: pd.DataFrame) -> Array:
    """Return the kind of each column: (columns,) of text."""
    import pandas as pd

    def kind(dtype: Any) -> Kind:
        if isinstance(dtype, pd.CategoricalDtype):
            return "category"
        return {"M": "date", "O": "text"}.get(dtype.kind, "number")  # type: ignore[return-value]

    return np.array([kind(dtype) for dtype in columns.dtypes], dtype="U8")


def numbers(columns: pd.DataFrame) -> tuple[list[str], Array]:
    """Return the names of the columns of numbers, and their values (rows, columns), float64."""
    is_number = kinds(columns) == "number"
    if not is_number.all():
        columns = columns.loc[:, is_number]
    values = columns.to_numpy(np.float64)
    if np.isinf(values).any():
        values = np.where(np.isinf(values), np.nan, values)
    return list(columns.columns), values


def levels(column: pd.Series[Any]) -> tuple[Array, list[str]]:
    """Return the code of each row, -1 where missing, and the text that each code stands for."""
    import pandas as pd

    values = column.array
    if isinstance(values, pd.Categorical):
        return np.asarray(values.codes), list(map(str, values.categories))
    codes, found = pd.factorize(values)
    return codes, list(map(str, found))


def of_levels(columns: pd.DataFrame, *wanted: Kind) -> Iterator[tuple[str, Array, list[str]]]:
    """Yield the name, codes and levels of each column of these kinds."""
    is_wanted = np.isin(kinds(columns), wanted)
    if not is_wanted.any():
        return
    # By `items`: taking one column out of thousands takes longer than what is done with it.
    for name, column in columns.loc[:, is_wanted].items():
        yield str(name), *levels(column)


def sample(n: int, n_sample: int = N_SAMPLE) -> Array:
    """Return the positions of at most `n_sample` of `n` rows, sorted; always the same."""
    if n <= n_sample:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, n_sample, replace=False))


def ordered(values: Array) -> tuple[Array, Array]:
    """Return each column sorted, NaN last, and how many values it has."""
    return np.sort(values, axis=0), np.count_nonzero(~np.isnan(values), axis=0)


def at_share(values: Array, n_present: Array, share: float | Array) -> Array:
    """Return the value of each sorted column that a share of its values lies below."""
    place = np.floor(share * (n_present - 1)).astype(int)
    found: Array = values[np.maximum(place, 0), np.arange(values.shape[1])]
    return found


def cut(values: Array) -> Array:
    """Return values cut at their 1st and 99th percentile, so that no single one decides.

    A column that is the same in 98 % stays as it is.
    """
    in_order, n_present = ordered(values)
    low, high = (at_share(in_order, n_present, share) for share in (0.01, 0.99))
    with np.errstate(invalid="ignore"):
        inside: Array = np.where(low < high, np.clip(values, low, high), values)
    return inside


def ranks(values: Array) -> Array:
    """Return the place of each value in their order, from 1, equal values sharing their mean."""
    import pandas as pd

    places: Array = pd.Series(values).rank().to_numpy()
    return places


def encoded(view: View, at: Array, step: int = 1) -> tuple[list[str], Array, Array]:
    """Return what a tree takes: inputs of the development rows at `at` as numbers.

    Categories and texts are codes, dates seconds, a missing value NaN.

    Args:
        step: of how many columns one is taken.

    Returns:
        Names (of an array's columns `input 3`), values (rows, columns), and kinds (columns,).
    """
    inputs = view.table.inputs
    if isinstance(inputs, np.ndarray):
        flat = inputs[view.development[at]].reshape(len(at), -1)
        values = flat[:, ::step].astype(np.float64)
        values[np.isinf(values)] = np.nan
        names = [f"input {i}" for i in range(0, flat.shape[1], step)]
        return names, values, np.full(len(names), "number", "U8")
    columns = view.columns.iloc[at, ::step]
    kind = kinds(columns)
    values = np.empty((len(at), columns.shape[1]), order="F")
    values[:, kind == "number"] = numbers(columns)[1]
    for i in np.flatnonzero(kind != "number"):
        values[:, i] = _as_numbers(columns.iloc[:, i], kind[i])
    return list(columns.columns), values, kind


def _as_numbers(column: pd.Series[Any], kind: Kind) -> Array:
    if kind == "date":
        seconds = column.to_numpy().astype("datetime64[s]")
        return np.where(np.isnat(seconds), np.nan, seconds.astype(np.int64))
    codes = levels(column)[0]
    return np.where(codes < 0, np.nan, codes)


def positions(view: View, rows: Array) -> Array:
    """Return where rows of the source stand among the development rows."""
    return np.searchsorted(view.development, rows)


def words_of(name: str) -> list[str]:
    """Return the words of a name: customerID, customer_id and `Customer ID` have the same."""
    return [word.lower() for word in _WORDS.findall(name)]


def column(name: str) -> str:
    return f"column '{name}'"


def rows(numbers: Sequence[int] | Array, n: int | None = None) -> str:
    """Return `row 3`, or `rows 3, 17, 20 and 4 more`."""
    n = len(numbers) if n is None else n
    return f"row{'' if n == 1 else 's'} {shown(list(numbers), n)}"


def write(role: str, *names: str) -> str:
    """Return the sentence that gives columns a role."""
    return f"Write `columns: {inline(dict.fromkeys(names, role))}` under `data:`."


def told(findings: list[Finding]) -> list[Finding]:
    """Return the worst of one check one by one, and a single finding for all others."""
    findings = ranked(findings)
    if len(findings) <= N_TOLD + 1:
        return findings
    others = findings[N_TOLD:]
    names = [other.where.removeprefix("column ") for other in others]
    where = f"columns {shown(names)}"
    found = f"{len(others):,} more as well, each no worse than those told one by one"
    fix = "Do with each as with those."
    return [*findings[:N_TOLD], replace(others[0], where=where, found=found, fix=fix)]
