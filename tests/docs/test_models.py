"""The page about models says what is true: its pieces load, its tables are the catalogue's."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from truetune.models import ARCHITECTURES, Inputs
from truetune.models.layers import ACTIVATIONS
from truetune.objectives.requirements import problems
from truetune.search.summary import Summary
from truetune.spaces import load

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "models.md").read_text()
BLOCKS = re.findall(r"^```([^\n]+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
PIECES = [text for info, text in BLOCKS if info == "yaml"]
FILES = {info.partition(" ")[2]: text for info, text in BLOCKS if " " in info}
REST = {"data": {"source": "sklearn:digits"}, "task": "classification"}
DEFAULTS = {
    "mlp": "mlp.MLPConfig",
    "tabular": "tabular.TabularConfig",
    "cnn": "cnn.CNNConfig",
    "resnet": "resnet.ResNetConfig",
    "resnet18": "resnet18.ResNet18Config",
    "lstm": "recurrent.RecurrentConfig",
    "gru": "recurrent.RecurrentConfig",
}


def _tables() -> dict[str, dict[str, str]]:
    """Return each model's table: a parameter to its default."""
    found = {}
    for head, rows in re.findall(
        r"^\| (`.*?) \| is \| default \|\n\|.*\n((?:\|.*\n)+)", PAGE, re.M
    ):
        cells = [row.split("|") for row in rows.splitlines()]
        table = {cell[1].strip().strip("`"): cell[3].strip().strip("`") for cell in cells}
        found |= dict.fromkeys(re.findall(r"`(\w+)`", head), table)
    return found


TABLES = _tables()


@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_of_a_file_is_one_that_loads(piece: str, tmp_path: Path) -> None:
    said = yaml.safe_load(piece)
    path = tmp_path / "piece.yaml"
    missing = {key: value for key, value in REST.items() if key not in said}
    path.write_text(piece + (yaml.safe_dump(missing) if missing else ""))
    assert [p for p in problems(load(path)) if "there is no file" not in p.rule] == []


def test_every_model_is_told() -> None:
    told = re.findall(r"^\| `(\w+)` \|.*\(\.\./spaces/.*\|$", PAGE, re.MULTILINE)
    assert sorted(told) == sorted(ARCHITECTURES)


@pytest.mark.parametrize("model", ARCHITECTURES)
def test_every_parameter_is_told_and_none_that_is_not_there(model: str) -> None:
    assert TABLES.get(model, {}).keys() == ARCHITECTURES[model].parameters.keys()


@pytest.mark.parametrize("model", DEFAULTS)
def test_a_default_is_the_models_own(model: str) -> None:
    module, name = DEFAULTS[model].split(".")
    config = getattr(import_module(f"truetune.models.{module}"), name)
    for field in fields(config):
        if field.name in TABLES[model] and field.default is not None:
            told: Any = yaml.safe_load(TABLES[model][field.name])
            assert told == field.default


def test_every_activation_is_told() -> None:
    _, _, section = PAGE.partition("| `activation` | reach for it |\n")
    rows = re.findall(r"^\| (`.*?) \|", section.partition("\n\n")[0], re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == ACTIVATIONS.keys()


def test_what_a_model_of_ones_own_is_given_exists() -> None:
    named = set(re.findall(r"`inputs\.(\w+)`", PAGE))
    assert named == {"shape", "n", "n_words"}
    assert all(hasattr(Inputs((2, 3)), name) for name in named)


def test_the_model_of_ones_own_that_is_shown_trains(
    tmp_path: Path, search_here: Callable[..., Summary]
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    assert problems(load(tmp_path / "net.yaml")) == []
    summary = search_here(tmp_path / "net.yaml")
    assert (summary.trials["total"], summary.trials["failed"]) == (4, 0)
    assert summary.best is not None
    assert summary.best["metrics"]["validation_accuracy"] > 0.5


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", PAGE))
def test_every_link_leads_somewhere(link: str) -> None:
    assert link.startswith("https://") or (ROOT / "docs" / link).exists()
