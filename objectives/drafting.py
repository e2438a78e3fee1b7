"""A first experiment file for a source: the task its target asks for, and where to start.

`look` says what the data says, the functions below it are rules of thumb on those facts, and
`draft` puts both into words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import InputError
from ..spaces.experiment import NO_TIME, Data, Split, Task
from ..spaces.writing import printable, scalar
from . import draft_templates, pictures, sources
from .development import Array
from .features import Features, take
from .frames import frame
from .locations import without_credentials
from .preparation import count_outputs
from .proposals import Proposal, dated, grouping, has_all, proposals
from .rows import Rows
from .splits import split_rows
from .table import Table

if TYPE_CHECKING:
    import pyarrow as pa

FEWEST_UNITS, MOST_UNITS = 4, 1024
_WIDEST = 4  # a range of hidden units spans this factor at least
_WIDEST_LINE = 40  # of those whose comments stand below each other
WIDE, MANY = 50, 1_000  # inputs and training rows from which a network for tables may pay
MOST_STAGES, LEAST_SIDE = 3, 4  # of a residual network, and the pixels its last stage has left
_SPLIT = Split(validation=0.2, test=0.2, seed=0)

COSTS: dict[Task, str] = {
    "regression": "mean squared error: a number is predicted, and being far off costs most",
    "binary": "binary cross-entropy with logits: the one output is the log-odds of a class",
    "classification": "cross-entropy: an output a class, and being sure and wrong costs most",
}


@dataclass(frozen=True)
class Facts:
    """What a draft rests on. Inputs are counted as a network sees them, a level each."""

    task: Task
    reason: str  # for the task
    data: Data  # as the file is to say it
    proposed: dict[str, Proposal]  # what columns are, with reasons
    n_rows: int
    n_train: int
    n_inputs: int
    n_outputs: int
    is_table: bool  # rows have columns with names
    notes: tuple[str, ...] = ()  # why rows are split as they are

    @property
    def side(self) -> int | None:
        """The pixels of a picture's side; None where rows are no pictures."""
        if not pictures.is_pictures(self.data.source):
            return None
        return self.data.preprocess.size or sources.PICTURE_SIZE

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Training rows, inputs, outputs: what widths follow from."""
        return self.n_train, self.n_inputs, self.n_outputs

    def summary(self) -> list[str]:
        """Return what was decided, and why, in a few lines."""
        head = [f"{self.task}: {self.reason}", COSTS[self.task]]
        if self.side is not None:
            left = f"up to {most_stages(self.side)}, each halving sides of {self.side} pixels"
            return [*head, f"a residual network: stages are {left}"]
        middle = f"{(self.n_inputs + self.n_outputs) / 2:g}"
        fewest, most = (f"{units_by_rows(*self.sizes, a=a):.1f}" for a in (10, 2))
        return [
            *head,
            f"hidden units: midway between {self.n_outputs} outputs and {self.n_inputs} inputs is "
            f"{middle}; by {self.n_train} training rows it is {fewest} (a = 10) to {most} (a = 2)",
        ]


def look(data: Data) -> Facts:
    """Read a source. Raises InputError where no search could use it."""
    stored = sources.stored_table(data)
    proposed: dict[str, Proposal] = {}
    splits = [_SPLIT]
    if not isinstance(stored, tuple) and data.target in stored.column_names:
        data, proposed, splits = _with_columns(data, stored, str(data.target))

    def table_of(split: Split) -> Table:
        if isinstance(stored, tuple):
            return sources.of_arrays(stored, data)
        return frame(stored, _with_split(data, split))

    task, reason = task_of(table_of(splits[0]).targets)
    table, split, rows, notes = _first_possible(table_of, _tried(splits, task), task)
    fitted = Features.fit(take(table.inputs, rows.folds[0].train), data.preprocess)
    data = _with_split(data, split)
    return Facts(
        task=task,
        reason=reason,
        data=data,
        proposed={name: p for name, p in proposed.items() if name in data.columns},
        n_rows=len(table),
        n_train=len(rows.folds[0].train),
        n_inputs=fitted.n_inputs(table.inputs),
        n_outputs=count_outputs(table.targets, task),
        is_table=not isinstance(stored, tuple),
        notes=notes,
    )


def _tried(splits: list[Split], task: Task) -> list[Split]:
    """Return the splits to try: of classes stratified ones, and a plain one at last."""
    if task == "regression":
        return splits
    stratified = [s if s.by_time else s.model_copy(update={"stratify": True}) for s in splits]
    return [*stratified, splits[-1].model_copy(update={"stratify": False})]


def _first_possible(
    table_of: Callable[[Split], Table], splits: list[Split], task: Task
) -> tuple[Table, Split, Rows, tuple[str, ...]]:
    """Return the first split that the rows allow, with why those before it are none."""
    notes: list[str] = []
    for split in splits:
        table = table_of(split)
        try:
            return table, split, split_rows(table, split, task), tuple(notes)
        except InputError as error:
            if split is splits[-1]:
                raise
            notes.append(error.cause)
    raise AssertionError(splits)


def _with_columns(
    data: Data, stored: pa.Table, target: str
) -> tuple[Data, dict[str, Proposal], list[Split]]:
    """Return the data with its columns' roles, those roles, and the splits to try, best first."""
    proposed = proposals(stored, target)
    dates, owner = dated(stored, target, proposed), grouping(stored, target)
    splits = [_SPLIT.model_copy(update={"time": NO_TIME}) if dates else _SPLIT]
    if owner is not None:
        proposed[owner] = Proposal("drop", "says whose a row is: known ones would be learnt")
        splits.insert(0, splits[0].model_copy(update={"groups": owner}))
    if dates and has_all(stored[dates[0]]):
        splits.insert(0, _SPLIT.model_copy(update={"time": dates[0]}))
    roles = {name: proposal.role for name, proposal in proposed.items()}
    return data.model_copy(update={"columns": roles}), proposed, splits


