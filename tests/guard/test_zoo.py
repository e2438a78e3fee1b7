"""Ways to the denied rows, each tried by a process that Ray has started.

Every way is also tried where it must lead somewhere: by the same process on a copy that nothing
denies, or, where it leads through the driver, by the driver itself. So none of them is refused
only because it is broken.
"""

from __future__ import annotations

import csv
import ctypes
import gc
import mmap
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from truetune.objectives.contracts import Assignment
from truetune.objectives.development import Development
from truetune.objectives.guard import keys, landlock
from truetune.objectives.guard.levels import denied_paths, reasons_for_audit
from truetune.objectives.guard.places import Places
from truetune.search.executors import cluster
from truetune.spaces import Experiment
from truetune.spaces.experiment import Resources

MARKER = "canary-4f1c9e"
GOOD = {"learning_rate": 0.01, "batch_size": 32, "layers": 1, "hidden_units": 8, "dropout": 0.1}

pytestmark = pytest.mark.skipif(landlock.version() == 0, reason="the kernel has no Landlock")


def write_rows(folder: Path) -> tuple[Path, ...]:
    """Write the marker in every format there is."""
    import pyarrow as pa
    from pyarrow import parquet

    (folder / "rows.csv").write_text(f"name\n{MARKER}\n")
    parquet.write_table(pa.table({"name": [MARKER]}), folder / "rows.parquet")
    np.save(folder / "rows.npy", np.frombuffer(MARKER.encode(), np.uint8))
    connection = sqlite3.connect(folder / "rows.db")
    with connection:
        connection.execute("create table rows (name)")
        connection.execute("insert into rows values (?)", (MARKER,))
    connection.close()
    return tuple(folder / f"rows.{end}" for end in ("csv", "parquet", "npy", "db"))


# Each takes a folder of rows, and returns what it has read there.


def by_pandas(folder: str) -> str:
    import pandas as pd

    return str(pd.read_csv(f"{folder}/rows.csv")["name"][0])


def by_the_csv_module(folder: str) -> str:
    with open(f"{folder}/rows.csv") as file:
        return str(list(csv.reader(file)))


def by_arrow_from_csv(folder: str) -> str:
    from pyarrow import csv as arrow_csv

    return str(arrow_csv.read_csv(f"{folder}/rows.csv").to_pydict())


def by_arrow_from_parquet(folder: str) -> str:
    from pyarrow import parquet

    return str(parquet.read_table(f"{folder}/rows.parquet").to_pydict())


def by_arrow_memory_map(folder: str) -> str:
    import pyarrow as pa

    with pa.memory_map(f"{folder}/rows.csv") as file:
        return bytes(file.read()).decode()


def by_numpy_memmap(folder: str) -> str:
    return bytes(np.memmap(f"{folder}/rows.csv", np.uint8, mode="r")).decode()


def by_numpy_load(folder: str) -> str:
    return np.load(f"{folder}/rows.npy").tobytes().decode()


def by_torch_from_file(folder: str) -> str:
    import torch

    size = os.path.getsize(f"{folder}/rows.csv")
    read = torch.from_file(f"{folder}/rows.csv", size=size, dtype=torch.uint8)
    return bytes(read.tolist()).decode()


