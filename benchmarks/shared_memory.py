"""What four workers on one machine hold of the data, in multiples of the data.

    python benchmarks/shared_memory.py [--rows 1500000] [--workers 4]

The whole way of a search: a child process reads a `.npz` of 100 inputs and splits it, the driver
maps what it wrote, Ray's object store takes it in once, and each worker trains a network on it
for an epoch. Counted is what the driver and everything below it hold, shared pages once, at its
largest while the workers are there, less that of the same with few rows.
Appends the multiple to benchmarks/LOG.md.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from log import conclude, parser, table

N_INPUTS = 100
FEW = 1_000

# The driver's part, in a process of its own, so that each starts from nothing.
DRIVER = """
import sys
from truetune.objectives.contracts import Assignment
from truetune.objectives.preparation import prepare
from truetune.search.executors import cluster
from truetune.search.executors.ray_actors import RayExecutor
from truetune.spaces import Experiment

folder, n_workers = sys.argv[1], int(sys.argv[2])

def start():
    development = prepare(experiment)
    fold = development.folds[0]
    print("bytes", sum(getattr(fold, name).nbytes for name in vars(fold)), flush=True)
    cluster.start(None, experiment.resources)
    return RayExecutor(experiment, development, folder + "/trials", n_workers, 0.0)

experiment = Experiment.model_validate({
    "study": "memory",
    "data": {"source": folder + "/rows.npz"},
    "task": "binary",
    "training": {"epochs": 3, "batch_size": 512},
    "parameters": {"learning_rate": {"type": "float", "low": 1e-3, "high": 1e-2}},
    "resources": {"workers": n_workers, "gpus": 0},
})
executor = start()
for number in range(n_workers):
    executor.submit(Assignment(number, {"learning_rate": 1e-3}, number))
executor.dispatch()
n_reported = 0
while n_reported < n_workers:
    n_reported += len(executor.events())
print("trained", flush=True)
sys.stdin.readline()
executor.close()
"""


def measure(n_rows: int, n_workers: int) -> tuple[int, int]:
    """Return the bytes of the data, and the most that was held of memory at any time."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        x = rng.normal(size=(n_rows, N_INPUTS)).astype(np.float32)
        np.savez(Path(folder) / "rows.npz", x=x, y=(x[:, 0] > 0).astype(np.int64))
        del x
        driver = subprocess.Popen(
            [sys.executable, "-c", DRIVER, folder, str(n_workers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert driver.stdout is not None
        n_bytes = int(driver.stdout.readline().split()[1])  # the child that read it has ended
        most = 0
        process = psutil.Process(driver.pid)
        waiting = _lines(driver)
        while not waiting():
            most = max(most, _held(process))
            time.sleep(0.2)
        most = max(most, _held(process))
        driver.communicate("\n", timeout=60)
    return n_bytes, most


def _lines(driver: subprocess.Popen[str]) -> object:
    import threading

    done = threading.Event()

    def read() -> None:
        assert driver.stdout is not None
        driver.stdout.readline()
        done.set()

    threading.Thread(target=read, daemon=True).start()
    return done.is_set


def _held(process: psutil.Process) -> int:
    """Return the bytes of a process and all below it, what they share counted once.

    Shared memory, where the object store lies, is read off the machine: its pages pass from one
    process's share to another's while the sum is being taken.
    """
    total = _kilobytes(Path("/proc/meminfo"), "Shmem")
    for one in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.Error, OSError):
            rollup = Path(f"/proc/{one.pid}/smaps_rollup")
            total += _kilobytes(rollup, "Pss_Anon") + _kilobytes(rollup, "Pss_File")
    return 1024 * total


def _kilobytes(path: Path, key: str) -> int:
    line = next(line for line in path.read_text().splitlines() if line.startswith(f"{key}:"))
    return int(line.split()[1])


def main() -> None:
    made = parser(rounds=1)
    made.add_argument("--rows", type=int, default=1_500_000)
    made.add_argument("--workers", type=int, default=4)
    options = made.parse_args()
    few_bytes, few = measure(FEW, options.workers)
    n_bytes, most = measure(options.rows, options.workers)
    multiple = (most - few) / (n_bytes - few_bytes)
    rows = [
        (f"{n:,} rows", f"{size / 2**20:,.0f} MiB", f"{held / 2**20:,.0f} MiB")
        for n, size, held in ((FEW, few_bytes, few), (options.rows, n_bytes, most))
    ]
    text = table(("data", "training and validation rows", "held, at most"), rows)
    line = f"- {multiple:.2f}x the data, {options.workers} workers that train"
    conclude("The memory of several workers", f"{text}\n\n{line}", options)


if __name__ == "__main__":
    main()
