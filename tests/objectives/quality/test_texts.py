"""Free text that says little, or nothing that is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from truetune.objectives.quality import texts
from truetune.objectives.quality.view import View

MakeView = Callable[..., View]

N = 1_000  # 600 to train on, 200 to validate on


def sentences(n_words: int = 200, n: int = N) -> list[str]:
    draw = np.random.default_rng(0).integers(0, n_words, (n, 6))
    return [" ".join(f"w{word}" for word in row) for row in draw]


def test_texts_of_known_words_are_let_be(view: MakeView) -> None:
    assert not texts.texts(view({"x": sentences()}))


@pytest.mark.parametrize("empty", ["", "   ", None])
@pytest.mark.parametrize(("n", "n_findings"), [(160, 0), (161, 1)])
def test_texts_are_empty(view: MakeView, empty: str | None, n: int, n_findings: int) -> None:
    findings = texts.texts(view({"x": [empty] * n + sentences()[n:]}))
    assert len(findings) == n_findings
    assert all(finding.found == "20.1% are empty" for finding in findings)


@pytest.mark.parametrize(("n", "n_findings"), [(720, 0), (721, 1)])
def test_texts_are_one_and_the_same(view: MakeView, n: int, n_findings: int) -> None:
    findings = texts.texts(view({"x": ["the same"] * n + sentences(n_words=20)[n:]}))
    same = [finding for finding in findings if finding.rule == "texts differ"]
    assert len(same) == n_findings
    assert all("721 of 800 are 'the same'" in finding.found for finding in same)


@pytest.mark.parametrize(("n_new", "found"), [(64, None), (70, "35% of the words")])
def test_words_of_validation_rows_are_unknown(
    view: MakeView, n_new: int, found: str | None
) -> None:
    said = sentences(n_words=20)
    for i in range(600, 600 + n_new):
        said[i] = f"New words only, number {i}: here"  # six of six
    findings = texts.texts(view({"x": said}))
    assert bool(findings) == (found is not None)
    if found:
        assert found in findings[0].found
        assert "not among the 20 of the training rows; texts have 6 words" in findings[0].found


@pytest.mark.parametrize(("n", "n_findings"), [(1_000, 0), (1_001, 1)])
def test_text_has_no_end(view: MakeView, n: int, n_findings: int) -> None:
    said = sentences()
    said[17] = "w1 " * n
    findings = texts.texts(view({"x": said}))
    assert len(findings) == n_findings
    assert all("row 17, has 1,001 words, the median 6" in each.found for each in findings)


def test_numbers_as_text_are_told_elsewhere(view: MakeView) -> None:
    assert not texts.texts(view({"x": [f"{i},5" for i in range(N)]}))
