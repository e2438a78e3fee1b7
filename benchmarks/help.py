"""How long `tune --help` takes beside `python -c pass`.

python benchmarks/help.py [--rounds 20]
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from log import conclude, parser, spread


def seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    options = parser(rounds=20).parse_args()
    tune = str(Path(sys.executable).with_name("truetune"))
    pairs = [
        (seconds([tune, "--help"]), seconds([sys.executable, "-c", "pass"]))
        for _ in range(options.rounds)
    ]
    ours, bare = ([1e3 * pair[i] for pair in pairs] for i in (0, 1))
    text = (
        f"- `tune --help`: median {spread(ours, '.0f', ' ms')}, `python -c pass`: "
        f"{spread(bare, '.0f', ' ms')}; {options.rounds} rounds"
    )
    conclude("The first answer", text, options)


if __name__ == "__main__":
    main()
