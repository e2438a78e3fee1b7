"""From data to YAML and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from truetune.spaces import load
from truetune.spaces.document import parse_scalar
from truetune.spaces.writing import experiment_text, inline, scalar

SPACES = sorted((Path(__file__).resolve().parents[2] / "spaces").glob("*.yaml"))

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text
trees = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=8
)


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(trees)
def test_what_is_written_reads_back_as_it_was(value: Any) -> None:
    written = inline(value).replace("inf", ".inf")
    read = parse_scalar(written) if "inf" not in written else value
    assert (read, str(read)) == (value, str(value))


@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(st.dictionaries(text, scalars.filter(lambda v: v not in (float("inf"), float("-inf")))))
def test_another_reader_of_yaml_1_2_reads_the_same(value: Any) -> None:
    assert YAML(typ="safe", pure=True).load(inline(value)) == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("adam", "adam"),
        ("sklearn:digits", "sklearn:digits"),
        ("data/x.csv", "data/x.csv"),
        ("30m", "30m"),
        ("on", '"on"'),
        ("1e-4", '"1e-4"'),
        ("true", '"true"'),
        ("1_000", '"1_000"'),
        ("a: b", '"a: b"'),
        ("", '""'),
        ("größe", '"größe"'),
        ("a\x07b", '"a\\u0007b"'),
        ("a\x85b", '"a\\U00000085b"'),
        (1e-06, "1e-06"),
        (True, "true"),
        (None, "null"),
    ],
)
def test_a_scalar_has_quotes_where_it_needs_them(value: Any, written: str) -> None:
    assert scalar(value) == written
    assert parse_scalar(written) == value


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.name)
def test_an_experiment_written_and_read_is_the_same(path: Path, tmp_path: Path) -> None:
    experiment = load(path)
    written = tmp_path / "written.yaml"
    written.write_text(experiment_text(experiment), encoding="utf-8")
    assert load(written) == experiment
    assert experiment_text(load(written)) == written.read_text(encoding="utf-8")


def test_no_baselines_are_written_as_none_and_not_as_the_default(tmp_path: Path) -> None:
    experiment = load(SPACES[0], {"baselines": []})
    written = tmp_path / "written.yaml"
    written.write_text(experiment_text(experiment), encoding="utf-8")
    assert load(written).baselines == ()


FEATURES = {
    "parameters": {
        "learning_rate": {"type": "float", "low": 1e-5, "high": 0.1, "log": True, "default": 1e-3},
        "layers": {"type": "int", "low": 1, "high": 5, "step": 2},
        "hidden_units": {
            "type": "int",
            "low": 4,
            "high": 8,
            "repeat": "layers",
            "default": [8, 4],
        },
        "optimizer": {"type": "categorical", "choices": ["sgd", "adam", None], "default": None},
        "momentum": {"type": "float", "low": 0.0, "high": 0.9, "when": 'optimizer == "sgd"'},
        "half": {"expression": "layers // 2"},
        "fixed": ["a", 1, None],
        "nothing": None,
        "mlp.batch": {"type": "categorical", "choices": [1, 2], "ordered": True},
    },
    "constraints": ["hidden_units[i+1] <= hidden_units[i]"],
    "sampler": {"name": "tpe", "n_startup_trials": 3},
    "card": {"purpose": "to try: 'all'", "published": [{"value": 0.9, "source": "a, b"}]},
    "training": {"epochs": 3},
    "budget": {"trials": 3, "time": "1d"},
    "resources": {"gpus": 0.5, "workers": 3},
}


def test_an_experiment_with_every_feature_is_the_same(tmp_path: Path) -> None:
    base = Path(__file__).resolve().parents[1] / "flat.yaml"
    experiment = load(base, FEATURES)
    written = tmp_path / "written.yaml"
    written.write_text(experiment_text(experiment), encoding="utf-8")
    assert load(written) == experiment
