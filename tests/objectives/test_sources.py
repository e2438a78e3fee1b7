"""Sources: the sets that scikit-learn ships, as it ships them, and tables by their path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets

from truetune.errors import InputError
from truetune.objectives.sources import BUILT_IN, TARGET_NAMES, built_in_name, load


@pytest.mark.parametrize("name", BUILT_IN)
def test_rows_are_those_of_scikit_learn(name: str) -> None:
    bunch = getattr(datasets, f"load_{name}")()
    table = load(f"sklearn:{name}", None)
    np.testing.assert_array_equal(table.inputs, bunch.data)
    np.testing.assert_array_equal(table.targets, bunch.target)


@pytest.mark.parametrize("name", BUILT_IN)
def test_inputs_are_contiguous_doubles(name: str) -> None:
    inputs = load(f"sklearn:{name}", None).inputs
    assert inputs.dtype == np.float64
    assert inputs.flags.c_contiguous


@pytest.mark.parametrize(("name", "kind"), BUILT_IN.items())
def test_kind_of_target_is_what_the_target_is_made_of(name: str, kind: str) -> None:
    target = getattr(datasets, f"load_{name}")().target
    assert (kind == "classes") == np.issubdtype(target.dtype, np.integer)


def test_every_kind_of_target_is_called_as_scikit_learn_calls_it() -> None:
    assert set(TARGET_NAMES) == set(BUILT_IN.values())
    assert all("target" in names for names in TARGET_NAMES.values())


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("sklearn:digits", "digits"),
        ("sklearn:nothing", None),
        ("digits", None),
        ("sklearn:", None),
        ("", None),
    ],
)
def test_built_in_name_needs_the_prefix_and_a_known_set(source: str, name: str | None) -> None:
    assert built_in_name(source) == name


@pytest.mark.parametrize("source", ["sklearn:nothing", "digits", "sklearn:__class__", "a.txt"])
def test_unknown_source_is_refused_by_name(source: str) -> None:
    with pytest.raises(InputError, match=f"no data source '{source}'") as caught:
        load(source, None)
    assert ".csv or .parquet" in caught.value.fix


@pytest.mark.parametrize(("name", "target"), [("iris", "label"), ("diabetes", "target")])
def test_built_in_target_may_be_named(name: str, target: str) -> None:
    named, unnamed = load(f"sklearn:{name}", target), load(f"sklearn:{name}", None)
    np.testing.assert_array_equal(named.targets, unnamed.targets)


def test_target_that_a_built_in_set_has_not_is_refused() -> None:
    with pytest.raises(InputError, match="sklearn:iris has no target 'tarjet'") as caught:
        load("sklearn:iris", "tarjet")
    assert caught.value.fix == "Did you mean 'target'?"


def test_table_is_read_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b,c\n1,2,x\n3,4,y\n")
    table = load(str(path), "b")
    assert list(table.inputs) == ["a", "c"]
    np.testing.assert_array_equal(table.targets, [2, 4])


def test_table_without_a_named_target_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    with pytest.raises(InputError, match="a column to predict, but none is named") as caught:
        load(str(path), None)
    assert "target:" in caught.value.fix
