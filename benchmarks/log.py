"""Appends a result to LOG.md: date, command, commit, numbers."""

from __future__ import annotations

import datetime
import subprocess
from pathlib import Path

LOG = Path(__file__).resolve().with_name("LOG.md")


def append(title: str, command: str, text: str) -> None:
    git = ["git", "-C", str(LOG.parent), "describe", "--always", "--dirty"]
    commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    today = datetime.date.today().isoformat()
    with LOG.open("a") as log:
        log.write(f"\n## {today}: {title}\n\n`{command}`, commit {commit}\n\n{text}\n")
