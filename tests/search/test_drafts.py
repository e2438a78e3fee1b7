"""`tune init`: a first file for a source, which searches as it is."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from truetune.search.drafts import path_from
from truetune.search.summary import Summary
from truetune.spaces import load
from truetune.spaces.schema import schema_text

Tune = Callable[..., subprocess.CompletedProcess[str]]
Search = Callable[..., Summary]

TABLE = "size,town,price\n" + "".join(
    f"{i % 17},{'oslo' if i % 3 else 'bodø'},{i % 17 * 2.5 + (i % 3)}\n" for i in range(120)
)


@pytest.mark.parametrize(
    ("arguments", "task"),
    [
        (["sklearn:wine"], "classification"),
        (["sub/towns.csv", "--target", "price"], "regression"),
    ],
)
def test_a_drafted_file_searches_as_it_is(
    arguments: list[str], task: str, tune: Tune, search_here: Search, tmp_path: Path
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "towns.csv").write_text(TABLE)
    drafted = tune("init", *arguments, "--json")
    assert drafted.returncode == 0, drafted.stderr
    path = tmp_path / json.loads(drafted.stdout)["file"]
    assert load(path).task == task
    schema = path.read_text().splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / schema).read_text() == schema_text()
    summary = search_here(path, **{"budget.trials": 2, "training.epochs": 2})
    assert (summary.trials["total"], summary.trials["failed"]) == (2, 0)


def test_a_query_is_drafted_and_searches_from_another_folder(
    tune: Tune, search_here: Search, tmp_path: Path
) -> None:
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute("CREATE TABLE towns (size REAL, town TEXT, price REAL)")
    rows = [line.split(",") for line in TABLE.splitlines()[1:]]
    connection.executemany("INSERT INTO towns VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.close()
    query = "SELECT size, town, price FROM towns WHERE size < 100"
    arguments = ("init", "sqlite:///shop.db", "--target", "price", "--query", query)
    drafted = tune(*arguments, "--json")
    assert drafted.returncode == 0, drafted.stderr
    data = load(tmp_path / "shop.yaml").data
    assert (data.source, data.query) == (f"sqlite:///{tmp_path}/shop.db", query)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "shop.yaml").rename(tmp_path / "elsewhere" / "shop.yaml")
    shortened = {"budget.trials": 1, "training.epochs": 2}
    summary = search_here(tmp_path / "elsewhere" / "shop.yaml", **shortened)
    assert summary.trials["complete"] == 1


def test_a_draft_satisfies_the_schema_and_keeps_its_card(tune: Tune, tmp_path: Path) -> None:
    from ruamel.yaml import YAML

    assert tune("init", "sklearn:iris", "--out", "mine.yaml").returncode == 0
    text = (tmp_path / "mine.yaml").read_text()
    filled = text.replace('purpose: ""', "purpose: to sort flowers").replace(
        "human_level: null", "human_level: 0.1"
    )
    (tmp_path / "mine.yaml").write_text(filled)
    plain = YAML(typ="safe", pure=True).load(filled)
    jsonschema.Draft202012Validator(json.loads(schema_text())).validate(plain)
    card = load(tmp_path / "mine.yaml").card
    assert (card.purpose, card.human_level, card.published) == ("to sort flowers", 0.1, ())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["towns.csv"], "none is named"),
        (["towns.csv", "--target", "prize"], "Did you mean 'price'?"),
        (["sklearn:irs"], "there is no data source"),
        (["missing.csv", "--target", "x"], "missing.csv"),
        ([""], "there is no data source ''"),
        (["towns.csv", "--target", ""], "none is named"),
        (["sqlite:///towns.csv", "--target", "price"], "what to select is not said"),
        (["own.py:rows", "--target", "price"], "there is no such file"),
        (["towns.csv", "--target", "price", "--out", "towns.csv"], "is there already"),
        (["towns.csv", "--target", "price", "--out", "a/b.yaml"], "cannot be written"),
    ],
)
def test_what_cannot_be_drafted_is_told_and_leaves_nothing(
    arguments: list[str], words: str, tune: Tune, tmp_path: Path
) -> None:
    (tmp_path / "towns.csv").write_text(TABLE)
    done = tune("init", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["towns.csv"]


def test_a_path_is_written_as_seen_from_the_file(tmp_path: Path) -> None:
    source = str(tmp_path / "data" / "x.csv")
    assert path_from(tmp_path / "a.yaml", source) == "data/x.csv"
    assert path_from(tmp_path / "data" / "a.yaml", source) == "./x.csv"
    assert path_from(tmp_path / "spaces" / "a.yaml", source) == "../data/x.csv"
    assert path_from(None, source) == source
    for elsewhere in ("sklearn:iris", "s3://bucket/x.csv", "sqlite:////a/x.db", "own.module:rows"):
        assert path_from(tmp_path / "a.yaml", elsewhere) == elsewhere
    assert path_from(tmp_path / "a.yaml", f"{tmp_path}/own.py:rows") == "./own.py:rows"
