"""What the checks look at: all rows, and which of them a search may see."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...spaces.experiment import Task
from ..development import Array
from ..rows import Rows
from ..table import Table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class View:
    """A table, split. Test rows are there to be counted against the others, for nothing else."""

    table: Table
    rows: Rows
    task: Task
    target: str = "target"  # its name
    dropped: pd.DataFrame | None = None  # columns of all rows that are no inputs, typed as inputs
    allowed: frozenset[str] = field(default_factory=frozenset)  # may tell the target alone

    @cached_property
    def development(self) -> Array:
        """Row numbers that may be looked at, sorted."""
        return self.rows.development

    @cached_property
    def columns(self) -> pd.DataFrame:
        """The inputs of the development rows by column; empty where they have no names."""
        import pandas as pd

        if isinstance(self.table.inputs, np.ndarray):
            return pd.DataFrame(index=self.development)
        return self.table.inputs.iloc[self.development]

    @cached_property
    def labels(self) -> Array:
        """Targets of the development rows: class numbers from 0 in sorted order, or numbers."""
        targets = self.table.targets[self.development]
        if self.task == "regression":
            return targets.astype(np.float64)
        labels: Array = np.unique(targets, return_inverse=True)[1]
        return labels

    @cached_property
    def classes(self) -> list[Any]:
        """The distinct targets of the development rows, sorted; empty where they are numbers."""
        if self.task == "regression":
            return []
        classes: list[Any] = np.unique(self.table.targets[self.development]).tolist()
        return classes
