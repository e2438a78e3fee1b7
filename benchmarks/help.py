"""How long `tune --help` takes beside `python -c pass`.

python benchmarks/help.py [--rounds 20]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from log import append


def seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    tune = str(Path(sys.executable).with_name("truetune"))
    pairs = [
        (seconds([tune, "--help"]), seconds([sys.executable, "-c", "pass"])) for _ in range(rounds)
    ]
    ours, bare = (sorted(1e3 * pair[i] for pair in pairs) for i in (0, 1))
    text = (
        f"- `tune --help`: median {statistics.median(ours):.0f} ms "
        f"({ours[0]:.0f}-{ours[-1]:.0f}), `python -c pass`: "
        f"{statistics.median(bare):.0f} ms; {rounds} rounds"
    )
    print(text)
    append("The first answer", "python " + " ".join(sys.argv), text)


if __name__ == "__main__":
    main()
