"""The README says what is true: its commands, links, file and layout exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from truetune.cli import cli
from truetune.objectives.requirements import problems
from truetune.spaces import load

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def test_every_command_named_exists() -> None:
    named = set(re.findall(r"`(?:tune|truetune) ([a-z]+(?:-[a-z]+)*)", README))
    assert named >= {"search", "status", "best", "dashboard", "ui", "doctor"}
    assert named <= cli.commands.keys()


def test_every_command_that_exists_is_named() -> None:
    missing = [name for name in cli.commands if f"tune {name}" not in README]
    assert missing == []


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", README))
def test_every_link_leads_somewhere(link: str) -> None:
    assert link.startswith("https://") or (ROOT / link).exists()


def test_the_file_shown_is_one_that_runs(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "shown.yaml").write_text(block)
    experiment = load(tmp_path / "shown.yaml")
    assert problems(experiment) == []
    assert experiment == load(ROOT / "spaces" / "mlp.yaml")


@pytest.mark.parametrize("place", re.findall(r"^    ([a-z]+(?:/|\.py))  ", README, re.MULTILINE))
def test_every_place_in_the_layout_exists(place: str) -> None:
    assert (ROOT / place).exists()


def test_every_example_is_ready_to_search() -> None:
    for path in sorted((ROOT / "spaces").glob("*.yaml")):
        assert problems(load(path)) == []
