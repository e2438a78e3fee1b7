"""The page about the learning rate: its pieces load, its text and names are the program's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from truetune.objectives import range_test
from truetune.objectives.rate_curve import Curve, Marks, Point
from truetune.objectives.requirements import problems
from truetune.search.lr import RangeTest
from truetune.spaces import load
from truetune.spaces.parameters import Float

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "learning-rate.md").read_text()
PIECES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
MARKS = {name: float(rate) for name, rate in re.findall(r"^ {6}(\w+) +(\S+) +loss", PAGE, re.M)}
REST = {
    "data": {"source": "sklearn:wine"},
    "task": "classification",
    "parameters": {"layers": 2},
}


@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_of_a_file_is_one_that_loads(piece: str, tmp_path: Path) -> None:
    said = yaml.safe_load(piece)
    rest = {key: value for key, value in REST.items() if key not in said}
    path = tmp_path / "piece.yaml"
    path.write_text(piece + yaml.safe_dump(rest))
    assert problems(load(path)) == []


def test_the_range_of_the_page_is_around_its_marks() -> None:
    rate = Float.model_validate(yaml.safe_load(PIECES[0])["parameters"]["learning_rate"])
    assert rate.start() == MARKS["suggested"]
    assert rate.low < MARKS["steepest"] < MARKS["minimum"] < rate.high <= 3 * MARKS["minimum"]
    assert yaml.safe_load(PIECES[1])["training"]["learning_rate"] == MARKS["suggested"]


def test_the_text_of_the_page_is_the_programs(tmp_path: Path) -> None:
    path = tmp_path / "piece.yaml"
    path.write_text(yaml.safe_dump(REST))
    losses = dict(re.findall(r"^ {6}(\w+) +\S+ +loss (\S+)", PAGE, re.M))
    points = {name: Point(rate, float(losses[name])) for name, rate in MARKS.items()}
    rate = Float.model_validate(yaml.safe_load(PIECES[0])["parameters"]["learning_rate"])
    marks = Marks(**points, low=rate.low, high=rate.high)
    curve = Curve((), (), 0.0, range_test.SWEEPS)
    found = RangeTest(path, load(path), {}, curve, marks, (path,))
    shown = re.findall(r"^ {6}(\S.*)$", PAGE, re.MULTILINE)
    assert len(shown) == 4
    assert [line for line in shown if f"  {line}" not in found.to_text().splitlines()] == []
    keys = {key for key in found.to_json() if f"`{key}`" not in PAGE}
    assert keys == {"study"}


def test_the_rates_and_sweeps_are_those_of_the_program() -> None:
    assert f"from {range_test.LOWEST:.8f} to {range_test.HIGHEST:g}" in " ".join(PAGE.split())
    assert range_test.SWEEPS == 5
    assert range_test.SECONDS == 60
