"""What the guard costs: sealing, locking, and one look.

    python benchmarks/guard.py [--rounds 3] [--rows 1000000]

Sealing: a table of 20 columns (as in `data.py`) is read, split and prepared with and without
sealing a fifth of its rows, in one process, in turn. A search: `spaces/mlp.yaml` from the command
line, whose child process seals; what the guard adds to it beyond that process is the lock, timed
in a process of its own on the same files, and what the driver writes. A look: `tune verify` of
that study. Appends to benchmarks/LOG.md.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from data import write
from log import conclude, parser, spread, table

from truetune.objectives import sources
from truetune.objectives.guard import sealing
from truetune.objectives.guard.places import Places
from truetune.objectives.splits import split_rows
from truetune.spaces.experiment import Data, Split

ROOT = Path(__file__).resolve().parents[1]
SPACE = ROOT / "spaces" / "mlp.yaml"
LOCKING = """
import sys, time
from pathlib import Path
from truetune.objectives.guard.landlock import lock
started = time.perf_counter()
assert lock([Path(path) for path in sys.argv[1:]])
print(time.perf_counter() - started)
"""


def sealed(path: Path, folder: Path) -> dict[str, float]:
    """Return the seconds of each step from a file to its sealed rows."""
    laps = {}
    data = Data(source=str(path), target="y")
    started = time.perf_counter()
    rows = sources.load(data)
    laps["reading"] = time.perf_counter() - started
    started = time.perf_counter()
    parts = split_rows(rows, Split(), "binary")
    laps["splitting"] = time.perf_counter() - started
    for name in ("sealing", "sealing again"):
        started = time.perf_counter()
        sealing.seal(rows, parts, data, "", Places(folder))
        laps[name] = time.perf_counter() - started
    return laps


def command(folder: Path, *arguments: str) -> tuple[dict[str, Any], float]:
    """Run the command line, and return its JSON and its seconds."""
    environment = {**os.environ, "XDG_DATA_HOME": f"{folder}-vault"}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "truetune.cli", *arguments, "--json"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout), time.perf_counter() - started


def locked(*paths: Path) -> float:
    """Return the seconds that locking takes."""
    arguments = [sys.executable, "-c", LOCKING, *map(str, paths)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    options_of = parser(rounds=3)
    options_of.add_argument("--rows", type=int, default=1_000_000)
    options = options_of.parse_args()
    laps: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write(folder / "rows.csv", options.rows)
        for i in range(options.rounds):
            for name, seconds in sealed(folder / "rows.csv", folder / f"vault-{i}").items():
                laps.setdefault(name, []).append(seconds)
            project = folder / f"project-{i}"
            project.mkdir()
            summary, seconds = command(project, "search", str(SPACE))
            laps.setdefault("search", []).append(seconds)
            lock = locked(Path(f"{project}-vault") / "truetune", folder / "rows.csv")
            laps.setdefault("locking", []).append(lock)
            report, seconds = command(project, "verify")
            laps.setdefault("look", []).append(seconds)
            laps.setdefault("scoring", []).append(report["seconds"])
            again, seconds = command(project, "verify")
            assert again["replayed"]
            laps.setdefault("replay", []).append(seconds)
    what = {
        "reading": f"reading {options.rows:,} rows x 21 columns",
        "splitting": "splitting them",
        "sealing": "sealing a fifth of them",
        "sealing again": "the same rows once more",
        "search": f"`tune search spaces/mlp.yaml`, {summary['trials']['total']} trials",
        "locking": "locking a process",
        "look": "`tune verify`, a look",
        "scoring": "of which from the winner to the report",
        "replay": "`tune verify` again, a replay",
    }
    lines = [[words, spread(laps[name], ".3f", " s")] for name, words in what.items()]
    share = statistics.median(laps["locking"]) / statistics.median(laps["search"])
    told = [
        table(["step", "seconds"], lines),
        "",
        f"- the lock's share of the search's wall time: {100 * share:.2f} %",
    ]
    conclude("The guard", "\n".join(told), options)


if __name__ == "__main__":
    main()
