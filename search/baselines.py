"""The baselines of a study: trained in a process beside its search, which never waits for them.

They start when the first epoch is in, give way to whatever else wants the processor, and are
waited for at the end. A search that is stopped ends them; they are trained at the next chance.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import TuneError
from ..objectives.handing import OpenFiles
from ..objectives.metrics import OBJECTIVES
from ..spaces import Experiment
from .extra_runs import Extra

if TYPE_CHECKING:
    import optuna

    from ..objectives.child import Child
    from .recorder import Recorder

ATTRIBUTE = "baselines"  # of the study, in Optuna's store
KIND = "baseline"  # of their runs in MLflow


class Baselines:
    """What a study is still to be held against, and the process that finds it."""

    def __init__(
        self, experiment: Experiment, study: optuna.Study, files: OpenFiles, trials: Path
    ) -> None:
        """Find what is missing; nothing is started yet.

        Args:
            experiment: what is searched.
            study: Optuna's, which remembers those that are found.
            files: the training and validation rows, open. They are closed when they are handed on.
            trials: the folder of the study's trials.
        """
        self.experiment, self.study = experiment, study
        self.files, self.trials = files, trials
        self.child: Child | None = None
        self.is_interrupted = False
        known = stored(study)
        wanted = [] if refusal(experiment) else experiment.baselines
        self.missing = [name for name in wanted if "value" not in known.get(name, {})]
        if not self.missing:
            files.close()

    def start(self) -> None:
        """Start the process, once, if there is anything to do."""
        if not self.missing or self.child is not None:
            return
        from ..objectives.baselines import process

        content = self.experiment.model_dump_json()
        self.child = process.start(content, self.files, self.missing, self.trials)
        self.files.close()

    @property
    def is_at_work(self) -> bool:
        return self.child is not None and self.child.process.poll() is None

    def interrupt(self) -> None:
        """End the process, as a signal's handler may."""
        self.is_interrupted = True
        if self.child is not None:
            self.child.kill()

    def cancel(self) -> None:
        """End the process and let go of the rows."""
        self.files.close()
        if self.child is not None:
            self.child.cancel()
        self.child, self.missing = None, []

    def finish(self, waits: bool, is_quiet: bool) -> None:
        """Put what was found into the study.

        Args:
            waits: for what is still at work, which it says; else that is ended.
            is_quiet: say nothing.
        """
        if waits:
            self.start()
        if self.child is None or (self.is_at_work and not waits):
            self.cancel()
            return
        if self.is_at_work and not is_quiet:
            told = f"waiting for the baselines ({', '.join(self.missing)})"
            print(f"{self.experiment.study}: {told}", file=sys.stderr, flush=True)
        found = self._result(self.child)
        self.child, self.missing = None, []
        if found:
            self.study.set_user_attr(ATTRIBUTE, stored(self.study) | found)

    def _result(self, child: Child) -> dict[str, Any]:
        try:
            found: dict[str, Any] = child.result()
        except TuneError as error:
            if self.is_interrupted:
                return {}
            return {name: {"cause": error.cause} for name in self.missing}
        return found

    def record(self, recorder: Recorder) -> None:
        """Deliver all that the study has; what MLflow has already changes nothing."""
        for name, content in stored(self.study).items():
            if "value" in content:
                recorder.record_extra(_extra(name, content))


def stored(study: optuna.Study) -> dict[str, dict[str, Any]]:
    """Return what a study knows of its baselines, by name."""
    return dict(study.user_attrs.get(ATTRIBUTE, {}))


def refusal(experiment: Experiment) -> str | None:
    """Return why this experiment can have no baseline, None if it can."""
    if experiment.objective.function is not None:
        return "a function of your own scores the trials, and only it knows how"
    if experiment.objective.metric not in OBJECTIVES[experiment.task]:
        return f"a baseline has no {experiment.objective.metric}"
    return None


def _extra(name: str, content: Mapping[str, Any]) -> Extra:
    return Extra(
        kind=KIND,
        name=name,
        parameters={"model": name, "training_rows": content["n_rows"]},
        metrics=content["metrics"],
        tags={"note": content["note"]},
        started=content["ended"] - round(1000 * content["seconds"]),
        ended=content["ended"],
    )
