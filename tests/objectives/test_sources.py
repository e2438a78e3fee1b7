"""Sources: the sets that scikit-learn ships, as it ships them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import datasets

from truetune.errors import InputError
from truetune.objectives.sources import BUILT_IN, TARGET_NAMES, built_in_name, load


@pytest.mark.parametrize("name", BUILT_IN)
def test_rows_are_those_of_scikit_learn(name: str) -> None:
    bunch = getattr(datasets, f"load_{name}")()
    table = load(f"sklearn:{name}")
    np.testing.assert_array_equal(table.inputs, bunch.data)
    np.testing.assert_array_equal(table.targets, bunch.target)


@pytest.mark.parametrize("name", BUILT_IN)
def test_inputs_are_contiguous_doubles(name: str) -> None:
    inputs = load(f"sklearn:{name}").inputs
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


@pytest.mark.parametrize("source", ["sklearn:nothing", "digits", "sklearn:__class__"])
def test_unknown_source_is_refused_by_name(source: str) -> None:
    with pytest.raises(InputError, match=f"no data source '{source}'"):
        load(source)
