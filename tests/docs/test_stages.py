"""The page about stages: its file loads, and what it names on the command line is drawn there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from truetune.objectives.requirements import problems
from truetune.search.stages import Stage, named
from truetune.spaces import Experiment, load

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "stages.md").read_text()
(PIECE,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = re.findall(r"^    tune search houses.yaml (.*)$", PAGE, re.MULTILINE)


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    rest = {"data": {"source": "sklearn:wine"}, "task": "classification"}
    path = tmp_path / "houses.yaml"
    path.write_text(PIECE + yaml.safe_dump(rest))
    return load(path)


def test_the_file_loads(experiment: Experiment) -> None:
    assert problems(experiment) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_command_names_is_drawn(command: str, experiment: Experiment) -> None:
    names = re.findall(r"--only (\w+)", command)
    assert set(named(experiment.space, names)) == set(names)


def test_budgets_are_totals_that_grow() -> None:
    totals = [int(re.findall(r"--trials (\d+)", command)[0]) for command in COMMANDS]
    assert totals == sorted(totals)
    assert f"has the {totals[1] - totals[0]} trials that are left of {totals[1]}" in PAGE


def test_every_key_of_a_stage_is_told() -> None:
    for key in Stage((), None, {}, 0).to_json():
        assert f"`{key}` (" in PAGE