def _with_split(data: Data, split: Split) -> Data:
    """Return the data split so. What orders the rows is no input: new rows lie beyond it."""
    columns = {name: role for name, role in data.columns.items() if name != split.by_time}
    return data.model_copy(update={"split": split, "columns": columns})


def task_of(targets: Array) -> tuple[Task, str]:
    """Return the task that targets (rows,) or (rows, outputs) ask for, and why."""
    if targets.ndim > 1:
        return "regression", f"the target is {targets.shape[1]} numbers"
    n_values = len(np.unique(targets))
    if n_values < 2:
        raise InputError(
            f"a target takes two values or more, but all {len(targets)} rows have the same.",
            "Bring rows of another value, or name another target.",
        )
    if n_values == 2:
        return "binary", "the target has two values"
    if targets.dtype == object:
        return "classification", f"the target is text of {n_values} different values"
    if (targets % 1 != 0).any():
        return "regression", "the target has numbers with fractions"
    if n_values > max(20, 0.05 * len(targets)):
        return "regression", f"the target has {n_values} different numbers"
    return "classification", f"the target has {n_values} different whole numbers"


def units_by_rows(n_train: int, n_inputs: int, n_outputs: int, a: int) -> float:
    """Return N_h = N_s / (a (N_i + N_o)): few enough weights for the rows, more so as a grows."""
    return n_train / (a * (n_inputs + n_outputs))


