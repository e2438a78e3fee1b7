"""What the measurements share: their options, their form, and LOG.md, which they append to."""

from __future__ import annotations

import argparse
import datetime
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

LOG = Path(__file__).resolve().with_name("LOG.md")


def parser(rounds: int) -> argparse.ArgumentParser:
    """Return a parser with the options that every measurement has."""
    made = argparse.ArgumentParser()
    made.add_argument("--rounds", type=int, default=rounds)
    made.add_argument("--no-log", action="store_true", help="print only")
    return made


def spread(values: Sequence[float], form: str = ".2f", unit: str = "") -> str:
    """Return the median with its unit, and the least and the most in brackets."""
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:{form}}{unit} ({least:{form}}-{most:{form}})"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def conclude(title: str, text: str, options: argparse.Namespace) -> None:
    """Print what was measured, and append it to LOG.md."""
    print(text)
    if not options.no_log:
        append(title, "python " + " ".join(sys.argv), text)


def append(title: str, command: str, text: str) -> None:
    """Append a result to LOG.md: date, command, commit, numbers."""
    git = ["git", "-C", str(LOG.parent), "describe", "--always", "--dirty"]
    commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    today = datetime.date.today().isoformat()
    with LOG.open("a") as log:
        log.write(f"\n## {today}: {title}\n\n`{command}`, commit {commit}\n\n{text}\n")
