"""The JSON Schema that editors check with: up to date, and of one mind with `load`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from truetune.errors import InputError
from truetune.spaces import Experiment, load
from truetune.spaces import __file__ as spaces_init
from truetune.spaces.schema import schema_text

FOLDER = Path(spaces_init).parent
SPACES = sorted(FOLDER.glob("*.yaml"))
VALIDATOR = Draft202012Validator(json.loads(schema_text()))


def plain(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path)


def test_the_shipped_schema_is_the_one_the_code_makes() -> None:
    assert (FOLDER / "schema.json").read_text(encoding="utf-8") == schema_text()


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(VALIDATOR.schema)
    assert VALIDATOR.schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.name)
def test_every_shipped_space_satisfies_the_schema(path: Path) -> None:
    assert list(VALIDATOR.iter_errors(plain(path))) == []


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.name)
def test_every_shipped_space_leads_an_editor_to_the_schema(path: Path) -> None:
    found = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text(encoding="utf-8"))
    assert found is not None
    assert (path.parent / found[1]).samefile(FOLDER / "schema.json")


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.name)
def test_a_space_written_back_in_full_satisfies_the_schema(path: Path) -> None:
    assert list(VALIDATOR.iter_errors(load(path).model_dump(mode="json"))) == []


def test_the_schema_names_every_section() -> None:
    assert set(VALIDATOR.schema["properties"]) >= set(Experiment.model_fields)


@pytest.mark.parametrize(
    ("section", "may_be_missing"),
    [
        ("study", True),
        ("budget", True),
        ("seed", True),
        ("data", False),
        ("task", False),
        ("parameters", False),
    ],
)
def test_the_schema_knows_what_a_file_may_leave_out(section: str, may_be_missing: bool) -> None:
    space = plain(FOLDER / "mlp.yaml")
    del space[section]
    assert VALIDATOR.is_valid(space) is may_be_missing


def of_data(**said: Any) -> dict[str, Any]:
    return {"data": {"source": "rows.csv", **said}}


@pytest.mark.parametrize(
    ("sections", "sound"),
    [
        ({}, True),
        ({"seed": 7}, True),
        ({"seed": -1}, False),
        ({"seed": "7"}, False),
        ({"sede": 7}, False),
        ({"study": ""}, False),
        ({"task": "clustering"}, False),
        ({"model": {"name": "mlp", "width": 3}}, True),
        ({"model": {"width": 3}}, False),
        ({"sampler": 3}, False),
        ({"budget": {"trials": 0}}, False),
        ({"budget": {"time": 30}}, False),
        ({"budget": {"trails": 3}}, False),
        ({"resources": {"gpus": "auto"}}, True),
        ({"resources": {"gpus": 0.5}}, True),
        ({"resources": {"gpus": "all"}}, False),
        ({"training": {"early_stopping": None}}, True),
        ({"training": {"early_stopping": {"patience": 0}}}, False),
        ({"training": {"learning_rate": 0}}, False),
        ({"constraints": []}, True),
        (of_data(query="SELECT 1", target="y"), True),
        (of_data(query=""), False),
        (of_data(query=3), False),
        (of_data(target=""), False),
        (of_data(test="other.csv"), True),
        (of_data(test=["other.csv"]), False),
        (of_data(columns={"a": "drop", "b c": "text", "d": "date"}), True),
        (of_data(columns={"e": "number", "f": "category"}), True),
        (of_data(columns={"a": "nubmer"}), False),
        (of_data(columns=["a"]), False),
        (of_data(coloumns={}), False),
        (of_data(allow=["a"]), True),
        (of_data(allow=[1]), False),
        (of_data(allow="a"), False),
        (of_data(split={"groups": "owner", "folds": 5}), True),
        (of_data(split={"time": "day", "embargo": "7d"}), True),
        (of_data(split={"time": "week", "embargo": 2}), True),
        (of_data(split={"time": "none"}), True),
        (of_data(split={"time": 3}), False),
        (of_data(split={"time": "day", "embargo": True}), False),
        (of_data(split={"time": "day", "embargo": ["7d"]}), False),
        (of_data(split={"folds": 1}), False),
        (of_data(split={"folds": 21}), False),
        (of_data(split={"fold": 3}), False),
        (of_data(preprocess={"size": 28}), True),
        (of_data(preprocess={"size": 0}), False),
        (of_data(preprocess={"size": 4097}), False),
        ({"parameters": {}}, False),
        ({"parameters": {"a": 1, "b": None, "c": "x", "d": False, "e": 0.5}}, True),
        ({"parameters": {"a": [1, "x", None]}}, True),
        ({"parameters": {"a": [[1]]}}, False),
        ({"parameters": {"a": {"expression": 3}}}, True),
        ({"parameters": {"a": {"expression": "2 * b"}, "b": 3}}, True),
        ({"parameters": {"a": {"expression": ""}}}, False),
        ({"parameters": {"a": {"expression": [1]}}}, False),
        ({"parameters": {"a": {"type": "int", "low": 1, "high": 3, "when": "true"}}}, True),
        ({"parameters": {"a": {"type": "int", "low": 1, "high": 3, "when": 1}}}, False),
        ({"parameters": {"a": {"type": "int", "low": 1, "high": 3, "repeat": 2}}}, True),
        ({"parameters": {"a": {"type": "int", "low": 1, "high": 3, "repeat": 0}}}, False),
        (
            {"parameters": {"a": {"type": "int", "low": 1, "high": 3, "repeat": "b"}, "b": 2}},
            True,
        ),
        (
            {
                "parameters": {
                    "a": {"type": "int", "low": 1, "high": 3, "repeat": 2, "default": [1, 2]}
                }
            },
            True,
        ),
        (
            {"parameters": {"a": {"type": "categorical", "choices": ["s"], "ordered": True}}},
            True,
        ),
        ({"parameters": {"a": {"type": "int", "low": 1, "high": 3, "ordered": True}}}, False),
        ({"parameters": {"mlp.layers": {"type": "int", "low": 1, "high": 3}}}, True),
        ({"constraints": ["layers < 3"]}, True),
        ({"constraints": "layers < 3"}, False),
        ({"constraints": [3]}, False),
        ({"parameters": {"a": {"type": "float", "low": 0, "high": 1}}}, True),
        ({"parameters": {"a": {"type": "float", "low": 0}}}, False),
        ({"parameters": {"a": {"type": "flaot", "low": 0, "high": 1}}}, False),
        ({"parameters": {"a": {"type": "int", "low": 0.5, "high": 1}}}, False),
        ({"parameters": {"a": {"type": "int", "min": 0, "max": 1}}}, False),
        ({"parameters": {"a": {"type": "categorical", "choices": [1, "b", None]}}}, True),
        ({"parameters": {"a": {"type": "categorical", "choices": [[1]]}}}, False),
        ({"parameters": {"a": {"type": "categorical", "values": [1]}}}, False),
    ],
)
def test_the_schema_and_the_loader_agree(sections: dict[str, Any], sound: bool) -> None:
    assert VALIDATOR.is_valid(plain(FOLDER / "mlp.yaml") | sections) is sound
    assert loads(sections) is sound


@pytest.mark.parametrize(
    "sections",
    [
        {"extends": "mlp.yaml"},
        {"parameters": {"mlp": {"layers": {"type": "int", "low": 1, "high": 3}}}},
        {"parameters": {"mlp": {"inner": {"bias": True}, "layers": 3}}},
    ],
)
def test_the_schema_knows_branches_and_files_to_build_on(sections: dict[str, Any]) -> None:
    assert VALIDATOR.is_valid(plain(FOLDER / "mlp.yaml") | sections)


def loads(sections: dict[str, Any]) -> bool:
    try:
        load(FOLDER / "mlp.yaml", sections)
    except InputError:
        return False
    return True


def test_an_unknown_key_of_a_section_is_refused_where_it_stands() -> None:
    space = plain(FOLDER / "mlp.yaml")
    space["training"]["learning_rat"] = 0.1
    (error,) = VALIDATOR.iter_errors(space)
    assert list(error.absolute_path) == ["training"]
    assert "learning_rat" in error.message
