"""What is remembered of a search beside Optuna's store: MLflow runs, or nothing at all.

The Optuna store holds everything first, so it is MLflow's outbox: what MLflow has not got is
delivered at the next chance, and a dead MLflow server costs a search nothing. MLflow lives in
a process of its own (`mlflow_writer`): importing it and setting up its database takes three
seconds of a processor, which wait there for a moment when no worker wants it.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ..objectives.development import Description
from ..spaces import Experiment
from ..spaces.writing import experiment_text
from .home import Home, slug
from .trials import COSTS, parameters_of, value_of

if TYPE_CHECKING:  # Optuna is not imported here: this process's child should start first
    from optuna.trial import FrozenTrial

    from .extra_runs import Extra

# A closing search waits for MLflow as long as it goes on taking trials in.
PATIENCE_S = 20.0


class Recorder(Protocol):
    """Takes in every trial that ended. Never blocks, never raises."""

    def record(self, trial: FrozenTrial) -> None: ...

    def record_extra(self, extra: Extra) -> None:
        """Take in a run that is no trial. One that has been recorded before changes nothing."""
        ...

    def close(self, trials: Iterable[FrozenTrial], summary: Mapping[str, Any]) -> Delivery:
        """Deliver what is missing of `trials`, close the study's run, and say how it went."""
        ...


@dataclass(frozen=True)
class Delivery:
    """How many runs a recorder could not deliver, and why."""

    missing: int = 0
    cause: str = ""


class NullRecorder:
    """Records nothing."""

    def record(self, trial: FrozenTrial) -> None:
        pass

    def record_extra(self, extra: Extra) -> None:
        pass

    def close(self, trials: Iterable[FrozenTrial], summary: Mapping[str, Any]) -> Delivery:
        return Delivery()


class MLflowRecorder:
    """Hands trials to the process that talks to MLflow."""

    def __init__(self) -> None:
        """Start the process, which imports MLflow and touches nothing until `open`."""
        settings = {
            # A dead server is noticed in seconds; MLflow's own default is to try for minutes.
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
            "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
            "MLFLOW_DISABLE_TELEMETRY": "true",  # nothing of a search leaves the machine
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "truetune.search.mlflow_writer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**settings, **os.environ},
            start_new_session=True,  # Ctrl-C is the driver's to handle
        )
        self._messages: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        # Trials by number, others by "kind:name".
        self._delivered: set[int | str] = set()
        self._sent: set[int | str] = set()
        self._is_open = threading.Event()
        self._cause = ""
        self._heard = time.monotonic()
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._writer.start()
        self._reader.start()

    def open(self, destination: Destination, study: Mapping[str, Any]) -> None:
        """Say where to record, and what the study's own run is to hold."""
        self._messages.put({"open": {**asdict(destination), "study": dict(study)}})

    def record(self, trial: FrozenTrial) -> None:
        self._sent.add(trial.number)
        self._messages.put({"trial": as_record(trial)})

    def record_extra(self, extra: Extra) -> None:
        self._sent.add(extra.key)
        self._messages.put({"extra": {"key": extra.key, **asdict(extra)}})

    def close(self, trials: Iterable[FrozenTrial], summary: Mapping[str, Any]) -> Delivery:
        self._heard = time.monotonic()
        self._wait(self._is_open.is_set)
        for trial in trials:
            if trial.number not in self._sent | self._delivered:
                self.record(trial)
        self._messages.put({"close": dict(summary)})
        self._messages.put(None)
        self._wait(lambda: self._process.poll() is not None)
        self.cancel()
        missing = len(self._sent - self._delivered)
        return Delivery(missing, self._cause or ("MLflow does not answer" if missing else ""))

    def cancel(self) -> None:
        """End the process. What it had not taken in is delivered another time."""
        self._process.kill()
        self._process.wait()
        self._messages.put(None)
        for thread in (self._writer, self._reader):
            thread.join()

    def _wait(self, is_done: Any) -> None:
        while not is_done() and self._process.poll() is None:
            if time.monotonic() - self._heard > PATIENCE_S:
                self._process.kill()
            time.sleep(0.02)

    def _write(self) -> None:
        assert self._process.stdin is not None
        # Where the process is gone there is nobody to write to; the reader knows why.
        with contextlib.suppress(OSError), self._process.stdin as stdin:
            while (message := self._messages.get()) is not None:
                stdin.write(json.dumps(message).encode() + b"\n")
                stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            for line in stdout:
                self._heard = time.monotonic()
                message = json.loads(line)
                if "known" in message:
                    self._delivered.update(message["known"])
                    self._is_open.set()
                elif "delivered" in message:
                    self._delivered.add(message["delivered"])
                else:
                    self._cause = message["error"]


