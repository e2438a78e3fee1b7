"""What a study keeps of a network made smaller: its weights, its file, a run of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from ..objectives.contracts import Results
from ..objectives.files import save
from .chosen import Chosen
from .extra_runs import Extra, deliver
from .recorder import Delivery
from .smaller import Smaller

ATTRIBUTE = "pruned"  # of a study: the reports of its smaller networks, by their names
FILE = "pruned.yaml"
_START, _REPORT = "start.safetensors", "report.json"


def write(
    folder: Path, results: Results, states: Sequence[Mapping[str, Tensor]], file: Smaller
) -> None:
    """Write a smaller network, and the file that trains it.

    Args:
        folder: of its own.
        results: what came of training on.
        states: the weights that this began with, of each fold.
        file: what trains it.
    """
    from safetensors.torch import save_file

    save(results, folder, with_weights=True)
    start = folder / _START
    if file.can_start_from:
        save_file(dict(states[0]), start)
    (folder / FILE).write_text(file.text(folder / FILE, start), encoding="utf-8")


def keep(
    chosen: Chosen, content: Mapping[str, Any], tracking_uri: str | None, started: float
) -> dict[str, Any]:
    """Write a report beside the weights, tell the study and MLflow; return what MLflow said.

    Args:
        chosen: the trial that was made smaller.
        content: the report.
        tracking_uri: where MLflow is; None: the environment's, else the home's own.
        started: seconds since 1970.
    """
    report = Path(content["files"]["folder"]) / _REPORT
    report.write_text(json.dumps(content, indent=1), encoding="utf-8")
    known = dict(chosen.study.user_attrs.get(ATTRIBUTE) or {})
    chosen.study.set_user_attr(ATTRIBUTE, known | {content["name"]: dict(content)})
    delivery = _deliver(chosen, content, tracking_uri, started)
    return {"mlflow": {"undelivered": delivery.missing, "cause": delivery.cause}}


def _deliver(
    chosen: Chosen, content: Mapping[str, Any], tracking_uri: str | None, started: float
) -> Delivery:
    before, after = ({**content[key]} for key in ("before", "after"))
    was = {f"before.{key}": value for key, value in before.items() if key != "metrics"}
    metrics = {key: value for key, value in after.items() if key != "metrics"}
    extra = Extra(
        kind="pruned",
        name=content["name"],
        parameters={
            **{key: content[key] for key in ("trial", "amount", "threshold", "epochs")},
            content["width"]: [n for _, n in content["layers"]],
        },
        metrics={**was, **metrics, **after["metrics"]},
        tags={"folder": content["files"]["folder"]},
        started=int(1000 * started),
        ended=int(1000 * time.time()),
    )
    return deliver(chosen.home, chosen.experiment, chosen.study, tracking_uri, extra)
