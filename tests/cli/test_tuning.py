"""`tune lr`: one JSON object or words as its answer, and its exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from truetune.cli import cli
from truetune.objectives import range_test
from truetune.objectives.preparation import develop
from truetune.search import lr

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Read the data in this process, sweep once, and write into the test's own folder."""
    monkeypatch.setattr(lr, "prepare", develop)
    monkeypatch.setattr(range_test, "SECONDS", 0.0)
    monkeypatch.chdir(tmp_path)


def tune(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["lr", *map(str, arguments)])


def test_it_answers_in_words_and_tells_each_sweep_beside_them(write_space: Write) -> None:
    done = tune(write_space().name)
    assert done.exit_code == 0
    assert "  suggested " in done.stdout
    assert "sweep 1 of 5" in done.stderr
    assert sorted(p.name for p in Path().iterdir()) == [
        "quick-lr.html",
        "quick-lr.png",
        "quick.yaml",
    ]


def test_json_is_one_object_and_the_pictures_are_where_it_says(write_space: Write) -> None:
    done = tune(write_space().name, "--out", "plots/rate", "--json")
    content = json.loads(done.stdout)
    keys = {"steepest", "suggested", "minimum", "range", "plots"}
    assert keys <= content.keys()
    assert content["plots"] == ["plots/rate/quick-lr.html", "plots/rate/quick-lr.png"]
    assert all(Path(plot).stat().st_size > 1000 for plot in content["plots"])


def test_a_setting_replaces_a_value_of_the_file(write_space: Write) -> None:
    done = tune(write_space().name, "--set", "parameters.layers=3", "--json")
    assert json.loads(done.stdout)["configuration"]["layers"] == 3


def test_without_a_rate_that_helps_it_fails_and_says_so(write_space: Write) -> None:
    Path("own.py").write_text("def f(outputs, targets):\n    return (0 * outputs).mean()\n")
    done = tune(write_space().name, "--set", "training.cost=./own.py:f", "--json")
    assert done.exit_code == 1
    content = json.loads(done.stdout)
    assert (content["suggested"], content["range"]) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["missing.yaml"], 2, "missing.yaml"),
        (["quick.yaml", "--out", "quick.yaml"], 2, "is a file"),
        (["quick.yaml", "--out", "quick.yaml/plots"], 4, "cannot be written to"),
        (["quick.yaml", "--set", "x"], 2, "KEY=VALUE"),
        (["quick.yaml", "--set", "parameters.lerning_rate=1"], 2, "'learning_rate'"),
        ([], 2, "Missing argument 'SPACE'"),
    ],
)
def test_bad_input_is_told_and_writes_nothing(
    arguments: list[str], code: int, words: str, write_space: Write
) -> None:
    write_space()
    done = tune(*arguments)
    assert done.exit_code == code
    assert words in done.stderr
    assert [path.name for path in Path().iterdir()] == ["quick.yaml"]


def test_an_interrupt_ends_it_with_its_own_code_and_no_picture(
    write_space: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(range_test, "sweep", interrupted)
    done = tune(write_space().name)
    assert done.exit_code == 130
    assert "interrupted" in done.stderr
    assert [path.name for path in Path().iterdir()] == ["quick.yaml"]
