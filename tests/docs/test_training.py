"""The page about training says what is true: its pieces load, its names are the program's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from truetune.objectives.options import USERS
from truetune.objectives.requirements import NOT_TUNED, problems
from truetune.spaces import Training, load
from truetune.spaces.schedule import OPTIONS, Schedule

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "training.md").read_text()
PIECES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
TABLES = re.findall(r"^\| `(\w+)` \| (.*?) \|", PAGE, re.MULTILINE)
ROWS = {name: set(re.findall(r"`(\w+)(?:: [^`]*)?`", options)) for name, options in TABLES}


@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_of_a_file_is_one_that_loads(piece: str, tmp_path: Path) -> None:
    rest = {"data": {"source": "sklearn:wine"}, "task": "classification"}
    needed = {"parameters": {"layers": 2}}
    path = tmp_path / "piece.yaml"
    path.write_text(piece + yaml.safe_dump({**rest, **needed} if "param" not in piece else rest))
    assert problems(load(path)) == []


def test_every_optimizer_is_told_with_its_options() -> None:
    for name in get_args(Training.model_fields["optimizer"].annotation):
        assert ROWS[name] == {option for option, users in USERS.items() if name in users}


def test_every_schedule_is_told_with_its_options_and_their_defaults() -> None:
    for name, options in OPTIONS.items():
        found = next((options for told, options in TABLES if told == name), "")
        assert f"| `{name}` |" in PAGE
        assert options.keys() <= ROWS.get(name, set())
        for option, default in options.items():
            assert default is None or f"`{option}: {default}`" in found


def test_every_setting_is_told() -> None:
    settings = set(Training.model_fields) | set(Schedule.model_fields) - {"name"}
    assert [name for name in settings - {"batch_size"} if f"`{name}" not in PAGE] == []
    told = re.search(r"any of it but (.*?)\s+may", PAGE, re.DOTALL)
    assert told is not None
    assert set(re.findall(r"`(\w+)`", told[1])) == NOT_TUNED
