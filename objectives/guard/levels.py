"""What can be promised of a search: `kernel`, or why no more than `audit`."""

from __future__ import annotations

import os
import platform
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ...spaces import Experiment
from ...spaces.experiment import Data
from ..callables import is_callable
from ..locations import local_path, without_credentials
from ..queries import file_of, is_database
from ..sources import built_in_name
from . import landlock
from .places import Places

_OF_SQLITE = ("-wal", "-shm", "-journal")  # files that lie beside a database and hold rows too
_SHARED_MEMORY = Path("/dev/shm")


def denied_paths(experiment: Experiment, places: Places, *used: Path) -> tuple[Path, ...]:
    """Return what no trial may open: the vault, and the files and folders the rows come from.

    Args:
        experiment: where the rows come from.
        places: where the vault is.
        used: folders that trials write to. What cannot be kept apart from them is left out.
    """
    paths = dict.fromkeys([places.root.resolve(), *_source_paths(experiment.data)])
    return tuple(path for path in paths if _hindrance(path, used) is None)


def reasons_for_audit(
    experiment: Experiment, executor: str, address: str | None, *used: Path
) -> tuple[str, ...]:
    """Return why the kernel cannot keep trials away from vault and source; nothing if it can.

    Args:
        experiment: where the rows come from, and what trains.
        executor: by its name.
        address: of a cluster that is there already.
        used: folders that trials write to.
    """
    sources = _sources(experiment.data)
    return (
        *_of_executor(executor, address),
        *_of_objective(experiment),
        *(_of_source(source) for source in sources if not _paths_of(source)),
        *_of_path(Places.here().root.resolve(), used),
        *(why for path in _source_paths(experiment.data) for why in _of_path(path, used, True)),
    )


def _of_executor(executor: str, address: str | None) -> Iterator[str]:
    if executor == "inline":
        yield "trials train in the searching process itself (--executor inline)."
        return
    if address is not None:
        shown = without_credentials(address)
        yield f"the cluster at {shown} was there already, and its other processes are not locked."
    if landlock.version() == 0:
        yield f"{_system()} cannot keep a process away from files (Landlock, of Linux 5.13)."


def _system() -> str:
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    return f"this kernel, {platform.system()} {platform.release()},"


def _of_objective(experiment: Experiment) -> Iterator[str]:
    if getattr(experiment.objective, "function", None) is not None:
        yield "the metrics are what a function of your own says; nobody can compute them again."


def _of_source(source: str) -> str:
    """Say why there is no path to deny."""
    shown = without_credentials(source)
    if built_in_name(source) is not None:
        return f"the rows of {shown} are part of scikit-learn, which trials may read."
    if is_callable(source):
        return f"the rows come from a function of your own, {shown}, which trials may call too."
    return f"the rows lie at {shown}, where trials may get them too."


def _sources(data: Data) -> list[str]:
    """Return what a file names that holds rows or their targets."""
    named = [data.source, data.test]
    if str(data.target).endswith(".npy") and data.source.endswith(".npy"):
        named.append(data.target)
    return [source for source in named if source is not None]


def _source_paths(data: Data) -> list[Path]:
    paths = (path for source in _sources(data) for path in _paths_of(source))
    return [Path(os.path.realpath(path)) for path in paths]  # of links in a circle too


def _paths_of(source: str) -> list[Path]:
    """Return the paths of a source; none where it does not lie on this machine as files."""
    if built_in_name(source) is not None or is_callable(source) or "\0" in source:
        return []
    if is_database(source):
        file = file_of(source)
        return [] if file is None else [file, *(Path(f"{file}{end}") for end in _OF_SQLITE)]
    path = local_path(source)
    return [] if path is None else [path]


def _of_path(path: Path, used: tuple[Path, ...], is_source: bool = False) -> Iterator[str]:
    hindrance = _hindrance(path, used)
    if hindrance is not None:
        yield hindrance
    elif is_source:
        yield from _leaks(path)


def _hindrance(path: Path, used: tuple[Path, ...]) -> str | None:
    """Return why a path cannot be denied without stopping the trials themselves."""
    if _SHARED_MEMORY in (path, *path.parents):
        return f"{path} lies in {_SHARED_MEMORY}, where processes hand rows over."
    code = Path(__file__).resolve().parents[2]
    for needed in (code, Path(sys.prefix), Path(sys.base_prefix), Path(tempfile.gettempdir())):
        if needed.resolve().is_relative_to(path):
            return f"{path} holds {needed}, which trials need."
    for folder in used:
        real = folder.resolve()
        if real.is_relative_to(path) or path.is_relative_to(real):
            return f"{path} cannot be kept apart from {folder}, where trials write."
    return None


def _leaks(path: Path) -> Iterator[str]:
    """Say by which other paths the same rows can be read."""
    is_linked, is_pointing = _n_names(path) > 1, False
    for entry in _entries(path):
        is_pointing = is_pointing or entry.is_symlink()
        is_linked = is_linked or (entry.is_file() and _n_names(entry) > 1)
    if is_linked:
        yield f"{path} has a second name (a hard link), by which it may be read."
    if is_pointing:
        yield f"{path} holds links to what lies elsewhere, and may be read there."


def _n_names(file: Path | os.DirEntry[str]) -> int:
    """Return how many names a file has; 1 where it is a folder, or not there."""
    with suppress(OSError):
        status = os.stat(file, follow_symlinks=False)
        return 1 if stat.S_ISDIR(status.st_mode) else status.st_nlink
    return 1


def _entries(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    """Yield what is in a folder and the folders in it; nothing where it is none."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            yield entry
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(entry.path)
