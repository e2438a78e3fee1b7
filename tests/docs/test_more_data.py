"""The page about more rows: its text, options, keys and verdicts are the program's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import yaml

from truetune.cli.learning import learning_curve
from truetune.objectives.learning_curve import LearningCurve, Run
from truetune.objectives.power_law import Laws
from truetune.objectives.requirements import problems
from truetune.search import learning_curve as words
from truetune.search.learning_curve import MoreData, Verdict
from truetune.spaces import load

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "more-data.md").read_text()
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


@pytest.fixture
def more() -> MoreData:
    """What the page shows: the law of a run on digits."""
    rows = np.geomspace(40, 1078, 6).round().astype(int).tolist()
    runs = tuple(
        Run(n, k, 0.0869 + 12.4 * n**-0.72 * (1 + 0.01 * k), None, False)
        for n in rows
        for k in range(3)
    )
    curve = LearningCurve("validation_loss", True, 1078, runs)
    curve.__dict__["law"] = Laws(*(np.array([v]) for v in (0.0869, 12.4, 0.72)))
    return MoreData("houses", 2, curve, None, (), (Path("x.html"),))


def test_the_text_of_the_page_is_the_programs(more: MoreData) -> None:
    def skeleton(line: str) -> str:
        """Only the law itself is told to the last digit; ranges are of the true runs."""
        return re.sub(r"[\d.]+ \([\d.]+ to [\d.]+\)|\d+ % \(\d+ to \d+\)", "#", line).strip()

    shown = [line for line in re.findall(r"^ {6}(.*)$", PAGE, re.MULTILINE) if line.strip()]
    assert len(shown) == 5
    own = [skeleton(line) for line in more.to_text().splitlines()]
    assert [line for line in shown if skeleton(line) not in own] == []


def test_every_option_and_key_is_told(more: MoreData) -> None:
    options = {name for option in learning_curve.params for name in option.opts if "--" in name}
    assert {name for name in options if f"`{name}" not in PAGE} == {"--home", "--storage"}
    told = set(re.findall(r"`(\w+)`", re.findall(r"`--json` \|(.*)", PAGE)[0]))
    assert told <= more.to_json().keys()


def test_every_verdict_is_told_with_its_numbers() -> None:
    for verdict in get_args(Verdict):
        assert f"| `{verdict}` |" in PAGE
    assert f"take {words.WORTH:.0%}".replace("%", " %") in PAGE
    assert f"surely {words.SURE:.0%}".replace("%", " %") in PAGE
