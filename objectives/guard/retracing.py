"""The rows that a study was developed on, read and split once more."""

from __future__ import annotations

from ...spaces import Experiment
from .. import sources
from ..development import Description
from ..features import take
from ..preparation import content_sha256
from ..splits import split_rows
from .blocks import blocks_of, kind_of
from .content import Sealed


def developed(experiment: Experiment, description: Description) -> Sealed | None:
    """Return a study's training and validation rows, or None where they are not to be had: the
    source is gone, or is not what it was."""
    try:
        table = sources.load(experiment.data)
        rows = split_rows(table, experiment.data.split, experiment.task).development
        if content_sha256(table, rows) != description.data_sha256:
            return None
    except Exception:  # whatever has become of it is no part of what is examined
        return None
    inputs, targets = take(table.inputs, rows), table.targets[rows]
    return Sealed(inputs, targets, blocks_of(table, rows), kind_of(table))
