"""Stopping a search from outside, and serving the two dashboards on this machine."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import NoReturn

from ..errors import InfrastructureError, InputError
from .home import Home
from .queries import Studies

LOCAL = "127.0.0.1"
DASHBOARD_PORT = 8080
MLFLOW_PORT = 5000


def stop_search(studies: Studies, name: str | None) -> str:
    """Send the process that searches the signal Ctrl-C sends, and say what was done."""
    study = studies.load(name).study_name
    holder = studies.holder(study)
    if holder is None:
        return f"No search of '{study}' is running."
    if not holder.is_here:
        raise InputError(
            f"the search of '{study}' runs on {holder.host} as process {holder.pid}.",
            f"Run `tune stop {study}` there.",
        )
    os.kill(holder.pid, signal.SIGINT)
    return f"Asked process {holder.pid} to stop '{study}'; what is finished is kept."


def serve_dashboard(
    studies: Studies, name: str | None, port: int | None, say: Callable[[str], None]
) -> None:
    """Serve Optuna's dashboard in the place of this process."""
    if name is not None or not studies.names():
        studies.load(name)  # says what there is
    port = _free_port(port, DASHBOARD_PORT)
    path = "/" if name is None else f"/dashboard/studies/{_study_id(studies, name)}"
    say(f"Optuna's dashboard: http://{LOCAL}:{port}{path}   (Ctrl-C ends it)")
    code = "import sys; from optuna_dashboard._cli import main; sys.exit(main())"
    _serve([sys.executable, "-c", code, studies.url, "--host", LOCAL, "--port", str(port)])


def serve_mlflow(
    home: Home, tracking_uri: str | None, port: int | None, say: Callable[[str], None]
) -> None:
    """Serve MLflow's pages in the place of this process."""
    uri = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or home.tracking_uri
    if uri == home.tracking_uri and not (home.root / "mlflow.db").exists():
        raise InputError(
            f"MLflow has recorded nothing in {home.root} yet.",
            "Run `tune search spaces/mlp.yaml`, or point at another place with --home.",
        )
    if uri.startswith(("http://", "https://")):
        raise InputError(f"{uri} is a server already.", "Open it in a browser.")
    port = _free_port(port, MLFLOW_PORT)
    # Left to themselves, its pages open on an overview of language-model traces.
    page = "#/experiments?workflowType=machine_learning"
    say(f"MLflow: http://{LOCAL}:{port}/{page}   (Ctrl-C ends it)")
    server = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri]
    where = ["--default-artifact-root", home.artifacts.as_uri()]
    _serve([*server, *where, "--host", LOCAL, "--port", str(port), "--workers", "1"])


def _serve(command: list[str]) -> NoReturn:
    """Become the server, so that a signal meant for it reaches it."""
    sys.stdout.flush()
    os.execv(command[0], command)


def _free_port(wanted: int | None, first: int) -> int:
    """Return the port asked for, else the first free one from `first` up.

    Raises InfrastructureError where the port asked for is taken.
    """
    if wanted is not None:
        if not _is_free(wanted):
            raise InfrastructureError(
                f"port {wanted} is taken.", "Give another with --port, or none to find one."
            )
        return wanted
    port = next((port for port in range(first, first + 100) if _is_free(port)), None)
    if port is None:
        raise InfrastructureError(
            f"ports {first} to {first + 99} are all taken.", "Give one with --port."
        )
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCAL, port))
        except OSError:
            return False
    return True


def _study_id(studies: Studies, name: str) -> int:
    study_id: int = studies.store.get_study_id_from_name(name)
    return study_id
