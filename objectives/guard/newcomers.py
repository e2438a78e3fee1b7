"""Labelled rows that came later: read as the study's were, and none that is sealed among them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import GuardError, InputError, did_you_mean
from ...spaces.experiment import NO_TIME, Data, Split
from .. import sources
from ..callables import is_callable
from ..development import Description
from ..features import Features
from ..frames import frame
from ..locations import is_url, without_credentials
from ..queries import is_database
from ..table import Table
from . import keys, sealing
from .blocks import blocks_of, kind_of
from .content import Sealed
from .fingerprints import n_shared
from .ledger import Ledger
from .places import Places
from .redaction import PlainError, plain

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Newcomers:
    """A source of new rows, and what they have to be like."""

    source: str
    data: Data  # the study's
    features: Features
    description: Description

    @property
    def shown(self) -> str:
        return without_credentials(self.source)

    def read(self) -> Sealed:
        """Return the rows. Raises InputError, in words that quote no value of them."""
        self._check_is_there()
        names = [*self.features.roles(), *filter(None, [self.data.target])]
        try:
            table = self._table()
        except PlainError:
            raise
        except InputError as error:
            raise plain(error, self.shown, names) from None
        self._check_like_the_study(table)
        rows = np.arange(len(table))
        return Sealed(table.inputs, table.targets, blocks_of(table, rows), kind_of(table))

    def _check_is_there(self) -> None:
        is_elsewhere = any(known(self.source) for known in (is_callable, is_database, is_url))
        if is_elsewhere or sources.built_in_name(self.source) or Path(self.source).exists():
            return
        raise PlainError(f"{self.shown}: there is no such file.", "Check the path.")

    def _table(self) -> Table:
        # Targets in a file of their own have to be named beside it.
        target = None if self.data.source.endswith(".npy") else self.data.target
        data = Data(
            source=self.source,
            query=self.data.query,
            target=target,
            preprocess=self.data.preprocess,
        )
        stored = sources.stored_table(data)
        if isinstance(stored, tuple):
            return sources.of_arrays(stored, data)
        return frame(*self._columns(stored, data))

    def _columns(self, stored: pa.Table, data: Data) -> tuple[pa.Table, Data]:
        """Return what is wanted of a table, and what its columns are: what they were then.

        Columns that order or group rows may be absent; these then stand alone.
        """
        split, known = self.data.split, stored.column_names
        roles = dict(self.features.roles())
        if not roles or data.target is None:
            raise self._unlike("they are a table")
        for name in (*roles, data.target):
            if name not in known:
                raise PlainError(
                    f"{self.shown}: new rows have the study's columns, but there is no '{name}'.",
                    did_you_mean(name, known),
                )
        groups = split.groups if split.groups in known else None
        time = split.by_time if split.by_time in known else NO_TIME
        wanted = {*roles, data.target, groups, time}
        if role := self._role_of_target():
            roles[data.target] = role
        about: dict[str, Any] = {"columns": roles, "split": Split(groups=groups, time=time)}
        return stored.select([n for n in known if n in wanted]), data.model_copy(update=about)

    def _role_of_target(self) -> Any:
        assert self.data.target is not None
        are_text = any(isinstance(name, str) for name in self.description.classes)
        return self.data.columns.get(self.data.target) or ("category" if are_text else None)

    def _check_like_the_study(self, table: Table) -> None:
        is_named, n_inputs = bool(self.features.roles()), self.description.n_inputs
        if isinstance(table.inputs, np.ndarray):
            n_numbers = int(np.prod(table.inputs.shape[1:]))
            if is_named:
                raise self._unlike("they have no columns with names")
            if n_numbers != n_inputs:
                raise self._unlike(f"a row is {n_numbers:,} numbers, not {n_inputs:,}")

    def _unlike(self, how: str) -> PlainError:
        rule = f"{self.shown}: new rows are of the kind and shape of the study's, but {how}."
        return PlainError(rule, f"Save them as {without_credentials(self.data.source)} is saved.")


def refuse_sealed(rows: Sealed, shown: str, seal: str, places: Places) -> None:
    """Raise GuardError where new rows are sealed ones, which would be a look by another name.

    Args:
        rows: the new rows.
        shown: their source.
        seal: the study's own sealed set; all others that are not given up count like it.
        places: where the vault is.
    """
    given_up = sealing.retired(Ledger(places.ledger)) - {seal}
    names = [name for name in sealing.sets(places) if name not in given_up]
    prints = [sealing.fingerprint_of(places, name) for name in names]
    counts = n_shared(rows.inputs, rows.targets, keys.read(places), prints)
    for name, known, n in zip(names, prints, counts, strict=True):
        if n >= sealing.SAME * min(len(rows), len(known)):
            whose = "the study's" if name == seal else "another study's"
            raise GuardError(
                f"new rows are rows that were never sealed, but {n:,} of the {len(rows):,} in "
                f"{shown} are among the {len(known):,} of {whose} test rows ({name}).",
                "Leave these rows out. Sealed rows are scored without --data, and counted.",
            )
