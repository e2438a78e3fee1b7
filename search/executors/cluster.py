"""Ray's start and end: a cluster of this machine's own, or one that is there already."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import socket
import sys
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ...errors import InfrastructureError, InputError
from ...spaces.experiment import Resources
from .starter import Starter

CONNECT_TIMEOUT_S = 5

_starter: Starter | None = None  # of the cluster that this process has started, locked

# Variables that a worker has no business with: it never opens a store, a server or a bucket.
_CREDENTIAL = re.compile(
    r"(?i)(pass(word|wd|phrase)?$|secret|token|credential|api_?key|access_?key|_dsn$)"
    r"|^(MLFLOW_TRACKING_|TUNE_STORAGE|DATABASE_URL|PG|AWS_|AZURE_|GOOGLE_APPLICATION_)"
)


def take_out_credentials() -> None:
    """Remove credentials from the environment that Ray's processes will inherit."""
    for name in list(os.environ):
        if _CREDENTIAL.search(name) and not name.startswith("RAY_"):
            del os.environ[name]


def n_cpus() -> int:
    """Return the processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def start(address: str | None, resources: Resources, denied: Sequence[Path] = ()) -> bool:
    """Start or join Ray.

    Args:
        address: of a cluster that is there already; None starts one on this machine.
        resources: what a worker needs.
        denied: files and folders that no process of a cluster started here may ever open.
            Those that its processes write to must be there before.

    Returns:
        Whether the kernel keeps everything that was started away from all that is denied.

    Raises:
        InputError: the address is one of Ray's other services.
        InfrastructureError: Ray does not start, or nothing answers at the address.
    """
    if address is not None and address.startswith(("ray://", "http://", "https://")):
        raise InputError(
            f"{address} is not the address of a cluster's head node.",
            "Give HOST:6379, or `auto` on a machine of the cluster.",
        )
    _forget_the_last()
    _keep_token_private()
    if address is None and "ray" not in sys.modules:
        # Ray reads this once, when it is imported; where it already was, it asks for a token
        # by its own default.
        os.environ["RAY_AUTH_MODE"] = "token"
    if address is not None and address != "auto":
        _knock(address)
    take_out_credentials()
    # Ray's workers inherit this; given per actor it would cost each a fresh process.
    os.environ["OMP_NUM_THREADS"] = str(resources.cpus)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "1"  # no GPU asked for, none seen
    if address is not None:
        _initialise(address)
        return False
    workers = resources.workers or max(1, n_cpus() // resources.cpus)
    if not denied:
        _initialise(None, num_cpus=workers * resources.cpus, include_dashboard=False)
        return False
    return _start_locked(workers * resources.cpus, denied)


def _start_locked(n_cpus: int, denied: Sequence[Path]) -> bool:
    """Start Ray where nothing of it can reach what is denied, and say whether that is so."""
    global _starter
    folder = _own_folder()
    local = {"num_cpus": n_cpus, "include_dashboard": False, "_temp_dir": str(folder)}
    if any(path.resolve().is_relative_to(folder) for path in denied):
        _initialise(None, **local)  # it could not read what it makes there
        return False
    _starter = Starter(partial(_initialise, None, **local), _shut_down, denied)
    return _starter.result()


def _forget_the_last() -> None:
    global _starter
    if _starter is not None:
        _starter.join()
    _starter = None


def _own_folder() -> Path:
    """Return the folder of Ray's sessions, made so that they can be read once they are there."""
    base = os.environ.get("RAY_TMPDIR") or os.environ.get("TMPDIR") or "/tmp"
    folder = Path(base).resolve() / "ray"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        rule = f"Ray's folder {folder} cannot be created ({error.strerror})."
        raise InfrastructureError(rule, "Set RAY_TMPDIR to a folder you own.") from None
    return folder


def _initialise(address: str | None, **options: Any) -> None:
    import ray

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.init(
                address=address or "local",
                logging_level="ERROR",
                log_to_driver=False,
                **options,
            )
    except (ConnectionError, RuntimeError, ValueError, OSError, TimeoutError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        where = f"at {address}" if address else "on this machine"
        raise InfrastructureError(
            f"Ray does not start {where}: {reason}",
            "See `tune doctor`, or train in this process with --executor inline.",
        ) from error


def _knock(address: str) -> None:
    """Raise where nobody listens: Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise InputError(f"'{address}' is not HOST:PORT.", "Give HOST:6379, or `auto`.")
    try:
        socket.create_connection((host, int(port)), timeout=CONNECT_TIMEOUT_S).close()
    except (OSError, OverflowError) as error:
        raise InfrastructureError(
            f"no Ray cluster answers at {address} ({error}).",
            "Start one with `ray start --head`, or leave --address and RAY_ADDRESS out.",
        ) from None


def share_out(resources: Resources) -> tuple[int, float]:
    """Return how many workers the cluster has room for, and the GPUs each of them gets.

    With `gpus: auto` a worker has a whole GPU where there are any, and shares them out evenly
    where the file asks for more workers than there are.

    Raises:
        InfrastructureError: the cluster has not got what one worker needs.
    """
    import ray

    total = ray.cluster_resources()
    cpus, gpus = int(total.get("CPU", 0)), total.get("GPU", 0.0)
    by_cpu = cpus // resources.cpus
    if by_cpu < (resources.workers or 1):
        raise InfrastructureError(
            f"{resources.workers or 1} workers of {resources.cpus} CPUs were asked for, "
            f"but Ray has {cpus} CPUs.",
            "Ask for fewer with `resources:` or --workers.",
        )
    if resources.gpus == "auto":
        workers = resources.workers or (min(by_cpu, int(gpus)) if gpus >= 1 else by_cpu)
        return workers, min(1.0, gpus / workers) if gpus else 0.0
    if resources.gpus == 0:
        return resources.workers or by_cpu, 0.0
    by_gpu = int(gpus / resources.gpus)
    if by_gpu < (resources.workers or 1):
        raise InfrastructureError(
            f"{resources.workers or 1} workers of {resources.gpus:g} GPUs were asked for, "
            f"but Ray has {gpus:g}.",
            "Write `gpus: auto` or `gpus: 0` under `resources:`.",
        )
    return resources.workers or min(by_cpu, by_gpu), float(resources.gpus)


def stop() -> None:
    """Leave the cluster; one that `start` began ends with all its processes."""
    if _starter is None:
        _shut_down()
    else:
        _starter.end()


def _shut_down() -> None:
    import ray

    with contextlib.suppress(Exception):
        ray.shutdown()


def _keep_token_private() -> None:
    """Write the token that Ray asks for on every call, or close the file there is.

    Ray would write it itself, readable by everyone on the machine.
    """
    if "RAY_AUTH_TOKEN" in os.environ:
        return
    path = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        path.chmod(0o600)
    except OSError as error:
        raise InfrastructureError(
            f"Ray's token cannot be written to {path} ({error.strerror}).",
            "Set RAY_AUTH_TOKEN_PATH to a file you own.",
        ) from None
    else:
        with os.fdopen(file, "w") as token:
            token.write(secrets.token_hex(32))
