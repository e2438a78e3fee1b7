"""What there is to say of an experiment's data, found out in a child process as they are prepared.

Run as `python -m truetune.objectives.inspection [PROFILE]`, an experiment as JSON on its standard
input; PROFILE is an HTML file to write. No row leaves it but in that file, which shows
development rows only.
"""

from __future__ import annotations

import gc
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..spaces.problems import Problem
from .child import Child, answer
from .findings import DataError, Finding, ranked
from .rows import Rows
from .table import Table

if TYPE_CHECKING:
    from ..spaces import Experiment


@dataclass(frozen=True)
class Inspection:
    """Findings, ranked; what keeps the data from being read as the file says; and their size."""

    findings: list[Finding]
    problems: list[Problem]
    sizes: dict[str, int]  # rows of each part, and inputs; empty where there are problems


def inspect(experiment: Experiment, profile: Path | None = None) -> Inspection:
    """Read, split and look over the data in a child process, and wait for it.

    Raises:
        TuneError: the process failed; what is wrong with the data is a finding.
    """
    arguments = [] if profile is None else [str(profile)]
    child = Child(__name__, arguments, experiment.model_dump_json())
    try:
        found = child.result()
    finally:
        child.cancel()
    return Inspection(
        [Finding(**finding) for finding in found["findings"]],
        [Problem(tuple(where), rule, fix) for where, rule, fix in found["problems"]],
        found["sizes"],
    )


def inspect_here(experiment: Experiment, profile: Path | None = None) -> Inspection:
    """Do the same in this process."""
    of_pictures = _of_pictures(experiment)
    if any(finding.level == "error" for finding in of_pictures):
        return Inspection(ranked(of_pictures), [], {})
    try:
        return _of_rows(experiment, of_pictures, profile)
    except DataError as error:
        return Inspection(ranked(of_pictures), error.problems, {})
    except InputError as error:
        problem = Problem(("data",), error.cause, error.fix)
        return Inspection(ranked(of_pictures), [problem], {})


def _of_pictures(experiment: Experiment) -> list[Finding]:
    from . import pictures
    from .quality.pictures import findings
    from .sources import PICTURE_SIZE

    data = experiment.data
    if not pictures.is_pictures(data.source):
        return []
    return findings(pictures.survey(data.source), data.preprocess.size or PICTURE_SIZE)


def _of_rows(
    experiment: Experiment, of_pictures: list[Finding], profile: Path | None
) -> Inspection:
    from . import sources, subset
    from .features import Features, take
    from .preparation import check_targets
    from .quality.catalogue import inspect as inspect_view
    from .quality.view import View
    from .splits import split_rows

    data = experiment.data
    table = sources.load(data, keep_dropped=True)
    check_targets(table.targets, experiment.task)
    subset.check(experiment, table.inputs)
    rows = split_rows(table, data.split, experiment.task)
    view = View(
        table=table,
        rows=rows,
        task=experiment.task,
        target=data.target or "target",
        dropped=table.dropped,
        allowed=frozenset(data.allow),
    )
    found = ranked([*of_pictures, *inspect_view(view)])
    if profile is not None:
        from .profiling.profile import page

        profile.write_text(page(view, experiment.study, found), encoding="utf-8")
    features = Features.fit(take(table.inputs, rows.folds[0].train), data.preprocess, data.columns)
    return Inspection(found, [], _sizes(table, rows, features.n_inputs(table.inputs)))


def _sizes(table: Table, rows: Rows, n_inputs: int) -> dict[str, int]:
    return {
        "rows": len(table),
        "train": len(rows.folds[0].train),
        "validation": len(rows.folds[0].validation),
        "test": len(rows.test),
        "left_out": len(rows.left_out),
        "folds": len(rows.folds),
        "inputs": n_inputs,
    }


def _main() -> None:
    gc.disable()  # this process is short
    from ..spaces import Experiment

    experiment = Experiment.model_validate_json(sys.stdin.buffer.read())
    profile = Path(sys.argv[1]) if len(sys.argv) > 1 else None

    def work() -> dict[str, Any]:
        found = inspect_here(experiment, profile)
        problems = [(problem.where, problem.rule, problem.fix) for problem in found.problems]
        return {
            "findings": [asdict(finding) for finding in found.findings],
            "problems": problems,
            "sizes": found.sizes,
        }

    answer(work)


if __name__ == "__main__":
    _main()
