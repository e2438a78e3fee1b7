"""The page about data says what is true: its example is run, its answers are the program's own."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner

from truetune.cli import cli
from truetune.objectives.columns import MAX_LEVELS
from truetune.objectives.encoding.word_numbers import MAX_LENGTH, MAX_VOCABULARY, PERCENT
from truetune.objectives.encoding.words import MAX_WORDS
from truetune.objectives.quality.leaks import GIVEN_AWAY, OF_ORDER
from truetune.objectives.requirements import problems
from truetune.objectives.sources import BUILT_IN, PICTURE_SIZE
from truetune.spaces import load
from truetune.spaces.experiment import SHARE, Data, Preprocess, Role, Split

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "data.md").read_text()
BLOCKS = re.findall(r"^```([^\n]+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
REST = "task: binary\nparameters: {learning_rate: {type: float, low: 0.1, high: 1.0}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a reader has after the first block."""
    monkeypatch.chdir(tmp_path)
    (making,) = [text for language, text in BLOCKS if language == "python"]
    exec(compile(making, "docs/data.md", "exec"), {})
    return tmp_path


def test_the_walk_from_a_table_to_its_check_is_as_shown(folder: Path) -> None:
    sessions = [text for language, text in BLOCKS if language == "console"]
    assert len(sessions) == 2
    for session in sessions:
        command, _, shown = session.partition("\n")
        answer = CliRunner().invoke(cli, shlex.split(command.removeprefix("$ tune ")))
        parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", shown, flags=re.MULTILINE)]
        assert re.fullmatch("(?:.*\n)*".join(parts), answer.output), answer.output
        assert answer.exit_code == 0
    (drafted, *_) = [text for language, text in BLOCKS if language == "yaml"]
    assert drafted in (folder / "orders.yaml").read_text()


@pytest.mark.parametrize("text", [text for language, text in BLOCKS if language == "yaml"])
def test_a_piece_of_a_file_is_one_that_loads(text: str, folder: Path) -> None:
    (folder / "piece.yaml").write_text(text + REST)
    experiment = load(folder / "piece.yaml")
    if "sklearn:wine" in text:
        experiment = load(folder / "piece.yaml", {"task": "classification"})
    assert [p for p in problems(experiment) if "no file" not in p.rule] == []


def test_every_role_and_every_built_in_set_is_named() -> None:
    for name in (*get_args(Role), *BUILT_IN):
        assert f"`{name}`" in PAGE or f"sklearn:{name}" in PAGE


def test_every_key_of_the_section_is_named() -> None:
    fields = {*Data.model_fields, *Split.model_fields, *Preprocess.model_fields}
    keys = fields - {"preprocess", "split"}
    assert [key for key in keys if not re.search(rf"\b{key}\b", PAGE)] == []


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("more than {} different values", MAX_LEVELS),
        ("the {:,} most frequent", MAX_WORDS),
        ("{:,} where nothing is said, have", MAX_VOCABULARY),
        ("as many as {} % of the training rows have at most", PERCENT),
        ("more than {}. A missing text", MAX_LENGTH),
        ("{} where nothing is said", SHARE),
        ("an error above {}", GIVEN_AWAY),
        ("above {}", OF_ORDER),
        ("{{size: {}}}", PICTURE_SIZE),
    ],
)
def test_a_number_on_the_page_is_the_programs(words: str, number: Any) -> None:
    assert words.format(number) in PAGE


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", PAGE))
def test_every_link_leads_somewhere(link: str) -> None:
    assert link.startswith("https://") or (ROOT / "docs" / link).exists()