@dataclass(frozen=True)
class Destination:
    """Where a study is recorded."""

    tracking_uri: str
    experiment: str
    artifacts: str  # folder or URL for a new experiment's artifacts; "" leaves it to the server
    lock: str  # file that one writer at a time holds

    @classmethod
    def of(cls, home: Home, study: str, tracking_uri: str | None) -> Destination:
        """Return where a study is recorded: as given, else as the environment has it, else in
        the home."""
        given = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI")
        artifacts = home.artifacts / slug(study) / "mlflow"
        return cls(
            tracking_uri=given or home.tracking_uri,
            experiment=study,
            artifacts="" if given else artifacts.as_uri(),
            lock=str(home.recorder_lock(study)),
        )


def as_record(trial: FrozenTrial) -> dict[str, Any]:
    """Return what MLflow is told of a finished trial, ready for JSON."""
    assert trial.datetime_start is not None
    assert trial.datetime_complete is not None
    attributes = trial.user_attrs
    record = {"curves": {}, "ended": [], **attributes.get("record", {})}
    return {
        "number": trial.number,
        "state": trial.state.name,
        "value": value_of(trial) if trial.state.name == "COMPLETE" else None,
        "parameters": parameters_of(trial),
        "started": int(trial.datetime_start.timestamp() * 1000),
        "completed": int(trial.datetime_complete.timestamp() * 1000),
        "metrics": attributes.get("metrics", {}),
        "costs": attributes.get(COSTS, {}),
        "curves": record["curves"],
        "ended": record["ended"],
        "kept_epoch": record.get("kept_epoch"),
        "tags": {
            "seed": attributes.get("seed"),
            "cause": attributes.get("cause"),
            "kept_epoch": record.get("kept_epoch"),
            "folder": record.get("folder"),
            "traceback": record.get("traceback"),
        },
    }


def describe(experiment: Experiment, description: Description, text: str) -> dict[str, Any]:
    """Return what the study's own run holds: settings, versions, the file as it was given.

    What came of it, with what it extends and what the command line set, is a file too.
    """
    from importlib.metadata import version

    settings = experiment.model_dump(mode="json")
    without = {*settings["parameters"]}
    without |= {"model"} if experiment.objective.function is not None else set()
    packages = ("truetune", "torch", "optuna", "ray", "mlflow", "scikit-learn")
    return {
        "name": experiment.study,
        "parameters": {
            key: _text(settings[key])
            for key in ("task", "objective", "model", "sampler", "pruner", "seed", "training")
            if key not in without
        }
        | {"data.source": description.source},
        "tags": {
            "data_sha256": description.data_sha256,
            "split_sha256": description.split_sha256,
            "training_rows": str(description.n_train),
            "validation_rows": str(description.n_validation),
            "python": sys.version.split()[0],
            **{f"version.{package}": version(package) for package in packages},
        },
        "files": {"as_written.yaml": text, "experiment.yaml": experiment_text(experiment)},
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _conforms(mlflow: MLflowRecorder, null: NullRecorder) -> tuple[Recorder, Recorder]:
    return mlflow, null
