"""From a stored table to inputs, targets, groups and times, by what the file says of columns."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError, did_you_mean
from ..spaces.experiment import Data
from ..spaces.problems import Problem
from ..spaces.writing import inline, scalar
from .columns import ColumnError, check_numbers, n_missing, plain, stored_role, typed
from .development import Array
from .findings import DataError, shown
from .locations import without_credentials
from .table import Table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def frame(
    table: pa.Table,
    data: Data,
    n_development: int | None = None,
    keep_dropped: bool = False,
) -> Table:
    """Return a table with its columns in their roles; see `Table` for the last two arguments.

    The target, and the columns that rows are grouped or ordered by, are no inputs; the latter
    are where the file gives them a role all the same.

    Raises:
        DataError: with everything that is wrong with the columns.
        InputError: no target is named.
    """
    if data.target is None:
        shown = without_credentials(data.source)
        rule = f"{shown}: a table has a column to predict, but none is named."
        raise InputError(rule, "Name it: `target:` under `data:`, or `--target`.")
    framed = _Framing(table, data, n_development).table()
    return replace(framed, dropped=_dropped(table, data)) if keep_dropped else framed


def _dropped(table: pa.Table, data: Data) -> pd.DataFrame:
    """Return the columns that are no inputs, as they are stored, those that cannot be left out."""
    import pandas as pd

    columns = {}
    for name in table.column_names:
        if name != data.target and not _is_input(data, name):
            with suppress(ColumnError):
                columns[name] = typed(name, table[name], stored_role(table[name].type))
    return pd.DataFrame(columns, index=range(table.num_rows))


def _is_input(data: Data, name: str) -> bool:
    role = data.columns.get(name)
    if name == data.target or role == "drop":
        return False
    return role is not None or name not in (data.split.groups, data.split.by_time)


@dataclass
class _Framing:
    """The work of `frame`: problems are gathered, and raised together."""

    stored: pa.Table
    data: Data
    n_development: int | None
    problems: list[Problem] = field(default_factory=list)

    def table(self) -> Table:
        import pandas as pd

        self._check_names()
        split, data = self.data.split, self.data
        targets = self._attempt(self._targets)
        groups = self._attempt(self._groups) if split.groups else None
        times = self._attempt(self._times) if split.by_time else None
        inputs: dict[str, Any] = {}
        for name in self.stored.column_names:
            if _is_input(data, name):
                inputs[name] = self._attempt(self._input, name)
        if not inputs:
            rule = (
                f"a target is predicted from inputs, but '{data.target}' is the only column left."
            )
            self.problems.append(Problem(("data", "columns"), rule, "Keep some columns."))
        self._check_words(list(inputs))
        self._raise()
        return Table(pd.DataFrame(inputs), targets, groups, times, self.n_development)

    def _check_words(self, names: list[str]) -> None:
        """Refuse inputs beside a text that is read word by word."""
        name = next((name for name in names if self.data.columns.get(name) == "words"), None)
        if name is not None and len(names) > 1:
            others = [other for other in names if other != name]
            verb = "is" if len(others) == 1 else "are"
            rule = f"text read word by word is the only input, but beside '{name}' there {verb}"
            rule = f"{rule} {shown([repr(other) for other in others])}."
            roles = inline(dict.fromkeys(others, "drop"))
            fix = f"Write `columns: {roles}` under `data:`, or call '{name}' text."
            self.problems.append(Problem(("data", "columns", name), rule, fix))

    def _raise(self) -> None:
        if self.problems:
            raise DataError(without_credentials(self.data.source), self.problems)

    def _attempt(self, read: Any, *arguments: Any) -> Any:
        try:
            return read(*arguments)
        except ColumnError as error:
            if error.problem not in self.problems:  # a time that is an input too
                self.problems.append(error.problem)

    def _check_names(self) -> None:
        """Refuse what the file says of columns that are not there."""
        data, known = self.data, self.stored.column_names
        said: dict[tuple[str, ...], list[str | None]] = {
            ("data", "target"): [data.target],
            ("data", "columns"): list(data.columns),
            ("data", "allow"): list(data.allow),
            ("data", "split", "groups"): [data.split.groups],
            ("data", "split", "time"): [data.split.by_time],
        }
        for where, names in said.items():
            for name in names:
                if name is not None and name not in known:
                    purpose = " to predict" if where == ("data", "target") else ""
                    rule = f"there is no column '{name}'{purpose}."
                    self.problems.append(Problem(where, rule, did_you_mean(name, known)))
        self._raise()

    def _targets(self) -> Array:
        """Return numbers as they are stored, or text as objects."""
        assert self.data.target is not None
        name, role = self.data.target, self.data.columns.get(self.data.target)
        column = plain(self.stored[name])
        if role not in (None, "number", "category"):
            rule = f"a target is a number or a category, but '{name}' is to be {role}."
            fix = f"Write `columns: {{{scalar(name)}: number}}`, or category, or leave it out."
            raise ColumnError(name, rule, fix)
        stored = stored_role(column.type)
        if stored is None or (stored == "date" and role != "category"):
            held = "dates" if stored else "neither"
            rule = f"a target is numbers or classes, but '{name}' holds {held} ({column.type})."
            fix = "Predict a number, such as days, in their place."
            raise ColumnError(name, rule, fix if stored else "Save it as one of these.")
        _refuse_missing(name, n_missing(column), len(column))
        if role == "category":
            return np.asarray(typed(name, column, role), dtype=object)
        if role == "number":
            numbers: Array = typed(name, column, role)
            _refuse_missing(name, int(np.isnan(numbers).sum()), len(numbers))
            return numbers
        return _as_stored(name, column)

    def _groups(self) -> Array:
        """Return a number for each group; a row without one is a group of its own."""
        import pandas as pd

        name = self.data.split.groups
        assert name is not None
        column = plain(self.stored[name])
        if stored_role(column.type) is None:
            rule = f"groups are told by numbers, dates or text, but '{name}' is {column.type}."
            raise ColumnError(name, rule, "Name another column, or save it as one of these.")
        codes: Array = pd.factorize(column.to_pandas())[0].astype(np.int64)
        alone = codes < 0
        codes[alone] = codes.max(initial=-1) + 1 + np.arange(np.count_nonzero(alone))
        return codes

    def _times(self) -> Array:
        name = self.data.split.by_time
        assert name is not None
        column = plain(self.stored[name])
        stored = stored_role(column.type)
        role = self.data.columns.get(name)
        as_said = role if role in ("number", "date") else None
        values = typed(name, column, as_said or ("date" if stored == "category" else stored))
        is_missing = np.isnat(values) if values.dtype.kind == "M" else np.isnan(values)
        if is_missing.any():
            n = int(is_missing.sum())
            rule = f"time orders the rows, but '{name}' is missing in {n} of {len(values)}."
            raise ColumnError(name, rule, "Fill it in, or leave these rows out.")
        times: Array = values
        return times

    def _input(self, name: str) -> Any:
        split = self.data.split
        values = typed(name, self.stored[name], self.data.columns.get(name))
        if split.time is None and getattr(values.dtype, "kind", "") == "M":
            rule = f"column '{name}' holds dates, and whether time orders the rows is not said."
            fix = (
                f"Write `time: {scalar(name)}` under `data: split:` to validate and test on later "
                "rows, or `time: none`."
            )
            raise ColumnError(name, rule, fix)
        return values


def _as_stored(name: str, column: pa.ChunkedArray) -> Array:
    """Return whole numbers, fractions, or text as objects."""
    import pyarrow as pa

    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    elif pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    found: Array = column.to_numpy()
    if found.dtype.kind not in "iuf":
        return found.astype(object)
    check_numbers(name, found)
    return found


def _refuse_missing(name: str, n: int, n_rows: int) -> None:
    if n:
        rule = f"the target '{name}' is missing in {n} of {n_rows} rows."
        raise ColumnError(name, rule, "Remove these rows, or fill in their targets.")
