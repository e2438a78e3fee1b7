"""Ray's start and end: a cluster of this machine's own, or one that is there already."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import socket
import sys
import warnings
from pathlib import Path

from ...errors import InfrastructureError, InputError
from ...spaces.experiment import Resources

CONNECT_TIMEOUT_S = 5

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


def start(address: str | None, resources: Resources) -> None:
    """Start or join Ray. Call it on the main thread: the raylet dies with the thread it is
    started from.

    Raises:
        InputError: the address is one of Ray's other services.
        InfrastructureError: Ray does not start, or nothing answers at the address.
    """
    if address is not None and address.startswith(("ray://", "http://", "https://")):
        raise InputError(
            f"{address} is not the address of a cluster's head node.",
            "Give HOST:6379, or `auto` on a machine of the cluster.",
        )
    _keep_token_private()
    if address is None and "ray" not in sys.modules:
        # Ray reads this once, when it is imported; where it already was, it asks for a token
        # by its own default.
        os.environ["RAY_AUTH_MODE"] = "token"
    if address is not None and address != "auto":
        _knock(address)
    import ray

    take_out_credentials()
    # Ray's workers inherit this; given per actor it would cost each a fresh process.
    os.environ["OMP_NUM_THREADS"] = str(resources.cpus)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "1"  # no GPU asked for, none seen
    workers = resources.workers or max(1, n_cpus() // resources.cpus)
    local = {"num_cpus": workers * resources.cpus, "include_dashboard": False}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.init(
                address=address or "local",
                logging_level="ERROR",
                log_to_driver=False,
                **({} if address else local),
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