def hidden_units(n_train: int, n_inputs: int, n_outputs: int) -> tuple[int, int, int]:
    """Return low, high and trial 0's.

    Trial 0 starts midway between outputs and inputs. The range holds all from one to the other
    and what the rows allow with a from 10 to 2, within [FEWEST_UNITS, MOST_UNITS].
    """
    fewest, most = (units_by_rows(n_train, n_inputs, n_outputs, a) for a in (10, 2))
    low = _clamp(min(n_inputs, n_outputs, fewest), FEWEST_UNITS, MOST_UNITS // _WIDEST)
    high = _clamp(max(n_inputs, n_outputs, most), _WIDEST * low, MOST_UNITS)
    return low, high, _clamp((n_inputs + n_outputs) / 2, low, high)


def batch_sizes(n_train: int) -> list[int]:
    """Return powers of two that leave four batches an epoch, or one that the rows can fill."""
    sizes = [16, 32, 64] if n_train < 256 else [64, 128, 256, 512]
    if n_train >= 20_000:
        sizes.append(1024)
    fitting = [size for size in sizes if 4 * size <= n_train]
    return fitting or [2 ** int(math.log2(min(n_train, sizes[0])))]


def most_stages(side: int) -> int:
    """Return how many stages a picture allows, each but the first halving its sides."""
    return _clamp(math.log2(max(side, 1) / LEAST_SIDE) // 1 + 1, 1, MOST_STAGES)


class Draft(NamedTuple):
    """The text of a file, and what it rests on."""

    text: str
    facts: Facts


def draft(data: Data, in_file: Mapping[str, str] | None = None) -> Draft:
    """Write an experiment file that searches on a source.

    Args:
        data: The source, and the column to predict where it has columns.
        in_file: What the file says for `source` and `target`, where it spells a path otherwise.

    Raises:
        InputError: the source cannot be read, or no search could use it.
    """
    facts = look(data)
    text = draft_templates.FILE.substitute(
        vars(facts),
        study=scalar(study_name(data.source)),
        data="\n".join(f"  {line}" for line in _data_lines(facts, in_file or {})),
        cost=COSTS[facts.task],
        model=_model(facts),
        architecture=_architecture(facts),
        batch_sizes=batch_sizes(facts.n_train),
    )
    return Draft(text, facts)


def _model(facts: Facts) -> str:
    if facts.side is not None:
        return "model: resnet"
    is_wide = facts.is_table and facts.n_inputs >= WIDE and facts.n_train >= MANY
    return f"{draft_templates.WIDE}\nmodel: mlp" if is_wide else "model: mlp"


def _architecture(facts: Facts) -> str:
    """Return the parameters of the model, with where their ranges come from."""
    if facts.side is not None:
        stages = most_stages(facts.side)
        first = min(2, stages)
        return draft_templates.RESNET.substitute(
            size=facts.side, stages=stages, first_stages=first
        )
    low, high, first = hidden_units(*facts.sizes)
    return draft_templates.MLP.substitute(
        vars(facts),
        middle=f"{(facts.n_inputs + facts.n_outputs) / 2:g}",
        most=f"{units_by_rows(*facts.sizes, a=2):.1f}",
        fewest=f"{units_by_rows(*facts.sizes, a=10):.1f}",
        smallest=FEWEST_UNITS,
        largest=MOST_UNITS,
        low=low,
        high=high,
        first=first,
    )


def _data_lines(facts: Facts, in_file: Mapping[str, str]) -> list[str]:
    """Return the section `data:`, with what was found out as comments."""
    data = facts.data
    said = {"source": data.source, "query": data.query, "target": data.target, **in_file}
    lines = [f"{key}: {scalar(value)}" for key, value in said.items() if value]
    lines += [*_column_lines(facts.proposed), *_split_lines(facts)]
    size = f", size: {data.preprocess.size}" if data.preprocess.size else ""
    why = "inputs of one size train evenly; fitted on the training rows"
    return [*lines, f"preprocess: {{scale: standard{size}}}  # {why}"]


def _column_lines(proposed: Mapping[str, Proposal]) -> list[str]:
    if not proposed:
        return []
    written = [f"  {scalar(name)}: {p.role}" for name, p in proposed.items()]
    width = max((len(line) for line in written if len(line) <= _WIDEST_LINE), default=0)
    reasons = (printable(p.reason) for p in proposed.values())
    pairs = zip(written, reasons, strict=True)
    head = "columns:  # what is not named here is used as it is stored"
    return [head, *(f"{line:<{width}}  # {reason}" for line, reason in pairs)]


def _split_lines(facts: Facts) -> list[str]:
    split, lines = facts.data.split, []
    if split.by_time:
        lines.append("# The rows are dated: the latest validate and test, as if they were new.")
        lines.append("# Where their order means nothing, write `time: none`.")
    elif split.groups:
        lines.append(
            f"# Rows of one {printable(split.groups)} stay together, as new ones are new."
        )
    lines += [f"# {printable(note)}" for note in facts.notes]
    said = {key: getattr(split, key) for key in ("stratify", "groups", "time")}
    settings = "".join(f"{key}: {scalar(v)}, " for key, v in said.items() if v is not None)
    lines.append(
        f"split: {{validation: 0.2, test: 0.2, {settings}seed: 0}}"
        f"  # {facts.n_train} rows are left to train on"
    )
    return lines


def study_name(source: str) -> str:
    """Return what a file, a folder, a database or a function is called."""
    shown = without_credentials(source)
    path = re.split(r"[?#]", shown)[0] if "://" in shown else shown
    name = sources.built_in_name(source) or Path(path).stem
    return re.sub(r"[\x00-\x1f\x7f]", "_", name)[:200]


def _clamp(value: float, low: int, high: int) -> int:
    return min(max(round(value), low), high)
