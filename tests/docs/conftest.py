"""What the tests of several pages share."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest


def expected(shown: str) -> str:
    """Return a pattern: a line of dots is any lines, dots at a line's end any rest of it."""
    lines = [
        "(?:.*\n)*" if line == "...\n" else re.escape(line).replace(r"\ \.\.\.", " .*")
        for line in shown.splitlines(keepends=True)
    ]
    return "".join(lines)


@pytest.fixture(scope="session")
def as_shown() -> Callable[[str], str]:
    """Make a pattern of what a page shows of an answer."""
    return expected
