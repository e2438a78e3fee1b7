"""One network held against another on the same rows: what it costs, and what it is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from ..models.inputs import Inputs
from ..objectives.development import Array
from ..objectives.footprint import flops, latency_ms, n_parameters
from ..objectives.guard.resampling import N_RESAMPLES, Resampler
from ..objectives.metrics import plain_name
from ..objectives.rowwise import Part, score
from ..spaces import Task

_LEVEL = 0.05  # of intervals: 95 %


def measured(network: nn.Module, inputs: Inputs, device: str) -> dict[str, Any]:
    """Return what a network costs where it is used: see `footprint`."""
    found = {
        "n_parameters": n_parameters(network),
        "flops": flops(network, inputs),
        "latency_1_ms": latency_ms(network, inputs, 1, device),
        "latency_256_ms": latency_ms(network, inputs, 256, device),
    }
    network.cpu()
    return found


def difference(
    metric: str, task: Task, part: Part, before: Array, after: Array
) -> dict[str, float]:
    """Return by how much a metric has changed, and the range of that on rows drawn again.

    Both are scored on the same rows each time, so that what is hard for both cancels out.

    Args:
        metric: with its prefix.
        task: the kind of target.
        part: the rows.
        before: predictions of the one, as `rowwise.worth` has them.
        after: those of the other.
    """
    name = plain_name(metric)
    value = score(name, task, part, after) - score(name, task, part, before)
    resampler = Resampler(name, task, part)
    prepared = resampler.prepare([before, after])
    values = [prepared.values(counts) for counts in resampler.draws(N_RESAMPLES, seed=0)]
    differences = np.diff(np.concatenate(values), axis=1)[:, 0]
    low, high = np.nanquantile(differences, (_LEVEL / 2, 1 - _LEVEL / 2)).tolist()
    return {"value": value, "low": low, "high": high}
