"""Rows that are there twice, with one target or two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from truetune.objectives.quality import rows
from truetune.objectives.quality.view import View

MakeView = Callable[..., View]

N = 1_000  # of which 800 may be looked at


def repeated(n: int) -> Any:
    """Return inputs of which the rows from 100 on repeat the first `n`."""
    inputs = np.random.default_rng(0).normal(size=(N, 3))
    inputs[100 : 100 + n] = inputs[:n] + 1e-12
    return inputs


@pytest.mark.parametrize("as_table", [False, True])
@pytest.mark.parametrize(("n", "n_findings"), [(0, 0), (7, 0), (8, 1)])
def test_copies_are_told_from_a_hundredth_on(
    view: MakeView, as_table: bool, n: int, n_findings: int
) -> None:
    inputs = repeated(n)
    looked_at = view(dict(zip("abc", inputs.T, strict=True)) if as_table else inputs)
    findings = rows.copies(looked_at)
    assert len(findings) == n_findings
    if findings:
        assert findings[0].where == "rows 100, 101, 102, 103, 104 and 3 more"
        assert "8 of 800 (1.0%) are" in findings[0].found


def test_copies_of_two_classes_contradict(view: MakeView) -> None:
    targets = np.zeros(N, np.int64)
    targets[[100, 102]] = 1
    (finding,) = rows.copies(view(repeated(3), targets))
    assert finding.where == "rows 0, 2, 100, 102"
    assert finding.found.startswith("4 rows (0.5%) in 2 groups of copies have different classes")


@pytest.mark.parametrize(("apart", "n_findings"), [(0.09, 0), (0.11, 1)])
def test_copies_of_two_numbers_contradict(view: MakeView, apart: float, n_findings: int) -> None:
    targets = np.random.default_rng(1).normal(size=N)
    targets[100:102] = targets[:2] + apart * targets[:800].std()
    assert len(rows.copies(view(repeated(2), targets, "regression"))) == n_findings


def test_rows_that_are_alike_by_chance_are_no_copies(view: MakeView) -> None:
    inputs = np.random.default_rng(0).integers(0, 2, (N, 3)).astype(float)
    assert not rows.copies(view(inputs))
