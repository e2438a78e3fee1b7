"""The process that talks to MLflow: JSON lines in, runs out. All that knows MLflow.

A parent run stands for the study, a child run for each trial, with its parameters and every
epoch's metrics, and one for each `extra` beside the trials. It reads `open`, then `trial` or
`extra` again and again, then `close`, from standard input, and answers `known`, `delivered` or
`error` on standard output. A line that repeats what MLflow has already changes nothing: runs are
looked up by their trial's number, or by an extra's kind and name.
"""

from __future__ import annotations

import fcntl
import gc
import getpass
import json
import logging
import os
import sys
from collections.abc import Iterator
from typing import Any

# Below this, any other process that wants the processor has it.
NICENESS = 10
METRICS_A_BATCH = 1000  # the most MLflow takes in one request
TRIAL = "truetune.trial"
STATE = "truetune.state"
EXTRA = "truetune.extra"  # of a run that is no trial: "kind:name"
STUDY = "truetune.study"
PARENT = "mlflow.parentRunId"
# Without it MLflow's pages open on an empty overview of language-model traces.
MODEL_TRAINING = {"mlflow.experimentKind": "custom_model_development"}


class Writer:
    """One study's runs."""

    def __init__(
        self, tracking_uri: str, experiment: str, artifacts: str, lock: str, study: dict[str, Any]
    ) -> None:
        from mlflow.tracking import MlflowClient

        # A driver that was killed leaves a writer that still has trials to write. Two writers
        # would not see each other's runs.
        self.lock = open(lock, "w")  # noqa: SIM115 (held until the process ends)
        fcntl.flock(self.lock, fcntl.LOCK_EX)

        self.client = MlflowClient(tracking_uri)
        found = self.client.get_experiment_by_name(experiment)
        self.experiment_id = (
            found.experiment_id
            if found
            else self.client.create_experiment(
                experiment, artifact_location=artifacts or None, tags=MODEL_TRAINING
            )
        )
        self.parent_id = self._parent(study)
        # By a trial's number or an extra's "kind:name": run id, and whether it has ended.
        self.runs = self._children()

    def known(self) -> list[int | str]:
        return [number for number, (_, has_ended) in self.runs.items() if has_ended]

    def deliver(self, trial: dict[str, Any]) -> None:
        """Write a trial's run. One that an earlier delivery began is finished, not doubled."""
        number = trial["number"]
        tags = {TRIAL: str(number), STATE: trial["state"]}
        status = "FAILED" if trial["state"] == "FAIL" else "FINISHED"
        run_id = self._begun(number, f"trial {number}", trial["started"], tags)
        self._write(number, run_id, trial, list(_metrics(trial)), status, trial["completed"])

    def deliver_extra(self, extra: dict[str, Any]) -> None:
        """Write the run of what is no trial, in the same manner."""
        from mlflow.entities import Metric

        key, kind, name = extra["key"], extra["kind"], extra["name"]
        run_id = self._begun(key, f"{kind} {name}", extra["started"], {EXTRA: key, kind: name})
        metrics = [Metric(n, value, extra["ended"], 0) for n, value in extra["metrics"].items()]
        self._write(key, run_id, extra, metrics, "FINISHED", extra["ended"])

    def _write(
        self,
        key: int | str,
        run_id: str,
        content: dict[str, Any],
        metrics: list[Any],
        status: str,
        ended: int,
    ) -> None:
        """Fill a run and end it, if it has not ended already."""
        from mlflow.entities import Param, RunTag

        if self.runs[key][1]:
            return
        parameters = [Param(name, str(value)) for name, value in content["parameters"].items()]
        tags = [
            RunTag(name, str(value))
            for name, value in content["tags"].items()
            if value not in (None, "")
        ]
        for start in range(0, max(1, len(metrics)), METRICS_A_BATCH):
            batch = metrics[start : start + METRICS_A_BATCH]
            self.client.log_batch(run_id, batch, parameters, tags)
            parameters, tags = [], []
        self.client.set_terminated(run_id, status, end_time=ended)
        self.runs[key] = (run_id, True)

    def close(
        self,
        status: str,
        metrics: dict[str, float],
        tags: dict[str, str],
        ended: int | None = None,  # None: now
    ) -> None:
        from mlflow.entities import Metric, RunTag

        self.client.log_batch(
            self.parent_id,
            [Metric(name, value, _now(), 0) for name, value in metrics.items()],
            tags=[RunTag(name, value) for name, value in tags.items()],
        )
        self.client.set_terminated(self.parent_id, status, end_time=ended)

    def _begun(self, key: int | str, name: str, started: int, tags: dict[str, str]) -> str:
        """Return the id of a run, which is created where there is none yet."""
        if key not in self.runs:
            tags = {PARENT: self.parent_id, **tags, "mlflow.user": _user()}
            run = self.client.create_run(
                self.experiment_id, start_time=started, run_name=name, tags=tags
            )
            self.runs[key] = (run.info.run_id, False)
        return self.runs[key][0]

    def _parent(self, study: dict[str, Any]) -> str:
        # Compared here: a filter of MLflow's has no way to write a name with a quote in it.
        found = self.client.search_runs([self.experiment_id], f"tags.`{STUDY}` LIKE '%'")
        same = [run for run in found if run.data.tags[STUDY] == study["name"]]
        if same:
            run_id: str = same[0].info.run_id
            self.client.update_run(run_id, status="RUNNING")
            return run_id
        from mlflow.entities import Param, RunTag

        tags = {STUDY: study["name"], "mlflow.user": _user(), "mlflow.source.name": "truetune"}
        run = self.client.create_run(self.experiment_id, run_name=study["name"], tags=tags)
        run_id = run.info.run_id
        self.client.log_batch(
            run_id,
            params=[Param(key, value) for key, value in study["parameters"].items()],
            tags=[RunTag(key, value) for key, value in study["tags"].items()],
        )
        for name, text in study["files"].items():
            self.client.log_text(run_id, text, name)
        return run_id

    def _children(self) -> dict[int | str, tuple[str, bool]]:
        runs: dict[int | str, tuple[str, bool]] = {}
        token = None
        while True:
            page = self.client.search_runs(
                [self.experiment_id],
                f"tags.`{PARENT}` = '{self.parent_id}'",
                max_results=1000,
                page_token=token,
            )
            for run in page:
                has_ended = run.info.status in ("FINISHED", "FAILED")
                tags = run.data.tags
                key = tags[EXTRA] if EXTRA in tags else int(tags[TRIAL])
                runs[key] = (run.info.run_id, has_ended)
            token = page.token
            if not token:
                return runs


