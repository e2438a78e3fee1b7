"""The page about several goals says what is true: its files load, and every metric is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from truetune.objectives.metrics import FOOTPRINT
from truetune.objectives.requirements import problems
from truetune.spaces import load
from truetune.spaces.document import read

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "trade-offs.md").read_text()
PIECES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FLAT = ROOT / "tests" / "flat.yaml"
OWN = """
def train(config, development, seed):
    yield {"score": 1.0, "price": 2.0}
"""


@pytest.mark.parametrize("piece", PIECES)
def test_every_piece_loads_and_nothing_is_wrong_with_it(piece: str, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "piece.yaml").write_text(piece)
    said = read(tmp_path / "piece.yaml").data
    rest = FLAT.read_text().replace(
        "objective: {metric: validation_loss, direction: minimize}", ""
    )
    if "own.py" in piece:
        rest = re.sub(r"^(model|training):.*\n", "", rest, flags=re.MULTILINE)
    (tmp_path / "piece.yaml").write_text(rest + piece)
    experiment = load(tmp_path / "piece.yaml")
    assert problems(experiment) == []
    assert list(experiment.outcome_constraints) == said.get("outcome_constraints", [])
    written = said["objective"]
    n_objectives = len(written) if isinstance(written, list) else 1
    assert len(experiment.objectives) == n_objectives


def test_every_cost_of_a_network_is_explained() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == [*FOOTPRINT]


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", PAGE))
def test_every_link_leads_somewhere(link: str) -> None:
    assert (ROOT / "docs" / link).exists()
