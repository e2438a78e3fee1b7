"""The page about a user's own objective says what is true: its search is run as it stands."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from truetune.objectives.development import Fold
from truetune.objectives.own_objective import ARGUMENTS
from truetune.objectives.requirements import problems
from truetune.spaces import load

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "objectives.md").read_text()
BLOCKS = dict(re.findall(r"^```([^\n]+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))

Tune = Callable[..., subprocess.CompletedProcess[str]]


def test_the_search_that_is_shown_ends_as_shown(tmp_path: Path, tune: Tune) -> None:
    (tmp_path / "forest.py").write_text(BLOCKS["python forest.py"])
    (tmp_path / "forest.yaml").write_text(BLOCKS["yaml"])
    assert problems(load(tmp_path / "forest.yaml")) == []
    command, _, shown = BLOCKS["console"].partition("\n")
    done = tune(*shlex.split(command.removeprefix("$ tune ")))
    assert done.returncode == 0, done.stderr
    expected = [re.escape(part) for part in shown.split("...\n")]
    assert re.search("(?:.*\n)*".join(expected), f"\n{done.stdout}"), done.stdout
    assert " 0 failed" in done.stdout


def test_every_argument_is_told() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == [*ARGUMENTS]


def test_the_arrays_that_are_named_exist() -> None:
    named = set(re.findall(r"`((?:x|y|target)_\w+)`", PAGE))
    assert named <= {field.name for field in fields(Fold)}
    assert len(named) == 6


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", PAGE))
def test_every_link_leads_somewhere(link: str) -> None:
    assert link.startswith("https://") or (ROOT / "docs" / link).exists()
