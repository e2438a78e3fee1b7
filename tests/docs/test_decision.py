"""The page about thresholds says what is true: its code runs, its options are the command's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from truetune.cli import cli
from truetune.objectives.decision.rules import bayes_threshold
from truetune.search.decision_wishes import costs_of
from truetune.search.decision_words import _COLUMNS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "decision.md").read_text()


def test_the_code_on_the_page_runs() -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    exec(compile(code, "docs/decision.md", "exec"), {})


def test_every_column_is_explained() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == [*_COLUMNS]


def test_every_option_is_told_of_and_is_one() -> None:
    shown = CliRunner().invoke(cli, ["threshold", "--help"]).output
    known = {*re.findall(r"(?<!-)--[a-z][a-z-]+", shown)} - {
        "--trial",
        "--storage",
        "--home",
        "--help",
    }
    assert {*re.findall(r"(?<!-)--[a-z][a-z-]+", PAGE)} == known


def test_costs_on_the_page_have_the_threshold_that_it_says() -> None:
    costs = costs_of(["yes=5", "no=1"], ("no", "yes"))
    assert "--costs yes=5 --costs no=1" in PAGE
    assert "1 / (1 + 5) here" in PAGE
    assert bayes_threshold(costs.costs, 1) == pytest.approx(1 / 6)
    assert costs_of(["cat:dog=3"], ("cat", "dog", "hen")).costs[0] == (0, 3, 1)
