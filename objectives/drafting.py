"""A first experiment file for a source: the task its target asks for, and where to start.

`look` says what the data says, the functions below it are rules of thumb on those facts, and
`draft` puts both into words.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import NamedTuple

import numpy as np

from ..errors import InputError
from ..spaces.experiment import Split, Task
from ..spaces.writing import printable, scalar
from . import sources
from .development import Array
from .preparation import count_outputs
from .splits import split_rows

FEWEST_UNITS, MOST_UNITS = 4, 1024
_WIDEST = 4  # a range of hidden units spans this factor at least
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
    n_rows: int
    n_train: int
    n_inputs: int
    n_outputs: int
    unstratified: str | None  # why classes cannot stand in every part alike; None: they can

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Training rows, inputs, outputs: what widths follow from."""
        return self.n_train, self.n_inputs, self.n_outputs

    def summary(self) -> list[str]:
        """Return what was decided, and why, in a few lines."""
        middle = f"{(self.n_inputs + self.n_outputs) / 2:g}"
        fewest, most = (f"{units_by_rows(*self.sizes, a=a):.1f}" for a in (10, 2))
        return [
            f"{self.task}: {self.reason}",
            COSTS[self.task],
            f"hidden units: midway between {self.n_outputs} outputs and {self.n_inputs} inputs is "
            f"{middle}; by {self.n_train} training rows it is {fewest} (a = 10) to {most} (a = 2)",
        ]


def look(source: str, target: str | None) -> Facts:
    """Read a source. Raises InputError where no search could use it."""
    table = sources.load(source, target)
    task, reason = task_of(table.targets)
    unstratified = None
    try:
        rows = split_rows(table.targets, _SPLIT, task)
    except InputError as error:
        if task == "regression":
            raise
        unstratified = error.cause
        rows = split_rows(table.targets, _SPLIT.model_copy(update={"stratify": False}), task)
    return Facts(
        task=task,
        reason=reason,
        n_rows=len(table.targets),
        n_train=len(rows.train),
        n_inputs=_count_inputs(table, rows.train),
        n_outputs=count_outputs(table.targets, task),
        unstratified=unstratified,
    )


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


class Draft(NamedTuple):
    """The text of a file, and what it rests on."""

    text: str
    facts: Facts


def draft(source: str, target: str | None, path_in_file: str | None = None) -> Draft:
    """Write an experiment file that searches on a source.

    Args:
        source: A built-in set or the path of a table.
        target: The column to predict; None for a built-in set.
        path_in_file: What the file says for `source`, where that is another spelling of it.

    Raises:
        InputError: the source cannot be read, or no search could use it.
    """
    facts = look(source, target)
    low, high, first = hidden_units(*facts.sizes)
    stratify = f"stratify: {scalar(not facts.unstratified)}, "
    text = _TEMPLATE.substitute(
        vars(facts),
        study=scalar(_study_name(source)),
        source=scalar(path_in_file or source),
        target="" if target is None else f"\n  target: {scalar(target)}",
        why_not="" if not facts.unstratified else f"\n  # {printable(facts.unstratified)}",
        stratify="" if facts.task == "regression" else stratify,
        cost=COSTS[facts.task],
        middle=f"{(facts.n_inputs + facts.n_outputs) / 2:g}",
        most=f"{units_by_rows(*facts.sizes, a=2):.1f}",
        fewest=f"{units_by_rows(*facts.sizes, a=10):.1f}",
        smallest=FEWEST_UNITS,
        largest=MOST_UNITS,
        low=low,
        high=high,
        first=first,
        batch_sizes=batch_sizes(facts.n_train),
    )
    return Draft(text, facts)


_TEMPLATE = Template("""\
# Drafted from $n_rows rows. Every value is yours to change.
study: $study
card:
  purpose: ""        # fill in: what the result is for
  human_level: null  # fill in, if known: what people reach, in the objective's metric
  published: []      # fill in, if known, as [{value: 0.98, source: "a citation"}]
data:
  source: $source$target$why_not
  split: {validation: 0.2, test: 0.2, ${stratify}seed: 0}  # $n_train rows are left to train on
  preprocess: {scale: standard}  # inputs of one size train evenly; fitted on the training rows
task: $task  # because $reason
# The cost is $cost.
objective: {metric: validation_loss, direction: minimize}  # the cost, on validation rows
model: mlp
training: {epochs: 30, early_stopping: {patience: 5}}  # the weights of the best epoch are kept
parameters:
  # Matters most; drawn by its order of magnitude.
  learning_rate: {type: float, low: 1e-4, high: 1e-1, log: true}
  # Plain SGD first; Adam where that is slow.
  optimizer: {type: categorical, choices: [sgd, adam]}
  momentum: {type: float, low: 0.0, high: 0.99, default: 0.9, when: "optimizer == sgd"}
  # Powers of two; four batches an epoch or more.
  batch_size: {type: categorical, choices: $batch_sizes}
  # One hidden layer first; each has a width of its own.
  layers: {type: int, low: 1, high: 3, default: 1}
  # Between outputs and inputs, first midway: ($n_outputs + $n_inputs) / 2 = $middle.
  # By the rows: N_s / (a (N_i + N_o)) = $n_train / (a ($n_inputs + $n_outputs)),
  # $fewest with a = 10 and $most with a = 2. The range holds both, within $smallest to $largest.
  hidden_units: {type: int, low: $low, high: $high, log: true, repeat: layers, default: $first}
  # Regularisation, where the validation loss stays above the training loss: dropout before the
  # last layer, and small weights (L2).
  use_dropout: {type: categorical, choices: [false, true]}
  dropout_last: {type: float, low: 0.25, high: 0.5, when: use_dropout}
  weight_decay: {type: float, low: 1e-6, high: 1e-2, log: true}
sampler: tpe
pruner: hyperband
budget: {trials: 64, time: 30m}
seed: 0
""")


def _study_name(source: str) -> str:
    name = sources.built_in_name(source) or Path(source).stem
    return re.sub(r"[\x00-\x1f\x7f]", "_", name)[:200]


def _count_inputs(table: sources.Table, training_rows: Array) -> int:
    if isinstance(table.inputs, np.ndarray):
        return int(table.inputs.shape[1])
    columns = table.inputs.iloc[training_rows]
    return sum(
        column.nunique(dropna=False) if column.dtype == "category" else 1
        for _, column in columns.items()
    )


def _clamp(value: float, low: int, high: int) -> int:
    return min(max(round(value), low), high)
