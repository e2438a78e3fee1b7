"""`tune doctor`: what of this machine could stand in a search's way, and how to mend it."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from ..errors import GuardError, StorageError
from .home import Home

MIN_FREE_BYTES = 1_000_000_000
MIN_SHARED_MEMORY_BYTES = 512_000_000
MIN_OPEN_FILES = 1024  # Ray's own processes take several hundred
NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "lustre", "gpfs"}


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    subject: str
    is_good: bool
    found: str
    fix: str = ""


def examine(home: Home) -> list[Finding]:
    """Look at everything. Changes nothing."""
    return [
        *_platform(),
        *_packages(),
        _which_tune(),
        _devices(),
        *_home(home),
        *_guard(home),
        _shared_memory(),
        _open_files(),
        *_token(),
    ]


def _platform() -> Iterator[Finding]:
    system = platform.system()
    good = system in ("Linux", "Darwin")
    yield Finding("system", good, platform.platform(), "Use Linux, macOS or WSL 2.")
    python = platform.python_version()
    yield Finding("python", sys.version_info >= (3, 11), python, "Use Python 3.11 or newer.")


def _packages() -> Iterator[Finding]:
    """Hold what is installed against the floors that this package declares."""
    from packaging.requirements import Requirement

    for text in requires("truetune") or []:
        requirement = Requirement(text)
        if requirement.marker is not None:
            continue
        fix = f"pip install -U '{requirement}'"
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            yield Finding(requirement.name, False, "not installed", fix)
            continue
        good = requirement.specifier.contains(found, prereleases=True)
        yield Finding(requirement.name, good, f"{found} ({requirement.specifier})", fix)


def _which_tune() -> Finding:
    """Ray ships a command called `tune` too; whoever was installed last has the name."""
    fix = "Use the command `truetune`, or reinstall truetune after Ray."
    path = shutil.which("tune")
    if path is None:
        return Finding("command tune", False, "not on PATH", fix)
    is_ours = "truetune" in Path(path).read_text(errors="replace")
    return Finding("command tune", is_ours, f"{path}{'' if is_ours else ' is Ray’s'}", fix)


def _devices() -> Finding:
    import torch

    from .executors.cluster import n_cpus

    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return Finding("devices", True, f"{n_cpus()} CPUs, GPUs: {', '.join(gpus) or 'none'}")


def _home(home: Home) -> Iterator[Finding]:
    try:
        home.check()
    except StorageError as error:
        yield Finding("home", False, error.cause, error.fix)
        return
    there = home.root
    while not there.exists():
        there = there.parent
    fix = "Give another folder with --home DIR."
    yield Finding("home", os.access(there, os.W_OK), f"{home.root}, writable", fix)
    free = shutil.disk_usage(there).free
    yield Finding("disk", free > MIN_FREE_BYTES, f"{free / 1e9:.1f} GB free", "Free some.")
    kind = _file_system(there)
    fix = "SQLite is not safe on a network: give a local --home, or a PostgreSQL --storage."
    yield Finding("file system", kind not in NETWORK_FILE_SYSTEMS, kind, fix)


def _guard(home: Home) -> Iterator[Finding]:
    from ..objectives.guard import landlock
    from ..objectives.guard.places import Places

    version = landlock.version()
    can = f"Landlock {version}: trials are kept away from test rows" if version else "audit only"
    yield Finding("guard", True, can)
    places = Places.here()
    try:
        places.check(home.root, Path.cwd())
    except GuardError as error:
        yield Finding("vault", False, error.cause, error.fix)
        return
    yield Finding("vault", True, f"{places.root}")


def _file_system(path: Path) -> str:
    import psutil

    parts = psutil.disk_partitions(all=True)
    mounts: dict[str, str] = {part.mountpoint: part.fstype for part in parts}
    for folder in (path, *path.parents):
        if str(folder) in mounts:
            return mounts[str(folder)]
    return "unknown"


def _shared_memory() -> Finding:
    """Ray keeps the data that workers share in /dev/shm."""
    path = Path("/dev/shm")
    if not path.exists():
        return Finding("shared memory", True, "no /dev/shm on this system")
    total = shutil.disk_usage(path).total
    fix = "Enlarge /dev/shm (for a container: --shm-size=1g)."
    return Finding("shared memory", total >= MIN_SHARED_MEMORY_BYTES, f"{total / 1e9:.1f} GB", fix)


def _open_files() -> Finding:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Finding(
        "open files", soft >= MIN_OPEN_FILES, f"{soft} allowed", "Run `ulimit -n 4096`."
    )


def _token() -> Iterator[Finding]:
    path = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    if path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
        yield Finding("Ray's token", mode & 0o077 == 0, f"mode {mode:o}", f"chmod 600 {path}")
