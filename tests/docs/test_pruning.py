"""The page about smaller networks says what is true: its file loads, its names are the tool's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from truetune.cli import cli
from truetune.models import ARCHITECTURES
from truetune.objectives.files import PREDICTIONS, WEIGHTS
from truetune.objectives.pruning.layouts import WIDTHS
from truetune.objectives.requirements import problems
from truetune.search.pruned import _REPORT, _START, FILE
from truetune.spaces import load

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "pruning.md").read_text()


def test_piece_of_a_file_loads(tmp_path: Path) -> None:
    (piece,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    rest = "study: a\ndata: {source: 'sklearn:digits'}\ntask: classification\n"
    (tmp_path / "piece.yaml").write_text(rest + piece)
    experiment = load(tmp_path / "piece.yaml")
    assert problems(experiment) == []
    written = YAML(typ="safe", pure=True).load(piece)["parameters"]["hidden_units"]
    assert experiment.parameters["hidden_units"] == tuple(written)


def test_every_file_is_named() -> None:
    named = re.findall(r"^\| `([\w.]+)` \|", PAGE, re.MULTILINE)
    assert sorted(named) == sorted([WEIGHTS, PREDICTIONS, FILE, _START, _REPORT])


def test_every_option_is_told_of_and_is_one() -> None:
    shown = CliRunner().invoke(cli, ["prune", "--help"]).output
    common = {"--trial", "--storage", "--home", "--help", "--tracking-uri"}
    assert {*re.findall(r"(?<!-)--[a-z][a-z-]+", PAGE)} == {
        *re.findall(r"(?<!-)--[a-z][a-z-]+", shown)
    } - common


def test_networks_that_are_refused_are_named() -> None:
    others = {*ARCHITECTURES} - {*WIDTHS, "linear", "resnet18"}
    assert [name for name in others if f"`{name}`" not in PAGE] == []


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", PAGE))
def test_every_link_leads_somewhere(link: str) -> None:
    assert link.startswith("https://arxiv.org/abs/")
