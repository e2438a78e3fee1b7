"""The page about training says what is true: its pieces load, its names are the program's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
import torch
import yaml

from truetune.objectives.costs import cost_of
from truetune.objectives.requirements import NOT_TUNED, problems
from truetune.objectives.settings import COST_NAMES, USERS
from truetune.spaces import Training, load
from truetune.spaces.schedule import OPTIONS, Schedule

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "training.md").read_text()
PIECES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FILES = re.findall(r"^```python\n# (\S+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
TABLES = re.findall(r"^\| `(\w+)` \| (.*?) \|", PAGE, re.MULTILINE)
ROWS = {name: set(re.findall(r"`(\w+)(?:: [^`]*)?`", options)) for name, options in TABLES}


REST = {
    "data": {"source": "sklearn:wine"},
    "task": "classification",
    "parameters": {"layers": 2},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the page's pieces speak of, and the one that commands are run in."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "weights.pt").touch()
    for name, code in FILES:
        (tmp_path / name).write_text(code)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_of_a_file_is_one_that_loads(piece: str, folder: Path) -> None:
    path = folder / "piece.yaml"
    said = yaml.safe_load(piece)
    rest = {key: value for key, value in REST.items() if key not in said}
    path.write_text(piece + (yaml.safe_dump(rest) if rest else ""))
    assert problems(load(path)) == []


def test_a_cost_of_ones_own_does_what_the_page_says(folder: Path) -> None:
    training = Training(cost="./losses.py:pinball")
    cost = cost_of(training, "regression", torch.zeros(1, 1).numpy(), 1, "cpu")
    costs = [cost(torch.tensor([[z]], requires_grad=True), torch.zeros(1, 1)) for z in (-1.0, 1.0)]
    assert [c.item() for c in costs] == pytest.approx([0.9, 0.1])


def test_every_cost_is_told_with_its_options_and_its_task() -> None:
    for name in {name for names in COST_NAMES.values() for name in names}:
        assert ROWS[name] == {option for option, users in USERS["cost"].items() if name in users}
        row = re.search(rf"^\| `{name}` \|.*?\| (.*?) \|", PAGE, re.MULTILINE)
        assert row is not None
        assert set(row[1].split(", ")) == {task for task, own in COST_NAMES.items() if name in own}


def test_every_optimizer_is_told_with_its_options() -> None:
    for name in get_args(Training.model_fields["optimizer"].annotation):
        assert ROWS[name] == {
            option for option, users in USERS["optimizer"].items() if name in users
        }


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
