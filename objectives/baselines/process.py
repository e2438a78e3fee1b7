"""The process that trains baselines beside a search, and gives way to it.

Run as `python -m truetune.objectives.baselines.process`; what it is asked for is JSON on its
input, the rows are files that it is handed open.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..child import Child, answer
from ..handing import OpenFiles

NICENESS = 10  # below this, any other process that wants the processor has it
MAX_THREADS = 4


def start(experiment: str, files: OpenFiles, names: Sequence[str], trials: Path) -> Child:
    """Start it.

    Args:
        experiment: as JSON.
        files: of the `Development`.
        names: of the baselines.
        trials: the folder of the study's trials, where predictions are kept.
    """
    request = {
        "experiment": experiment,
        "files": files.numbers,
        "names": names,
        "trials": str(trials),
    }
    return Child(
        __name__, [], json.dumps(request), files.to_pass, purpose="training the baselines"
    )


def _scores(request: dict[str, Any]) -> dict[str, dict[str, Any]]:
    from threadpoolctl import threadpool_limits

    from ...spaces import Experiment
    from ..development import Development
    from .scores import scores

    n_threads = min(MAX_THREADS, max(1, (os.cpu_count() or 1) // 2))
    if "network" in request["names"]:
        import torch  # takes longer to import than the others to train

        torch.set_num_threads(n_threads)
    experiment = Experiment.model_validate_json(request["experiment"])
    development = Development.load(OpenFiles(request["files"]))
    with threadpool_limits(n_threads):
        return scores(experiment, development, request["names"], Path(request["trials"]))


def _main() -> None:
    os.nice(NICENESS)
    request = json.loads(sys.stdin.buffer.read())
    answer(lambda: _scores(request))


if __name__ == "__main__":
    _main()
