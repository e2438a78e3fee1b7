"""Columns that are empty, constant, ids, or of many levels, and those that are so nearly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truetune.objectives.quality import columns
from truetune.objectives.quality.view import View

MakeView = Callable[..., View]

N = 1_000  # of which 800 may be looked at


def draw() -> np.random.Generator:
    return np.random.default_rng(0)


def with_missing(n: int) -> Any:
    values = draw().normal(size=N)
    values[:n] = np.nan
    return values


@pytest.mark.parametrize(
    ("n_missing", "found"),
    [(400, None), (401, "50.1% of it is missing"), (800, "all of it is missing")],
)
def test_more_than_half_of_a_column_is_missing(
    view: MakeView, n_missing: int, found: str | None
) -> None:
    findings = columns.missing(view({"x": with_missing(n_missing)}))
    assert [finding.found for finding in findings] == ([found] if found else [])


@pytest.mark.parametrize(("n_missing", "n_findings"), [(400, 0), (401, 1)])
def test_input_of_an_array_is_missing_as_well(
    view: MakeView, n_missing: int, n_findings: int
) -> None:
    inputs = np.stack([draw().normal(size=N), with_missing(n_missing)], axis=1)
    findings = columns.missing(view(inputs))
    assert len(findings) == n_findings
    if findings:
        assert findings[0].where == "inputs 1 (counted from 0)"
        assert "1 of 2 inputs are not, and 25.1% of all" in findings[0].found


def odd(n: int, kind: str) -> Any:
    values = np.zeros(100_000)
    values[:n] = 1 + np.arange(n)
    if kind == "number":
        return values
    if kind == "date":
        return pd.Timestamp("2020-01-01") + pd.to_timedelta(values, "D")
    texts = np.where(values == 0, "same", values.astype(str))
    return pd.Categorical(texts) if kind == "category" else list(texts)


@pytest.mark.parametrize("kind", ["number", "category", "date", "text"])
@pytest.mark.parametrize(
    ("n_others", "found"), [(0, "always"), (79, "in all but 79 of 80,000 rows"), (80, None)]
)
def test_column_is_constant(view: MakeView, kind: str, n_others: int, found: str | None) -> None:
    findings = columns.constant(view({"x": odd(n_others, kind)}))
    assert bool(findings) == (found is not None)
    if found is not None:
        assert found in findings[0].found
        assert findings[0].fix == "Write `columns: {x: drop}` under `data:`."


def test_value_beside_missing_ones_is_not_constant(view: MakeView) -> None:
    assert not columns.constant(view({"x": np.where(np.arange(N) % 2, np.nan, 1.0)}))


def codes(n: int) -> list[str]:
    return [f"A{i % n:05}" for i in range(N)]


IDS = {
    "counts": np.arange(N) + 1.0,
    "shuffled": draw().permutation(N) + 1.0,
    "with gaps, in order": np.arange(N) * 1000.0,
    "with copies": np.minimum(np.arange(N), 795).astype(float),  # 99.5 % of 800 differ
    "codes": pd.Categorical(codes(N)),
    "free codes": codes(N),
    "customer_id": draw().permutation(10**6)[:N].astype(float),
}

NO_IDS = {
    "measured": np.arange(N) + 0.5,
    "price in cents": draw().permutation(10**6)[:N].astype(float),
    "age": draw().integers(0, 100, N).astype(float),
    "with many copies": np.minimum(np.arange(N), 785).astype(float),
    "levels": pd.Categorical(codes(750)),
    "prose": [f"this is text {i}" for i in range(N)],
    "customer_id of some": draw().integers(0, 3000, N).astype(float),
    "dates": pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(N), "D"),
}


@pytest.mark.parametrize("name", IDS)
def test_id_is_told(view: MakeView, name: str) -> None:
    findings = columns.ids(view({name: IDS[name]}))
    assert [finding.where for finding in findings] == [f"column '{name}'"]


@pytest.mark.parametrize("name", NO_IDS)
def test_what_is_no_id_is_not_told(view: MakeView, name: str) -> None:
    assert not columns.ids(view({name: NO_IDS[name]}))


def test_name_of_an_id_weighs(view: MakeView) -> None:
    first, second = columns.ids(view({"x": IDS["counts"], "row_id": IDS["counts"]}))
    assert (first.where, second.where) == ("column 'row_id'", "column 'x'")


@pytest.mark.parametrize(("n_levels", "n_findings"), [(100, 0), (101, 1)])
def test_category_has_many_levels(view: MakeView, n_levels: int, n_findings: int) -> None:
    findings = columns.many_levels(view({"x": pd.Categorical(codes(n_levels))}))
    assert len(findings) == n_findings


def test_share_of_the_rest_is_that_of_the_rarest(view: MakeView) -> None:
    levels = np.minimum(np.arange(10_000) % 200, 150)  # the last of 151 has 50 of 200 rows
    (finding,) = columns.many_levels(view({"x": pd.Categorical(levels.astype(str))}))
    # 100 are kept: that of 50 and 99 others. 51 of 200 are the rest.
    assert "it has 151;" in finding.found
    assert "25.5% of the rows" in finding.found


def test_levels_of_test_rows_do_not_count(view: MakeView) -> None:
    levels = [f"{i}" if i >= 800 else "a" for i in range(N)]
    assert not columns.many_levels(view({"x": pd.Categorical(levels)}))
