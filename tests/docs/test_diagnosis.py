"""The page about what to try next says what is true: its pieces load, its names are ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from truetune.objectives.requirements import problems
from truetune.search.diagnosis import STEPS, Advice
from truetune.search.diagnosis.diagnosis import Diagnosis
from truetune.search.diagnosis.signal import N_SHUFFLES
from truetune.spaces import load

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "diagnosis.md").read_text()
PIECES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
REST = {
    "data": {"source": "sklearn:wine"},
    "task": "classification",
    "parameters": {"layers": {"type": "int", "low": 1, "high": 2}},
}


@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_of_a_file_is_one_that_loads(piece: str, tmp_path: Path) -> None:
    said = yaml.safe_load(piece)
    if "data" in said:
        said["data"] = {**REST["data"], **said["data"]}
    (tmp_path / "piece.yaml").write_text(yaml.safe_dump(REST | said))
    assert problems(load(tmp_path / "piece.yaml")) == []


def test_the_steps_are_told_in_their_order() -> None:
    assert tuple(re.findall(r"^\| \d (.*?) \|", PAGE, re.MULTILINE)) == STEPS


def test_the_keys_of_the_json_are_told() -> None:
    told = set(re.findall(r"`(\w+)`", PAGE[PAGE.index("## For a machine") :]))
    advice = Advice("test set", "verify", "", "", "").to_json().keys()
    assert {*advice, "then", *Diagnosis("a").to_json(), *Diagnosis("a").keys(), "task"} <= told


def test_the_number_of_shuffles_is_that_of_the_test() -> None:
    assert f"shuffled {N_SHUFFLES}" in re.sub(r"\s+", " ", PAGE)