def by_mmap(folder: str) -> str:
    with open(f"{folder}/rows.csv", "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ).read().decode()


def by_cat(folder: str) -> str:
    return subprocess.run(
        ["cat", f"{folder}/rows.csv"], capture_output=True, text=True, check=True
    ).stdout


def by_cp(folder: str) -> str:
    copy = f"{os.environ['TMPDIR']}/copy"
    subprocess.run(["cp", f"{folder}/rows.csv", copy], capture_output=True, check=True)
    return Path(copy).read_text()


def by_another_python(folder: str) -> str:
    code = f"print(open('{folder}/rows.csv').read())"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def by_ctypes(folder: str) -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    file = libc.open(f"{folder}/rows.csv".encode(), os.O_RDONLY)
    if file < 0:
        raise OSError(ctypes.get_errno(), "open")
    buffer = ctypes.create_string_buffer(100)
    libc.read(file, buffer, 100)
    return buffer.value.decode()


def by_a_hard_link_beside_it(folder: str) -> str:
    os.link(f"{folder}/rows.csv", f"{folder}/link.csv")
    return Path(folder, "link.csv").read_text()


def by_a_hard_link_elsewhere(folder: str) -> str:
    os.link(f"{folder}/rows.csv", f"{os.environ['TMPDIR']}/link.csv")
    return Path(os.environ["TMPDIR"], "link.csv").read_text()


def by_a_symbolic_link(folder: str) -> str:
    link = Path(os.environ["TMPDIR"], f"symbolic-{os.path.basename(folder)}")
    link.symlink_to(f"{folder}/rows.csv")
    return link.read_text()


def by_a_new_name(folder: str) -> str:
    os.rename(f"{folder}/rows.csv", f"{folder}/renamed.csv")
    return Path(folder, "renamed.csv").read_text()


def by_moving_the_folder(folder: str) -> str:
    os.rename(folder, f"{folder}-moved")
    return Path(f"{folder}-moved", "rows.csv").read_text()


def by_its_own_root(folder: str) -> str:
    return Path(f"/proc/self/root{folder}/rows.csv").read_text()


def by_its_own_folder(folder: str) -> str:
    before = os.getcwd()
    os.chdir(folder)
    try:
        return Path("/proc/self/cwd/rows.csv").read_text()
    finally:
        os.chdir(before)


def by_an_open_folder(folder: str) -> str:
    opened = os.open(folder, os.O_RDONLY)
    try:
        with open("rows.csv", opener=lambda path, flags: os.open(path, flags, dir_fd=opened)) as f:
            return f.read()
    finally:
        os.close(opened)


def by_a_thread(folder: str) -> str:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(Path(folder, "rows.csv").read_text).result()


def by_sendfile(folder: str) -> str:
    source = os.open(f"{folder}/rows.csv", os.O_RDONLY)
    copy = os.open(os.environ["TMPDIR"] + "/sent", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    os.sendfile(copy, source, 0, 100)
    return os.pread(copy, 100, 0).decode()


def by_shutil(folder: str) -> str:
    return Path(shutil.copy(f"{folder}/rows.csv", os.environ["TMPDIR"] + "/copied")).read_text()


def by_sqlite(folder: str) -> str:
    connection = sqlite3.connect(f"file:{folder}/rows.db?mode=ro", uri=True)
    try:
        return str(connection.execute("select * from rows").fetchall())
    finally:
        connection.close()


def by_a_task_of_its_own(folder: str) -> str:
    import ray

    return str(ray.get(ray.remote(num_cpus=0)(by_the_csv_module).remote(folder)))


def by_an_actor_of_its_own(folder: str) -> str:
    import ray

    class Reader:
        def read(self, folder: str) -> str:
            return by_the_csv_module(folder)

    reader = ray.remote(num_cpus=0)(Reader).remote()
    return str(ray.get(reader.read.remote(folder)))


WAYS: list[Callable[[str], str]] = [
    by_pandas,
    by_the_csv_module,
    by_arrow_from_csv,
    by_arrow_from_parquet,
    by_arrow_memory_map,
    by_numpy_memmap,
    by_numpy_load,
    by_torch_from_file,
    by_mmap,
    by_cat,
    by_cp,
    by_another_python,
    by_ctypes,
    by_a_hard_link_beside_it,
    by_a_hard_link_elsewhere,
    by_a_symbolic_link,
    by_a_new_name,
    by_moving_the_folder,
    by_its_own_root,
    by_its_own_folder,
    by_an_open_folder,
    by_a_thread,
    by_sendfile,
    by_shutil,
    by_sqlite,
    by_a_task_of_its_own,
    by_an_actor_of_its_own,
]


# Each takes the driver's number, an open file of its and a path, and returns what it has read.


def through_the_root(pid: int, file: int, path: str) -> str:
    return Path(f"/proc/{pid}/root{path}").read_text()


def through_the_folder(pid: int, file: int, path: str) -> str:
    return Path(f"/proc/{pid}/cwd", path.lstrip("/")).read_text()  # the driver's is `/`


def through_an_open_file(pid: int, file: int, path: str) -> str:
    return Path(f"/proc/{pid}/fd/{file}").read_text()


def through_the_memory(pid: int, file: int, path: str) -> str:
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            start, end = (int(address, 16) for address in span.split("-"))
            if rights.startswith("rw") and end < 2**47:
                memory.seek(start)
                with suppress(OSError):
                    if MARKER.encode() in memory.read(end - start):
                        return MARKER
    return ""


THROUGH_THE_DRIVER: list[Callable[[int, int, str], str]] = [
    through_the_root,
    through_the_folder,
    through_an_open_file,
    through_the_memory,
]


# Each takes the vault's folder and changes it.


def removes_the_key(vault: str) -> None:
    os.unlink(f"{vault}/key")


def truncates_the_key(vault: str) -> None:
    os.truncate(f"{vault}/key", 0)


def adds_to_the_ledger(vault: str) -> None:
    with open(f"{vault}/ledger.jsonl", "a") as file:
        file.write("{}\n")


def writes_a_new_ledger(vault: str) -> None:
    with open(f"{vault}/forged", "w") as file:
        file.write("{}\n")


def puts_another_in_its_place(vault: str) -> None:
    Path(os.environ["TMPDIR"], "forged").write_text("{}\n")
    os.replace(os.environ["TMPDIR"] + "/forged", f"{vault}/ledger.jsonl")


def moves_the_vault(vault: str) -> None:
    os.rename(vault, f"{vault}-moved")


def removes_the_vault(vault: str) -> None:
    shutil.rmtree(vault)


CHANGES: list[Callable[[str], None]] = [
    removes_the_key,
    truncates_the_key,
    adds_to_the_ledger,
    writes_a_new_ledger,
    puts_another_in_its_place,
    moves_the_vault,
    removes_the_vault,
]


@dataclass
class Zoo:
    """One Ray, started locked, and what lies before its processes."""

    denied: Path  # a folder; the files of rows in it are denied
    allowed: Path  # a folder that is not
    places: Places
    key: bytes

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        import ray

        return ray.get(ray.remote(num_cpus=0)(outcome_of).remote(function, *arguments))


def outcome_of(function: Callable[..., Any], *arguments: Any) -> tuple[str, Any]:
    """Return what a function returns, or that it was refused."""
    try:
        return "done", function(*arguments)
    except (OSError, sqlite3.Error, subprocess.CalledProcessError) as error:
        return "refused", repr(error)
    except Exception as error:  # torch and Ray wrap what they meet in errors of their own
        is_denial = "ermission denied" in str(error)
        return ("refused" if is_denial else "broken"), repr(error)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zoo]:
    from ray import cloudpickle

    root = tmp_path_factory.mktemp("zoo")
    denied, allowed = root / "denied", root / "allowed"
    denied.mkdir()
    allowed.mkdir()
    files = write_rows(denied)
    places = Places(root / "share" / "truetune")
    key = keys.create(places)
    places.ledger.write_text("{}\n")
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    try:
        assert cluster.start(None, Resources(workers=2), (*files, places.root))
        yield Zoo(denied, allowed, places, key)
    finally:
        cluster.stop()
        cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_way_leads_to_the_rows_but_to_a_copy_of_them(
    zoo: Zoo, way: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    kind, said = zoo.run(way, str(zoo.denied))
    assert kind == "refused"
    assert MARKER not in said
    copy = zoo.allowed / way.__name__
    copy.mkdir()
    write_rows(copy)
    kind, said = zoo.run(way, str(copy))
    assert (kind, MARKER in said) == ("done", True), said


@pytest.mark.parametrize("way", THROUGH_THE_DRIVER, ids=lambda way: way.__name__)
def test_no_way_leads_through_the_driver_but_for_itself(
    zoo: Zoo, way: Callable[[int, int, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    path = zoo.denied / "rows.csv"
    with path.open() as file:
        arguments = (os.getpid(), file.fileno(), str(path))
        kind, said = zoo.run(way, *arguments)
        assert kind == "refused"
        assert MARKER not in said
        assert MARKER in way(*arguments)


def test_the_drivers_environment_is_refused_or_holds_no_key(zoo: Zoo) -> None:
    # The kernel lets root (CAP_PERFMON) read the environment of whatever runs.
    environment = Path(f"/proc/{os.getpid()}/environ")
    kind, content = zoo.run(Path.read_bytes, environment)
    assert kind == "refused" or os.geteuid() == 0
    assert environment.read_bytes()
    for spelled in (zoo.key, zoo.key.hex().encode(), MARKER.encode()):
        assert kind == "refused" or spelled not in content


def test_a_pool_from_before_is_shut_out_too(zoo: Zoo) -> None:
    import ray

    class Pool:
        def __init__(self) -> None:
            self.pool = ThreadPoolExecutor(1)
            self.pool.submit(int).result()

        def read(self, folder: str) -> tuple[str, Any]:
            return self.pool.submit(outcome_of, by_the_csv_module, folder).result()

    pool = ray.remote(num_cpus=0)(Pool).remote()
    assert ray.get(pool.read.remote(str(zoo.denied)))[0] == "refused"
    write_rows(zoo.allowed)
    assert MARKER in ray.get(pool.read.remote(str(zoo.allowed)))[1]


@pytest.mark.parametrize("name", ["key", "ledger.jsonl"])
def test_the_vault_is_not_read(zoo: Zoo, name: str) -> None:
    assert zoo.run(Path.read_bytes, zoo.places.root / name)[0] == "refused"


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_the_vault_is_not_changed_but_a_copy_is(zoo: Zoo, change: Callable[[str], None]) -> None:
    assert zoo.run(change, str(zoo.places.root))[0] == "refused"
    assert zoo.places.key.read_bytes() == zoo.key
    assert zoo.places.ledger.read_text() == "{}\n"
    copy = zoo.allowed / change.__name__
    shutil.copytree(zoo.places.root, copy)
    assert zoo.run(change, str(copy)) == ("done", None)


def test_what_is_sealed_while_ray_runs_is_denied_as_well(zoo: Zoo) -> None:
    later = zoo.places.vaults / "later"
    later.mkdir()
    (later / "rows.sealed").write_text(MARKER)
    assert zoo.run(Path.read_text, later / "rows.sealed")[0] == "refused"


def found_in_memory(digest: str) -> list[str]:
    """Return where in this process a key lies, known by its SHA-256 alone."""
    from hashlib import sha256

    found = []
    places = {id(o): o for o in gc.get_objects()}
    for frame in sys._current_frames().values():
        while frame is not None:
            places[id(frame)] = frame.f_locals
            frame = frame.f_back
    for place in list(places.values()):
        inside = gc.get_referents(place) if not isinstance(place, dict) else place.values()
        for value in inside:
            if isinstance(value, str) and len(value) == 64:
                with suppress(ValueError):
                    value = bytes.fromhex(value)
            is_like_it = isinstance(value, bytes) and len(value) == 32
            if is_like_it and sha256(value).hexdigest() == digest:
                found.append(type(place).__name__)
    return found


def found_when_planted(digest: str, key: list[bytes]) -> list[str]:
    return found_in_memory(digest)


def test_the_key_is_in_no_object_of_a_worker(zoo: Zoo) -> None:
    from hashlib import sha256

    digest = sha256(zoo.key).hexdigest()
    assert zoo.run(found_in_memory, digest) == ("done", [])
    assert zoo.run(found_when_planted, digest, [zoo.key])[1] != []


def test_the_key_is_in_no_environment_and_on_no_command_line(zoo: Zoo) -> None:
    n_seen = 0
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("environ", "cmdline"):
            with suppress(OSError):
                content = (process / name).read_bytes()
                n_seen += bool(content)
                assert zoo.key not in content
                assert zoo.key.hex().encode() not in content
    assert n_seen > 4  # Ray's own are among them


def peeks(worker: Any, path: str) -> None:
    """Have the trials of a worker look into a file before they train."""
    start = worker.objective.start

    def start_after_a_look(*arguments: Any) -> Any:
        with suppress(PermissionError), open(path) as file:
            raise AssertionError(file.read())
        return start(*arguments)

    worker.objective.start = start_after_a_look


def test_a_locked_worker_trains_and_saves_and_tells_what_a_trial_tried(
    zoo: Zoo, quick: Experiment, development: Development
) -> None:
    import ray

    from truetune.search.executors.base import Finished, Progress, Touched
    from truetune.search.executors.ray_actors import RayExecutor

    path = str(zoo.denied / "rows.csv")
    trials = zoo.allowed / "trials"
    executor = RayExecutor(quick, development, str(trials), 1, 0.0, [Path(path)])
    ray.get(executor.seats[0].actor.__ray_call__.remote(peeks, path))
    executor.submit(Assignment(3, GOOD, 5))
    events: list[Any] = []
    while not events or executor.seats[0].number is not None:
        executor.dispatch()
        events += executor.events()
    assert events[0] == Touched(3, f"opened {path}")
    assert [type(event) for event in events[1:]] == [Progress, Progress, Progress, Finished]
    assert (trials / "3" / "weights.safetensors").is_file()


def test_what_cannot_be_kept_out_is_called_audit(quick: Experiment, tmp_path: Path) -> None:
    # `load_digits()` in a trial reads what scikit-learn ships, and must be able to.
    reasons = reasons_for_audit(quick, "ray", None)
    assert reasons == (
        "the rows of sklearn:iris are part of scikit-learn, which trials may read.",
    )
    assert denied_paths(quick, Places(tmp_path)) == (tmp_path,)
