"""The page about baselines says what is true: its pieces load, its numbers are the program's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from truetune.objectives.baselines import network, rows
from truetune.objectives.requirements import problems
from truetune.search.held_against import MAX_RESAMPLES, SHARE, Held, held_lines
from truetune.spaces import load
from truetune.spaces.experiment import BASELINES, Baseline

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "baselines.md").read_text()
PIECES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
REST = {
    "data": {"source": "sklearn:wine"},
    "task": "classification",
    "parameters": {"layers": 2},
}


@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_of_a_file_is_one_that_loads(piece: str, tmp_path: Path) -> None:
    path = tmp_path / "piece.yaml"
    path.write_text(piece + yaml.safe_dump(REST))
    assert problems(load(path)) == []


def test_the_table_has_every_baseline_in_the_order_of_the_report() -> None:
    assert tuple(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == BASELINES
    assert get_args(Baseline) == BASELINES
    for name in BASELINES:
        assert (ROOT / "objectives" / "baselines" / f"{name}.py").exists()


def test_the_numbers_are_the_programs() -> None:
    text = " ".join(PAGE.split())
    assert f"two hidden layers of {network.HIDDEN_UNITS} units" in text
    assert network.LAYERS == 2
    assert f"at most {network.EPOCHS} epochs" in text
    assert f"a rate of {network.LEARNING_RATE}" in text
    assert f"its {rows.MAX_WORDS:,} commonest words" in text
    assert f"at most {rows.MAX_ROWS:,}" in text
    assert f"at most {rows.MAX_WORK // 10**6} million" in text
    assert f"on {SHARE:.0%} of {MAX_RESAMPLES:,} draws".replace("%", " %") in text


def test_the_report_looks_like_that() -> None:
    found = [Held("dummy", 2.3026, 2.2188, (2.164, 2.256)), Held("human level", note="none")]
    head, dummy, _ = held_lines(found, "validation_loss")
    assert f"  {head}" in PAGE.splitlines()
    assert dummy.split() == ["dummy", "2.303", "+2.22", "+2.16", "to", "+2.26"]
    assert " ".join(dummy.split()) in " ".join(PAGE.split())