def _metrics(trial: dict[str, Any]) -> Iterator[Any]:
    """Yield every epoch's metrics, dated by the epoch's end.

    Dates come from the trial, so a second delivery repeats the same rows and MLflow keeps one.
    MLflow's tables show a metric's last point: where an earlier epoch's weights are kept, its
    values are repeated after the last epoch's, so that the tables show what the trial reports.
    """
    from mlflow.entities import Metric

    n_epochs = len(trial["ended"])
    for name, values in trial["curves"].items():
        for step, (value, ended) in enumerate(zip(values, trial["ended"], strict=True), start=1):
            yield Metric(name, value, ended, step)
    if trial["value"] is not None:
        yield Metric("objective", trial["value"], trial["completed"], trial["kept_epoch"])
    for name, value in trial["costs"].items():
        yield Metric(name, value, trial["completed"], n_epochs)
    if trial["kept_epoch"] not in (None, n_epochs):
        for name, value in trial["metrics"].items():
            yield Metric(name, value, trial["completed"], n_epochs + 1)


def _now() -> int:
    import time

    return time.time_ns() // 1_000_000


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


class _Answers:
    """Standard output, kept from MLflow, which prints links to runs on it."""

    def __init__(self) -> None:
        self.stream = os.fdopen(os.dup(sys.stdout.fileno()), "w")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def __call__(self, **message: Any) -> None:
        print(json.dumps(message), file=self.stream, flush=True)


def _main() -> None:
    os.nice(NICENESS)
    say = _Answers()
    # Imported before the first line is there: the driver has other things to do meanwhile.
    gc.disable()
    import mlflow.store.tracking.sqlalchemy_store
    import mlflow.tracking  # noqa: F401

    gc.freeze()  # what MLflow imported stays; there is no use in walking it again and again
    gc.enable()

    logging.disable(logging.WARNING)
    writer: Writer | None = None
    has_closed = False
    try:
        for line in sys.stdin:
            (verb, content), *_ = json.loads(line).items()
            if verb == "open":
                writer = Writer(**content)
                say(known=writer.known())
                continue
            assert writer is not None
            if verb == "trial":
                writer.deliver(content)
                say(delivered=content["number"])
            elif verb == "extra":
                writer.deliver_extra(content)
                say(delivered=content["key"])
            else:
                writer.close(**content)
                has_closed = True
        if writer is not None and not has_closed:
            writer.close("KILLED", {}, {})  # the driver is gone
    except Exception as error:  # whatever MLflow, its server or its database may raise
        reason = str(error).strip().splitlines() or [""]
        say(error=f"{type(error).__name__}: {reason[0][:300]}")
        sys.exit(1)


if __name__ == "__main__":
    _main()
