"""Bounds on what comes of a trial: how they are read, and by how much they are broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from truetune.spaces import MistakesError, load
from truetune.spaces.outcomes import Outcome

FLAT = Path(__file__).parents[1] / "flat.yaml"


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("latency_1_ms <= 2", Outcome("latency_1_ms", "<=", 2.0)),
        ("n_parameters<=1e5", Outcome("n_parameters", "<=", 1e5)),
        ("  validation_r2   >=  -0.5 ", Outcome("validation_r2", ">=", -0.5)),
        ("mean cost: a/b >= 0", Outcome("mean cost: a/b", ">=", 0.0)),
    ],
)
def test_a_bound_is_read_and_written_back_the_same(text: str, outcome: Outcome) -> None:
    assert Outcome.parse(text) == outcome
    assert Outcome.parse(str(outcome)) == outcome


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("latency", "an outcome constraint reads like `latency_1_ms <= 2`, but got 'latency'."),
        ("latency < 2", "with `<=` or `>=`, but got `<`"),
        ("latency == 2", "with `<=` or `>=`, but got `==`"),
        ("latency =< 2", "with `<=` or `>=`, but got `=<`"),
        ("latency <= two", "with a number last, but got 'two'"),
        ("latency <=", "with a number last, but got ''"),
        ("1 <= latency <= 2", "with a number last"),
        ("latency <= inf", "with a finite number, but got 'inf'"),
        ("latency <= nan", "with a finite number, but got 'nan'"),
        ("<= 2", "reads like"),
        ("", "at least 1 character"),
    ],
)
def test_what_is_no_bound_is_refused_at_its_place(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(f"{FLAT.read_text()}outcome_constraints:\n  - {text!r}\n")
    with pytest.raises(MistakesError) as caught:
        load(path)
    (mistake,) = caught.value.mistakes
    assert told in f"{mistake.rule} {mistake.fix}"
    assert mistake.place.line == len(path.read_text().splitlines())


@pytest.mark.parametrize(
    ("text", "value", "violation"),
    [
        ("a <= 2", 2.0, 0.0),
        ("a <= 2", 3.0, 0.5),
        ("a <= 2", 1.0, -0.5),
        ("a >= 2", 1.0, 0.5),
        ("a >= 2", 2.0, 0.0),
        ("a >= -2", -3.0, 0.5),
        ("a <= 0", 0.25, 0.25),
    ],
)
def test_a_violation_is_a_share_of_the_bound(text: str, value: float, violation: float) -> None:
    assert Outcome.parse(text).violation({"a": value}) == violation
